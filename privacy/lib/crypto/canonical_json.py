"""One spelling for each value, so that a digest means the same everywhere and for ever.

Sorted keys, no spaces, UTF-8, no floats that are not numbers. Dates, moments and UUIDs are written as their ISO text.
"""

import json
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID


def dumps(obj: Any) -> str:
    """Return the canonical JSON of ``obj``; raise ``TypeError`` or ``ValueError`` for what has none."""
    _keys_must_be_text(obj)
    return json.dumps(obj, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_text)


def digest(obj: Any) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    return sha256(dumps(obj).encode()).hexdigest()


def _text(value: object) -> str:
    if isinstance(value, date):  # a moment too
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form.")


def _keys_must_be_text(obj: Any) -> None:
    # json would write the keys 1 and "1" alike.
    if isinstance(obj, dict):
        for key, value in obj.items():
            if not isinstance(key, str):
                raise TypeError("Keys of a canonical object are text.")
            _keys_must_be_text(value)
    elif isinstance(obj, list | tuple):
        for value in obj:
            _keys_must_be_text(value)
