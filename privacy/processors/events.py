"""The words of consignment and transfers abroad in the ledger. A word is never renamed."""

from enum import StrEnum


class Event(StrEnum):
    """What happened to a consignment or a transfer abroad."""

    CONSIGNMENT_REGISTERED = "processors.consignment.registered"
    CONTRACT_AMENDED = "processors.contract.amended"
    CONSIGNMENT_ENDED = "processors.consignment.ended"
    DISPOSAL_PROVEN = "processors.disposal.proven"
    SUBPROCESSOR_AGREED = "processors.subprocessor.agreed"
    SUBPROCESSOR_ENDED = "processors.subprocessor.ended"
    SUPERVISION_RECORDED = "processors.supervision.recorded"
    PROOF_SHOWN = "processors.proof.shown"
    TRANSFER_REGISTERED = "processors.transfer.registered"
    TRANSFER_ENDED = "processors.transfer.ended"
