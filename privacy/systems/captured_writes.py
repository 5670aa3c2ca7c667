"""Which entries explain a write to the identifiers that are kept for connected systems: each names the person."""

from privacy.ledger import captured_tables
from privacy.systems.events import Event
from privacy.systems.models import Envelope

captured_tables.declare(
    Envelope, insert={Event.IDENTIFIERS_SEALED: "subject_id"}, delete={Event.IDENTIFIERS_REMOVED: "subject_id"}
)
