"""What pages, intake and worker may read and write: an approved table, granted by ``migrate_all``, compared by tests.

A table that is not in ``database_grants.toml`` is closed to the portal, and where a process has a row of its own, that
row holds for it (decision 0176). Columns are granted one by one, so that what no code changes can't be changed by
whoever holds the role either (decision 0141).
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from config.databases import Statement, roles_in
from devices.items import REGISTRATION

TABLE = Path(__file__).with_name("database_grants.toml")
WRITTEN_ONCE = Path(__file__).with_name("written_once.sql")
# Where rows come by COPY straight into the month's own table; what is read or removed goes by the parent.
MONTHS = ("devices_report", "devices_applog")


@dataclass(frozen=True)
class TableGrants:
    """What is granted on one table."""

    name: str
    select: bool = True
    read: frozenset[str] = frozenset()
    insert: bool = False
    update: frozenset[str] = frozenset()
    delete: bool = False

    def privileges(self) -> set[tuple[str, str]]:
        """Return (privilege, column) as PostgreSQL counts them; whole tables without a column."""
        whole = {"SELECT": self.select, "INSERT": self.insert, "DELETE": self.delete}
        columns = {"SELECT": self.read, "UPDATE": self.update}
        return {(name, "") for name, given in whole.items() if given} | {
            (name, column) for name, given in columns.items() for column in given
        }


# What stands in the table for the columns of a device's registration.
COLUMNS = {
    "<items>": frozenset(item.code for item in REGISTRATION),
    "<indexes>": frozenset(f"{item.code}_index" for item in REGISTRATION if item.normalise),
}


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(TABLE.read_text())


@cache
def approved(alias: str, process: str) -> dict[str, TableGrants]:
    """Return what is approved for a process in a database, by table."""
    return {name: _grants(name, row, process) for name, row in _table()[alias].items()}


def written_once(alias: str) -> dict[str, tuple[str, ...]]:
    """Return the columns that are written once, by table."""
    return {name: tuple(row["once"].split()) for name, row in _table()[alias].items() if "once" in row}


def _grants(name: str, row: dict[str, Any], process: str) -> TableGrants:
    if process in row:
        row = row[process]
    elif process not in row.get("who", ()):
        # Pages and worker read every table that is not closed; intake reads what its own rows say.
        return TableGrants(name, select=row.get("select", True) and process != "intake")
    select = row.get("select", True)
    return TableGrants(
        name,
        select=select is True,
        read=_columns(select) if isinstance(select, str) else frozenset(),
        insert=row.get("insert", False),
        update=_columns(row.get("update", "")),
        delete="delete" in row,
    )


def _columns(said: str) -> frozenset[str]:
    return frozenset[str]().union(*(COLUMNS.get(name, {name}) for name in said.split()))


def grant_statements(alias: str) -> Iterator[Statement]:
    """Yield the owner's statements, for one transaction, that give each role what is approved, and no more."""
    for process, name in roles_in(alias).items():
        yield from _role_statements(alias, process, sql.Identifier(name))
    yield from _once_statements(alias)
    if alias == "personal":
        for table in MONTHS:
            yield sql.SQL("SELECT devices_grant_months({})").format(sql.Literal(table))


def _role_statements(alias: str, process: str, role: sql.Identifier) -> Iterator[Statement]:
    # Databases made before this table had everything granted in advance.
    yield sql.SQL("ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM {}").format(role)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role)
    yield sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role)
    for one in approved(alias, process).values():
        given: list[Statement] = [sql.SQL(name) for name, column in sorted(one.privileges()) if not column]
        for verb, names in (("SELECT", one.read), ("UPDATE", one.update)):
            if names:
                columns = sql.SQL(", ").join(map(sql.Identifier, sorted(names)))
                given.append(sql.SQL("{} ({})").format(sql.SQL(verb), columns))
        if given:
            yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(", ").join(given), sql.Identifier(one.name), role)


def _once_statements(alias: str) -> Iterator[Statement]:
    """Yield the statements after which what is written once is never replaced."""
    if alias != "default":
        return
    yield sql.SQL(WRITTEN_ONCE.read_text())
    for table, columns in written_once(alias).items():
        yield sql.SQL(
            "CREATE OR REPLACE TRIGGER written_once BEFORE UPDATE OF {} ON {} FOR EACH ROW"
            " EXECUTE FUNCTION public.written_once({})"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Literal, columns)),
        )


GRANTED = """
    SELECT c.relname, p.privilege, '' FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
           'REFERENCES', 'TRIGGER']) AS p (privilege)
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND has_table_privilege(%(role)s, c.oid, p.privilege)
    UNION ALL
    SELECT c.relname, p.privilege, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid,
           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p (privilege)
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped
       AND has_column_privilege(%(role)s, c.oid, a.attnum, p.privilege)
       AND NOT has_table_privilege(%(role)s, c.oid, p.privilege)
    UNION ALL
    SELECT regexp_replace(c.relname, '_\\d{4}_\\d{2}$', ''), p.privilege, 'of a month' FROM pg_class c,
           unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
     WHERE c.relnamespace = 'public'::regnamespace AND c.relispartition
       AND (has_table_privilege(%(role)s, c.oid, p.privilege)
            OR p.privilege IN ('UPDATE', 'REFERENCES') AND has_any_column_privilege(%(role)s, c.oid, p.privilege))
"""


def differences(alias: str, cursor: CursorWrapper) -> list[str]:
    """Return where a database grants a role more or less than is approved, in words for an operator."""
    found = []
    for process, role in roles_in(alias).items():
        cursor.execute(GRANTED, {"role": role})
        real = {tuple(row) for row in cursor.fetchall()}
        wanted = {(one.name, *granted) for one in approved(alias, process).values() for granted in one.privileges()}
        found += [f"{alias}: {' '.join(row).strip()} of {role} is not approved" for row in sorted(real - wanted)]
        found += [f"{alias}: {' '.join(row).strip()} of {role} is not granted" for row in sorted(wanted - real)]
    return found
