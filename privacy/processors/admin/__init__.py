"""Processors and transfers abroad in the console."""

from privacy.processors.admin.consignments import ConsignmentAdmin, SubprocessorAdmin, SupervisionAdmin
from privacy.processors.admin.transfers import OverseasTransferAdmin

__all__ = ["ConsignmentAdmin", "OverseasTransferAdmin", "SubprocessorAdmin", "SupervisionAdmin"]
