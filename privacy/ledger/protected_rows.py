"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.ledger.models import Finding, FindingQuestion, ReconciliationState, Review, Scrub

protected_tables.declare(Review, Finding, FindingQuestion, ReconciliationState)
protected_tables.declare(Scrub, without=["position", "progress"])
