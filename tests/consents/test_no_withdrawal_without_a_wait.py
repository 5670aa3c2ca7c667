"""Whoever takes over a process makes no withdrawal that waits for nothing: the database refuses it."""

from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest

from config.databases import PROCESS_ROLES
from consents.models import Decision, PlannedDestruction
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies.models import Parameter
from privacy.retention import actions as retention
from tests import factory
from tests.database import PortalDatabase

pytestmark = pytest.mark.attack("18.2")
WITHDRAWN = """
    INSERT INTO consents_decision SELECT (jsonb_populate_record(d, jsonb_build_object(
        'id', %(id)s::text, 'reference', 'R-INVENTED', 'choice', 'withdraw', 'decided_at', now()))).*
    FROM consents_decision d WHERE d.id = %(agreed)s"""
PLANNED = """
    INSERT INTO consents_planneddestruction (id, decision_id, subject_id, state, due_at, stopped_by_kind, stopped_by)
    VALUES (gen_random_uuid(), %(id)s, %(person)s, %(state)s, clock_timestamp() + %(wait)s, '', '')"""
INVENTED = UUID(int=1)


@pytest.fixture
def agreed(portal_database: PortalDatabase) -> Decision:
    device = factory.make_device(agreed=("activation", "service-analytics", "app-log"), at=clock.now())
    return Decision.objects.get(subject_id=device.subject_id, agreement__code="app-log")


def withdraw(
    database: PortalDatabase, agreed: Decision, process: str, wait: timedelta, *, state: str = "waiting"
) -> None:
    """Write a withdrawal past the verbs, with the rights of a process alone."""
    said = {"id": INVENTED, "agreed": agreed.id, "person": agreed.subject_id, "wait": wait, "state": state}
    with database.connect(PROCESS_ROLES[process]) as role, role.transaction():
        role.execute(WITHDRAWN, said)
        role.execute(PLANNED, said)


@pytest.mark.parametrize("process", PROCESS_ROLES)
@pytest.mark.parametrize(
    ("wait", "state"),
    [
        (-timedelta(days=1), "waiting"),
        (timedelta(), "waiting"),
        (timedelta(hours=23, minutes=50), "waiting"),
        (-timedelta(days=1), "under-way"),
    ],
)
def test_no_process_plans_a_destruction_that_waits_for_less(
    portal_database: PortalDatabase, agreed: Decision, process: str, wait: timedelta, state: str
) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="never shortened"):
        withdraw(portal_database, agreed, process, wait, state=state)
    assert not PlannedDestruction.objects.exists()


@pytest.mark.parametrize("process", ["pages", "intake"])
def test_a_whole_wait_is_planned_and_one_that_a_slow_request_began(
    portal_database: PortalDatabase, agreed: Decision, process: str
) -> None:
    withdraw(portal_database, agreed, process, factory.WITHDRAWAL_WAIT - timedelta(minutes=4))
    assert PlannedDestruction.objects.get().decision_id == INVENTED


def test_where_the_rulebook_has_nothing_wait_nothing_does(portal_database: PortalDatabase, agreed: Decision) -> None:
    Parameter.objects.create(
        code="withdrawal.wait.hours", value=0, unit="hours", effective_on=date(2021, 1, 1), basis="test"
    )
    withdraw(portal_database, agreed, "intake", timedelta())
    assert PlannedDestruction.objects.exists()


def stopped(database: PortalDatabase, agreed: Decision, *, state: str = "stopped") -> None:
    """Plan a destruction whose wait is over: an officer stopped it in time, or nobody did."""
    withdraw(database, agreed, "pages", timedelta(hours=25))
    with database.connect() as owner:
        guard = "TRIGGER consents_waits_are_never_shortened"
        owner.execute(f"ALTER TABLE consents_planneddestruction DISABLE {guard}")
        owner.execute("UPDATE consents_planneddestruction SET due_at = now() - interval '10 hours'")
        if state == "stopped":
            owner.execute(
                "UPDATE consents_planneddestruction SET state = 'stopped', stopped_at = now() - interval '30 hours',"
                " stopped_by_kind = 'user', stopped_by = 'U-0000-0000'"
            )
        owner.execute(
            "ALTER TABLE consents_planneddestruction ENABLE ALWAYS TRIGGER consents_waits_are_never_shortened"
        )


