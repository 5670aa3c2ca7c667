"""The outbox: nothing lost, nothing twice at once, nothing for ever."""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

import pytest
from django.db import connections, transaction

from privacy.jobs import actions as jobs
from privacy.jobs import outbox
from privacy.jobs.drain import drain
from privacy.jobs.models import GeneralOutbox
from privacy.jobs.patience import MOST_DEATHS
from privacy.ledger.actors import NotPermitted
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON, make_aram, make_odile

KIND = "tests.thing"


class Recorder:
    """A deliverer that remembers what it was given, and fails when told to."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, str]] = []
        self.error: Exception | None = None

    def __call__(self, ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
        self.seen.append(ids)
        if self.error is not None:
            raise self.error


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    outbox.deliverer(KIND)(made)
    yield made
    del outbox.DELIVERERS[KIND]


@pytest.mark.usefixtures("django_db_setup")
class OutboxTest(PortalTestCase):
    @pytest.fixture(autouse=True)
    def _recorder(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def row(self) -> GeneralOutbox:
        return GeneralOutbox.objects.get(kind=KIND)

    def forget_lease_and_wait(self) -> None:
        GeneralOutbox.objects.update(lease_until=None, not_before=NOON)

    def test_what_is_put_is_delivered_once(self) -> None:
        outbox.put(KIND, ids={"thing": "1"}, key="thing-1")
        assert drain(at=NOON) == 1
        assert drain(at=NOON) == 0
        assert self.recorder.seen == [{"thing": "1"}]
        assert self.row().done_at is not None

    def test_the_same_key_is_the_same_row(self) -> None:
        first = outbox.put(KIND, ids={"thing": "1"}, key="thing-1")
        assert outbox.put(KIND, ids={"thing": "1"}, key="thing-1") == first

    def test_each_database_has_its_own(self) -> None:
        for using in ("default", "personal", "archive"):
            outbox.put(KIND, ids={"in": using}, key="thing", using=using)
        assert drain(at=NOON) == 3

    def test_a_failure_backs_off_and_is_parked_for_a_person_after_five_starts(self) -> None:
        self.recorder.error = RuntimeError("a message that may quote values")
        outbox.put(KIND, ids={}, key="thing")
        for start in range(1, 6):
            drain(at=NOON)
            row = self.row()
            assert row.starts == row.ended == start
            assert row.last_error == "RuntimeError"
            assert (row.parked_at is not None) == (start == 5)
            drain(at=NOON)
            assert self.row().starts == start, "it waits before it tries again"
            self.forget_lease_and_wait()
        drain(at=NOON)
        assert self.row().starts == 5
        self.assertLedgered("jobs.delivery.parked")

    def test_a_job_that_kills_its_worker_is_parked_too(self) -> None:
        """The start is counted before the work, so that it counts without an end (FLT-17)."""
        outbox.put(KIND, ids={}, key="thing")
        for _ in range(MOST_DEATHS):
            assert len(jobs.claim(using="default")) == 1
            self.forget_lease_and_wait()
        drain(at=NOON)
        assert self.row().parked_at is not None
        assert not self.recorder.seen

    def test_later_waits_without_an_error(self) -> None:
        self.recorder.error = outbox.Later(600, "the partner asks for a pause")
        outbox.put(KIND, ids={}, key="thing")
        drain(at=NOON)
        row = self.row()
        assert row.parked_at is None and row.lease_until is None
        assert row.last_error == "the partner asks for a pause"

    def test_a_worker_that_slept_past_its_lease_settles_nothing(self) -> None:
        outbox.put(KIND, ids={}, key="thing")
        [late] = jobs.claim(using="default")
        self.forget_lease_and_wait()
        [_in_time] = jobs.claim(using="default")
        jobs.finish(late)
        assert self.row().done_at is None

    def test_an_officer_gives_a_parked_delivery_back(self) -> None:
        outbox.put(KIND, ids={}, key="thing")
        [claimed] = jobs.claim(using="default")
        jobs.park(claimed, why="refused")
        jobs.retry(delivery=self.row(), actor=make_odile(granted=False), at=NOON)
        assert drain(at=NOON) == 1
        self.assertLedgered("jobs.delivery.retried")

    def test_an_auditor_does_not(self) -> None:
        outbox.put(KIND, ids={}, key="thing")
        with pytest.raises(NotPermitted):
            jobs.retry(delivery=self.row(), actor=make_aram(), at=NOON)

    def test_a_rolled_back_change_delivers_nothing(self) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            outbox.put(KIND, ids={}, key="thing")
            raise ZeroDivisionError
        assert drain(at=NOON) == 0


@pytest.mark.fault("FLT-05")
def test_two_workers_never_hold_the_same_row(portal_database: PortalDatabase) -> None:
    with transaction.atomic():
        for number in range(200):
            outbox.put(KIND, ids={}, key=f"thing-{number}")
    barrier = threading.Barrier(4)
    claimed: list[UUID] = []

    def work() -> None:
        barrier.wait()
        while rows := jobs.claim(using="default", limit=7):
            claimed.extend(row.id for row in rows)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed)) == 200
