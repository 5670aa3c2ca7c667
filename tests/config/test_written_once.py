"""Whoever decided, approved or signed is written once: every table and column that the approved table names."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from config.database_grants import approved, written_once
from config.databases import PROCESS_ROLES
from tests.database import PortalDatabase

pytestmark = [pytest.mark.attack("17.3"), pytest.mark.attack("17.11")]

# Of the processes that may write a column, each is tried.
ONCE = [
    (role, table, column)
    for table, columns in written_once("default").items()
    for column in columns
    for process, role in PROCESS_ROLES.items()
    if column in approved("default", process)[table].update
]
# A value of each type, and another.
VALUES = {
    "character varying": ("'a'", "'b'"),
    "text": ("'a'", "'b'"),
    "timestamp with time zone": ("now()", "now() + interval '1 day'"),
    "interval": ("'1 day'", "'2 days'"),
    "date": ("current_date", "current_date + 1"),
    "uuid": ("gen_random_uuid()", "gen_random_uuid()"),
    "boolean": ("false", "true"),
    "jsonb": ("'{}'", "'[]'"),
    "bytea": ("'a'", "'b'"),
    "integer": ("1", "2"),
    "smallint": ("1", "2"),
    "bigint": ("1", "2"),
}
COLUMNS = """
    SELECT column_name, data_type, is_nullable = 'NO' AND is_identity = 'NO' FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = %s
"""
CHECKS = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"


@contextmanager
def the_row_of(
    database: PortalDatabase, role: str, table: str, column: str
) -> Iterator[tuple[psycopg.Connection, tuple[str, str], str]]:
    """Leave one row in a table, whose column says nothing yet, and no other rule than ``written_once``.

    Yield a connection as that role, two values of the column's type, and what says nothing in it.
    """
    with database.connect() as inside:
        name = sql.Identifier(table)
        inside.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(name))
        for (check,) in inside.execute(CHECKS, [table]).fetchall():
            inside.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(name, sql.Identifier(check)))
        inside.execute(sql.SQL("DELETE FROM {}").format(name))
        columns = {row[0]: (VALUES[row[1]], row[2]) for row in inside.execute(COLUMNS, [table]).fetchall()}
        given = {one: values[0] for one, (values, is_needed) in columns.items() if is_needed}
        values, is_needed = columns[column]
        nothing = "''" if is_needed else "NULL"
        given[column] = nothing
        names, said = sql.SQL(", ").join(map(sql.Identifier, given)), ", ".join(given.values())
        inside.execute(sql.SQL("INSERT INTO {} ({}) VALUES (").format(name, names) + sql.SQL(said + ")"))
        inside.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER written_once").format(name))
    with database.connect(role) as app:
        yield app, values, nothing


def test_every_such_column_is_tried() -> None:
    tried = {(table, column) for _role, table, column in ONCE}
    assert tried == {(table, column) for table, columns in written_once("default").items() for column in columns}


@pytest.mark.parametrize(("role", "table", "column"), ONCE)
def test_what_was_written_is_neither_replaced_nor_cleared(
    portal_database: PortalDatabase, role: str, table: str, column: str
) -> None:
    with the_row_of(portal_database, role, table, column) as (app, (first, other), nothing):
        write = sql.SQL("UPDATE {} SET {} = {{}}").format(sql.Identifier(table), sql.Identifier(column)).as_string()
        assert app.execute(write.format(first)).rowcount == 1
        assert app.execute(write.format(column)).rowcount == 1
        for becomes in (other, nothing):
            with pytest.raises(psycopg.errors.CheckViolation) as refused:
                app.execute(write.format(becomes))
            assert refused.value.diag.constraint_name == "written_once"
