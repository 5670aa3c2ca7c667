"""Sealing many rows of a few columns at once: the hot path of intake (performance.md).

The content keys of the last moments are kept, so that a batch costs one question, which keys were destroyed, and no
derivation. What a column's rows share is put together once. The boxes are those of ``seal_batch``, byte for byte.
"""

from collections.abc import Sequence
from datetime import date, datetime
from os import urandom
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from privacy.lib import prepared
from privacy.vault import crypto, keys
from privacy.vault.actions.making import ring_for_sealing
from privacy.vault.keys import Name
from privacy.vault.refusals import Destroyed

DESTROYED = """
SELECT subject_id, category, NULL::date FROM vault_tombstone WHERE subject_id = ANY(%s::uuid[])
UNION ALL SELECT NULL, category, month FROM vault_tombstone WHERE month = ANY(%s::date[])
"""


class Column(NamedTuple):
    """Rows of one column, category and month, as lists of the same length.

    ``subjects`` are the bytes of the ids of the people concerned; ``places`` says for each row whose it is; ``rows``
    are the bytes of the rows' ids.
    """

    label: str
    field: str
    category: str
    month: date
    subjects: Sequence[bytes]
    places: Sequence[int]
    rows: Sequence[bytes]
    plains: Sequence[bytes]


def seal_columns(columns: Sequence[Column], at: datetime) -> list[list[bytes]]:
    """Return the boxes of each column, in the order of its rows.

    Raises ``Destroyed`` and ``WrongKey`` like ``seal``; then nothing is sealed.
    """
    _refuse_destroyed(columns)
    return [_seal(column, _content_keys(column, at=at)) for column in columns]


def _seal(column: Column, content_keys: Sequence[bytes]) -> list[bytes]:
    size = crypto.NONCE_BYTES
    head = crypto.header(column.month)
    prefix = head + crypto.place(column.label, column.field, column.category)
    subjects = column.subjects
    encrypts = [AESGCM(key).encrypt for key in content_keys]
    random = urandom(size * len(column.rows))
    nonces = [random[start : start + size] for start in range(0, len(random), size)]
    return [
        head + nonce + encrypts[place](nonce, plain, prefix + row + subjects[place])
        for nonce, place, row, plain in zip(nonces, column.places, column.rows, column.plains, strict=True)
    ]


def _content_keys(column: Column, *, at: datetime) -> list[bytes]:
    """Return the content key of each subject of a column, from the cache where it is fresh."""
    category, month = column.category, column.month
    cache = keys.caches.here()
    held = cache.contents(category, month, column.subjects)
    missing = [UUID(bytes=subject) for subject in column.subjects if subject not in held]
    if missing:
        ring = ring_for_sealing([(subject, category) for subject in missing], [(category, month)], at=at)
        made = {subject.bytes: ring.content_key(subject, category, month) for subject in missing}
        held.update(made)
        if not connection.in_atomic_block:
            # In a transaction the keys may be its own and vanish with it.
            cache.put_contents(category, month, made)
    return [held[subject] for subject in column.subjects]


def _refuse_destroyed(columns: Sequence[Column]) -> None:
    """Ask the database, each time, which of the keys that these columns need were destroyed."""
    subjects = {subject for column in columns for subject in column.subjects}
    months = {column.month for column in columns}
    ids = f"{{{','.join([subject.hex() for subject in subjects])}}}"
    found = prepared.fetch("default", DESTROYED, [ids, f"{{{','.join(map(str, months))}}}"])
    if not found:
        return
    needed = {(subject, column.category) for column in columns for subject in column.subjects}
    epochs = {(column.category, column.month) for column in columns}
    gone: set[Name] = set()
    for subject_id, category, month in found:
        if subject_id is None:
            if (category, month) in epochs:
                gone.add(("epoch", (category, month)))
            continue
        gone |= {
            ("subject", (subject_id, each))
            for each in ({category} if category else {column.category for column in columns})
            if (subject_id.bytes, each) in needed
        }
    if gone:
        raise Destroyed(gone)
