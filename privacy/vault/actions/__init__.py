"""The vault's verbs. Everybody calls them under the app's name::

from privacy.vault import actions as vault
task = "rights.access.exported"
with vault.opened(purpose=Purpose.RIGHTS, task=task, actor=hana, at=at, reason="…") as vault_session:
    imei = vault_session.decrypt(device, "imei")
"""

from privacy.vault.actions.bulk_encryption import PlaintextColumn, encrypt_columns
from privacy.vault.actions.ceiling_reports import report_reached_ceilings
from privacy.vault.actions.crypto_shredding import (
    Finality,
    finality,
    is_destroyed,
    shred_month,
    shred_subject,
    shred_subjects,
)
from privacy.vault.actions.encryption import blind_index, blind_indexes_of, check_identifier, encrypt, encrypt_batch
from privacy.vault.actions.files import delete_file, receive_file, scan_files, store_file
from privacy.vault.actions.freezes import (
    active_freezes,
    active_freezes_by_subject,
    confirm_freeze,
    expire_freezes,
    freeze,
    unfreeze,
)
from privacy.vault.actions.key_creation import check_keys, create_month_keys, enrol_keys
from privacy.vault.actions.key_rotation import (
    RotationProgress,
    destroy_emptied_generations,
    finish_turn,
    prepare_generation,
    rotate,
    rotate_monthly,
)
from privacy.vault.actions.key_table import Altered
from privacy.vault.actions.key_table import rewrite as rewrite_key_table
from privacy.vault.actions.reencryption import CiphertextLocation, ReencryptionInput, reencrypt
from privacy.vault.decryption_session import DecryptionSession, opened
from privacy.vault.encryption_options import month_of
from privacy.vault.keyservice.refusals import CeilingReached, KeyServiceUnavailable, KeysRefused
from privacy.vault.malware_scan import explain_finding, waits_for_scan
from privacy.vault.refusals import (
    DecryptionSessionClosed,
    Destroyed,
    FileTooLarge,
    Frozen,
    GenerationNotEverywhere,
    InvalidCiphertext,
    InvalidIdentifier,
    NotScanned,
    PurposeNotDeclared,
    Quarantined,
    ReasonRequired,
    UnderHold,
    UnknownItem,
    WrongKey,
)

__all__ = [
    "Altered",
    "CeilingReached",
    "CiphertextLocation",
    "DecryptionSession",
    "DecryptionSessionClosed",
    "Destroyed",
    "FileTooLarge",
    "Finality",
    "Frozen",
    "GenerationNotEverywhere",
    "InvalidCiphertext",
    "InvalidIdentifier",
    "KeyServiceUnavailable",
    "KeysRefused",
    "NotScanned",
    "PlaintextColumn",
    "PurposeNotDeclared",
    "Quarantined",
    "ReasonRequired",
    "ReencryptionInput",
    "RotationProgress",
    "UnderHold",
    "UnknownItem",
    "WrongKey",
    "active_freezes",
    "active_freezes_by_subject",
    "blind_index",
    "blind_indexes_of",
    "check_identifier",
    "check_keys",
    "confirm_freeze",
    "create_month_keys",
    "delete_file",
    "destroy_emptied_generations",
    "encrypt",
    "encrypt_batch",
    "encrypt_columns",
    "enrol_keys",
    "expire_freezes",
    "explain_finding",
    "finality",
    "finish_turn",
    "freeze",
    "is_destroyed",
    "month_of",
    "opened",
    "prepare_generation",
    "receive_file",
    "reencrypt",
    "report_reached_ceilings",
    "rewrite_key_table",
    "rotate",
    "rotate_monthly",
    "scan_files",
    "shred_month",
    "shred_subject",
    "shred_subjects",
    "store_file",
    "unfreeze",
    "waits_for_scan",
]
