"""Files in a database's folder that no table has: a crash in the middle of a rewrite leaves them, with all they hold.

PostgreSQL removes the new file of a transaction that is given up, but not after a crash of the server, a kill of a
backend, a standby's promotion or a restore in mid-copy. No query shows such a file, and no later rewrite removes it.
"""

import time

import psycopg
from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

# Temporary tables have other names. A file is followed by its segments (.1) and forks (_fsm), of the same number.
LOOK = r"""
SELECT DISTINCT folder || '/' || number
FROM regexp_replace(pg_relation_filepath('pg_catalog.pg_class'), '/[^/]*$', '') AS folder,
     pg_ls_dir(folder) AS name, substring(name FROM '^(\d+)(?:[._]|$)') AS number
WHERE number IS NOT NULL AND pg_filenode_relation(0, number::bigint::oid) IS NULL
"""
# For so long a transaction that has just been given up may take to remove its files.
SECONDS = 5.0
NAMED = 10


def look(cursor: CursorWrapper | psycopg.Cursor[tuple[str]]) -> set[str]:
    """Return the files that no table has, below the server's data directory, each without what follows its number.

    Some may be of transactions that run, or of tables just dropped: ``none_left`` sorts these out.
    """
    cursor.execute(LOOK)
    return {name for (name,) in cursor.fetchall()}


def seen(using: str, cursor: CursorWrapper, notes: list[str]) -> set[str] | None:
    """Look before the rewrite; note it and return None if the role may not."""
    try:
        return look(cursor)
    except DatabaseError as error:
        notes.append(f"{using}: not looked for files of no table ({type(error.__cause__).__name__})")
        return None


def none_left(
    using: str, cursor: CursorWrapper | psycopg.Cursor[tuple[str]], before: set[str], notes: list[str]
) -> bool:
    """Look again, once the transactions that ran ``before`` have ended; note what is still there and return False."""
    until, left = time.monotonic() + SECONDS, before
    while left:
        # The file of a table that was dropped goes with a checkpoint.
        cursor.execute("CHECKPOINT")
        left = left & look(cursor)
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    if not left:
        return True
    named = ", ".join(sorted(left)[:NAMED]) + (f" and {len(left) - NAMED} more" if len(left) > NAMED else "")
    notes.append(
        f"{using}: files of no table, which a crash left and which may hold what was destroyed: {named}. Stop the"
        " server, remove them and those of the same number with . or _ after it, and start it; or dump and restore"
    )
    return False
