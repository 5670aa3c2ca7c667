"""How long a kind is tried: our own work a few times, what goes outside for three days with growing waits."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from smtplib import SMTPRecipientsRefused
from uuid import UUID

import pytest

from privacy.jobs import actions as jobs
from privacy.jobs import outbox
from privacy.jobs.models import GeneralOutbox
from privacy.jobs.retry_policy import INTERNAL_RETRIES, MAX_WORKER_CRASHES
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.outbox import let_pass, work_for

KIND = "tests.letter"
HOUR = timedelta(hours=1)


@pytest.mark.usefixtures("django_db_setup")
class PatienceTests(PortalTestCase):
    @pytest.fixture(autouse=True)
    def _route(self) -> Iterator[None]:
        self.fails: Callable[[], bool] = lambda: True
        self.held = False
        self.error: Exception = ConnectionError()
        self.delivered = 0
        self.parked: list[str] = []

        def note(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
            self.parked.append(why)

        @outbox.deliverer(KIND, destination=outbox.MAIL, parked=note)
        def deliver(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
            if self.held:
                raise outbox.RetryLater(6 * 3600, "frozen")
            if self.fails():
                raise self.error
            self.delivered += 1

        yield
        del outbox.DELIVERERS[KIND]

    def setUp(self) -> None:
        outbox.enqueue(KIND, ids={}, key="letter")

    def row(self) -> GeneralOutbox:
        return GeneralOutbox.objects.get(kind=KIND)

    def test_the_waits_grow_to_six_hours_and_go_on_for_three_days(self) -> None:
        looks = work_for(100 * HOUR)
        waits = [later - earlier for earlier, later in pairwise(looks)]
        assert [round(wait.total_seconds() / 60) for wait in waits[:9]] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
        assert all(abs(wait - 6 * HOUR) < timedelta(minutes=1) for wait in waits[9:])
        assert 72 * HOUR <= looks[-1] < 78 * HOUR
        assert self.row().parked_at is not None
        assert self.parked == ["ConnectionError"]
        self.assertLedgered("jobs.delivery.parked")

    def test_late_acceptance_ends_it(self) -> None:
        passed = iter(range(1_000))
        self.fails = lambda: next(passed) < 15
        work_for(72 * HOUR)
        assert self.delivered == 1
        assert self.row().done_at is not None
        assert not self.parked

    @pytest.mark.truth("no-such-mailbox")
    def test_a_mailbox_that_does_not_exist_is_tried_three_times_and_a_server_that_takes_nothing_for_days(self) -> None:
        for said, tries in ((b"5.1.1 no such user", 3), (b"5.7.1 blocked", 20), (b"4.2.2 full", 20)):
            self.error = SMTPRecipientsRefused({"mina@example.org": (550, said)})
            assert (len(work_for(100 * HOUR)) == 3) is (tries == 3), said
            GeneralOutbox.objects.all().delete()
            outbox.enqueue(KIND, ids={}, key=f"letter {said!r}")

    def test_given_back_it_is_tried_for_three_days_again(self) -> None:
        work_for(100 * HOUR)
        jobs.retry(delivery=self.row(), actor=factory.make_officer(), at=self.row().parked_at or NOON)
        assert len(work_for(48 * HOUR)) > 10
        assert self.row().parked_at is None
        work_for(30 * HOUR)
        assert self.row().parked_at is not None

    @pytest.mark.truth("outbox-held-back")
    def test_one_that_was_held_back_for_days_has_its_whole_patience_when_it_first_fails(self) -> None:
        self.held = True
        work_for(80 * HOUR)
        self.held = False
        looks = work_for(71 * HOUR)
        assert len(looks) > 10
        assert self.row().parked_at is None
        work_for(14 * HOUR)
        assert self.row().parked_at is not None

    @pytest.mark.truth("outbox-held-back")
    def test_time_in_which_it_was_held_back_is_not_time_in_which_it_failed(self) -> None:
        work_for(HOUR)
        self.held = True
        work_for(80 * HOUR)
        self.held = False
        work_for(24 * HOUR)
        assert self.row().parked_at is None

    @pytest.mark.truth("outbox-held-back")
    def test_one_that_was_queued_for_a_later_day_has_its_whole_patience_then(self) -> None:
        outbox.enqueue(KIND, ids={}, key="next week", not_before=datetime.now(UTC) + 100 * HOUR)
        work_for(102 * HOUR)
        assert GeneralOutbox.objects.get(key="next week").parked_at is None
        assert GeneralOutbox.objects.get(key="next week").failures > 2

    def test_what_kills_its_worker_is_parked_after_five_deaths_however_patient_its_kind(self) -> None:
        for _ in range(MAX_WORKER_CRASHES):
            claimed = jobs.claim(using="default", destination=outbox.MAIL)
            assert claimed is not None
            assert not claimed.is_poison_message
            let_pass(HOUR)
        work_for(HOUR)
        assert self.row().parked_at is not None
        assert self.parked == ["started too often without an end"]
        assert not self.delivered


def test_our_own_work_is_given_up_after_five_starts() -> None:
    assert not INTERNAL_RETRIES.is_over(failures=4, age=HOUR)
    assert INTERNAL_RETRIES.is_over(failures=5, age=HOUR)
    assert INTERNAL_RETRIES.is_over(failures=1, age=72 * HOUR)
