"""The vault's words in the ledger. A word is never renamed."""

from enum import StrEnum


class Event(StrEnum):
    """What happened in the vault."""

    OPENING_DENIED = "vault.opening.denied"
    FREEZE_PLACED = "vault.freeze.placed"
    FREEZE_CONFIRMED = "vault.freeze.confirmed"
    FREEZE_LIFTED = "vault.freeze.lifted"
    FREEZE_EXPIRED = "vault.freeze.expired"
    SUBJECT_SHREDDED = "vault.subject.shredded"
    EPOCH_SHREDDED = "vault.epoch.shredded"
    FILE_STORED = "vault.file.stored"
    FILE_CLEARED = "vault.file.cleared"
    FILE_OPENED_UNSCANNED = "vault.file.opened-unscanned"
    FILE_QUARANTINED = "vault.file.quarantined"
    FILE_DISCARDED = "vault.file.discarded"
    GENERATION_BEGUN = "vault.generation.begun"
    GENERATION_EMPTIED = "vault.generation.emptied"
    GENERATION_ENDING = "vault.generation.ending"
    GENERATION_ENDED = "vault.generation.ended"
    CEILING_REACHED = "vault.ceiling.reached"
