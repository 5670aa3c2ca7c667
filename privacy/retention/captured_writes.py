"""Which entries explain a write to the archive, and the removal of evidence."""

from privacy.ledger import captured_tables
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord
from privacy.vault.models import EncryptedFile

captured_tables.declare(
    ArchivedRecord,
    insert={Event.ARCHIVED: "subject_id"},
    delete={Event.ARCHIVED: "subject_id", Event.ROWS_REMOVED: "subject_id", Event.REPLAYED: "subject_id"},
)
captured_tables.declare(EncryptedFile, delete={Event.EVIDENCE_REMOVED: "subject_id"})
