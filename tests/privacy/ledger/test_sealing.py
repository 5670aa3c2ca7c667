"""Every committed entry is sealed once, whatever is open, killed, or run at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connections

from privacy.ledger.events import Event
from privacy.ledger.integrity import append_only
from privacy.ledger.merkle import log_reader, log_sequencer, tree
from privacy.ledger.models import Entry, Leaf
from privacy.ledger.verify import Growing, leaf_hash
from tests.database import PortalDatabase
from tests.factories.ledger import WHAT, make_entries, seal, tamper

APPEND = "INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)"
PAYLOAD = '{"actor":"system:tests","nonce":"n","word":"tests.thing.tried"}'


def counts(database: PortalDatabase) -> tuple[int, int, int]:
    """Entries, leaves, and the size of the newest tree head."""
    with database.connect() as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM ledger.entry), (SELECT count(DISTINCT entry_id) FROM ledger.leaf),"
            " (SELECT coalesce(max(size), 0) FROM ledger.tree)"
        ).fetchone()
    assert row is not None
    return row


def assert_whole(database: PortalDatabase) -> None:
    """No loss, no duplicate, and the stored root is that of the entries' own bytes."""
    entries, leaves, size = counts(database)
    assert entries == leaves == size
    with database.connect() as connection:
        grown = Growing()
        for sealed in log_reader.entries(connection, 0, size):
            assert sealed.entry is not None
            assert sealed.leaf == leaf_hash(sealed.entry)
            grown.add(sealed.leaf)
        (head,) = log_reader.heads(connection, size - 1, size)
    assert (head.root, head.frontier) == (grown.root(), tree.encode_frontier(grown))


@pytest.mark.clause("P8.3")
def test_what_is_committed_is_sealed_once(portal_database: PortalDatabase) -> None:
    make_entries(portal_database, 700)
    assert seal(portal_database) == 700
    assert seal(portal_database) == 0
    make_entries(portal_database, 1)
    assert seal(portal_database) == 1
    assert_whole(portal_database)


