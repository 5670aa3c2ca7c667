"""The outbox: nothing lost, nothing twice at once, nothing for ever."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connections, transaction

from privacy.jobs import actions as jobs
from privacy.jobs import outbox
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.jobs.retry_policy import MAX_WORKER_CRASHES, RetryPolicy
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.outbox import let_pass
from tests.factory import NOON, make_aram, make_odile

KIND = "tests.thing"


class Recorder:
    """A deliverer that remembers what it was given, and fails when told to."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, str]] = []
        self.error: BaseException | None = None
        self.then: Callable[[], None] = lambda: None

    def __call__(self, ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
        self.seen.append(ids)
        self.then()
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

    def claimed(self) -> jobs.ClaimedDelivery:
        row = jobs.claim(using="default")
        assert row is not None
        return row

    def forget_lease_and_wait(self) -> None:
        GeneralOutbox.objects.update(lease_until=None, not_before=NOON)

    def test_what_is_put_is_delivered_once(self) -> None:
        outbox.enqueue(KIND, ids={"thing": "1"}, key="thing-1")
        assert dispatch_due(at=NOON) == 1
        assert dispatch_due(at=NOON) == 0
        assert self.recorder.seen == [{"thing": "1"}]
        assert self.row().done_at is not None

    def test_the_same_key_is_the_same_row(self) -> None:
        first = outbox.enqueue(KIND, ids={"thing": "1"}, key="thing-1")
        assert outbox.enqueue(KIND, ids={"thing": "1"}, key="thing-1") == first

    def test_each_database_has_its_own(self) -> None:
        for using in ("default", "personal"):
            outbox.enqueue(KIND, ids={"in": using}, key="thing", using=using)
        assert dispatch_due(at=NOON) == 2

    @pytest.mark.asvs("16.3.4", "16.5.4")
    def test_a_failure_backs_off_and_is_parked_for_a_person_after_five_starts(self) -> None:
        self.recorder.error = RuntimeError("a message that may quote values")
        outbox.enqueue(KIND, ids={}, key="thing")
        for start in range(1, 6):
            dispatch_due(at=NOON)
            row = self.row()
            assert row.starts == row.ended == row.failures == start
            assert row.last_error == "RuntimeError"
            assert (row.parked_at is not None) == (start == 5)
            dispatch_due(at=NOON)
            assert self.row().starts == start, "it waits before it tries again"
            self.forget_lease_and_wait()
        dispatch_due(at=NOON)
        assert self.row().starts == 5
        self.assertLedgered("jobs.delivery.parked")

    @pytest.mark.truth("closed-delivery-given-back")
    def test_what_a_person_has_seen_to_another_way_is_not_given_back(self) -> None:
        """The button said that the worker takes care of it again, and the worker never looked at it."""
        self.recorder.error = RuntimeError()
        outbox.enqueue(KIND, ids={"thing": "1"}, key="thing")
        for _start in range(5):
            dispatch_due(at=NOON)
            self.forget_lease_and_wait()
        assert outbox.close_dead_letters(KIND, ids={"thing": "1"}) == 1
        with self.assertNotLedgered("jobs.delivery.retried"), pytest.raises(jobs.NotDeadLettered):
            jobs.retry(delivery=self.row(), actor=make_odile(), at=NOON)
        assert self.row().parked_at is not None

    def test_a_job_that_kills_its_worker_is_parked_too(self) -> None:
        """The start is counted before the work, so that it counts without an end (FLT-17)."""
        outbox.enqueue(KIND, ids={}, key="thing")
        for _ in range(MAX_WORKER_CRASHES):
            assert jobs.claim(using="default") is not None
            self.forget_lease_and_wait()
        dispatch_due(at=NOON)
        assert self.row().parked_at is not None
        assert not self.recorder.seen

    @pytest.mark.truth("parked-for-another-reason")
    def test_a_job_that_kills_its_worker_is_parked_for_that_and_not_for_an_older_error(self) -> None:
        self.recorder.error = outbox.RetryLater(1, "the address is disputed")
        outbox.enqueue(KIND, ids={}, key="thing")
        dispatch_due(at=NOON)
        self.forget_lease_and_wait()
        for _ in range(MAX_WORKER_CRASHES):
            assert jobs.claim(using="default") is not None
            self.forget_lease_and_wait()
        dispatch_due(at=NOON)
        assert self.row().parked_at is not None
        assert self.row().last_error == "started too often without an end"

    @pytest.mark.truth("outbox-one-row-at-a-time")
    def test_one_row_that_kills_its_worker_takes_no_other_with_it(self) -> None:
        self.recorder.error = SystemExit()
        outbox.enqueue(KIND, ids={"thing": "killer"}, key="killer", not_before=NOON)
        for number in range(25):
            outbox.enqueue(KIND, ids={"thing": str(number)}, key=f"innocent-{number}")
        for _ in range(MAX_WORKER_CRASHES):
            with pytest.raises(SystemExit):
                dispatch_due(at=NOON)
            let_pass(timedelta(minutes=5))
        assert self.recorder.seen == [{"thing": "killer"}] * MAX_WORKER_CRASHES
        self.recorder.error = None
        dispatch_due(at=NOON)
        assert {row.key for row in GeneralOutbox.objects.filter(parked_at__isnull=False)} == {"killer"}
        assert GeneralOutbox.objects.filter(done_at__isnull=False, starts=1).count() == 25

    @pytest.mark.truth("outbox-one-row-at-a-time")
    def test_a_row_is_leased_when_it_begins_and_not_before(self) -> None:
        held: list[int] = []
        leased = GeneralOutbox.objects.filter(lease_until__isnull=False)
        self.recorder.then = lambda: held.append(leased.count())
        for number in range(5):
            outbox.enqueue(KIND, ids={}, key=f"thing-{number}")
        dispatch_due(at=NOON)
        assert held == [1] * 5

    @pytest.mark.truth("outbox-one-row-at-a-time")
    def test_one_claim_is_one_row_however_the_database_plans_it(self) -> None:
        """A join that asks for the due row again for each row of the table would lease one each time."""
        for number in range(9):
            outbox.enqueue(KIND, ids={}, key=f"thing-{number}")
        with connections["default"].cursor() as cursor:
            for way in ("hashjoin", "mergejoin", "indexscan", "bitmapscan", "indexonlyscan", "material", "memoize"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        assert jobs.claim(using="default") is not None
        assert GeneralOutbox.objects.filter(starts__gt=0).count() == 1

    @pytest.mark.truth("outbox-held-back")
    def test_being_put_off_is_no_failure(self) -> None:
        self.recorder.error = outbox.RetryLater(600, "the partner asks for a pause")
        outbox.enqueue(KIND, ids={}, key="thing")
        for _ in range(9):
            dispatch_due(at=NOON)
            self.forget_lease_and_wait()
        self.recorder.error = RuntimeError()
        dispatch_due(at=NOON)
        row = self.row()
        assert (row.starts, row.failures, row.parked_at) == (10, 1, None)

    @pytest.mark.truth("outbox-parked-twice-told")
    def test_a_worker_that_dies_while_it_parks_a_row_leaves_the_parking_to_the_next(self) -> None:
        told: list[str] = []

        def note(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
            told.append(why)
            if len(told) == 1:
                raise SystemExit

        del outbox.DELIVERERS[KIND]
        outbox.deliverer(KIND, patience=RetryPolicy(starts=1), parked=note)(self.recorder)
        self.recorder.error = RuntimeError()
        outbox.enqueue(KIND, ids={}, key="thing")
        with pytest.raises(SystemExit):
            dispatch_due(at=NOON)
        assert self.row().parked_at is None
        let_pass(timedelta(minutes=5))
        dispatch_due(at=NOON)
        assert told == ["RuntimeError", "RuntimeError"]
        assert self.row().parked_at is not None

    @pytest.mark.truth("outbox-parked-on-record")
    def test_a_kind_that_nobody_delivers_is_parked_on_record(self) -> None:
        outbox.enqueue("tests.unknown", ids={}, key="unknown")
        for _ in range(5):
            dispatch_due(at=NOON)
            self.forget_lease_and_wait()
        row = GeneralOutbox.objects.get(kind="tests.unknown")
        assert row.parked_at is not None
        assert row.last_error == "nobody delivers this kind"
        self.assertLedgered("jobs.delivery.parked")

    def test_later_waits_without_an_error(self) -> None:
        self.recorder.error = outbox.RetryLater(600, "the partner asks for a pause")
        outbox.enqueue(KIND, ids={}, key="thing")
        dispatch_due(at=NOON)
        row = self.row()
        assert row.parked_at is None and row.lease_until is None
        assert row.last_error == "the partner asks for a pause"

    def test_a_worker_that_slept_past_its_lease_settles_nothing(self) -> None:
        outbox.enqueue(KIND, ids={}, key="thing")
        late = self.claimed()
        self.forget_lease_and_wait()
        self.claimed()
        jobs.finish(late)
        assert self.row().done_at is None

    def test_not_even_after_an_officer_gave_the_row_back(self) -> None:
        outbox.enqueue(KIND, ids={}, key="thing")
        late = self.claimed()
        self.forget_lease_and_wait()
        jobs.dead_letter(self.claimed(), why="refused", at=NOON)
        jobs.retry(delivery=self.row(), actor=make_odile(granted=False), at=NOON)
        self.claimed()
        jobs.finish(late)
        assert self.row().done_at is None

    @pytest.mark.truth("given-back-by-a-fast-clock")
    def test_a_delivery_that_is_given_back_is_due_at_once_whatever_this_host_s_clock_says(self) -> None:
        outbox.enqueue(KIND, ids={}, key="one")
        GeneralOutbox.objects.update(parked_at=NOON)
        ahead = clock.now() + timedelta(hours=1)
        jobs.retry(delivery=self.row(), actor=make_odile(granted=False), at=ahead)
        assert self.claimed().kind == KIND
        assert self.row().retried_at == ahead

    def test_an_officer_gives_a_parked_delivery_back(self) -> None:
        outbox.enqueue(KIND, ids={}, key="thing")
        jobs.dead_letter(self.claimed(), why="refused", at=NOON)
        jobs.retry(delivery=self.row(), actor=make_odile(granted=False), at=NOON)
        assert dispatch_due(at=NOON) == 1
        self.assertLedgered("jobs.delivery.retried")

    def test_an_auditor_does_not(self) -> None:
        outbox.enqueue(KIND, ids={}, key="thing")
        with pytest.raises(NotPermitted):
            jobs.retry(delivery=self.row(), actor=make_aram(), at=NOON)

    @pytest.mark.asvs("2.3.3")
    def test_a_rolled_back_change_delivers_nothing(self) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            outbox.enqueue(KIND, ids={}, key="thing")
            raise ZeroDivisionError
        assert dispatch_due(at=NOON) == 0


@pytest.mark.fault("FLT-05")
def test_two_workers_never_hold_the_same_row(portal_database: PortalDatabase) -> None:
    with transaction.atomic():
        for number in range(200):
            outbox.enqueue(KIND, ids={}, key=f"thing-{number}")
    barrier = threading.Barrier(4)
    claimed: list[UUID] = []

    def work() -> None:
        barrier.wait()
        while row := jobs.claim(using="default"):
            claimed.append(row.id)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed)) == 200
