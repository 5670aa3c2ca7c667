"""Which entries explain a write to the contacts of people."""

from privacy.ledger import captured_tables
from privacy.subjects.events import Event
from privacy.subjects.models import Contact

captured_tables.declare(
    Contact,
    insert={Event.CONTACT_RECORDED: "id"},
    update={Event.CONTACT_RECORDED: "id", Event.CONTACT_CORRECTED: "id", Event.CONTACTS_INDEXED: "subject_id"},
    delete={Event.CONTACTS_REMOVED: "subject_id"},
)
