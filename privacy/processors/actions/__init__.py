"""The verbs of the register of processors, of transfers abroad and of the business."""

from privacy.processors.actions.business_transfers import (
    announce_business_transfer,
    cancel_business_transfer,
    complete_business_transfer,
    list_untold,
    record_business_transfer,
    tell_newcomers,
)
from privacy.processors.actions.consignments import (
    agree_subprocessor,
    amend_contract,
    end_consignment,
    end_subprocessor,
    prove_disposal,
    register_consignment,
)
from privacy.processors.actions.supervisions import open_proof, record_check, record_training
from privacy.processors.actions.transfers import end_transfer, register_transfer
from privacy.safeguards.refusals import DuplicateCode, Incomplete, SamePerson, WrongState

__all__ = [
    "DuplicateCode",
    "Incomplete",
    "SamePerson",
    "WrongState",
    "agree_subprocessor",
    "amend_contract",
    "announce_business_transfer",
    "cancel_business_transfer",
    "complete_business_transfer",
    "end_consignment",
    "end_subprocessor",
    "end_transfer",
    "list_untold",
    "open_proof",
    "prove_disposal",
    "record_business_transfer",
    "record_check",
    "record_training",
    "register_consignment",
    "register_transfer",
    "tell_newcomers",
]
