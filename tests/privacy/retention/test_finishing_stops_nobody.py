"""Destructions are finished while intake goes on: the table of keys is rewritten beside itself (decision 0260)."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connections

from config import database_grants
from privacy.ledger.integrity import structure
from privacy.retention.actions import finality
from privacy.retention.models import Rewrite
from privacy.vault.actions import key_table
from privacy.vault.models import SubjectKey
from tests.database import PortalDatabase
from tests.factory import make_device

HELD = """
SELECT mode FROM pg_locks WHERE relation = 'public.vault_subjectkey'::regclass AND granted AND pid = %s
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
MAKE = (
    "INSERT INTO vault_subjectkey (id, subject_id, category, wrapped, generation, created_at)"
    " VALUES (%s, gen_random_uuid(), 'app-log', %s, 1, now())"
)
# None of them makes anybody wait who reads, makes or removes a key.
HARMLESS = {"AccessShareLock", "ShareUpdateExclusiveLock"}


class Watched:
    """A connection of the owner that says, before each statement, what it is about to do."""

    def __init__(self, server: psycopg.Connection[Any], before: Callable[[str], None]) -> None:
        self.server, self.before = server, before

    def execute(self, statement: Any, values: Any = None) -> Any:
        self.before(statement if isinstance(statement, str) else statement.as_string(self.server))
        return self.server.execute(statement, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.server, name)


@contextmanager
def watched(database: PortalDatabase, before: Callable[[psycopg.Connection[Any], str], None]) -> Iterator[Any]:
    """Yield a connection to rewrite with; ``before`` each of its statements gets another connection and the text."""
    with database.connect("portal_owner") as server, database.connect() as other:
        yield Watched(server, lambda text: before(other, text))


def rewrite(server: Any, patience: float = 30.0) -> None:
    key_table.rewrite(server, patience=patience)


@pytest.fixture
def keys(portal_database: PortalDatabase) -> int:
    make_device()
    with portal_database.connect() as server:
        server.cursor().executemany(MAKE, [(uuid4(), b"x" * 60) for _ in range(2_000)])
    return SubjectKey.objects.count()


def test_nobody_waits_until_the_two_tables_change_places(portal_database: PortalDatabase, keys: int) -> None:
    said: list[tuple[str, set[str], str, str]] = []
    with portal_database.connect("portal_owner") as owner, portal_database.connect() as other:

        def note(text: str) -> None:
            held = {mode for (mode,) in other.execute(HELD, [owner.info.backend_pid]).fetchall()}
            limits = owner.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
            said.append((text, held, *limits.fetchone()))  # type: ignore[misc]

        rewrite(Watched(owner, note))
    (place,) = [place for place, (text, *_rest) in enumerate(said) if "ACCESS EXCLUSIVE MODE" in text]
    assert all(held <= HARMLESS for _text, held, *_limits in said[: place + 1])
    copied = [text for text, *_rest in said[:place] if text.startswith("INSERT INTO")]
    assert copied, "the keys are copied before anybody waits"
    # Who has to wait for the lock gives up after a moment, so that nobody queues behind it.
    assert said[place][2] == key_table.LOCK_WAIT == "200ms"
    exclusive = [(text, limit) for text, held, _lock, limit in said if "AccessExclusiveLock" in held]
    assert 5 < len(exclusive) < 60
    changes = [text for text, _limit in exclusive if not text.startswith(("SELECT", "\nSELECT"))]
    assert not [
        text for text in changes if "CREATE TABLE" in text or "CREATE UNIQUE" in text or "ADD CONSTRAINT" in text
    ]
    assert {limit for text, limit in exclusive if text.startswith(("DROP", "ALTER"))} == {key_table.SWAP_TIME}
    assert SubjectKey.objects.count() == keys


def test_the_list_of_touched_keys_is_made_without_a_lock_on_the_keys(
    portal_database: PortalDatabase, keys: int
) -> None:
    asked: list[str] = []

    def before(_other: psycopg.Connection[Any], text: str) -> None:
        asked.append(text)

    with watched(portal_database, before) as server:
        rewrite(server)
    locks = [text for text in asked if text.startswith("LOCK")]
    assert [text.split(" IN ")[1] for text in locks] == ["SHARE UPDATE EXCLUSIVE MODE", "ACCESS EXCLUSIVE MODE"]
    assert not [text for text in asked if "VACUUM" in text]


