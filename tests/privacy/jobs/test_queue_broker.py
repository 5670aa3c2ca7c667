"""The worker runs the portal's own jobs and nothing else, whatever stands in the queue's tables (SEC, finding 15)."""

import pickle
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from config.management.commands import sync_schedules
from config.schedules import SCHEDULES
from privacy.jobs.queue_broker import NamedJobsBroker, UnknownJob
from tests.base import PortalTestCase
from tests.database import PortalDatabase

KNOWN = "privacy.jobs.tasks.dispatch_internal"
ran: list[str] = []


def strange(*args: Any, **kwargs: Any) -> None:
    ran.append("strange")


class Evil:
    def __reduce__(self) -> Any:
        return strange, ()


@pytest.mark.attack("17.15")
class QueueTests(PortalTestCase):
    def setUp(self) -> None:
        ran.clear()
        OrmQ.objects.all().delete()
        self.broker = NamedJobsBroker(list_key="portal")

    def taken(self) -> list[dict[str, Any]]:
        OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
        return [SignedPackage.loads(package) for _row, package in self.broker.dequeue()]

    def test_a_row_is_a_name_and_nothing_else(self) -> None:
        async_task(KNOWN)
        assert list(OrmQ.objects.values_list("payload", flat=True)) == [KNOWN]
        (task,) = self.taken()
        assert (task["func"], task["args"], task["kwargs"]) == (KNOWN, (), {})

    def test_the_portal_itself_queues_nothing_else(self) -> None:
        for call in (
            lambda: async_task("os.system", "true"),
            lambda: async_task(f"{__name__}.strange"),
            lambda: async_task(KNOWN, 1),
            lambda: async_task(KNOWN, hook=f"{__name__}.strange"),
            lambda: async_task(KNOWN, q_options={"sync": True}),
            lambda: async_task(KNOWN, q_options={"chain": [("os.system", ("true",))]}),
        ):
            with pytest.raises(UnknownJob):
                call()
        assert not OrmQ.objects.exists()

    @pytest.mark.asvs("1.5.2", "15.2.5")
    def test_a_row_that_somebody_wrote_is_removed_and_never_unpacked(self) -> None:
        for payload in (
            f"{__name__}.strange",
            SignedPackage.dumps(
                {"func": f"{__name__}.strange", "args": (Evil(),), "kwargs": {}, "id": "1", "name": "x"}
            ),
            pickle.dumps(Evil()).hex(),
            "",
        ):
            OrmQ.objects.create(key="portal", payload=payload, lock=timezone.now())
            assert self.taken() == []
        assert not OrmQ.objects.exists()
        assert not ran

    def test_what_is_due_by_the_table_is_queued(self) -> None:
        for job in SCHEDULES:
            async_task(job.function)
        assert set(OrmQ.objects.values_list("payload", flat=True)) == {job.function for job in SCHEDULES}


DUE = (
    "INSERT INTO django_q_schedule"
    " (name, schedule_type, repeats, next_run, func, args, kwargs, hook, intended_date_kwarg)"
)
HOSTILE = (
    (f"{__name__}.strange", None, None, None, None),
    (f"{__name__}.strange", None, "{'q_options': {'sync': True}}", None, None),
    (KNOWN, None, "{'q_options': {'sync': True}}", None, None),
    (KNOWN, "(1,)", None, None, None),
    (KNOWN, None, None, f"{__name__}.strange", None),
    (KNOWN, None, None, None, "at"),
)


@pytest.mark.attack("17.15")
@pytest.mark.parametrize("row", HOSTILE)
def test_a_schedule_of_a_hostile_backup_runs_nothing(
    portal_database: PortalDatabase, row: tuple[str | None, ...]
) -> None:
    """As the superuser, who may write what the portal may not; the next ``sync_schedules`` puts the table right."""
    ran.clear()
    OrmQ.objects.all().delete()
    with portal_database.connect() as owner:
        owner.execute(f"{DUE} VALUES ('hostile', 'O', 1, now() - interval '1 minute', %s, %s, %s, %s, %s)", row)
    scheduler(NamedJobsBroker(list_key="portal"))
    assert not OrmQ.objects.exists()
    assert not ran
    assert not sync_schedules.is_in_place()
    done = portal_database.manage("sync_schedules", role="portal_owner")
    assert done.returncode == 0, done.stderr
    assert sync_schedules.is_in_place()


@pytest.mark.attack("17.15")
def test_what_the_portal_s_role_may_write_of_the_queue(portal_database: PortalDatabase) -> None:
    portal_database.manage("sync_schedules", role="portal_owner")
    for statement in (
        "INSERT INTO django_q_schedule (func, schedule_type, repeats) VALUES ('os.system', 'O', 1)",
        "UPDATE django_q_schedule SET func = 'os.system'",
        "UPDATE django_q_schedule SET args = '(1,)'",
        "UPDATE django_q_schedule SET kwargs = '{}'",
        "UPDATE django_q_schedule SET hook = 'os.system'",
        "UPDATE django_q_schedule SET cron = '* * * * *'",
        "DELETE FROM django_q_schedule",
        "TRUNCATE django_q_schedule",
        "INSERT INTO django_q_task (id, name, func, started, stopped, success)"
        " VALUES ('1', '', '', now(), now(), false)",
        "SELECT 1 FROM django_q_task",
        "UPDATE django_q_task SET hook = 'os.system'",
    ):
        with portal_database.connect("portal_worker") as portal, pytest.raises(psycopg.Error):
            portal.execute(statement)
    with portal_database.connect("portal_worker") as portal:
        changed = portal.execute("UPDATE django_q_schedule SET next_run = now(), task = 'x'")
        assert changed.rowcount == len(SCHEDULES)


@pytest.mark.asvs("14.2.7")
@pytest.mark.attack("17.15")
def test_the_scheduler_queues_what_is_due(portal_database: PortalDatabase) -> None:
    """The positive control: the same worker, with the table as it should be."""
    portal_database.manage("sync_schedules", role="portal_owner")
    OrmQ.objects.all().delete()
    with portal_database.connect() as owner:
        owner.execute("UPDATE django_q_schedule SET next_run = now() + interval '1 day'")
        owner.execute("UPDATE django_q_schedule SET next_run = now() - interval '1 minute' WHERE func = %s", [KNOWN])
    scheduler(NamedJobsBroker(list_key="portal"))
    assert list(OrmQ.objects.values_list("payload", flat=True)) == [KNOWN]
