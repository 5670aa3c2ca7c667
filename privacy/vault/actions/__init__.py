"""The vault's verbs. Everybody calls them under the app's name::

from privacy.vault import actions as vault
with vault.opened(purpose=Purpose.RIGHTS, task="rights.access.exported", actor=hana, at=at, reason="…") as door:
    imei = door.reveal(device, "imei")
"""

from privacy.vault.actions.columns import Column, seal_columns
from privacy.vault.actions.files import discard_file, receive_file, scan_files, store_file
from privacy.vault.actions.freezes import (
    confirm_freeze,
    expire_freezes,
    freeze,
    frozen,
    frozen_subjects,
    thaw,
)
from privacy.vault.actions.making import check_keys, enrol_keys, make_epoch_keys
from privacy.vault.actions.rotation import Turn, end_generations, prepare, rotate, turn
from privacy.vault.actions.sealing import blind_index, seal, seal_batch
from privacy.vault.actions.shredding import (
    Finality,
    finality,
    is_destroyed,
    shred_epoch,
    shred_subject,
    shred_subjects,
)
from privacy.vault.actions.transcribing import Bundle, Place, transcribe
from privacy.vault.declarations import month_of
from privacy.vault.door import Door, opened
from privacy.vault.refusals import (
    BadIdentifier,
    Destroyed,
    DoorClosed,
    Frozen,
    Kept,
    NothingToFreeze,
    NotScanned,
    NotSealed,
    PurposeNotDeclared,
    Quarantined,
    ReasonRequired,
    TooLarge,
    WrongKey,
)

__all__ = [
    "BadIdentifier",
    "Bundle",
    "Column",
    "Destroyed",
    "Door",
    "DoorClosed",
    "Finality",
    "Frozen",
    "Kept",
    "NotScanned",
    "NotSealed",
    "NothingToFreeze",
    "Place",
    "PurposeNotDeclared",
    "Quarantined",
    "ReasonRequired",
    "TooLarge",
    "Turn",
    "WrongKey",
    "blind_index",
    "check_keys",
    "confirm_freeze",
    "discard_file",
    "end_generations",
    "enrol_keys",
    "expire_freezes",
    "finality",
    "freeze",
    "frozen",
    "frozen_subjects",
    "is_destroyed",
    "make_epoch_keys",
    "month_of",
    "opened",
    "prepare",
    "receive_file",
    "rotate",
    "scan_files",
    "seal",
    "seal_batch",
    "seal_columns",
    "shred_epoch",
    "shred_subject",
    "shred_subjects",
    "store_file",
    "thaw",
    "transcribe",
    "turn",
]