def destroy_one(server: psycopg.Connection[Any]) -> UUID:
    row = server.execute(
        "SELECT id, subject_id FROM vault_subjectkey WHERE wrapped = %s LIMIT 1", [b"x" * 60]
    ).fetchone()
    assert row
    server.execute(
        "INSERT INTO vault_tombstone (id, subject_id, category, generation, cause, certificate, destroyed_at)"
        " VALUES (gen_random_uuid(), %s, 'app-log', 1, 'x', 'x', now())",
        [row[1]],
    )
    server.execute("DELETE FROM vault_subjectkey WHERE id = %s", [row[0]])
    gone: UUID = row[0]
    return gone


def test_keys_made_and_destroyed_meanwhile_are_not_lost_and_do_not_come_back(
    portal_database: PortalDatabase, keys: int
) -> None:
    made: list[UUID] = []
    gone: list[UUID] = []
    over: list[str] = []

    def before(other: psycopg.Connection[Any], text: str) -> None:
        if over or not text.startswith(("ALTER TABLE", "ANALYZE", "CHECKPOINT", "LOCK", "DELETE FROM")):
            return
        other.execute("SET lock_timeout = '1s'")
        made.append(uuid4())
        other.execute(MAKE, [made[-1], b"new"])
        gone.append(destroy_one(other))
        other.execute("UPDATE vault_subjectkey SET wrapped = 'carried', generation = 2 WHERE id = %s", [made[0]])
        if "ACCESS EXCLUSIVE" in text:
            over.append(text)

    with watched(portal_database, before) as server:
        rewrite(server)
    assert len(made) > 2
    assert set(SubjectKey.objects.filter(id__in=made).values_list("id", flat=True)) == set(made)
    assert bytes(SubjectKey.objects.get(id=made[0]).wrapped) == b"carried"
    assert not SubjectKey.objects.filter(id__in=gone).exists()
    assert SubjectKey.objects.count() == keys + len(made) - len(gone)


def test_the_new_table_is_what_the_old_one_was(portal_database: PortalDatabase, keys: int) -> None:
    with portal_database.connect("portal_owner") as owner:
        before = owner.execute(key_table.DESCRIPTION).fetchall()
        file = owner.execute("SELECT pg_relation_filepath('vault_subjectkey')").fetchone()
        rewrite(owner)
        assert owner.execute(key_table.DESCRIPTION).fetchall() == before
        assert owner.execute("SELECT pg_relation_filepath('vault_subjectkey')").fetchone() != file
        said = structure.deviations(owner.execute(structure.TRIGGERS), owner.execute(structure.SCREENED))
        assert said == []
        left = owner.execute("SELECT to_regclass('vault_nextkey'), to_regclass('vault_touched')").fetchone()
        assert left == (None, None)
    with portal_database.connect() as superuser:
        assert database_grants.differences("default", superuser.cursor()) == []  # type: ignore[arg-type]


def test_a_table_that_would_be_another_one_is_not_put_in_its_place(portal_database: PortalDatabase, keys: int) -> None:
    with portal_database.connect() as superuser:
        superuser.execute("ALTER TABLE vault_subjectkey REPLICA IDENTITY FULL")
    with portal_database.connect("portal_owner") as owner:
        file = owner.execute("SELECT pg_relation_filepath('vault_subjectkey')").fetchone()
        with pytest.raises(key_table.Altered, match="portal_owner p f"):
            rewrite(owner)
        assert owner.execute("SELECT pg_relation_filepath('vault_subjectkey')").fetchone() == file
    assert SubjectKey.objects.count() == keys


