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


def read(raw: bytes) -> Any:
    """Return the value of a JSON text from elsewhere, which can be read in one way alone.

    It is UTF-8 without a mark of its order, and no name stands twice: one reader takes the first, one the last. Raises
    ``ValueError`` for any other, and ``RecursionError`` for one that is nested too deep.
    """
    return json.loads(raw.decode(), object_pairs_hook=_without_doubles)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("A name appears twice.")
    return said


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
