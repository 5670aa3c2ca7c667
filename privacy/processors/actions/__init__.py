"""The verbs of the register of processors and of transfers abroad."""

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
from privacy.safeguards.refusals import DuplicateCode, Incomplete, WrongState

__all__ = [
    "DuplicateCode",
    "Incomplete",
    "WrongState",
    "agree_subprocessor",
    "amend_contract",
    "end_consignment",
    "end_subprocessor",
    "end_transfer",
    "open_proof",
    "prove_disposal",
    "record_check",
    "record_training",
    "register_consignment",
    "register_transfer",
]
