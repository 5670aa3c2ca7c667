"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.systems.models import Answer, ConnectedSystem, Connection, EntryChange, Envelope, SystemTask

protected_tables.declare(ConnectedSystem, Connection, EntryChange, Answer, Envelope)
# What was tried and how often changes without an act; state and proof are vouched for.
protected_tables.declare(SystemTask, without=["trouble", "sent_at"])
