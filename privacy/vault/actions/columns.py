"""Sealing many rows of a few columns at once: the hot path of intake (performance.md).

The content keys of the last moments are kept, so that a batch costs one question, which keys were destroyed, and no
derivation. What a column's rows share is put together once. The boxes are those of ``seal_batch``, byte for byte.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from os import urandom
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from privacy.lib import wires
from privacy.vault import crypto, keys, providers
from privacy.vault.actions.making import ring_for_sealing
from privacy.vault.keys import Name
from privacy.vault.refusals import Destroyed

# Which of the keys were destroyed (without a generation), the newest destruction of all (without a key), and the
# wrapped keys that the cache lacks.
STONES_AND_KEYS = """
SELECT subject_id, category, NULL::date, NULL::integer, NULL::bytea
FROM vault_tombstone WHERE subject_id = ANY ($1::uuid[])
UNION ALL
SELECT NULL, category, month, NULL, NULL FROM vault_tombstone WHERE month = ANY ($2::date[])
UNION ALL
(SELECT id, NULL, NULL, 0, NULL FROM vault_tombstone ORDER BY id DESC LIMIT 1)
UNION ALL
SELECT subject_id, category, NULL, generation, wrapped
FROM vault_subjectkey WHERE subject_id = ANY ($3::uuid[]) AND category = ANY ($4::text[])
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
    return [
        seal_under(column, content_keys) for column, content_keys in zip(columns, _keys_of(columns, at=at), strict=True)
    ]


def seal_under(column: Column, content_keys: Sequence[bytes]) -> list[bytes]:
    """Return the boxes of a column under the content keys of its subjects, for whoever holds those already."""
    head = crypto.header(column.month)
    prefix = head + crypto.place(column.label, column.field, column.category)
    subjects = column.subjects
    encrypts = [AESGCM(key).encrypt for key in content_keys]
    nonces = _cut(len(column.rows))(urandom(crypto.NONCE_BYTES * len(column.rows)))
    return [
        head + nonce + encrypts[place](nonce, plain, prefix + row + subjects[place])
        for nonce, place, row, plain in zip(nonces, column.places, column.rows, column.plains, strict=True)
    ]


@lru_cache(maxsize=1024)
def _cut(count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """Return what cuts random bytes into nonces."""
    return struct.Struct(f"{crypto.NONCE_BYTES}s" * count).unpack


def _keys_of(columns: Sequence[Column], *, at: datetime) -> list[list[bytes]]:
    """Return the content keys of each column's subjects: from the cache where it is fresh, else from the tables.

    Which keys were destroyed is asked of the database each time, in the same question.
    """
    cache = keys.caches.here()
    held = [cache.contents(column.category, column.month, column.subjects) for column in columns]
    lacking = [
        [subject for subject, key in zip(column.subjects, found, strict=True) if key is None] if None in found else []
        for column, found in zip(columns, held, strict=True)
    ]
    wrapped = _ask(columns, lacking)
    for number, (column, subjects) in enumerate(zip(columns, lacking, strict=True)):
        if subjects:
            made = _derived(column, subjects, wrapped, at=at)
            held[number] = [key or made[subject] for subject, key in zip(column.subjects, held[number], strict=True)]
            if not connection.in_atomic_block:
                # In a transaction the keys may be its own and vanish with it.
                cache.put_contents(column.category, column.month, made)
    return held  # type: ignore[return-value]  # none is lacking any more


def _ask(columns: Sequence[Column], lacking: Sequence[Sequence[bytes]]) -> dict[tuple[bytes, str], tuple[int, bytes]]:
    """Return the wrapped keys of what is lacking. Raises ``Destroyed``."""
    every = {subject for column in columns for subject in column.subjects}
    wanted = {subject for subjects in lacking for subject in subjects}
    categories = [column.category for column, subjects in zip(columns, lacking, strict=True) if subjects]
    months = {column.month for column in columns}
    asked = [map(bytes.hex, every), map(str, months), map(bytes.hex, wanted), categories]
    wrapped: dict[tuple[bytes, str], tuple[int, bytes]] = {}
    stones: list[tuple[bytes | None, str, date | None]] = []
    newest = None
    for row in wires.fetch("default", STONES_AND_KEYS, list(map(wires.array, asked))):
        subject, category, month, generation, box = row
        if generation is None:
            stones.append((subject, _text(category), None if month is None else wires.day(month)))
        elif box is None:
            newest = subject
        elif subject is not None:
            wrapped[subject, _text(category)] = (int.from_bytes(generation), box)
    keys.caches.here().heed(newest)
    if stones:
        _refuse(columns, stones)
    return wrapped


def _derived(
    column: Column,
    subjects: Sequence[bytes],
    wrapped: dict[tuple[bytes, str], tuple[int, bytes]],
    *,
    at: datetime,
) -> dict[bytes, bytes]:
    """Return content keys from wrapped subject keys; keys that don't exist yet are made."""
    category, month = column.category, column.month
    epoch: Name = ("epoch", (category, month))
    raw = keys.caches.here().get([epoch])
    known = [subject for subject in subjects if (subject, category) in wrapped]
    new = [UUID(bytes=subject) for subject in subjects if (subject, category) not in wrapped]
    if new or not raw:
        ring = ring_for_sealing([(subject, category) for subject in new], [(category, month)], at=at)
        made = {subject.bytes: ring.content_key(subject, category, month) for subject in new}
        epoch_key = ring.epoch_key(category, month)
    else:
        made, epoch_key = {}, raw[epoch]
    boxes = [
        providers.Wrapped(*wrapped[subject, category], crypto.subject_key_bytes_label(subject, category))
        for subject in known
    ]
    for subject, key in zip(known, providers.master().unwrap(boxes), strict=True):
        made[subject] = crypto.content_key(key, epoch_key)
    return made


def _refuse(columns: Sequence[Column], stones: Sequence[tuple[bytes | None, str, date | None]]) -> None:
    """Raise ``Destroyed`` if one of the keys that these columns need is among the destroyed ones."""
    needed = {(subject, column.category) for column in columns for subject in column.subjects}
    epochs = {(column.category, column.month) for column in columns}
    gone: set[Name] = set()
    for subject, category, month in stones:
        if month is not None:
            if (category, month) in epochs:
                gone.add(("epoch", (category, month)))
        elif subject is not None:
            # Without a category the stone stands for all of them.
            each = [category] if category else [column.category for column in columns]
            gone |= {("subject", (UUID(bytes=subject), one)) for one in each if (subject, one) in needed}
    if gone:
        raise Destroyed(gone)


def _text(value: bytes | None) -> str:
    return (value or b"").decode()
