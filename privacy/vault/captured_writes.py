"""Which entries explain a write to the sealed files: each names its file. Other apps declare their removals."""

from privacy.ledger import captured_tables
from privacy.vault.events import Event
from privacy.vault.models import EncryptedFile

captured_tables.declare(
    EncryptedFile,
    insert={Event.FILE_STORED: "id"},
    update={Event.FILE_CLEARED: "id", Event.FILE_QUARANTINED: "id", Event.FILE_OPENED_UNSCANNED: "id"},
    delete={Event.FILE_DISCARDED: "id"},
)
