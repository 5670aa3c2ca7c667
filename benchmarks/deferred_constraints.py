"""A server made ready for a load, and put back: indexes and constraints are built once, at the end, on all processors.

Only the server of a benchmark is ever treated so. Afterwards its catalogue must read as it did before.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple

import psycopg

# A crash costs the load and nothing else, for nothing else is there.
RECKLESS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off",
    "maintenance_work_mem": "1GB", "max_parallel_maintenance_workers": "0", "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}  # fmt: skip
TABLES = {
    "portal_general": ("subjects_subject", "consents_decision", "consents_currentconsent", "vault_subjectkey"),
    "portal_personal": ("devices_device", "devices_licence"),
}
# Its numbers grow, so its key may stay; what is searched by is built at the end.
TRAIL = "ledger.entry"
# Triggers that would only take time: no key here was ever destroyed, and the stretches of the trail stamp themselves.
TRIGGERS = {"vault_subjectkey": ("vault_destroyed_key_never_returns", ""), TRAIL: ("stamp", "ALWAYS")}
CONSTRAINTS: LiteralString = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), contype = 'f'
FROM pg_constraint
WHERE (conrelid = ANY (%(tables)s::regclass[]) OR confrelid = ANY (%(tables)s::regclass[]))
  AND contype IN ('p', 'u', 'f') AND conparentid = 0
ORDER BY contype <> 'f', conname
"""
INDEXES: LiteralString = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid = ANY (%(tables)s::regclass[]) AND c.oid IS NULL ORDER BY 1
"""

# By table, what is there and may be used.
MADE: LiteralString = """
SELECT replace(conrelid::regclass::text || ' ' || conname, '"', '') FROM pg_constraint WHERE conrelid <> 0
UNION ALL SELECT replace(indrelid::regclass::text || ' ' || c.relname, '"', '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisvalid
"""


class Statement(NamedTuple):
    """One statement for a process of the pool."""

    database: str
    text: str


class DroppedIndexes(NamedTuple):
    """What is to be built after the load: everything of the first list, then everything of the second."""

    first: list[Statement]
    then: list[Statement]
    before: list[str]


def superuser_connection(database: str) -> psycopg.Connection[Any]:
    """Return a connection as the server's administrator, each statement by itself."""
    from django.conf import settings

    return psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", database), autocommit=True)


@contextmanager
def durability_off() -> Iterator[None]:
    """Let the server load without care; afterwards everything is on the disk and the server careful again."""
    with superuser_connection("postgres") as server:
        for name, value in RECKLESS.items():
            server.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        server.execute("SELECT pg_reload_conf()")
        yield
        server.execute("ALTER SYSTEM RESET ALL")
        server.execute("SELECT pg_reload_conf()")
        server.execute("CHECKPOINT")
    os.sync()


def drop_indexes(
    keep: Callable[[DroppedIndexes], None] = lambda _rest: None, known: DroppedIndexes | None = None
) -> DroppedIndexes:
    """Drop what would slow the load down, and return the statements that make it again.

    ``keep`` is told them before anything is dropped; with what is ``known`` from then, it is only dropped.
    """
    first, then = [], []
    drops: list[Statement] = []
    before = catalogue() if known is None else known.before
    for database, names in TABLES.items():
        with superuser_connection(database) as server:
            searched = [*names, TRAIL] if database == "portal_general" else list(names)
            constraints = server.execute(CONSTRAINTS, {"tables": list(names)}).fetchall()
            indexes = server.execute(INDEXES, {"tables": searched}).fetchall()
            for table, name, definition, foreign in constraints:
                drops.append(Statement(database, f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
                made = Statement(database, f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
                (then if foreign else first).append(made)
            for name, definition in indexes:
                drops.append(Statement(database, f"DROP INDEX {name}"))
                # On every partition at once, not on the parent only.
                first.append(Statement(database, definition.replace(" ON ONLY ", " ON ")))
    # The widest first, so that no process has a long one left when the others are done.
    first.sort(key=lambda one: (" ledger.entry " not in one.text, "consents_decision" not in one.text))
    rest = DroppedIndexes(first, then, before) if known is None else known
    keep(rest)
    for statement in drops:
        execute(statement)
    with superuser_connection("portal_general") as server:
        for table, (trigger, _firing) in TRIGGERS.items():
            server.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    return rest


def rebuild_indexes(rest: DroppedIndexes, each: Callable[[Callable[[Any], Any], Iterable[Any]], Any]) -> None:
    """Make again what was set aside; ``each`` runs a function over a list on all processors."""
    enable_triggers()
    for statements in rest.first, rest.then:
        each(execute, missing(statements))
    if catalogue() != rest.before:
        raise SystemExit("The load left other indexes, constraints or triggers than it found.")


def enable_triggers() -> None:
    """Let the triggers fire that a load leaves out."""
    with superuser_connection("portal_general") as server:
        for table, (trigger, firing) in TRIGGERS.items():
            server.execute(f"ALTER TABLE {table} ENABLE {firing} TRIGGER {trigger}")


def execute(statement: Statement) -> None:
    """Run one statement, in any process."""
    with superuser_connection(statement.database) as server:
        server.execute(statement.text)


def catalogue() -> list[str]:
    """Return all indexes, constraints and triggers as the server describes them."""
    found: list[str] = []
    for database in TABLES:
        with superuser_connection(database) as server:
            rows = server.execute(
                "SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'ledger')"
                " UNION ALL SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
                " FROM pg_constraint WHERE conrelid <> 0"
                " UNION ALL SELECT pg_get_triggerdef(oid) || ' ' || tgenabled::text"
                " FROM pg_trigger WHERE NOT tgisinternal"
                " ORDER BY 1"
            ).fetchall()
            found += [text for (text,) in rows]
    return found


def missing(statements: Sequence[Statement]) -> list[Statement]:
    """Return those statements whose constraint or index is not there: an earlier sitting may have made some."""
    there: set[str] = set()
    for database in TABLES:
        with superuser_connection(database) as server:
            there |= {f"{database} {name}" for (name,) in server.execute(MADE).fetchall()}
    return [one for one in statements if f"{one.database} {_made_by(one.text)}" not in there]


def _made_by(text: str) -> str:
    """Return the name of what an ADD CONSTRAINT or a CREATE INDEX makes, with its table."""
    words = text.replace('"', "").split()
    if words[0] == "ALTER":
        return f"{words[2]} {words[5]}"
    return f"{words[words.index('ON') + 1].removeprefix('public.')} {words[words.index('INDEX') + 1]}"
