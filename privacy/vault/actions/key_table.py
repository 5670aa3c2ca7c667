"""The table of keys rewritten beside itself: whatever was destroyed before is in none of its files, and nobody waits.

VACUUM FULL holds everybody for as long as it writes. Here the living keys are copied into a new table while intake goes
on; what is touched meanwhile is noted by triggers and brought after; then the two change places in one step that waits
for others at most ``LOCK_WAIT`` and gives up instead of letting them queue. One transaction makes the copy: no dump
sees it, and PostgreSQL removes it when it is given up. A crash of the server leaves its file on the disk, and no table
has it: ``privacy.retention.actions.abandoned_files`` looks for such files before and after each rewrite.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from privacy.lib.postgres.lock_tries import LOCK_WAIT, StillInUse, tries, wait
from privacy.vault.actions.key_rotation import ROTATION_LOCK

TABLE, NEXT, TOUCHED = (
    sql.Identifier("public", name) for name in ("vault_subjectkey", "vault_nextkey", "vault_touched")
)
# How long the change of places may take.
SWAP_TIME = "500ms"
# So few keys are brought after while everybody waits.
FEW = 500
ROUNDS = 50

COPY = sql.SQL("INSERT INTO {} ({columns}) SELECT {columns} FROM {}").format(
    NEXT, TABLE, columns=sql.SQL("id, subject_id, category, wrapped, generation, created_at")
)
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'public.vault_subjectkey'::regclass AND contype IN ('p', 'u') ORDER BY contype, conname
"""
# The other indexes, each with the statement that makes it for the new table, under a name of its own.
INDEXES = """
SELECT relname, replace(pg_get_indexdef(oid), format('INDEX %I ON public.vault_subjectkey ', relname),
                        format('INDEX %I ON public.vault_nextkey ', left('next_' || relname, 63)))
FROM pg_index JOIN pg_class ON oid = indexrelid
WHERE indrelid = 'public.vault_subjectkey'::regclass AND indisvalid
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid) ORDER BY relname
"""
TRIGGERS = """
SELECT tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = 'public.vault_subjectkey'::regclass AND NOT tgisinternal ORDER BY tgname
"""
GRANTS = """
SELECT format('GRANT %s%s ON public.vault_subjectkey TO %s', given.privilege_type,
              coalesce('(' || quote_ident(given.attname) || ')', ''),
              CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE given.grantee::regrole::text END)
FROM (SELECT NULL::name AS attname, (aclexplode(relacl)).* FROM pg_class WHERE oid = 'public.vault_subjectkey'::regclass
      UNION ALL
      SELECT attname, (aclexplode(attacl)).* FROM pg_attribute
       WHERE attrelid = 'public.vault_subjectkey'::regclass) AS given
"""
OPTIONS = "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = 'public.vault_subjectkey'::regclass"
# Of which columns the planner's statistics take a number of samples of its own; of keys none.
SAMPLED = """
SELECT attname, attstattarget FROM pg_attribute
WHERE attrelid = 'public.vault_subjectkey'::regclass AND attstattarget >= 0 AND attnum > 0
"""
# All that makes the table what it is, but for its rows: the same before and after.
DESCRIPTION = sql.SQL("""
SELECT format('%s %s %s %s %s %s', relowner::regrole, relpersistence, relrowsecurity, reloptions, reltablespace,
              relreplident) FROM pg_class
 WHERE oid = 'public.vault_subjectkey'::regclass
UNION ALL
SELECT format('%s %s %s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull, attstorage, attnum,
              attstattarget)
  FROM pg_attribute WHERE attrelid = 'public.vault_subjectkey'::regclass AND attnum > 0
UNION ALL
SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
 WHERE conrelid = 'public.vault_subjectkey'::regclass AND contype <> 'n'
UNION ALL
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'public.vault_subjectkey'::regclass
UNION ALL
SELECT format('publication %s %s %s', pubname, prattrs, pg_get_expr(prqual, prrelid))
  FROM pg_publication_rel JOIN pg_publication ON pg_publication.oid = prpubid
 WHERE prrelid = 'public.vault_subjectkey'::regclass
UNION ALL
SELECT format('%s %s %s', name, enabled, definition) FROM ({triggers}) AS trigger (name, enabled, definition)
UNION ALL
SELECT * FROM ({grants}) AS granted ORDER BY 1
""").format(triggers=sql.SQL(TRIGGERS), grants=sql.SQL(GRANTS))
# How a trigger is brought to a state that it is not made in, by its letter in the catalogue.
ENABLED = {"A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}
# A dump has its snapshot before it has its locks: it would find the table empty.
DUMPED = (
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_dump')"
)
WRITERS = """
SELECT virtualtransaction FROM pg_locks WHERE relation = 'public.vault_subjectkey'::regclass
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
"""


class Altered(Exception):
    """The new table would not be what the old one is, so they did not change places; it says which lines differ."""


def rewrite(server: psycopg.Connection[Any], *, patience: float) -> None:
    """Rewrite the table of keys, as its owner, on a connection in autocommit; wait for others up to ``patience`` s.

    Whatever was removed before the call is in no file of the table after it; a turn of the master key waits. Raises
    StillInUse, Altered; then, as after a crash, the table is what it was.
    """
    until = time.monotonic() + patience
    with _alone(server, until), _touched_keys_noted(server, until):
        try:
            _rewrite(server, until)
        except psycopg.errors.QueryCanceled:
            raise StillInUse from None


def _rewrite(server: psycopg.Connection[Any], until: float) -> None:
    with server.transaction():
        # Each round sees what others have committed since the last.
        server.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        server.execute("SET LOCAL statement_timeout = 0")
        described = server.execute(DESCRIPTION).fetchall()
        for _try in tries(until):
            if _locked("SHARE UPDATE EXCLUSIVE", server):
                break
        _copy(server)
        _catch_up(server)
        # What the end of the transaction would have to write and wait for is written before anybody waits for it.
        server.execute("CHECKPOINT")
        for _try in tries(until):
            if _changed_places(server, described):
                break
            _catch_up(server)


@contextmanager
def _alone(server: psycopg.Connection[Any], until: float) -> Iterator[None]:
    """No turn of the master key and no other rewrite meanwhile: each would touch every key."""
    while not _asked(server, "SELECT pg_try_advisory_lock(%s)", [ROTATION_LOCK]):
        wait(until, 1)
    try:
        yield
    finally:
        server.execute("SELECT pg_advisory_unlock(%s)", [ROTATION_LOCK])


@contextmanager
def _touched_keys_noted(server: psycopg.Connection[Any], until: float) -> Iterator[None]:
    """From here on each touched key is noted: who began to write before the list was there has ended."""
    for _try in tries(until):
        if _dropped(server):
            break
    server.execute(sql.SQL("CREATE TABLE {} (id uuid NOT NULL)").format(TOUCHED))
    try:
        before = set(server.execute(WRITERS).fetchall())
        while before & set(server.execute(WRITERS).fetchall()):
            wait(until, 0.1)
        yield
    finally:
        # What is left the next rewrite drops.
        for _try in range(100):
            if _dropped(server):
                break
            time.sleep(0.1)


def _dropped(server: psycopg.Connection[Any]) -> bool:
    """Drop the list, or return False: who is just writing into it isn't made to wait for longer than ``LOCK_WAIT``."""
    try:
        with server.transaction():
            server.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            server.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(TOUCHED))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _locked(mode: str, server: psycopg.Connection[Any]) -> bool:
    """Lock the table, or return False: the try holds nobody for longer than ``LOCK_WAIT``, and a dump is waited for."""
    try:
        with server.transaction():
            server.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            server.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(TABLE, sql.SQL(mode)))
            if not _dumped(server):
                return True
            raise psycopg.Rollback
    except psycopg.errors.LockNotAvailable:
        pass
    return False