def test_an_open_transaction_holds_nobody_up_and_is_not_forgotten(portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_app") as slow:
        slow.autocommit = False
        slow.execute(APPEND, [PAYLOAD])
        make_entries(portal_database, 5)
        assert seal(portal_database) == 5
        make_entries(portal_database, 3)
        assert seal(portal_database) == 3
        slow.commit()
    assert seal(portal_database) == 1
    assert_whole(portal_database)


def test_what_is_rolled_back_leaves_a_gap_and_no_leaf(portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_app") as undone:
        undone.autocommit = False
        undone.execute(APPEND, [PAYLOAD])
        undone.rollback()
    make_entries(portal_database, 2)
    assert seal(portal_database) == 2
    assert_whole(portal_database)


def test_a_savepoint_s_entry_is_sealed_with_its_transaction(portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_app") as connection, connection.transaction():
        connection.execute(APPEND, [PAYLOAD])
        with connection.transaction():
            connection.execute(APPEND, [PAYLOAD])
    assert seal(portal_database) == 2
    assert_whole(portal_database)


def test_only_one_sealer_works_at_a_time(portal_database: PortalDatabase) -> None:
    make_entries(portal_database, 2)
    with portal_database.connect("portal_sequencer") as other, other.transaction():
        other.execute(log_sequencer.LOCK)
        assert seal(portal_database) is None
    assert seal(portal_database) == 2


@pytest.mark.asvs("15.4.3")
@pytest.mark.attack("19.3")
@pytest.mark.parametrize("role", ["portal_app", "portal_intake", "portal_worker", "portal_notary", "portal_auditor"])
def test_nobody_but_a_sealer_keeps_the_sealer_from_its_work(portal_database: PortalDatabase, role: str) -> None:
    """With the old lock, an advisory one, the portal's role held entries unsealed for as long as it liked."""
    make_entries(portal_database, 3)
    with portal_database.connect(role) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [0x6C65_6467_6572])
        for relation in ("sequencer.turn", "ledger.leaf", "ledger.tree", "ledger.node", "ledger.entry"):
            for mode in ("ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE"):
                # Whatever this role may lock, it holds until it disconnects.
                other.execute("BEGIN") if other.info.transaction_status == 0 else None
                other.execute("SAVEPOINT one")
                try:
                    other.execute(f"LOCK TABLE {relation} IN {mode} MODE NOWAIT")
                except psycopg.errors.InsufficientPrivilege:
                    other.execute("ROLLBACK TO one")
        assert seal(portal_database) == 3


@pytest.mark.fault("FLT-04")
def test_four_sealers_and_six_writers_at_once_lose_and_double_nothing(portal_database: PortalDatabase) -> None:
    done = threading.Event()

    def write(_: int) -> None:
        with portal_database.connect("portal_app") as connection:
            for number in range(60):
                with connection.transaction():
                    connection.execute(APPEND, [PAYLOAD])
                    if number % 10 == 0:
                        connection.execute("SELECT pg_sleep(0.02)")

    def keep_sealing(_: int) -> int:
        sealed = 0
        with portal_database.connect("portal_sequencer") as connection:
            while not done.is_set():
                sealed += log_sequencer.seal(connection) or 0
        return sealed

    with ThreadPoolExecutor(10) as pool:
        sealers = [pool.submit(keep_sealing, number) for number in range(4)]
        for writer in [pool.submit(write, number) for number in range(6)]:
            writer.result()
        done.set()
        sealed = sum(sealer.result() for sealer in sealers)
    sealed += seal(portal_database) or 0
    assert sealed == 360
    assert_whole(portal_database)


def test_after_a_restore_into_another_cluster_sealing_goes_on(portal_database: PortalDatabase) -> None:
    """Transaction numbers start again there: what looks long committed is new all the same."""
    make_entries(portal_database, 10)
    assert seal(portal_database) == 10
    tamper(
        portal_database,
        "UPDATE ledger.recovery_epoch SET system_identifier = 'another cluster'",
        "UPDATE ledger.tree SET snapshot = '4000000000:4000000000:'",
    )
    make_entries(portal_database, 4)
    assert seal(portal_database) == 5, "the new life is on record, too"
    make_entries(portal_database, 2)
    assert seal(portal_database) == 2
    assert_whole(portal_database)
    with portal_database.connect() as connection:
        rows = connection.execute("SELECT max(generation) FROM ledger.recovery_epoch").fetchone()
        told = connection.execute(
            "SELECT payload::jsonb -> 'facts' ->> 'generation' FROM ledger.entry WHERE word = %s",
            [Event.RECOVERY_EPOCH_STARTED],
        ).fetchall()
    assert (rows, told) == ((2,), [("2",)])


def test_who_wrote_in_the_old_life_writes_in_the_new_one(portal_database: PortalDatabase) -> None:
    """A connection that stays open holds plans with the old number in them."""
    with portal_database.connect("portal_app") as writer, portal_database.connect("portal_owner") as owner:
        for _ in range(10):
            writer.execute(APPEND, [PAYLOAD])
        assert seal(portal_database) == 10
        tamper(portal_database, "UPDATE ledger.recovery_epoch SET system_identifier = 'another cluster'")
        assert seal(portal_database) == 1
        assert append_only.weaknesses(connections["default"]) == []
        writer.execute(APPEND, [PAYLOAD])
        newest = owner.execute("SELECT generation FROM ledger.entry ORDER BY id DESC LIMIT 1").fetchone()
    assert newest == (2,)
    assert seal(portal_database) == 1


def test_a_transaction_number_of_the_future_does_not_stop_the_sealing(portal_database: PortalDatabase) -> None:
    """A row that somebody put in with such a number would be new to every batch."""
    make_entries(portal_database, 2)
    assert seal(portal_database) == 2
    tamper(
        portal_database,
        f"INSERT INTO ledger.entry (id, xid, generation, {WHAT}) SELECT 999, '4000000000', 1, {WHAT}"
        " FROM ledger.entry LIMIT 1",
    )
    make_entries(portal_database, 1)
    assert seal(portal_database) == 1
    assert seal(portal_database) == 0


def test_a_snapshot_from_the_future_also_raises_a_new_life(portal_database: PortalDatabase) -> None:
    make_entries(portal_database, 1)
    assert seal(portal_database) == 1
    tamper(portal_database, "UPDATE ledger.tree SET snapshot = '4000000000:4000000000:'")
    make_entries(portal_database, 3)
    assert seal(portal_database) == 4
    assert_whole(portal_database)


def test_the_portal_can_not_seal(portal_database: PortalDatabase) -> None:
    make_entries(portal_database, 1)
    with portal_database.connect("portal_app") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        log_sequencer.seal(connection)


def test_the_command_seals_once(portal_database: PortalDatabase) -> None:
    make_entries(portal_database, 3)
    run = portal_database.manage("seal", "--once", role="portal_sequencer")
    assert (run.returncode, run.stdout.strip()) == (0, "Sealed 3 entries.")
    assert_whole(portal_database)


@pytest.mark.truth("nothing-was-pruned")
def test_a_first_entry_that_commits_late_does_not_make_the_trail_a_pruned_one(portal_database: PortalDatabase) -> None:
    """The public check said that documents of earlier days can't be known, where nothing was ever destroyed."""
    with portal_database.connect("portal_app") as slow, slow.transaction():
        slow.execute("""INSERT INTO ledger.entry (kind, payload) VALUES ('act', '{"word":"a.b","actor":"x"}')""")
        make_entries(portal_database, 3)
        seal(portal_database)
    seal(portal_database)
    assert Leaf.objects.get(entry_id=1).index == 3
    assert Entry.objects.kept_since() is None
    assert not Entry.objects.is_pruned(datetime(2020, 1, 1, tzinfo=UTC))
