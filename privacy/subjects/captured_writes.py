"""Which entries explain a write to the contacts of people: each names the contact."""

from privacy.ledger import captured_tables
from privacy.subjects.events import Event
from privacy.subjects.models import Contact

captured_tables.declare(
    Contact,
    insert={Event.CONTACT_RECORDED: "id", Event.CONTACT_CORRECTED: "id"},
    update={
        Event.CONTACT_RECORDED: "id",
        Event.CONTACT_CORRECTED: "id",
        Event.CONTACT_VERIFIED: "id",
        Event.CONTACT_PREFERRED: "id",
        Event.CONTACT_ENDED: "id",
        Event.CONTACT_CHANGE_TOLD: "id",
        Event.CONTACTS_INDEXED: "subject_id",
    },
    delete={
        Event.CONTACT_ENDED: "id",
        Event.CONTACT_EXPIRED: "id",
        Event.CONTACTS_REMOVED: "subject_id",
    },
)