def _changed_places(server: psycopg.Connection[Any], described: list[Any]) -> bool:
    """Change places, or return False with nothing changed and nobody held: in use, a dump, or ``SWAP_TIME`` is over."""
    try:
        with server.transaction():
            if not _locked("ACCESS EXCLUSIVE", server):
                raise psycopg.Rollback
            server.execute(f"SET LOCAL statement_timeout = '{SWAP_TIME}'")
            _bring_after(server)
            _change_places(server)
            differing = set(server.execute(DESCRIPTION).fetchall()) ^ set(described)
            if differing:
                raise Altered("; ".join(sorted(line for (line,) in differing)))
            if not _dumped(server):
                return True
            raise psycopg.Rollback
    except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
        pass
    return False


def _copy(server: psycopg.Connection[Any]) -> None:
    """Copy the living keys, and give the copy indexes as the table has them, under names of its own."""
    (options,) = server.execute(OPTIONS).fetchone() or (None,)
    server.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)").format(NEXT, TABLE))
    if options:
        server.execute(sql.SQL("ALTER TABLE {} SET ({})").format(NEXT, sql.SQL(options)))
    for column, target in server.execute(SAMPLED).fetchall():
        name, number = sql.Identifier(column), sql.Literal(target)
        server.execute(sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS {}").format(NEXT, name, number))
    server.execute(COPY)
    for name, definition in server.execute(CONSTRAINTS).fetchall():
        own, said = sql.Identifier(_next(name)), sql.SQL(definition)
        server.execute(sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(NEXT, own, said))
    for _name, definition in server.execute(INDEXES).fetchall():
        server.execute(sql.SQL(definition))
    server.execute(sql.SQL("ANALYZE {}").format(NEXT))


def _next(name: str) -> str:
    return f"next_{name}"[:63]


def _catch_up(server: psycopg.Connection[Any]) -> None:
    """Bring after, while nobody waits, until few keys are left for when everybody does."""
    for _round in range(ROUNDS):
        if _bring_after(server) <= FEW:
            break


def _bring_after(server: psycopg.Connection[Any]) -> int:
    """Bring what was touched since: the key as it stands now, or none; return how many."""
    noted = server.execute(sql.SQL("DELETE FROM {} RETURNING id").format(TOUCHED)).fetchall()
    ids = list({one for (one,) in noted})
    if ids:
        server.execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(NEXT), [ids])
        server.execute(COPY + sql.SQL(" WHERE id = ANY(%s)"), [ids])
    return len(ids)


