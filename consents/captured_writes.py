"""Which entries explain a write to the representatives: by the decision that they made, or the request to them."""

from consents.events import Event
from consents.models import AskedRepresentative, Representative
from privacy.ledger import captured_tables

captured_tables.declare(
    AskedRepresentative,
    insert={Event.REPRESENTATIVE_ASKED: "id"},
    delete={Event.ASKED_FORGOTTEN: "id", Event.REPRESENTATIVES_REMOVED: "subject_id"},
)
captured_tables.declare(
    Representative,
    insert=dict.fromkeys((Event.AGREED, Event.DISAGREED, Event.WITHDRAWN), "id"),
    delete={Event.REPRESENTATIVES_REMOVED: "subject_id"},
)