def change(database: PortalDatabase, process: str, columns: str) -> bool:
    """Change the plan past the verbs; whether the database lets a process do so."""
    with database.connect(PROCESS_ROLES[process]) as role:
        try:
            role.execute(f"UPDATE consents_planneddestruction SET {columns}")  # type: ignore[arg-type]  # ours
        except psycopg.errors.RestrictViolation:
            return False
    return True


GOES_ON = "stopped_at = NULL, stopped_by_kind = '', stopped_by = '', state = "
WHOLE = ", due_at = now() + interval '25 hours'"


@pytest.mark.parametrize("process", PROCESS_ROLES)
def test_what_was_stopped_goes_on_after_a_whole_wait_alone(
    portal_database: PortalDatabase, agreed: Decision, process: str
) -> None:
    stopped(portal_database, agreed)
    for columns in (
        "'waiting'", "'under-way'", "'destroyed', ended_at = now()", f"'under-way'{WHOLE}",
        "'waiting', due_at = now() + interval '23 hours'", "'waiting', due_at = 'infinity'",
    ):  # fmt: skip
        assert not change(portal_database, process, GOES_ON + columns), columns
    # Where people sign in.
    assert change(portal_database, process, f"{GOES_ON}'waiting'{WHOLE}") == (process == "pages")


@pytest.mark.parametrize("process", PROCESS_ROLES)
def test_only_the_worker_begins_and_only_what_is_due(
    portal_database: PortalDatabase, agreed: Decision, process: str
) -> None:
    withdraw(portal_database, agreed, "pages", timedelta(hours=25))
    assert not change(portal_database, process, "state = 'under-way'"), "its wait is not over"
    assert not change(portal_database, process, "state = 'destroyed', ended_at = due_at"), "nothing has begun"


@pytest.mark.parametrize("process", PROCESS_ROLES)
def test_what_has_begun_is_not_stopped(portal_database: PortalDatabase, agreed: Decision, process: str) -> None:
    stopped(portal_database, agreed, state="waiting")
    assert change(portal_database, process, "state = 'under-way'") == (process == "worker")
    assert change(portal_database, "worker", "state = 'under-way'")
    for columns in (
        "state = 'stopped', stopped_at = now(), stopped_by_kind = 'user', stopped_by = 'U-0000-0000'",
        "state = 'waiting'", "state = 'agreed-again', ended_at = now()",
    ):  # fmt: skip
        assert not change(portal_database, process, columns), columns
    assert change(portal_database, process, "state = 'destroyed', ended_at = now()") == (process == "worker")


@pytest.mark.parametrize("process", PROCESS_ROLES)
def test_what_has_begun_waits_again_only_where_every_list_of_it_was_aborted(
    portal_database: PortalDatabase, agreed: Decision, process: str
) -> None:
    stopped(portal_database, agreed, state="waiting")
    assert change(portal_database, "worker", "state = 'under-way'")
    lists = retention.order_destruction(
        agreed.subject_id, ["app-log", "service-analytics"], cause="withdrawal", case="R-INVENTED",
        actor=SystemActor("consents"), at=clock.now(),
    )  # fmt: skip
    for one in lists:
        assert not change(portal_database, process, "state = 'waiting'")
        retention.abort(one, reason="by mistake", actor=factory.make_officer(), at=clock.now())
    assert change(portal_database, process, "state = 'waiting'") == (process == "worker")


@pytest.mark.parametrize("process", PROCESS_ROLES)
def test_what_was_stopped_is_closed_only_where_a_list_has_destroyed_it(
    portal_database: PortalDatabase, agreed: Decision, process: str
) -> None:
    stopped(portal_database, agreed)
    actor, at, closed = SystemActor("consents"), clock.now(), f"{GOES_ON}'destroyed', ended_at = now()"
    retention.destroy_subject_data(
        agreed.subject_id, ["service-analytics"], cause="deletion", case="K1-1", actor=actor, at=at
    )
    assert not change(portal_database, process, closed), "another category"
    retention.destroy_subject_data(agreed.subject_id, ["app-log"], cause="deletion", case="K1-1", actor=actor, at=at)
    assert change(portal_database, process, closed) == (process == "worker")
