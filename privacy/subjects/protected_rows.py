"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.subjects.models import Contact, ContactCode, FailedCodeAttempt, FalseIdentityFinding, Subject

protected_tables.declare(Subject, FalseIdentityFinding, Contact)

protected_tables.exempt(ContactCode, FailedCodeAttempt, because="codes and attempts of a few minutes")
