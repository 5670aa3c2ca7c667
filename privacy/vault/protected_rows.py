"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.vault.models import EncryptedFile, Freeze, KeyCheck, KeyHolder, MonthKey, SubjectKey, Tombstone, TurnCursor

protected_tables.declare(Tombstone, Freeze, KeyCheck)
# Ten megabytes are not hashed again each week: what is sealed for this row opens or does not.
protected_tables.declare(EncryptedFile, without=["content"])

protected_tables.exempt(
    SubjectKey, MonthKey, because="sealed: another key in its place opens nothing; one that went leaves its tombstone"
)
protected_tables.exempt(
    KeyHolder, TurnCursor, because="what hosts hold now, and how far a turn came: the check values and keys decide"
)