def _change_places(server: psycopg.Connection[Any]) -> None:
    constraints, triggers = server.execute(CONSTRAINTS).fetchall(), server.execute(TRIGGERS).fetchall()
    indexes = server.execute(INDEXES).fetchall()
    grants = server.execute(GRANTS).fetchall()
    server.execute(sql.SQL("DROP TABLE {}").format(TABLE))
    server.execute(sql.SQL("ALTER TABLE {} RENAME TO vault_subjectkey").format(NEXT))
    for name, _definition in constraints:
        own, former = sql.Identifier(_next(name)), sql.Identifier(name)
        server.execute(sql.SQL("ALTER TABLE {} RENAME CONSTRAINT {} TO {}").format(TABLE, own, former))
    for name, _definition in indexes:
        own, former = sql.Identifier("public", _next(name)), sql.Identifier(name)
        server.execute(sql.SQL("ALTER INDEX {} RENAME TO {}").format(own, former))
    for name, enabled, definition in triggers:
        server.execute(sql.SQL(definition))
        if enabled in ENABLED:
            state = sql.SQL(ENABLED[enabled])
            server.execute(sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(TABLE, state, sql.Identifier(name)))
    for (grant,) in grants:
        server.execute(sql.SQL(grant))


def _dumped(server: psycopg.Connection[Any]) -> bool:
    # Who is at work is otherwise looked up once for the whole transaction.
    server.execute("SELECT pg_stat_clear_snapshot()")
    return _asked(server, DUMPED)


def _asked(server: psycopg.Connection[Any], question: str, values: Any = None) -> bool:
    row = server.execute(sql.SQL(question), values).fetchone()
    return bool(row and row[0])
