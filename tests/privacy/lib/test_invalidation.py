"""Who was closed is heard by everybody who remembers, from the commit on, however late that comes (decision 0044)."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from privacy.lib.dates import clock
from privacy.lib.postgres.invalidation import (
    EVERYBODY,
    InvalidationFeed,
    Invalidations,
    Snapshot,
    SubjectCache,
    invalidated_since,
)
from tests import factory
from tests.database import PortalDatabase

TABLE = "vault_invalidation"


class Process:
    """One process that remembers whom it found open, and asks with each call who was closed."""

    def __init__(self, database: PortalDatabase) -> None:
        self.connection = database.connect("portal_app")
        self.connection.autocommit = True
        self.watch = InvalidationFeed()
        self.open = SubjectCache(100, self.watch)

    def asks(self) -> tuple[Snapshot, list[bytes | None]]:
        """Ask who was closed, and keep the answer unread."""
        look = self.watch.look()
        since = None if look.since is None else look.since.decode()
        row = self.connection.execute(f"SELECT {invalidated_since(TABLE, '%(since)s')}", {"since": since}).fetchone()
        assert row is not None
        return look, [None if one is None else one.encode() for one in row]

    def hears(self, *, and_adds: set[str] = frozenset()) -> Invalidations:  # type: ignore[assignment]
        look, answer = self.asks()
        heard = self.watch.apply(look, *answer)
        self.open.add(heard.ticket, {"all": and_adds})
        return heard

    def remembers(self, subject: UUID) -> bool:
        return not self.open.misses("all", {str(subject)})


@pytest.fixture
def process(portal_database: PortalDatabase) -> Iterator[Process]:
    made = Process(portal_database)
    made.hears()
    yield made
    made.connection.close()


@pytest.fixture
def people(process: Process) -> list[UUID]:
    ids = [uuid4() for _each in range(3)]
    process.hears(and_adds={str(one) for one in ids})
    assert all(map(process.remembers, ids))
    return ids


def close(connection: "psycopg.Connection[object]", *people: UUID) -> None:
    statement = "INSERT INTO vault_invalidation (subjects) VALUES (%s)"
    connection.execute(statement, [list(people) or None])


def test_only_who_was_closed_is_forgotten(
    portal_database: PortalDatabase, process: Process, people: list[UUID]
) -> None:
    with portal_database.connect() as other:
        close(other, people[0])
    assert process.hears().closed == {str(people[0])}
    assert [process.remembers(one) for one in people] == [False, True, True]
    assert process.hears().closed == frozenset(), "once is enough"


def test_a_transaction_that_began_before_the_last_look_is_heard_when_it_commits(
    portal_database: PortalDatabase, process: Process, people: list[UUID]
) -> None:
    """A reader that goes by the highest number it saw would never hear of the first."""
    with portal_database.connect() as slow, slow.transaction():
        close(slow, people[0])
        with portal_database.connect() as quick:
            close(quick, people[1])
        assert process.hears().closed == {str(people[1])}
        assert process.remembers(people[0])
    assert process.hears().closed == {str(people[0])}
    assert [process.remembers(one) for one in people] == [False, False, True]


def test_what_is_rolled_back_closes_nobody(
    portal_database: PortalDatabase, process: Process, people: list[UUID]
) -> None:
    with portal_database.connect() as other, other.transaction(force_rollback=True):
        close(other, people[0])
    assert process.hears().closed == frozenset()
    assert process.remembers(people[0])


def test_without_names_it_is_everybody(portal_database: PortalDatabase, process: Process, people: list[UUID]) -> None:
    with portal_database.connect() as other:
        close(other)
    heard = process.hears()
    assert heard.closed == {EVERYBODY}
    assert heard.affects({str(people[2])})
    assert not any(map(process.remembers, people))


@pytest.mark.asvs("15.4.1")
def test_what_was_found_before_another_thread_heard_is_not_added(
    portal_database: PortalDatabase, process: Process, people: list[UUID]
) -> None:
    """Two calls at once: the slower one found the person open before the closing that the other one heard."""
    look, answer = process.asks()
    stranger = uuid4()
    with portal_database.connect() as other:
        close(other, stranger)
    process.hears()
    slow = process.watch.apply(look, *answer)
    assert slow.ticket is None
    process.open.add(slow.ticket, {"all": {str(stranger)}})
    assert not process.remembers(stranger)


def test_another_server_or_another_table_begins_anew(
    portal_database: PortalDatabase, process: Process, people: list[UUID]
) -> None:
    look = process.watch.look()
    heard = process.watch.apply(look, b"restarted", b"1:1:", None)
    assert heard.affects({str(people[0])})
    assert not any(map(process.remembers, people))


def test_where_there_is_no_room_the_others_are_forgotten(process: Process) -> None:
    first, second = {str(uuid4()) for _each in range(60)}, {str(uuid4()) for _each in range(60)}
    process.hears(and_adds=first)
    process.hears(and_adds=second)
    assert len(process.open) == 60
    assert not process.open.misses("all", second)


def test_who_has_not_asked_for_long_begins_anew(process: Process, people: list[UUID]) -> None:
    process.watch._asked -= 3601
    assert process.watch.look().since is None
    assert not any(map(process.remembers, people))


def test_nobody_but_the_triggers_writes_or_removes_closings(portal_database: PortalDatabase) -> None:
    for alias, table in (("default", "vault_invalidation"), ("personal", "devices_invalidation")):
        for statement in (
            f"INSERT INTO {table} DEFAULT VALUES",
            f"DELETE FROM {table}",
            f"UPDATE {table} SET subjects = NULL",
            f"TRUNCATE {table}",
        ):
            with (
                portal_database.connect("portal_app", alias) as app,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                app.execute(statement)


def test_old_closings_and_those_of_a_restored_dump_are_forgotten(portal_database: PortalDatabase) -> None:
    for alias, table in (("default", "vault_invalidation"), ("personal", "devices_invalidation")):
        with portal_database.connect("postgres", alias) as owner:
            owner.execute(f"DELETE FROM {table}")
            owner.execute(f"INSERT INTO {table} (at) VALUES (now() - interval '8 days')")
            owner.execute(f"INSERT INTO {table} (xid) VALUES ('99999999999')")
            owner.execute(f"INSERT INTO {table} DEFAULT VALUES")
        with portal_database.connect("portal_worker", alias) as app:
            assert app.execute(f"SELECT {table}_prune()").fetchone() == (2,)
            assert app.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def test_every_change_that_closes_is_told_whoever_makes_it(portal_database: PortalDatabase) -> None:
    """Not only the verbs: a statement typed by the database's administrator is heard as well."""
    now = clock.now()
    device = factory.make_device(1, at=now, agreed=("activation", "service-analytics", "app-log"))
    told = [
        ("default", "UPDATE consents_currentconsent SET choice = 'withdraw' WHERE subject_id = %s"),
        ("default", "UPDATE subjects_subject SET state = 'withdrawn' WHERE id = %s"),
        ("personal", "UPDATE devices_device SET service_ended_on = now() WHERE id = %s"),
        ("personal", "UPDATE devices_device SET gateway_id = gen_random_uuid() WHERE id = %s"),
    ]
    for alias, statement in told:
        table = "vault_invalidation" if alias == "default" else "devices_invalidation"
        with portal_database.connect("postgres", alias) as admin:
            admin.execute("SET session_replication_role = replica")
            count = f"SELECT count(*) FROM {table} WHERE %s = ANY (subjects)"
            before = admin.execute(count, [device.id]).fetchone()
            admin.execute(statement, [device.id])
            after = admin.execute(count, [device.id]).fetchone()
            assert before is not None
            assert after is not None
            assert after[0] == before[0] + 1, statement
    for alias, statement in (
        ("default", "UPDATE consents_agreement SET categories = categories"),
        ("default", "TRUNCATE consents_currentconsent, consents_decision CASCADE"),
        ("personal", "TRUNCATE devices_device CASCADE"),
    ):
        table = "vault_invalidation" if alias == "default" else "devices_invalidation"
        with portal_database.connect("postgres", alias) as admin:
            count = f"SELECT count(*) FROM {table} WHERE subjects IS NULL"
            before = admin.execute(count).fetchone()
            try:
                with admin.transaction():
                    admin.execute(statement)
            except psycopg.errors.RestrictViolation:
                continue  # refused altogether: then nothing is closed
            after = admin.execute(count).fetchone()
            assert before is not None
            assert after is not None
            assert after[0] > before[0], statement


def test_every_trigger_is_there_and_fires_always(portal_database: PortalDatabase) -> None:
    named = (
        "SELECT tgrelid::regclass::text || '.' || tgname, tgenabled"
        " FROM pg_trigger JOIN pg_proc ON tgfoid = pg_proc.oid WHERE proname LIKE '%invalidation_record'"
    )
    found = {}
    for alias in ("default", "personal"):
        with portal_database.connect("postgres", alias) as admin:
            found.update(dict(admin.execute(named).fetchall()))
    assert set(found.values()) == {"A"}
    assert len(found) == 13
