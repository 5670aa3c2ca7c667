"""What an administrator of the database may do to a register beside the trail."""

import random
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from privacy.ledger.protected_tables import ProtectedTable

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
