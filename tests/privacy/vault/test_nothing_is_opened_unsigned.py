"""While the audit trail is not sealed or not signed, the key service opens nothing, and takes in what comes."""

import time
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.utils.translation import override
from pytest_django import Settings  # type: ignore[attr-defined]

from privacy.ledger.checkpoints import key_handovers
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text
from privacy.lib.dates import clock
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.ceilings import Ceilings
from privacy.vault.keyservice.custodian import KeyCustodian
from privacy.vault.keyservice.database_questions import DatabaseQuestions
from privacy.vault.keyservice.reading_policy import Connection, ReadingPolicy
from privacy.vault.keyservice.refusals import TrailUnsigned
from privacy.vault.keyservice.trail_watch import SECONDS, TrailWatch
from tests.database import PortalDatabase
from tests.factories.ledger import ORIGIN, make_entries, make_notary, make_past_entries, seal, sign, tamper
from tests.factory import make_sealed_file
from tests.privacy.vault.key_requests import record_of, request_for
from tests.privacy.vault.key_services import key_service

pytestmark = pytest.mark.attack("19")
AGED = "UPDATE ledger.entry SET time = now() - interval '11 minutes' WHERE id > {}"


class Watched:
    """A watch whose clock a test moves on."""

    def __init__(self, *, minutes: int = 10) -> None:
        self.now = 0.0
        self.watch = TrailWatch(DatabaseQuestions(), minutes=minutes, monotonic=lambda: self.now)

    def is_open(self, *, after: float = SECONDS + 1) -> bool:
        self.now += after
        try:
            self.watch.refuse_unsigned()
        except TrailUnsigned:
            return False
        return True


@pytest.fixture
def notary(portal_database: PortalDatabase, tmp_path: Path, settings: Settings) -> Notary:
    """A notary that signed five entries, with its keys pinned."""
    notary = make_notary(tmp_path)
    settings.NOTARY_VKEYS = notary.signer.vkeys
    grow(portal_database, notary)
    return notary


def grow(database: PortalDatabase, notary: Notary) -> None:
    make_entries(database, 5)
    seal(database)
    sign(database, notary)


def wait_for_seal(database: PortalDatabase) -> None:
    make_past_entries(
        database,
        [(clock.now() - timedelta(minutes=11), "act", {"word": "tests.thing.tried", "about": "tests.thing:1"})],
    )


def test_what_waits_for_its_seal_closes_and_seal_and_signature_open(
    portal_database: PortalDatabase, notary: Notary
) -> None:
    watched = Watched()
    assert watched.is_open()
    wait_for_seal(portal_database)
    assert not watched.is_open()
    assert Watched(minutes=12).is_open()
    assert Watched(minutes=0).is_open()
    tamper(portal_database, "UPDATE ledger.entry SET time = now() WHERE id = 6")
    grow(portal_database, notary)
    assert watched.is_open()


def test_what_waits_for_its_signature_closes_and_the_signature_opens(
    portal_database: PortalDatabase, notary: Notary
) -> None:
    watched = Watched()
    tamper(portal_database, AGED.format(0))
    assert watched.is_open(), "it is signed"
    make_entries(portal_database, 5)
    seal(portal_database)
    assert watched.is_open(), "it was written just now"
    tamper(portal_database, "UPDATE ledger.entry SET time = now() - interval '11 minutes' WHERE id > 5")
    assert not watched.is_open()
    tamper(portal_database, "UPDATE ledger.entry SET time = now() WHERE id > 5")
    assert watched.is_open()
    assert not watched.is_open(after=660), "whatever time it says, it was first seen so long ago"


