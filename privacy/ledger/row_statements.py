"""What a transaction changed in protected tables, put on record before it commits (decision 0196).

Triggers note the changed rows in a setting of the transaction (``sql/06_protected_rows.sql``). The verb's own entry
takes the notes along (``actions.entries.record``); what is left when the transaction commits goes into an entry of its
own (``stated_commits``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from privacy.ledger.protected_tables import DATABASE, TABLES, ProtectedTable
from privacy.lib.postgres import pipelined_connection

# By table and key: the digest before (null: there was no such row) and the digest after (null: it is gone). Where rows
# are adopted or carried: the digest as it is.
type Change = tuple[str | None, ...]
type Rows = dict[str, dict[str, Change]]

TAKE_NOTES = "SELECT current_setting('portal.rows', true), set_config('portal.rows', '', true)"
TRANSACTION_NUMBER = "SELECT pg_current_xact_id()::text"
# An entry holds 60,000 bytes; beside the rows there are an actor, an address, a request.
MAX_ROWS_TEXT = 50_000
# What writes nothing; a SELECT of functions alone may.
_BEGINNINGS = ("SAVEPOINT", "RELEASE", "SET ", "SHOW ")
_TARGET = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?"?(\w+)"?', re.IGNORECASE)
_SEEN: dict[LiteralString, LiteralString] = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}
# What a migration must have made before, there and in the general database.
_INSTALLED = ("ledger.note_written_rows()", "ledger.install_row_notes(regclass, text, text[])")
_AUDITOR = "portal_auditor"


# -- in the database ------------------------------------------------------------------------------------------


def install_triggers(*, using: str, **kwargs: Any) -> None:
    """After a migration, put the notes on every protected table, and let the auditor read what the digests are of."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [_INSTALLED[using == DATABASE]])
        row = cursor.fetchone()
        if not row or not row[0]:
            return
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        own = {str(name) for (name,) in cursor.fetchall()}
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [_AUDITOR])
        audited = bool((cursor.fetchone() or (False,))[0])
        for table in TABLES.values():
            if table.database != using or table.name not in own:
                continue
            if using == DATABASE:
                cursor.execute(
                    "SELECT ledger.install_row_notes(to_regclass(%s), %s, %s)",
                    [f"public.{table.name}", table.key, list(table.left_out)],
                )
            else:
                for statement in _triggers(table, connection):
                    cursor.execute(statement)
            if audited:
                columns = sql.SQL(", ").join(map(sql.Identifier, {table.key, *table.columns}))
                granted = sql.SQL("GRANT SELECT ({}) ON public.{} TO {}")
                cursor.execute(granted.format(columns, sql.Identifier(table.name), sql.Identifier(_AUDITOR)))


def _triggers(table: ProtectedTable, connection: BaseDatabaseWrapper) -> Iterator[sql.Composed]:
    said = table.select_list.as_string(connection.connection)
    for verb in _SEEN:
        named = {
            "name": sql.Identifier(f"note_{verb.lower()}"), "verb": sql.SQL(verb), "seen": sql.SQL(_SEEN[verb]),
            "table": sql.Identifier("public", table.name), "key": sql.Literal(table.key), "said": sql.Literal(said),
        }  # fmt: skip
        yield sql.SQL(
            "CREATE OR REPLACE TRIGGER {name} AFTER {verb} ON {table} REFERENCING {seen} FOR EACH STATEMENT"
            " EXECUTE FUNCTION ledger.note_written_rows({key}, {said})"
        ).format(**named)
        yield sql.SQL("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}").format(**named)


# -- in the portal's connections ---------------------------------------------------------------------------


def mark_writes(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Remember that a transaction wrote; give a write outside every transaction one, so that it is stated, too."""
    connection = context["connection"]
    text = statement if isinstance(statement, str) else ""
    if text.startswith(_BEGINNINGS) or (text.startswith("SELECT ") and " FROM " in text):
        return execute(statement, params, many, context)
    target = _TARGET.match(text)
    if not connection.connection.autocommit:
        if connection.alias == DATABASE or target is None or target[1] in TABLES:
            connection._portal_has_written = True
    elif target is not None and target[1] in TABLES:
        with transaction.atomic(using=connection.alias):
            connection._portal_has_written = True
            return execute(statement, params, many, context)
    return execute(statement, params, many, context)


def taken(connection: BaseDatabaseWrapper) -> list[Rows]:
    """Return the changes that this transaction noted since they were last taken, in parts that fit an entry."""
    if not getattr(connection, "_portal_has_written", False):
        return []
    raw: psycopg.Connection[Any] | None = connection.connection
    if raw is None or raw.closed or not pipelined_connection.PipelinedConnection(connection).in_transaction:
        return []
    connection._portal_has_written = False  # type: ignore[attr-defined]  # ours, see mark_writes
    [noted] = pipelined_connection.PipelinedConnection(connection).returned(TAKE_NOTES, [])
    return list(parts(summed_up(noted.decode()))) if noted else []


def transaction_number(connection: BaseDatabaseWrapper) -> str:
    """Return the number of the open transaction, by which its database says later whether it is over."""
    [number] = pipelined_connection.PipelinedConnection(connection).returned(TRANSACTION_NUMBER, [])
    return (number or b"").decode()


def summed_up(noted: str) -> Rows:
    """Return one change for each row: from what it was first to what it is now."""
    rows: Rows = {}
    for line in noted.split("\n"):
        table, key, before, after = json.loads(line)
        known = rows.setdefault(table, {})
        known[key] = (known[key][0] if key in known else before, after)
    for table in list(rows):
        rows[table] = {key: change for key, change in rows[table].items() if change[0] != change[1]}
        if not rows[table]:
            del rows[table]
    return rows


def parts(rows: Rows) -> Iterator[Rows]:
    """Yield changes in the order of their keys, as many at a time as fit an entry."""
    part: Rows = {}
    size = 0
    for table, changes in sorted(rows.items()):
        for key, change in sorted(changes.items()):
            length = sum(len(digest or "null") + 3 for digest in change) + 2 * len(key.encode()) + 10
            if size + length > MAX_ROWS_TEXT:
                yield part
                part, size = {}, 0
            size += length + (0 if table in part else len(table) + 8)
            part.setdefault(table, {})[key] = change
    if part:
        yield part
