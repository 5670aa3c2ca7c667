"""What the portal's role may write: read from the approved table, granted by ``migrate_all``, compared by tests.

A table that is not in ``database_grants.toml`` is closed to the portal. Columns are granted one by one, so that what no
code changes can't be changed by whoever holds the role either (decision 0141).
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from config.databases import Statement, role_in

TABLE = Path(__file__).with_name("database_grants.toml")
WRITTEN_ONCE = Path(__file__).with_name("written_once.sql")
# Where rows come by COPY straight into the month's own table; what is read or removed goes by the parent.
MONTHS = ("devices_report", "devices_applog")


@dataclass(frozen=True)
class TableGrants:
    """What is granted on one table."""

    name: str
    select: bool = True
    insert: bool = False
    update: frozenset[str] = frozenset()
    delete: bool = False
    once: tuple[str, ...] = ()

    def privileges(self) -> set[tuple[str, str]]:
        """Return (privilege, column) as PostgreSQL counts them; whole tables without a column."""
        whole = {"SELECT": self.select, "INSERT": self.insert, "DELETE": self.delete}
        return {(name, "") for name, given in whole.items() if given} | {("UPDATE", column) for column in self.update}


@cache
def approved(alias: str) -> dict[str, TableGrants]:
    """Return what is approved in a database, by table."""
    return {
        name: TableGrants(
            name,
            select=row.get("select", True),
            insert=row.get("insert", False),
            update=frozenset(row.get("update", "").split()),
            delete="delete" in row,
            once=tuple(row.get("once", "").split()),
        )
        for name, row in tomllib.loads(TABLE.read_text())[alias].items()
    }


def grant_statements(alias: str) -> Iterator[Statement]:
    """Yield the owner's statements, for one transaction, that give the portal's role what is approved, and no more."""
    role = sql.Identifier(role_in(alias, "portal_app"))
    # Databases made before this table had everything granted in advance.
    yield sql.SQL("ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM {}").format(role)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role)
    for one in approved(alias).values():
        given = [name for name, column in sorted(one.privileges()) if not column]
        if one.update:
            columns = sql.SQL(", ").join(map(sql.Identifier, sorted(one.update)))
            given.append(sql.SQL("UPDATE ({})").format(columns).as_string(None))
        if given:
            what = sql.SQL(", ".join(given))
            yield sql.SQL("GRANT {} ON {} TO {}").format(what, sql.Identifier(one.name), role)
    yield from _once_statements(alias)
    if alias == "personal":
        for table in MONTHS:
            yield sql.SQL("SELECT devices_grant_months({})").format(sql.Literal(table))


def _once_statements(alias: str) -> Iterator[Statement]:
    """Yield the statements after which what is written once is never replaced."""
    if alias != "default":
        return
    yield sql.SQL(WRITTEN_ONCE.read_text())
    for one in approved(alias).values():
        if one.once:
            yield sql.SQL(
                "CREATE OR REPLACE TRIGGER written_once BEFORE UPDATE OF {} ON {} FOR EACH ROW"
                " EXECUTE FUNCTION public.written_once({})"
            ).format(
                sql.SQL(", ").join(map(sql.Identifier, one.once)),
                sql.Identifier(one.name),
                sql.SQL(", ").join(map(sql.Literal, one.once)),
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
    """Return where a database grants the portal's role more or less than is approved, in words for an operator."""
    cursor.execute(GRANTED, {"role": role_in(alias, "portal_app")})
    real = {tuple(row) for row in cursor.fetchall()}
    wanted = {(one.name, *privilege) for one in approved(alias).values() for privilege in one.privileges()}
    more = [f"{alias}: {' '.join(row).strip()} is granted and not approved" for row in sorted(real - wanted)]
    return more + [f"{alias}: {' '.join(row).strip()} is approved and not granted" for row in sorted(wanted - real)]