def test_who_reads_the_keys_for_long_is_waited_for_and_holds_up_nobody_else(
    portal_database: PortalDatabase, keys: int
) -> None:
    with portal_database.connect() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM vault_subjectkey")
        done = portal_database.manage("finish_destruction", "--keys-only", "--patience", "1", role="portal_owner")
        assert done.returncode == 1
        assert "vault_subjectkey is not rewritten" in done.stderr
        row = Rewrite.objects.get()
        assert not row.log_turned
        assert row.tables == ["vault_monthkey"]
        with portal_database.connect() as other:
            other.execute("SET lock_timeout = '1s'")
            other.execute(MAKE, [uuid4(), b"x"])
    assert SubjectKey.objects.count() == keys + 1


def test_a_dump_is_waited_for(portal_database: PortalDatabase, keys: int) -> None:
    """Its snapshot is older than its locks: it would find the new table empty."""
    with (
        psycopg.connect(portal_database.url("postgres"), application_name="pg_dump") as dump,
        portal_database.connect("portal_owner") as owner,
    ):
        dump.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dump.execute("SELECT 1 FROM vault_keycheck")
        with pytest.raises(key_table.StillInUse):
            rewrite(owner, patience=0.5)
        assert dump.execute("SELECT count(*) FROM vault_subjectkey").fetchone() == (keys,)


def test_what_is_given_up_leaves_no_copy_of_a_key(portal_database: PortalDatabase, keys: int) -> None:
    class GivenUp(Exception):
        pass

    def before(_other: psycopg.Connection[Any], text: str) -> None:
        if text == "CHECKPOINT":
            raise GivenUp

    with watched(portal_database, before) as server, pytest.raises(GivenUp):
        rewrite(server)
    with portal_database.connect("portal_owner") as owner:
        # As after a kill, which leaves the list: it names keys and holds none.
        owner.execute("CREATE TABLE vault_touched (id uuid NOT NULL)")
        assert owner.execute("SELECT to_regclass('vault_nextkey')").fetchone() == (None,)
        rewrite(owner)
        assert owner.execute("SELECT to_regclass('vault_touched')").fetchone() == (None,)
    assert SubjectKey.objects.count() == keys


def test_who_makes_a_key_just_when_the_rewrite_ends_has_made_it(portal_database: PortalDatabase, keys: int) -> None:
    with (
        portal_database.connect("portal_owner") as owner,
        portal_database.connect() as maker,
        portal_database.connect() as other,
        ThreadPoolExecutor(1) as pool,
    ):
        owner.execute("CREATE TABLE vault_touched (id uuid NOT NULL)")
        owner.execute("BEGIN")
        owner.execute("DROP TABLE vault_touched")
        made = pool.submit(maker.execute, MAKE, [uuid4(), b"x"])
        waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
        until = time.monotonic() + 10
        while other.execute(waits, [maker.info.backend_pid]).fetchone() != (1,) and time.monotonic() < until:
            time.sleep(0.02)
        owner.execute("COMMIT")
        assert made.result(timeout=60).rowcount == 1
    assert SubjectKey.objects.count() == keys + 1


@pytest.mark.asvs("15.4.3")
def test_a_turn_of_the_master_key_and_a_rewrite_wait_for_each_other(portal_database: PortalDatabase, keys: int) -> None:
    with portal_database.connect("portal_worker") as turning, portal_database.connect("portal_owner") as owner:
        turning.execute("SELECT pg_advisory_lock(%s)", [key_table.ROTATION_LOCK])
        with pytest.raises(key_table.StillInUse):
            rewrite(owner, patience=0)


def test_a_large_table_is_rewritten_in_maintenance_only(portal_database: PortalDatabase, keys: int) -> None:
    with portal_database.connect("portal_owner", "personal") as owner, pytest.MonkeyPatch.context() as patched:
        file = "SELECT pg_relation_filepath('devices_device')"
        before = owner.execute(file).fetchone()
        patched.setattr(finality, "LARGEST", 0)
        notes: list[str] = []
        connections["personal"].close()
        patched.setitem(connections["personal"].settings_dict, "USER", "portal_owner")
        assert not finality._rewritten("personal", "devices_device", notes, 1.0, in_maintenance=False)
        assert owner.execute(file).fetchone() == before
        assert "--in-maintenance" in notes[0]
        assert finality._rewritten("personal", "devices_device", notes, 1.0, in_maintenance=True)
        assert owner.execute(file).fetchone() != before
        connections["personal"].close()
