"""The shape of the archive: what one archived ciphertext holds, and how sealed rows are read for it without a key.

A ciphertext holds the records of one person, kind and day, one after the other: the record's id (16 bytes), its moment
(microseconds since 2000-01-01 UTC, 8 bytes), the length of its value (4 bytes), the value as its field encodes it.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connections

from privacy.lib.identifiers.ids import uuid_array_literal
from privacy.subjects.holdings import Holding
from privacy.vault.encryption_options import encrypted_fields
from privacy.vault.fields import EncryptedField

POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# For a slice's transaction: it is put together by hashing, not by sorting whole ciphertexts, in memory and by one
# process, as others work beside it.
HASH_AGGREGATE_SETTINGS = (
    "SELECT set_config('work_mem', '48MB', true), set_config('enable_sort', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)


class RecordGroup(NamedTuple):
    """The sealed records of one person, kind and day: for each its id and moment, and its ciphertext, still closed."""

    subject_id: UUID
    kind: str
    recorded_on: date
    headers: list[bytes]
    ciphertexts: list[bytes]


def sealed_field(holding: Holding) -> EncryptedField:
    """Return the one sealed field of a holding that is kept in the archive."""
    (field,) = encrypted_fields(holding.model)
    return field


def raw_connection(using: str) -> "psycopg.Connection[Any]":
    """Return the connection that Django holds to a database, opened if need be."""
    wrapper = connections[using]
    wrapper.ensure_connection()
    raw: psycopg.Connection[Any] = wrapper.connection
    return raw


def read_groups(
    raw: "psycopg.Connection[Any]",
    holding: Holding,
    kinds: Sequence[str],
    *,
    people: Sequence[UUID],
    since: datetime,
    until: datetime | None = None,
) -> list[RecordGroup]:
    """Return the sealed records of some people and kinds by person, kind and day, put together by the server."""
    column = sealed_field(holding).column
    subject, kind, recorded = _columns(holding)
    where, values = _condition(holding, kinds, people=people, since=since, until=until)
    statement = (
        f"SELECT {subject}, {kind}::text, ({recorded} AT TIME ZONE 'Asia/Seoul')::date,"  # noqa: S608
        f" array_agg(uuid_send(id) || timestamptz_send({recorded})), array_agg({column})"
        f" FROM {holding.model._meta.db_table} WHERE {where} GROUP BY 1, 2, 3"
    )
    # Django's own cursor reads text: arrays of ciphertexts come ten times faster as they are. A thread beside the one
    # that seals may wait here: it uses the connection itself, which is safe to share.
    with raw.transaction(), psycopg.Cursor(raw) as cursor:
        cursor.execute(HASH_AGGREGATE_SETTINGS)
        cursor.execute(statement, values, binary=True)
        return [RecordGroup(*row) for row in cursor.fetchall()]


def count_groups(
    holding: Holding, kinds: Sequence[str], *, people: Sequence[UUID], since: datetime, until: datetime | None = None
) -> list[tuple[UUID, str, date, int]]:
    """Return how many records each group has that ``read_groups`` would return: person, kind, day, records."""
    subject, kind, recorded = _columns(holding)
    where, values = _condition(holding, kinds, people=people, since=since, until=until)
    statement = (
        f"SELECT {subject}, {kind}::text, ({recorded} AT TIME ZONE 'Asia/Seoul')::date, count(*)"  # noqa: S608
        f" FROM {holding.model._meta.db_table} WHERE {where} GROUP BY 1, 2, 3"
    )
    with connections[holding.using].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def any_records(holding: Holding, kinds: Sequence[str], *, people: Sequence[UUID], since: datetime) -> bool:
    """Whether there is any record of these people and kinds: most people who leave have none so young."""
    where, values = _condition(holding, kinds, people=people, since=since)
    with connections[holding.using].cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {holding.model._meta.db_table} WHERE {where})", values)  # noqa: S608
        row = cursor.fetchone()
    return bool(row and row[0])


def _columns(holding: Holding) -> tuple[str, str, str]:
    subject, kind, recorded = (_column(holding, name) for name in (holding.subject, holding.kind, holding.recorded))
    return subject, kind, recorded


def _condition(
    holding: Holding,
    kinds: Sequence[str],
    *,
    people: Sequence[UUID],
    since: datetime,
    until: datetime | None = None,
) -> tuple[str, list[Any]]:
    """Return the condition in SQL, built from the declaration alone, and its values."""
    subject, kind, recorded = _columns(holding)
    where = [f"{subject} = ANY(%s::uuid[])", f"{kind} = ANY(%s)", f"{recorded} >= %s"]
    values: list[Any] = [uuid_array_literal(people), list(kinds), since]
    if until is not None:
        where.append(f"{recorded} < %s")
        values.append(until)
    for name, value in holding.scope.items():
        where.append(f"{_column(holding, name)} = %s")
        values.append(value)
    return " AND ".join(where), values


def unpack_records(plain: bytes) -> Iterator[tuple[str, datetime, Any]]:
    """Yield id, moment and value of each record in an opened ciphertext; values are JSON, as reports are sealed."""
    position = 0
    while position < len(plain):
        row, moment, size = struct.unpack_from("!16sqi", plain, position)
        position += 28
        value = json.loads(plain[position : position + size])
        yield str(UUID(bytes=row)), POSTGRES_EPOCH + timedelta(microseconds=moment), value
        position += size


def _column(holding: Holding, name: str) -> str:
    fields = holding.model._meta.concrete_fields
    return str(next(field.column for field in fields if name in (field.name, field.attname)))
