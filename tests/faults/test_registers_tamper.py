"""Seeded random alterations of the registers beside the ledger, by the database's superuser: each is found and named.

Any column of any protected table that has rows, a removal, or a row that nobody made. ``SCALE`` scales the number,
``SEED`` repeats a run. Each alteration is made with every trigger off, then undone.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql

from privacy.ledger.protected_tables import TABLES, ProtectedTable
from tests.database import PortalDatabase
from tests.factories.worked_office import compare_registers, worked_office

pytestmark = [pytest.mark.faults, pytest.mark.attack("19.7")]

ALTERATIONS = max(50, int(1_000 * float(os.environ.get("SCALE", "1"))))
SEED = int(os.environ.get("SEED", "20261127"))
# Another value of a column, by the type of its model's field; of one that may be empty, none.
OTHERWISE = {
    "bool": "NOT {column}",
    "smallint": "coalesce({column}, 0) + 1",
    "integer": "coalesce({column}, 0) + 1",
    "bigint": "coalesce({column}, 0) + 1",
    "numeric": "coalesce({column}, 0) + 1",
    "date": "coalesce({column}, '2026-01-01') + 1",
    "timestamp with time zone": "coalesce({column}, '2026-01-01') + interval '1 hour'",
    "uuid": "gen_random_uuid()",
    "bytea": "coalesce({column}, '') || '\\x00'::bytea",
    "jsonb": "jsonb_build_array({column}, 1)",
    "text": "coalesce({column}, '') || 'x'",
}
type Connection = psycopg.Connection[Any]


class Done(NamedTuple):
    """What was altered: of which kind, where, and the row that must be named."""

    kind: str
    where: str
    key: str


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[PortalDatabase]:
    with django_db_blocker.unblock(), worked_office(tmp_path_factory.mktemp("destructions")) as database:
        yield database


def keys(connection: Connection, table: ProtectedTable) -> list[str]:
    named, key = sql.Identifier(table.name), sql.Identifier(table.key)
    rows = connection.execute(sql.SQL("SELECT {}::text FROM {} ORDER BY 1").format(key, named)).fetchall()
    return [str(row[0]) for row in rows]


def alter(dice: random.Random, connection: Connection, table: ProtectedTable, key: str) -> Done:
    """Alter a row of a table. Raises psycopg.Error for what even a constraint refuses."""
    named, own = sql.Identifier(table.name), sql.Identifier(table.key)
    kind = dice.choice(("value", "value", "value", "removed", "invented"))
    if kind == "removed":
        connection.execute(sql.SQL("DELETE FROM {} WHERE {}::text = %s").format(named, own), [key])
        return Done(kind, table.name, key)
    if kind == "invented":
        fields = [field for field in table.model._meta.concrete_fields if field.column != table.key]
        columns = sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)
        made = "gen_random_uuid()" if table.model._meta.pk.get_internal_type() == "UUIDField" else "2000000000"
        row = connection.execute(
            sql.SQL("INSERT INTO {t} ({k}, {c}) SELECT {made}, {c} FROM {t} WHERE {k}::text = %s RETURNING {k}::text")
            .format(t=named, k=own, c=columns, made=sql.SQL(made)),  # type: ignore[arg-type]
            [key],
        ).fetchone()  # fmt: skip
        assert row is not None
        return Done(kind, table.name, str(row[0]))
    column = dice.choice([column for column in table.columns if column != table.key])
    otherwise = OTHERWISE[type_of(connection, table, column)].format(column=f'"{column}"')
    done = connection.execute(
        sql.SQL("UPDATE {} SET {} = {} WHERE {}::text = %s").format(
            named, sql.Identifier(column), sql.SQL(otherwise), own  # type: ignore[arg-type]
        ),
        [key],
    )  # fmt: skip
    assert done.rowcount == 1
    return Done(kind, f"{table.name}.{column}", key)


def type_of(connection: Connection, table: ProtectedTable, column: str) -> str:
    row = connection.execute(
        "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
        [table.name, column],
    ).fetchone()
    assert row is not None
    return {"boolean": "bool", "character varying": "text", "ARRAY": "array", "inet": "inet"}.get(row[0], str(row[0]))


def test_the_untouched_registers_pass(world: PortalDatabase) -> None:
    """The positive control, also with what the alterations below leave out of force."""
    with world.connect() as superuser, superuser.transaction(force_rollback=True):
        superuser.execute("SET LOCAL session_replication_role = replica")
        assert compare_registers(superuser) == []


@pytest.mark.clause("P8.3")
def test_every_random_alteration_is_found_and_the_row_named(
    world: PortalDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(SEED)
    missed: list[str] = []
    tried: Counter[str] = Counter()
    with world.connect() as superuser:
        filled = {name: found for name, table in sorted(TABLES.items()) if (found := keys(superuser, table))}
        assert len(filled) >= 40, "the world of this test lacks most registers"
        while tried.total() < ALTERATIONS:
            name = dice.choice(list(filled))
            with (
                suppress(psycopg.IntegrityError, psycopg.DataError, psycopg.errors.GeneratedAlways, KeyError),
                superuser.transaction(force_rollback=True),
            ):
                superuser.execute("SET LOCAL session_replication_role = replica")
                superuser.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name)))
                done = alter(dice, superuser, TABLES[name], dice.choice(filled[name]))
                found = compare_registers(superuser)
                tried[f"{done.where} {done.kind}"] += 1
                if not any(message.startswith(f"{name} {done.key} ") for message in found):
                    missed.append(f"{done}: {[message for message in found if 'triggers' not in message]}")
    with capsys.disabled():
        print(
            f"\nseed {SEED}: {ALTERATIONS - len(missed)} of {ALTERATIONS} alterations of rows found, {len(tried)} kinds"
        )
    assert not missed, "\n".join(missed[:20])
