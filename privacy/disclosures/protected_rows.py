"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.disclosures.models import (
    CorrectionProof,
    DisclosedItem,
    Disclosure,
    Notice,
    ProvisionReport,
    RecipientAnswer,
    ScanReading,
    ThirdParty,
)
from privacy.ledger import protected_tables

# Whom the recipient's official was is a name; the digest of what was approved covers it.
protected_tables.declare(Disclosure, without=["official"])
protected_tables.declare(
    ThirdParty, DisclosedItem, ScanReading, Notice, ProvisionReport, CorrectionProof, RecipientAnswer
)