def test_an_entry_that_committed_late_closes_nothing(portal_database: PortalDatabase, notary: Notary) -> None:
    """It is the last leaf, with a lower number than what was sealed long before it."""
    watched = Watched()
    with portal_database.connect("portal_app") as slow, slow.transaction():
        slow.execute("""INSERT INTO ledger.entry (kind, payload) VALUES ('act', '{"word":"a.b","actor":"x"}')""")
        grow(portal_database, notary)
    tamper(portal_database, AGED.format(0))
    assert watched.is_open(), "it waits since it committed"
    seal(portal_database)
    tamper(portal_database, "UPDATE ledger.entry SET time = now() WHERE id = 6")
    assert watched.is_open()


@pytest.mark.attack("20.13")
@pytest.mark.parametrize("then", ["", "DELETE FROM ledger.entry WHERE id = 6"])
def test_a_later_leaf_hides_no_earlier_entry(portal_database: PortalDatabase, notary: Notary, then: str) -> None:
    """Whoever rules the database takes the sixth entry out of the sealer's sight; what follows is sealed and signed."""
    watched = Watched()
    make_entries(portal_database, 1)
    tamper(portal_database, "UPDATE ledger.entry SET xid = (SELECT xid FROM ledger.entry WHERE id = 5) WHERE id = 6")
    grow(portal_database, notary)
    assert notary.state.size == 10
    assert watched.is_open()
    tamper(portal_database, *filter(None, [then]))
    assert watched.is_open(after=500)
    assert not watched.is_open(after=200)


@pytest.mark.attack("20.13")
@pytest.mark.parametrize(
    ("done", "stays_open"),
    [
        ("SELECT", True),
        ("DELETE FROM ledger.entry WHERE id = 6", False),
        ("UPDATE ledger.entry SET payload = replace(payload, 'thing:1', 'thing:2') WHERE id = 6", False),
    ],
    ids=["untouched", "removed", "changed"],
)
def test_a_record_that_was_shown_is_signed_as_it_was_read(
    portal_database: PortalDatabase, notary: Notary, done: str, stays_open: bool
) -> None:
    """Whoever rules the database has the second before it is sealed, when nobody saw it but the key service."""
    watched = Watched()
    make_entries(portal_database, 1)
    with portal_database.connect() as connection:
        row = connection.execute("SELECT payload FROM ledger.entry WHERE id = 6").fetchone()
    assert row is not None
    watched.watch.remember(6, sha256(row[0].encode()).hexdigest())
    tamper(portal_database, done)
    grow(portal_database, notary)
    assert watched.is_open()
    assert watched.is_open(after=660) is stays_open


