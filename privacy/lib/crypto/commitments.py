"""Commitments to a value: they show who has the key that another holds the same value, and say nothing to anybody else.

Connected systems and recipients of data prove with them what they hold (docs/connected-systems.md, docs/recipients.md).
A phone number is guessed in seconds, so the key is secret, made for one question, and never stored beside it.
"""

import hashlib
import hmac
from collections.abc import Iterable


def commitment(key: bytes, item: str, value: str) -> str:
    """Return the commitment to a value of an item, as hex: HMAC-SHA-256 over ``{item}.`` and the value in UTF-8."""
    return hmac.new(key, f"{item}.".encode() + value.encode(), hashlib.sha256).hexdigest()


def joined(values: Iterable[str]) -> str:
    """Return several values of an item as the one that is committed to: each once, by code point, a line each."""
    return "\n".join(sorted(set(values)))
