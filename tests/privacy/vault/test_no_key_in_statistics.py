"""The planner's statistics, which no rewrite of the keys' tables touches, contain no wrapped key."""

from uuid import uuid4

import psycopg
import pytest

from privacy.vault.actions import key_table
from tests.database import PortalDatabase

MAKE = (
    "INSERT INTO vault_subjectkey (id, subject_id, category, wrapped, generation, created_at)"
    " VALUES (%s, gen_random_uuid(), 'app-log', %s, 1, now())"
)
TARGETS = """
SELECT attrelid::regclass::text, attstattarget FROM pg_attribute
WHERE attname = 'wrapped' AND attrelid IN ('vault_subjectkey'::regclass, 'vault_monthkey'::regclass) ORDER BY 1
"""


def sampled(server: psycopg.Connection) -> set[str]:
    """Return the columns of the table of keys of which the statistics keep samples."""
    server.execute("ANALYZE vault_subjectkey")
    rows = server.execute("SELECT attname::text FROM pg_stats WHERE tablename = 'vault_subjectkey'").fetchall()
    return {name for (name,) in rows}


@pytest.mark.clause("P7.2")
def test_no_key_is_sampled_before_and_after_a_rewrite(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as server, portal_database.connect("portal_owner") as owner:
        server.cursor().executemany(MAKE, [(uuid4(), b"KEY" + uuid4().bytes) for _ in range(500)])
        for _rewritten in (False, True):
            assert server.execute(TARGETS).fetchall() == [("vault_monthkey", 0), ("vault_subjectkey", 0)]
            columns = sampled(server)
            assert "subject_id" in columns
            assert "wrapped" not in columns
            key_table.rewrite(owner, patience=10)
