"""While the audit trail is not sealed or not signed, the key service opens nothing, and takes in what comes."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.database_questions import DatabaseQuestions
from privacy.vault.keyservice.refusals import TrailUnsigned
from privacy.vault.keyservice.trail_watch import SECONDS, TrailWatch
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, make_past_entries, seal, sign, tamper
from tests.factory import make_sealed_file
from tests.privacy.vault.key_requests import record_of, request_for
from tests.privacy.vault.key_services import key_service

pytestmark = pytest.mark.attack("19")
PAST = (
    "UPDATE ledger.tree SET sealed_at = now() - interval '11 minutes' WHERE size = (SELECT max(size) FROM ledger.tree)"
)


class Watched:
    """A watch whose clock a test moves on."""

    def __init__(self, *, minutes: int = 10) -> None:
        self.now = 0.0
        self.watch = TrailWatch(DatabaseQuestions(), minutes=minutes, monotonic=lambda: self.now)

    def is_open(self) -> bool:
        self.now += SECONDS + 1
        try:
            self.watch.refuse_unsigned()
        except TrailUnsigned:
            return False
        return True


def wait_for_seal(database: PortalDatabase) -> None:
    make_past_entries(
        database,
        [(clock.now() - timedelta(minutes=11), "act", {"word": "tests.thing.tried", "about": "tests.thing:1"})],
    )


def test_what_waits_for_its_seal_closes_and_the_seal_opens(portal_database: PortalDatabase) -> None:
    watched = Watched()
    assert watched.is_open()
    wait_for_seal(portal_database)
    assert not watched.is_open()
    seal(portal_database)
    assert watched.is_open()


def test_what_waits_for_its_signature_closes_and_the_signature_opens(
    portal_database: PortalDatabase, tmp_path: Path
) -> None:
    notary, watched = make_notary(tmp_path), Watched()
    make_entries(portal_database, 5)
    seal(portal_database)
    assert sign(portal_database, notary) == 5
    tamper(portal_database, PAST)
    assert watched.is_open(), "it is signed"
    make_entries(portal_database, 5)
    seal(portal_database)
    assert watched.is_open(), "it was sealed just now"
    tamper(portal_database, PAST)
    assert not watched.is_open()
    assert Watched(minutes=12).is_open()
    assert Watched(minutes=0).is_open()
    tamper(portal_database, "UPDATE ledger.tree SET sealed_at = now() WHERE size = 10")
    assert sign(portal_database, notary) == 10
    tamper(portal_database, PAST)
    assert watched.is_open()


def test_an_entry_that_committed_late_closes_nothing(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """It is the last leaf, with a lower number than what was sealed long before it."""
    watched = Watched()
    with portal_database.connect("portal_app") as slow, slow.transaction():
        slow.execute("""INSERT INTO ledger.entry (kind, payload) VALUES ('act', '{"word":"a.b","actor":"x"}')""")
        make_entries(portal_database, 3)
        seal(portal_database)
    seal(portal_database)
    tamper(portal_database, "UPDATE ledger.entry SET time = now() - interval '11 minutes'")
    assert watched.is_open()


def test_it_is_asked_once_in_a_few_seconds(portal_database: PortalDatabase) -> None:
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


def test_the_service_opens_nothing_seals_on_and_recovers_by_itself(portal_database: PortalDatabase) -> None:
    with key_service(portal_database, KEY_UNSIGNED_MINUTES="10"):
        wait_for_seal(portal_database)
        file = make_sealed_file()
        with pytest.raises(TrailUnsigned):
            client.ask(request_for([file], record_of([file.subject_id])))
        assert make_sealed_file()
        assert client.ask(messages.Describe())
        seal(portal_database)
        until = time.monotonic() + SECONDS + 5
        while True:
            try:
                assert client.ask(request_for([file], record_of([file.subject_id])))
                break
            except TrailUnsigned:
                assert time.monotonic() < until
                time.sleep(0.2)
