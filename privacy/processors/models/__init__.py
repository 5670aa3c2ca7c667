"""What is remembered of processors, of how they are supervised, and of transfers abroad."""

from privacy.processors.models.consignments import Clause, Consignment, Subprocessor
from privacy.processors.models.supervisions import Criterion, Supervision
from privacy.processors.models.transfers import OverseasTransfer

__all__ = ["Clause", "Consignment", "Criterion", "OverseasTransfer", "Subprocessor", "Supervision"]