@pytest.mark.attack("20.13")
def test_the_service_remembers_what_it_gave_keys_for(
    portal_database: PortalDatabase, notary: Notary, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched()
    policy = ReadingPolicy(watched.watch.query, lease_seconds=900, monotonic=time.monotonic)
    custodian = KeyCustodian(watched.watch.query, policy, Ceilings({}), trail=watched.watch)
    file = make_sealed_file()
    request = request_for([file], record_of([file.subject_id]))
    assert custodian.answer(request, Connection("all"))
    tamper(
        portal_database,
        f"UPDATE ledger.entry SET payload = replace(payload, 'tests', 'other') WHERE id = {request.record}",
    )
    grow(portal_database, notary)
    assert watched.is_open()
    assert not watched.is_open(after=660)
    assert f"entry {request.record} " in caplog.text


@pytest.mark.attack("20.13")
def test_a_checkpoint_that_somebody_invented_opens_nothing(portal_database: PortalDatabase, notary: Notary) -> None:
    watched = Watched()
    make_entries(portal_database, 5)
    seal(portal_database)
    tamper(portal_database, AGED.format(5))
    assert not watched.is_open()
    with portal_database.connect() as connection:
        row = connection.execute("SELECT root FROM ledger.tree WHERE size = 10").fetchone()
    assert row is not None
    thief, text = Signer.make(ORIGIN), checkpoint_text(ORIGIN, 10, bytes(row[0]))
    for note in ("nonsense", notary.state.note, thief.note(text, 1)):
        tamper(
            portal_database,
            "DELETE FROM ledger.checkpoint WHERE size = 10",
            f"INSERT INTO ledger.checkpoint (size, note, heads, signed_at) VALUES (10, '{note}', 'x', now())",
        )
        assert not watched.is_open()
    tamper(
        portal_database,
        "DELETE FROM ledger.checkpoint WHERE size = 10",
        "INSERT INTO ledger.checkpoint (size, note, heads, signed_at)"
        f" VALUES (10, '{notary.signer.note(text, 1)}', 'x', now())",
    )
    assert watched.is_open(), "that is the notary's own signature"
    tamper(portal_database, "UPDATE ledger.tree SET root = sha256('x') WHERE size = 10")
    assert not watched.is_open(), "the tree is not the one that was signed"


def test_a_key_that_was_handed_over_is_followed(
    portal_database: PortalDatabase, notary: Notary, tmp_path: Path
) -> None:
    watched = Watched()
    with portal_database.connect("portal_notary") as connection:
        key_handovers.hand_over(tmp_path / "notary.key", notary.path, notary.mirror, connection, 1)
    grow(portal_database, make_notary(tmp_path))
    tamper(portal_database, AGED.format(0))
    assert watched.is_open()
    # The old one signs nothing more, a stolen one neither.
    make_entries(portal_database, 5)
    seal(portal_database)
    with portal_database.connect() as connection:
        row = connection.execute("SELECT size, root FROM ledger.tree ORDER BY size DESC LIMIT 1").fetchone()
    assert row is not None
    stolen = notary.signer.note(checkpoint_text(ORIGIN, row[0], bytes(row[1])), 1)
    tamper(
        portal_database,
        AGED.format(0),
        f"INSERT INTO ledger.checkpoint (size, note, heads, signed_at) VALUES ({row[0]}, '{stolen}', 'x', now())",
    )
    assert not watched.is_open()


def test_without_a_pinned_key_nothing_is_signed(
    portal_database: PortalDatabase, notary: Notary, settings: Settings, tmp_path: Path
) -> None:
    settings.NOTARY_VKEYS, settings.NOTARY_STATE_DIR = [], tmp_path / "nowhere"
    assert Watched().is_open(), "what there is was written just now"
    tamper(portal_database, AGED.format(0))
    assert not Watched().is_open()
    settings.NOTARY_STATE_DIR = tmp_path
    assert Watched().is_open(), "where the notary stands beside, its keys do"


def test_it_is_asked_once_in_a_few_seconds(portal_database: PortalDatabase, notary: Notary) -> None:
    watched = Watched()
    assert watched.is_open()
    wait_for_seal(portal_database)
    watched.now += SECONDS - 1
    watched.watch.refuse_unsigned()
    watched.now += 2
    with override("en"), pytest.raises(TrailUnsigned, match="has not been signed for more than 10 minutes"):
        watched.watch.refuse_unsigned()
    with override("ko"), pytest.raises(TrailUnsigned, match="10분 넘게"):
        watched.watch.refuse_unsigned()


def test_the_service_opens_nothing_seals_on_and_recovers_by_itself(
    portal_database: PortalDatabase, notary: Notary
) -> None:
    pinned = ",".join(notary.signer.vkeys)
    with key_service(portal_database, KEY_UNSIGNED_MINUTES="10", NOTARY_VKEYS=pinned):
        wait_for_seal(portal_database)
        file = make_sealed_file()
        with pytest.raises(TrailUnsigned):
            client.ask(request_for([file], record_of([file.subject_id])))
        assert make_sealed_file()
        assert client.ask(messages.Describe())
        tamper(portal_database, "UPDATE ledger.entry SET time = now() WHERE time < now() - interval '10 minutes'")
        grow(portal_database, notary)
        until = time.monotonic() + SECONDS + 5
        while True:
            try:
                assert client.ask(request_for([file], record_of([file.subject_id])))
                break
            except TrailUnsigned:
                assert time.monotonic() < until
                time.sleep(0.2)
