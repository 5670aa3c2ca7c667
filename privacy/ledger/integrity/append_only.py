"""Whether the database still guards the trail: who owns it, who could get round it, which trigger is missing.

The portal refuses to start on any of these problems (ledger.md, Tables).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import LiteralString

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from privacy.ledger.integrity import structure

# A role that the portal's may take (SET ROLE) counts as its own, though it inherits nothing of it.
_BYPASS: LiteralString = (
    "SELECT rolname FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER') AND (rolsuper OR rolbypassrls"
    " OR rolcreaterole OR rolname IN ('pg_write_server_files', 'pg_execute_server_program')) ORDER BY 1"
)
_OWNED: LiteralString = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace('ledger') AND c.relkind IN ('r', 'p', 'S')"
    " AND pg_has_role(current_user, c.relowner, 'MEMBER') ORDER BY 1"
)
_WRITABLE: LiteralString = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace('ledger') AND c.relkind IN ('r', 'p')"
    " AND EXISTS (SELECT FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')"
    "   AND (has_table_privilege(r.oid, c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')"
    "   OR has_any_column_privilege(r.oid, c.oid, 'UPDATE'))) ORDER BY 1"
)
_UNGUARDED: LiteralString = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace('ledger') AND c.relkind IN ('r', 'p')"
    " AND c.relname NOT IN ('captured_write', 'canary') AND NOT EXISTS"
    "   (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
    "   WHERE t.tgrelid = c.oid AND p.proname = 'deny' AND p.pronamespace = c.relnamespace AND t.tgenabled = 'A'"
    "   AND t.tgqual IS NULL AND t.tgtype & 56 = 56) ORDER BY 1"  # 8 DELETE, 16 UPDATE, 32 TRUNCATE
)
_UNSTAMPED: LiteralString = (
    "SELECT c.relname FROM pg_class c WHERE c.oid IN"
    " (SELECT relid FROM pg_partition_tree('ledger.entry') UNION SELECT 'ledger.field_change'::regclass)"
    " AND NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = c.oid"
    "   AND p.proname IN ('stamp_entry', 'append_field_change') AND p.pronamespace = c.relnamespace"
    "   AND t.tgenabled = 'A' AND t.tgqual IS NULL) ORDER BY 1"
)
# What would show one reader another trail, or swallow what is written: views, policies, rules, triggers not ours.
_FOREIGN: LiteralString = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace('ledger') AND ("
    " c.relkind IN ('v', 'm', 'f') OR c.relrowsecurity OR c.relforcerowsecurity"
    " OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
    " OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid)"
    " OR EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = c.oid"
    "  AND NOT t.tgisinternal AND (p.pronamespace <> c.relnamespace"
    "   OR p.proname NOT IN ('deny', 'stamp_entry', 'append_field_change', 'capture_write',"
    "   'deny_captured_write_change')))) ORDER BY 1"
)
# The one function that changes with each recovery epoch must say the epoch that it is.
_FUNCTIONS: LiteralString = (
    "SELECT proname, CASE WHEN proname = 'generation' AND prosrc = 'SELECT ' ||"
    " (SELECT max(generation) FROM ledger.recovery_epoch) THEN 'SELECT 1' ELSE prosrc END"
    " FROM pg_proc WHERE pronamespace = to_regnamespace('ledger')"
)
_SOURCE = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION ledger\.(\w+)\(.*?\bAS\s+\$\$(.*?)\$\$", re.DOTALL)


@dataclass(frozen=True)
class Weakness:
    """Something that would let the trail be changed, or not be written. ``code`` is that of the system check."""

    code: str
    message: str


def weaknesses(connection: BaseDatabaseWrapper | None = None) -> list[Weakness]:
    """Return what is wrong with the guard, as the role of this connection sees it; an empty list is a sound guard."""
    connection = connection or connections["default"]
    found: list[Weakness] = []
    with connection.cursor() as cursor:

        def names(query: LiteralString) -> str:
            cursor.execute(query)
            return ", ".join(str(row[0]) for row in cursor.fetchall())

        cursor.execute("SELECT to_regclass('ledger.entry') IS NOT NULL")
        row = cursor.fetchone()
        if not (row and row[0]):
            return [Weakness("ledger.E001", "The audit trail's tables are missing: run migrate.")]
        if role := names(_BYPASS):
            found.append(
                Weakness("ledger.E002", f"The portal is, or may become, {role}, which can get round every guard.")
            )
        if tables := names(_OWNED):
            found.append(Weakness("ledger.E003", f"The portal's role owns tables of the audit trail: {tables}."))
        if tables := names(_WRITABLE):
            found.append(Weakness("ledger.E004", f"The portal's role may change or empty: {tables}."))
        if tables := names(_UNGUARDED):
            found.append(Weakness("ledger.E005", f"The deny trigger is missing or disabled on: {tables}."))
        if tables := names(_UNSTAMPED):
            found.append(Weakness("ledger.E006", f"The stamp or capture trigger is missing or disabled on: {tables}."))
        if tables := names(_FOREIGN):
            message = f"A view, policy, rule or trigger that is not the portal's stands between readers and: {tables}."
            found.append(Weakness("ledger.E007", message))
        cursor.execute(_FUNCTIONS)
        if changed := ", ".join(sorted(name for name, source in cursor.fetchall() if _sources().get(name) != source)):
            found.append(Weakness("ledger.E008", f"These functions of the audit trail are not the code's: {changed}."))
        cursor.execute(structure.TRIGGERS)
        triggers = cursor.fetchall()
        cursor.execute(structure.SCREENED)
        if said := structure.deviations(triggers, cursor.fetchall()):
            found.append(Weakness("ledger.E009", f"{'; '.join(said)}."))
    return found


@cache
def _sources() -> dict[str, str]:
    """The functions of the schema as the code has them."""
    files = sorted((Path(__file__).resolve().parents[1] / "sql").glob("*.sql"))
    return {name: body for file in files for name, body in _SOURCE.findall(file.read_text("utf-8"))}


def require_append_only() -> None:
    """Called where a serving process starts. Raises ``ImproperlyConfigured`` with every weakness."""
    found = weaknesses()
    if found:
        raise ImproperlyConfigured("\n".join(f"{weakness.code}: {weakness.message}" for weakness in found))
