"""What is remembered of processors, of how they are supervised, of transfers abroad and of the business."""

from privacy.processors.models.business_transfers import BusinessTransfer
from privacy.processors.models.consignments import Clause, Consignment, Subprocessor
from privacy.processors.models.supervisions import Criterion, Supervision
from privacy.processors.models.transfers import OverseasTransfer

__all__ = ["BusinessTransfer", "Clause", "Consignment", "Criterion", "OverseasTransfer", "Subprocessor", "Supervision"]
