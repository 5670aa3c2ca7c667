"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.processors.models import BusinessTransfer, Consignment, OverseasTransfer, Subprocessor, Supervision

protected_tables.declare(BusinessTransfer, Consignment, Subprocessor, Supervision, OverseasTransfer)
