"""The words of consignment and transfers abroad in the ledger. A word is never renamed."""

from enum import StrEnum


class Event(StrEnum):
    """What happened to a consignment, a transfer abroad or of the business."""

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
    BUSINESS_RECORDED = "processors.business.recorded"
    BUSINESS_ANNOUNCED = "processors.business.announced"
    BUSINESS_DONE = "processors.business.handed-over"
    BUSINESS_CANCELLED = "processors.business.given-up"
