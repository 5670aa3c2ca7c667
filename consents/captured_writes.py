"""Which entries explain a write to the representatives: one has the id of the decision that they made."""

from consents.events import Event
from consents.models import Representative
from privacy.ledger import captured_tables

captured_tables.declare(
    Representative,
    insert=dict.fromkeys((Event.AGREED, Event.DISAGREED, Event.WITHDRAWN), "id"),
    delete={Event.REPRESENTATIVES_REMOVED: "subject_id"},
)
