"""Acts stand or fall with their transaction; reads and denials are on record before anything is shown."""

import json
import threading
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.authorization import NotPermitted, require_permission
from privacy.ledger.entries import autocommit
from privacy.ledger.entries.payloads import subjects_digest
from privacy.ledger.events import Event
from privacy.ledger.models import Entry
from tests.base import PortalTestCase
from tests.database import PortalDatabase

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SWEEP = SystemActor("sweep")


class Word(StrEnum):
    TRIED = "tests.thing.tried"


def about() -> tuple[str, str]:
    return "tests.thing", str(uuid4())


def payload(entry: Entry) -> dict[str, object]:
    found: dict[str, object] = json.loads(entry.payload)
    return found


@pytest.mark.clause("P8.3")
class RecordingTests(PortalTestCase):
    @pytest.mark.asvs("16.2.1")
    def test_an_act_is_on_record_with_its_transaction(self) -> None:
        thing = about()
        with transaction.atomic():
            ledger.record(Word.TRIED, actor=SWEEP, at=AT, about=thing, facts={"count": 3})
        entry = Entry.objects.get(about=f"tests.thing:{thing[1]}")
        said = payload(entry)
        assert (entry.word, entry.actor, entry.kind) == ("tests.thing.tried", "system:sweep", "act")
        assert said["facts"] == {"count": 3}
        assert said["at"] == AT.isoformat()

    @pytest.mark.asvs("2.3.3")
    def test_an_act_that_is_undone_leaves_no_record(self) -> None:
        thing = about()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            ledger.record(Word.TRIED, actor=SWEEP, at=AT, about=thing)
            raise ZeroDivisionError
        assert not Entry.objects.filter(about=f"tests.thing:{thing[1]}").exists()

    def test_a_read_is_on_record_whatever_becomes_of_the_transaction(self) -> None:
        thing = about()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            ledger.record_before(
                Event.READ, actor=SWEEP, at=AT, about=thing, subjects=["S-1"], task="tests.read", purpose="rights"
            )
            raise ZeroDivisionError
        entry = Entry.objects.get(about=f"tests.thing:{thing[1]}")
        assert (entry.kind, entry.subjects, entry.task, entry.purpose) == ("read", ["S-1"], "tests.read", "rights")

    def test_who_opened_my_data_is_answered_by_subject(self) -> None:
        subject = uuid4()
        ledger.record_read(actor=SWEEP, at=AT, subjects=[subject], task="tests.read", purpose="rights", reason="case 1")
        (entry,) = ledger.entries_about(subject).reads()
        assert payload(entry)["reason"] == "case 1"

    @pytest.mark.law("S-01")
    def test_above_200_subjects_the_count_and_a_digest_stand_for_the_list(self) -> None:
        thing = about()
        subjects = [f"S-{n}" for n in range(201)]
        ledger.record_before(Event.READ, actor=SWEEP, at=AT, about=thing, subjects=subjects, task="t", purpose="rights")
        said = payload(Entry.objects.get(about=f"tests.thing:{thing[1]}"))
        assert (said["count"], said["digest"]) == (201, subjects_digest(reversed(subjects)))
        assert "subjects" not in said

    def test_an_entry_on_its_way_is_not_lost_to_another(self) -> None:
        thing = about()
        under_way = ledger.record_concurrently(Word.TRIED, actor=SWEEP, at=AT, about=thing)
        with pytest.raises(ledger.LedgerUnavailable):
            ledger.record(Word.TRIED, actor=SWEEP, at=AT, about=about())
        under_way.settle()
        assert Entry.objects.filter(about=f"tests.thing:{thing[1]}").count() == 1

    def test_every_entry_has_a_nonce_of_its_own(self) -> None:
        nonces = {ledger.record_before(Event.READ, actor=SWEEP, at=AT, task="t", purpose="rights") for _ in range(20)}
        assert len(nonces) == 20

    @pytest.mark.law("S-01")
    @pytest.mark.asvs("16.2.1")
    def test_the_surroundings_of_the_act_are_on_record(self) -> None:
        thing = about()
        with request_context.override(address="203.0.113.7", peer="10.0.0.1", door="office", request_id="request-1"):
            ledger.record(Word.TRIED, actor=SWEEP, at=AT, about=thing)
        said = payload(Entry.objects.get(about=f"tests.thing:{thing[1]}"))
        assert (said["from"], said["peer"], said["door"], said["request"]) == (
            "203.0.113.7", "10.0.0.1", "office", "request-1",
        )  # fmt: skip

    @pytest.mark.asvs("16.3.2", "16.3.3")
    def test_a_denial_is_on_record_before_it_is_told(self) -> None:
        thing = about()
        mina = ExternalActor("subject", "K7-1")
        with pytest.raises(NotPermitted) as told, transaction.atomic():
            require_permission(mina, "rights.decide_request", about=thing)
        assert told.value.code == "not-permitted"
        entry = Entry.objects.get(about=f"tests.thing:{thing[1]}")
        assert (entry.kind, entry.word, entry.task) == ("denied", "ledger.denied", "rights.decide_request")
        assert payload(entry)["result"] == "denied"


@pytest.mark.parametrize(
    "facts",
    [{"value": float("nan")}, {"value": object()}, {"value": "a\0b"}, {"value": "x" * 60_001}, {"value": "\ud800"}],
    ids=["not a number", "an object", "a NUL", "too long", "half a character"],
)
def test_what_can_not_be_hashed_exactly_is_never_on_the_ledger(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        ledger.record(Word.TRIED, actor=SWEEP, at=AT, facts=facts)


@pytest.mark.parametrize("subject", ["", "Mina Kim", "a,b", 'S-"1"', "[S-1]", "010-1234-5678 ", "\u0000", "x" * 65])
def test_a_subject_is_named_by_reference_only(subject: str) -> None:
    with pytest.raises(ValueError, match="pseudonymous"):
        ledger.record_before(Event.READ, actor=SWEEP, at=AT, subjects=["S-1", subject], task="t", purpose="rights")


def test_a_word_must_come_from_an_events_file() -> None:
    with pytest.raises(ValueError):
        ledger.record("tests.thing.tried", actor=SWEEP, at=AT)  # type: ignore[arg-type]


def test_a_thread_that_ends_closes_its_connection(portal_database: PortalDatabase) -> None:
    """Each write into ``personal`` is announced on it, so many threads have one."""
    opened: list[Any] = []

    def work() -> None:
        made = autocommit.connection()
        made.ensure_connection()
        opened.append(made.connection)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [connection.closed for connection in opened] == [True]
