"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from consents.models import (
    AdvertisingNotice,
    AgeStatement,
    Agreement,
    AgreementVersion,
    AskedRepresentative,
    ConsentCode,
    CurrentConsent,
    DailyDecisionCount,
    Decision,
    PlannedDestruction,
    Representative,
    RepresentativeRequest,
)
from privacy.ledger import protected_tables

protected_tables.declare(
    Agreement, AgreementVersion, Decision, CurrentConsent, PlannedDestruction, AdvertisingNotice, Representative,
    AgeStatement, RepresentativeRequest, AskedRepresentative,
)  # fmt: skip

protected_tables.exempt(ConsentCode, because="opens a page for a while; what is decided there is a decision")
protected_tables.exempt(DailyDecisionCount, because="counted from the decisions")
