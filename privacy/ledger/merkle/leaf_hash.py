"""The hash of an entry, its leaf in the tree (RFC 9162, 2.1): SHA-256 over a zero byte and the entry's text.

In Python it is ``verify.py``'s, which is published and stands alone; in SQL it is written here.
"""

from typing import LiteralString

from privacy.ledger.merkle.log_reader import ENTRY_TEXT
from privacy.ledger.verify import leaf_hash

__all__ = ["LEAF_HASH", "leaf_hash"]

# Of the entry ``e``, as an expression of PostgreSQL.
LEAF_HASH: LiteralString = "sha256('\\x00'::bytea || convert_to(" + ENTRY_TEXT + ", 'UTF8'))"
