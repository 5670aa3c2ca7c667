"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.incidents.models import AffectedPerson, Complaint, ComplaintText, Incident, Measure, Notification, Report
from privacy.ledger import protected_tables

protected_tables.declare(Complaint, ComplaintText, Incident, AffectedPerson, Notification, Measure, Report)
