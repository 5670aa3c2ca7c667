"""Which entries explain a write to the words of complaints: each names the complaint, under which they are sealed."""

from privacy.incidents.events import Event
from privacy.incidents.models import ComplaintText
from privacy.ledger import captured_tables

captured_tables.declare(
    ComplaintText,
    insert={Event.RECEIVED: "subject_id", Event.ANSWERED: "subject_id"},
    update={Event.ANSWERED: "subject_id"},
    delete={Event.REMOVED: "subject_id"},
)
