"""Processors and transfers abroad in the console."""

from privacy.processors.admin.business_transfers import BusinessTransferAdmin
from privacy.processors.admin.consignments import ConsignmentAdmin, SubprocessorAdmin, SupervisionAdmin
from privacy.processors.admin.transfers import OverseasTransferAdmin

__all__ = [
    "BusinessTransferAdmin",
    "ConsignmentAdmin",
    "OverseasTransferAdmin",
    "SubprocessorAdmin",
    "SupervisionAdmin",
]
