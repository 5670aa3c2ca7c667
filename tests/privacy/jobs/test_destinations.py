"""A system outside that hangs holds up nobody else's work (decision 0068)."""

import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from uuid import UUID

import pytest
from django.core.checks import run_checks
from django.db import connections, transaction
from django.test import override_settings

from privacy.jobs import lanes, outbox, tasks
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.lib.dates import clock
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON

MAIL, OWN = "tests.mail", "tests.own"


@contextmanager
def silent_server() -> Iterator[tuple[str, int]]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


@contextmanager
def deliverers(**routes: outbox.DelivererSettings) -> Iterator[None]:
    """Deliver kinds of the tests' own for a while."""
    made = {f"tests.{name}": route for name, route in routes.items()}
    outbox.DELIVERERS.update(made)
    try:
        yield
    finally:
        for kind in made:
            del outbox.DELIVERERS[kind]


@pytest.mark.asvs("15.4.4", "16.5.2")
class DestinationTests(PortalTestCase):
    @pytest.mark.truth("outbox-hanging-server")
    def test_a_destination_that_hangs_is_tried_once_in_a_run_and_the_others_get_theirs(self) -> None:
        arrived: list[str] = []

        def mail(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
            with closing(socket.create_connection(address, timeout=1.05)) as connection:
                connection.recv(1)

        def hook(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
            arrived.append(ids["thing"])

        with (
            silent_server() as address,
            deliverers(mail=outbox.DelivererSettings(mail, destination="mail"), hook=outbox.DelivererSettings(hook)),
        ):
            for number in range(5):
                outbox.enqueue(MAIL, ids={}, key=f"mail-{number}")
            outbox.enqueue("tests.hook", ids={"thing": "hook"}, key="hook", destination="webhook:T-1")
            dispatch_due(at=NOON)
        assert arrived == ["hook"]
        assert sorted(GeneralOutbox.objects.filter(kind=MAIL).values_list("starts", flat=True)) == [0, 0, 0, 0, 1]

    @pytest.mark.truth("told-before-it-began")
    def test_what_begins_later_in_a_run_bears_the_time_at_which_it_begins(self) -> None:
        """A notice that started during a run stood on record as told before it started."""
        dated: list[datetime] = []
        ended: list[datetime] = []

        def take(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
            dated.append(at)
            ended.append(clock.now())

        for kind, destination, dispatch in (
            (OWN, "", tasks.dispatch_internal),
            (MAIL, "mail", tasks.dispatch_external),
        ):
            route = outbox.DelivererSettings(take, destination=destination)
            with deliverers(**{kind.removeprefix("tests."): route}):
                for number in range(2):
                    outbox.enqueue(kind, ids={}, key=f"{kind}-{number}")
                dispatch()
            assert dated[-1] >= ended[-2]

    @pytest.mark.truth("outbox-hanging-server")
    def test_a_long_row_of_mails_leaves_every_other_destination_its_turn(self) -> None:
        arrived: list[str] = []

        def take(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
            arrived.append(ids["thing"])

        with deliverers(mail=outbox.DelivererSettings(take, destination="mail")):
            for number in range(9):
                outbox.enqueue(MAIL, ids={"thing": "mail"}, key=f"mail-{number}", not_before=NOON)
            outbox.enqueue(MAIL, ids={"thing": "hook"}, key="hook", destination="webhook:T-1")
            dispatch_due(at=NOON)
        assert "hook" in arrived[:2]
        assert len(arrived) == 10

    def test_one_worker_alone_is_not_enough_for_production(self) -> None:
        from django.conf import settings

        with override_settings(Q_CLUSTER={**settings.Q_CLUSTER, "workers": 1}):
            found = {message.id for message in run_checks(tags=["portal"], include_deployment_checks=True)}
        assert "config.E014" in found


@pytest.mark.truth("outbox-hanging-server")
def test_while_one_worker_waits_for_a_mail_server_another_does_the_portals_own_work(
    portal_database: PortalDatabase,
) -> None:
    waiting, answered = threading.Event(), threading.Event()
    done: list[str] = []

    def mail(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
        waiting.set()
        assert answered.wait(60)
        done.append("mail")

    def confirm(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
        done.append("confirmation")

    def work() -> None:
        tasks.dispatch_external()
        connections.close_all()

    with deliverers(mail=outbox.DelivererSettings(mail, destination="mail"), own=outbox.DelivererSettings(confirm)):
        with transaction.atomic():
            for number in range(3):
                outbox.enqueue(MAIL, ids={}, key=f"mail-{number}")
        hanging = threading.Thread(target=work)
        hanging.start()
        assert waiting.wait(60)
        with transaction.atomic():
            outbox.enqueue(OWN, ids={}, key="confirmation")
        assert tasks.dispatch_external() == 0, "a second worker does not wait for the same server"
        assert tasks.dispatch_internal() == 1
        assert done == ["confirmation"]
        answered.set()
        hanging.join()
    assert done == ["confirmation", "mail", "mail", "mail"]


@pytest.mark.truth("outbox-hanging-server")
def test_what_comes_while_a_system_hangs_reaches_every_other_system(portal_database: PortalDatabase) -> None:
    """Freezes waited until the connected system that hung was given up, and then for the next run."""
    hangs, reached = threading.Event(), threading.Event()

    def call(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
        if ids["thing"] == "other":
            reached.set()
            return
        hangs.set()
        assert reached.wait(60), "the other one waits for the one that hangs"

    def work() -> None:
        tasks.dispatch_external()
        connections.close_all()

    with deliverers(hook=outbox.DelivererSettings(call)):
        with transaction.atomic():
            outbox.enqueue("tests.hook", ids={"thing": "hanging"}, key="hanging", destination="system:a")
        worker = threading.Thread(target=work)
        worker.start()
        assert hangs.wait(60)
        with transaction.atomic():
            outbox.enqueue("tests.hook", ids={"thing": "other"}, key="other", destination="system:b")
        worker.join()
    assert not GeneralOutbox.objects.filter(done_at=None).exists()


@pytest.mark.truth("outbox-database-away")
@pytest.mark.truth("more-destinations-than-lanes")
def test_more_destinations_than_lanes_starve_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine are always due, and each run takes up whom it has not served for longest."""
    due = [("default", f"system:{letter}:tasks") for letter in "abcdefgh"] + [("default", "system:z:freeze")]
    served: list[lanes.Queue] = []
    monkeypatch.setattr(lanes, "LANES", 2)
    monkeypatch.setattr(lanes, "BEGUN", {})
    monkeypatch.setattr(lanes.dispatcher, "due_external", lambda: due if len(served) < len(due) else [])
    monkeypatch.setattr(lanes.Lanes, "_one", lambda _self, queue: (served.append(queue), (1, set()))[1])
    with ThreadPoolExecutor(2) as pool:
        lanes.Lanes(clock.now).run(pool)
    assert set(served) == set(due)


def test_a_database_that_is_away_stops_nobody_elses_deliveries(portal_database: PortalDatabase) -> None:
    done: list[str] = []

    def own(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
        done.append(ids["number"])

    with deliverers(own=outbox.DelivererSettings(own)):
        for number in ("1", "2"):
            outbox.enqueue(OWN, ids={"number": number}, key=f"thing-{number}")
        personal = connections["personal"]
        name = personal.settings_dict["NAME"]
        personal.close()
        personal.settings_dict["NAME"] = "not_there"
        try:
            dispatch_due(at=NOON)
        finally:
            personal.close()
            personal.settings_dict["NAME"] = name
    assert done == ["1", "2"], "one before the database that is away has its turn, one after it"
