"""The rewrite of the table of keys meets others in tries: it keeps up meanwhile, and gives up by its own word."""

import time
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from privacy.retention.models import Rewrite
from privacy.vault.actions import key_table
from privacy.vault.models import SubjectKey
from tests.database import PortalDatabase
from tests.privacy.retention.test_finishing_stops_nobody import MAKE, watched

FILE = "SELECT pg_relation_filepath('vault_subjectkey')"


@pytest.fixture(autouse=True)
def keys(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as server:
        server.cursor().executemany(MAKE, [(uuid4(), b"x" * 60) for _ in range(200)])


def test_a_list_that_is_in_use_is_waited_for_in_tries(portal_database: PortalDatabase) -> None:
    with (
        portal_database.connect("portal_owner") as owner,
        portal_database.connect("portal_owner") as reader,
        portal_database.connect() as other,
    ):
        owner.execute("CREATE TABLE vault_touched (id uuid NOT NULL)")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM vault_touched")
        begun = time.monotonic()
        with pytest.raises(key_table.StillInUse):
            key_table.rewrite(owner, patience=0.5)
        assert time.monotonic() - begun < 2.5
        other.execute("SET lock_timeout = '1s'")
        other.execute(MAKE, [uuid4(), b"x"])
        reader.execute("ROLLBACK")
        key_table.rewrite(owner, patience=10)


def test_what_is_touched_while_the_lock_is_waited_for_is_brought_before_it(portal_database: PortalDatabase) -> None:
    held: list[psycopg.Connection[Any]] = []
    under_lock: list[int] = []
    tries: list[str] = []
    with portal_database.connect() as reader:

        def before(other: psycopg.Connection[Any], text: str) -> None:
            if text.startswith("LOCK") and "ACCESS EXCLUSIVE MODE" in text:
                tries.append(text)
                if len(tries) == 1:
                    reader.execute("BEGIN")
                    reader.execute("SELECT count(*) FROM vault_subjectkey")
                    other.cursor().executemany(MAKE, [(uuid4(), b"new") for _ in range(1_000)])
                else:
                    reader.execute("ROLLBACK")
                    count = other.execute("SELECT count(*) FROM vault_touched").fetchone()
                    under_lock.append(count[0] if count else -1)

        with watched(portal_database, before) as server:
            # The list as others see it: what this transaction has removed from it is still in it for them.
            brought = key_table._bring_after
            rounds: list[tuple[int, int]] = []
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(key_table, "_bring_after", lambda s: rounds.append((len(tries), n := brought(s))) or n)
                key_table.rewrite(server, patience=30)
    assert held == []
    assert len(tries) > 1
    assert (1, 1_000) in rounds, "between the first try and the second"
    assert rounds[-1][1] <= key_table.FEW
    assert SubjectKey.objects.filter(wrapped=b"new").count() == 1_000


def test_a_change_of_places_that_takes_too_long_is_tried_again(portal_database: PortalDatabase) -> None:
    changed, times = key_table._change_places, []

    def slow_at_first(server: psycopg.Connection[Any]) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            server.execute("SELECT pg_sleep(5)")
        changed(server)

    with portal_database.connect("portal_owner") as owner, pytest.MonkeyPatch.context() as patched:
        before = owner.execute(FILE).fetchone()
        patched.setattr(key_table, "_change_places", slow_at_first)
        key_table.rewrite(owner, patience=30)
        assert len(times) == 2
        assert owner.execute(FILE).fetchone() != before
    assert SubjectKey.objects.count() == 200


def test_a_dump_that_begins_at_the_last_moment_is_waited_for(portal_database: PortalDatabase) -> None:
    dumps: list[psycopg.Connection[Any]] = []

    def before(_other: psycopg.Connection[Any], text: str) -> None:
        if text.startswith("DROP TABLE") and "vault_subjectkey" in text and not dumps:
            dumps.append(psycopg.connect(portal_database.url("postgres"), application_name="pg_dump"))
            dumps[0].execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            dumps[0].execute("SELECT 1 FROM vault_keycheck")

    with watched(portal_database, before) as server, pytest.raises(key_table.StillInUse):
        key_table.rewrite(server, patience=1)
    assert dumps[0].execute("SELECT count(*) FROM vault_subjectkey").fetchone() == (200,)
    dumps[0].close()


def test_each_round_sees_what_others_have_committed_since(portal_database: PortalDatabase) -> None:
    made: list[Any] = []

    def before(other: psycopg.Connection[Any], text: str) -> None:
        if text == "CHECKPOINT":
            made.append(uuid4())
            other.execute(MAKE, [made[0], b"new"])

    with watched(portal_database, before) as server:
        server.server.execute("SET default_transaction_isolation = 'repeatable read'")
        key_table.rewrite(server, patience=10)
    assert SubjectKey.objects.filter(id__in=made).count() == 1


def test_an_index_of_its_own_is_copied(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        superuser.execute('CREATE INDEX "added by hand" ON vault_subjectkey (generation) WHERE generation > 1')
    with portal_database.connect("portal_owner") as owner:
        described, before = owner.execute(key_table.DESCRIPTION).fetchall(), owner.execute(FILE).fetchone()
        key_table.rewrite(owner, patience=10)
        assert owner.execute(FILE).fetchone() != before
        assert owner.execute(key_table.DESCRIPTION).fetchall() == described


@pytest.mark.parametrize(
    "changed",
    [
        "REPLICA IDENTITY FULL",
        "DISABLE TRIGGER vault_notes_made",
        "ENABLE REPLICA TRIGGER vault_notes_made",
    ],
)
def test_what_is_compared_has_it(portal_database: PortalDatabase, changed: str) -> None:
    with portal_database.connect() as superuser:
        before = superuser.execute(key_table.DESCRIPTION).fetchall()
        superuser.execute(f"ALTER TABLE vault_subjectkey {changed}")
        assert superuser.execute(key_table.DESCRIPTION).fetchall() != before


def test_a_publication_is_compared(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        before = superuser.execute(key_table.DESCRIPTION).fetchall()
        superuser.execute("SET client_min_messages = error")
        superuser.execute("CREATE PUBLICATION of_keys FOR TABLE vault_subjectkey")
        assert superuser.execute(key_table.DESCRIPTION).fetchall() != before


def test_a_table_that_differs_is_noted_and_the_rest_of_the_night_goes_on(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        superuser.execute("ALTER TABLE vault_subjectkey REPLICA IDENTITY FULL")
    done = portal_database.manage("finish_destruction", "--keys-only", role="portal_owner", timeout=300)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1, done.stdout
    row = Rewrite.objects.get()
    assert row.tables == ["vault_monthkey"]
    assert not row.log_turned
    assert "vault_subjectkey is not rewritten: the new table would differ in" in row.notes
    assert "segments turned" in row.notes
