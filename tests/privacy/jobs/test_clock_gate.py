"""A worker whose clock is wrong does nothing by it, and says so."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from django_q.tasks import async_task

from privacy.jobs import queue_broker
from privacy.jobs.clock_gate import ClockGate, WrongClock
from privacy.jobs.queue_broker import NamedJobsBroker
from privacy.lib.dates import clock
from tests.base import PortalTestCase
from tests.database import PortalDatabase

KNOWN = "privacy.jobs.tasks.dispatch_internal"
WRONG = (timedelta(days=30), timedelta(days=-30), timedelta(minutes=6), timedelta(minutes=-6))


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    with patch.object(queue_broker, "WAIT_SECONDS", 0), patch.object(queue_broker, "CLOCK", ClockGate()):
        yield


@pytest.mark.asvs("16.2.2")
@pytest.mark.attack("17.17")
@pytest.mark.fault("FLT-05")
class GateTests(PortalTestCase):
    def test_a_clock_that_a_database_contradicts_is_refused(self) -> None:
        for error in WRONG:
            with self.subTest(error), pytest.raises(WrongClock):
                ClockGate().check(clock.now() + error)
        ClockGate().check(clock.now() + timedelta(minutes=4))

    def test_a_clock_that_was_set_while_the_worker_ran_is_refused_though_the_databases_agree(self) -> None:
        gate = ClockGate()
        gate.check(clock.now())
        for error in WRONG:
            moved = clock.now() + error
            with patch("privacy.jobs.clock_gate.ahead_of_databases", return_value={}), pytest.raises(WrongClock):
                gate.check(moved)
        gate.check(clock.now())

    def test_a_wrong_first_sample_does_not_become_the_reference(self) -> None:
        gate = ClockGate()
        with pytest.raises(WrongClock):
            gate.check(clock.now() + timedelta(days=30))
        gate.check(clock.now())

    def test_what_no_database_agreed_with_does_not_become_the_reference(self) -> None:
        gate = ClockGate()
        with patch("privacy.jobs.clock_gate.ahead_of_databases", return_value={}):
            gate.check(clock.now() + timedelta(days=30))
        with pytest.raises(WrongClock):
            gate.check(clock.now() + timedelta(days=30))
        gate.check(clock.now())

    def test_a_worker_with_a_wrong_clock_takes_nothing_and_loses_nothing(self) -> None:
        OrmQ.objects.all().delete()
        async_task(KNOWN)
        OrmQ.objects.update(lock=timezone.now() - timedelta(days=60))
        broker = NamedJobsBroker(list_key="portal")
        for error in WRONG:
            wrong = patch("privacy.jobs.queue_broker.clock.now", return_value=clock.now() + error)
            with wrong, patch.object(queue_broker, "CLOCK", ClockGate()):
                assert broker.dequeue() == []
        assert len(broker.dequeue()) == 1

    def test_readyz_says_it(self) -> None:
        assert Client().get("/readyz").status_code == 200
        with patch("config.health.clock.now", return_value=clock.now() + timedelta(days=30)):
            answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["missing"]) == (503, {"clock": "differs from a database's"})

    def test_readyz_says_that_the_clock_was_set_though_the_databases_agree(self) -> None:
        assert Client().get("/readyz").status_code == 200
        moved = patch("config.health.clock.now", return_value=clock.now() + timedelta(days=30))
        with moved, patch("privacy.jobs.clock_gate.ahead_of_databases", return_value={"default": timedelta()}):
            answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["missing"]) == (503, {"clock": "was set while the portal ran"})
        assert Client().get("/readyz").status_code == 200


@pytest.mark.attack("17.17")
@pytest.mark.fault("FLT-05")
def test_a_wrong_clock_does_not_turn_the_schedule(portal_database: PortalDatabase) -> None:
    """One worker a month ahead would set every next time a month ahead, for all workers."""
    portal_database.manage("sync_schedules", role="portal_owner")
    with portal_database.connect() as owner:
        owner.execute("UPDATE django_q_schedule SET next_run = now() + interval '1 hour'")
    before = dict(Schedule.objects.values_list("name", "next_run"))
    OrmQ.objects.all().delete()
    with patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(days=30)):
        scheduler(NamedJobsBroker(list_key="portal"))
    assert dict(Schedule.objects.values_list("name", "next_run")) == before
    assert not OrmQ.objects.exists()
