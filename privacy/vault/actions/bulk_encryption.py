"""Sealing many rows of a few columns at once: the hot path of intake (benchmarks/RESULTS.md).

The content keys of the last moments are kept, so that a batch costs no derivation and no question but the one who was
closed since the last batch. What a column's rows share is put together once. The ciphertexts are those of
``encrypt_batch``, byte for byte.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction

from privacy.lib.crypto.random_pool import random_bytes
from privacy.lib.postgres import invalidation, pipelined_connection
from privacy.vault import crypto, keys
from privacy.vault.actions.key_creation import keys_for_encryption
from privacy.vault.keys import KeyName, WrappedKey
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.parts import in_parts
from privacy.vault.refusals import Destroyed

# Who was closed since a snapshot (in three columns that no other row has), which of the keys that the cache lacks were
# destroyed (without a generation), and those keys, wrapped.
INVALIDATIONS_AND_KEYS = """
SELECT NULL::uuid, NULL::text, NULL::date, NULL::integer, NULL::bytea,
    {news}
UNION ALL
SELECT subject_id, category, NULL, NULL, NULL, NULL, NULL, NULL
FROM vault_tombstone WHERE subject_id = ANY ($1::uuid[])
UNION ALL
SELECT NULL, category, month, NULL, NULL, NULL, NULL, NULL FROM vault_tombstone WHERE month = ANY ($2::date[])
UNION ALL
SELECT subject_id, category, NULL, generation, wrapped, NULL, NULL, NULL
FROM vault_subjectkey WHERE subject_id = ANY ($3::uuid[]) AND category = ANY ($4::text[])
""".replace("{news}", invalidation.invalidated_since(keys.INVALIDATION_TABLE, "$5"))


class PlaintextColumn(NamedTuple):
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


def encrypt_columns(columns: Sequence[PlaintextColumn], at: datetime, *, heard: bool = False) -> list[list[bytes]]:
    """Return the ciphertexts of each column, in the order of its rows.

    ``heard`` says that the caller asked a moment ago, for the same request, who was closed (the table
    ``keys.INVALIDATION_TABLE``): then keys that are held are used without asking again. Raises ``Destroyed`` and
    ``WrongKey`` like ``encrypt``; then nothing is sealed.
    """
    content_keys = _keys_of(columns, at=at, heard=heard)
    return [encrypt_with_keys(column, found) for column, found in zip(columns, content_keys, strict=True)]


def encrypt_with_keys(column: PlaintextColumn, content_keys: Sequence[bytes]) -> list[bytes]:
    """Return the ciphertexts of a column under the content keys of its subjects, for whoever holds those already."""
    head = crypto.header(column.month)
    prefix = head + crypto.associated_data(column.label, column.field, column.category)
    subjects = column.subjects
    encrypts = [AESGCM(key).encrypt for key in content_keys]
    nonces = _nonce_splitter(len(column.rows))(random_bytes(crypto.NONCE_BYTES * len(column.rows)))
    return [
        head + nonce + encrypts[place](nonce, plain, prefix + row + subjects[place])
        for nonce, place, row, plain in zip(nonces, column.places, column.rows, column.plains, strict=True)
    ]


@lru_cache(maxsize=1024)
def _nonce_splitter(count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """Return what cuts random bytes into nonces."""
    return struct.Struct(f"{crypto.NONCE_BYTES}s" * count).unpack


def _keys_of(columns: Sequence[PlaintextColumn], *, at: datetime, heard: bool) -> list[list[bytes]]:
    """Return the content keys of each column's subjects: from the cache where it is fresh, else from the tables.

    Whose key is held and who was not closed since has a key: that is asked of the database each time.
    """
    cache = keys.caches.here()
    while True:
        look = cache.watch.look()
        held = [cache.contents(column.category, column.month, column.subjects) for column in columns]
        lacking = _missing(columns, held)
        if heard and not any(lacking):
            return held  # type: ignore[return-value]  # none is lacking
        told, wrapped = _ask(columns, lacking, look)
        if not told.closed or not told.affects(_held(columns, held)):
            break
        # Some of the keys that were held may be destroyed by now. They were forgotten, so now they are asked for.
    for number, (column, subjects) in enumerate(zip(columns, lacking, strict=True)):
        if subjects:
            made = _derive(column, subjects, wrapped, at=at)
            held[number] = [key or made[subject] for subject, key in zip(column.subjects, held[number], strict=True)]
            if not connection.in_atomic_block:
                # In a transaction the keys may be its own and vanish with it.
                cache.put_content_keys(column.category, column.month, made, ticket=told.ticket)
    return held  # type: ignore[return-value]  # none is lacking any more


def _missing(columns: Sequence[PlaintextColumn], held: Sequence[Sequence[bytes | None]]) -> list[list[bytes]]:
    """Return the subjects of each column whose keys are not held."""
    return [
        [subject for subject, key in zip(column.subjects, found, strict=True) if key is None] if None in found else []
        for column, found in zip(columns, held, strict=True)
    ]


def _held(columns: Sequence[PlaintextColumn], held: Sequence[Sequence[bytes | None]]) -> set[str]:
    """Return the subjects whose keys are held."""
    return {
        str(UUID(bytes=subject))
        for column, found in zip(columns, held, strict=True)
        for subject, key in zip(column.subjects, found, strict=True)
        if key is not None
    }


def _ask(
    columns: Sequence[PlaintextColumn], lacking: Sequence[Sequence[bytes]], look: invalidation.Snapshot
) -> tuple[invalidation.Invalidations, dict[tuple[bytes, str], tuple[int, bytes]]]:
    """Return who was closed since ``look``, and the wrapped keys of what is lacking. Raises ``Destroyed``."""
    wanted = {subject for subjects in lacking for subject in subjects}
    short = [column for column, subjects in zip(columns, lacking, strict=True) if subjects]
    hexes = pipelined_connection.array_literal(map(bytes.hex, wanted))
    months, categories = {str(column.month) for column in short}, {column.category for column in short}
    asked = [
        hexes,
        pipelined_connection.array_literal(months),
        hexes,
        pipelined_connection.array_literal(categories),
        look.since,
    ]
    wrapped: dict[tuple[bytes, str], tuple[int, bytes]] = {}
    stones: list[tuple[bytes | None, str, date | None]] = []
    said: Sequence[bytes | None] = ()
    for row in pipelined_connection.fetch("default", INVALIDATIONS_AND_KEYS, asked):
        subject, category, month, generation, ciphertext, *news = row
        if category is None:
            said = news
        elif generation is None:
            stones.append(
                (subject, _text(category), None if month is None else pipelined_connection.decode_date(month))
            )
        elif subject is not None and ciphertext is not None:
            wrapped[subject, _text(category)] = (int.from_bytes(generation), ciphertext)
    heard = keys.caches.here().watch.apply(look, *said)
    if stones:
        _refuse(short, stones)
    return heard, wrapped


def _derive(
    column: PlaintextColumn,
    subjects: Sequence[bytes],
    wrapped: dict[tuple[bytes, str], tuple[int, bytes]],
    *,
    at: datetime,
) -> dict[bytes, bytes]:
    """Return content keys from wrapped subject keys; keys that don't exist yet are made."""
    category, month = column.category, column.month
    epoch: KeyName = ("epoch", (category, month))
    cache = keys.caches.here()
    known: dict[KeyName, WrappedKey] = cache.get([epoch])
    new = [UUID(bytes=subject) for subject in subjects if (subject, category) not in wrapped]
    if new or not known:
        known = keys_for_encryption([(subject, category) for subject in new], [(category, month)], at=at)
        transaction.on_commit(partial(cache.put, {epoch: known[epoch]}))
    asked = [
        messages.SubjectKey(subject, category, *wrapped[subject, category])
        for subject in subjects
        if (subject, category) in wrapped
    ]
    asked += [key for key in known.values() if isinstance(key, messages.SubjectKey)]
    month_key = known[epoch]
    assert isinstance(month_key, messages.MonthKey)
    made: dict[bytes, bytes] = {}
    for part in in_parts(asked):
        request = messages.SealingKeys(
            messages.WrappedKeys(part, [month_key]), [(place, 0) for place in range(len(part))]
        )
        made.update(zip((key.subject for key in part), client.ask(request), strict=True))
    return made


def _refuse(columns: Sequence[PlaintextColumn], stones: Sequence[tuple[bytes | None, str, date | None]]) -> None:
    """Raise ``Destroyed`` if one of the keys that these columns need is among the destroyed ones."""
    needed = {(subject, column.category) for column in columns for subject in column.subjects}
    epochs = {(column.category, column.month) for column in columns}
    gone: set[KeyName] = set()
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
