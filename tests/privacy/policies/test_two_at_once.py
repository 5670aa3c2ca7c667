"""Two people who press a button at once: one act counts, the other person is told; never an error, never both."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connections

from privacy.accounts.models import User
from privacy.lib.errors.refusals import Refusal
from privacy.policies import actions as policies
from privacy.policies.models import NoConsignment, Notice, Officer, PolicyVersion
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON

TODAY = NOON.date()
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
PUBLISHED = "SELECT 1 FROM policies_policyversion WHERE state = 'published' FOR UPDATE"
REACHED = {"department_ko": "정보보호실", "department_en": "Privacy Office", "phone": "02-1234-5678", "email": ""}


def pressed(database: PortalDatabase, held: str, *presses: Callable[[User], object]) -> list[str]:
    """Return what became of each press by two officers who meet at what ``held`` locks until both are there."""
    officers = [factory.make_odile(granted=False), factory.make_omar()]

    def press(act: Callable[[User], object], officer: User) -> str:
        try:
            act(officer)
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(presses)) as pool, database.connect() as holder, database.connect() as watcher:
        holder.autocommit, watcher.autocommit = False, True
        holder.execute(held)
        acts = [pool.submit(press, act, officer) for act, officer in zip(presses, officers, strict=True)]
        while not all(act.done() for act in acts) and watcher.execute(WAITING).fetchone() != (len(presses),):
            pass
        holder.commit()
        return sorted(act.result(timeout=20) for act in acts)


def approved(years: int, effective_on: date | None = None) -> PolicyVersion:
    version = factory.make_version_under_review(years=years, effective_on=effective_on)
    policies.approve(version, actor=factory.make_odile(granted=False), at=NOON)
    return version


def test_a_version_is_published_once_however_many_press(portal_database: PortalDatabase) -> None:
    version = approved(3)

    def publish(officer: User) -> None:
        policies.publish(version, actor=officer, at=NOON)

    assert pressed(portal_database, PUBLISHED, publish, publish) == ["done", "not-under-review"]
    assert PolicyVersion.objects.public().count() == 2
    assert Notice.objects.count() == 1


@pytest.mark.truth("30")
def test_of_two_drafts_of_one_version_one_is_published(portal_database: PortalDatabase) -> None:
    """The other would take its changes back on its own day."""
    first, second = approved(3), approved(4, effective_on=TODAY + timedelta(60))
    outcome = pressed(
        portal_database,
        PUBLISHED,
        lambda officer: policies.publish(first, actor=officer, at=NOON),
        lambda officer: policies.publish(second, actor=officer, at=NOON),
    )
    assert outcome == ["done", "incomplete"]
    assert PolicyVersion.objects.public().count() == 2


@pytest.mark.truth("two-designations-at-once")
def test_of_two_designations_one_follows_the_other_or_is_refused(portal_database: PortalDatabase) -> None:
    def designate(officer: User) -> None:
        policies.designate_officer(name="김보호", **REACHED, designated_from=date(2027, 1, 1), actor=officer, at=NOON)

    held = "SELECT 1 FROM policies_officer FOR UPDATE"
    assert pressed(portal_database, held, designate, designate) == ["designation-order", "done"]
    assert Officer.objects.count() == 2


@pytest.mark.truth("11")
def test_it_is_decided_once_that_nothing_is_consigned(portal_database: PortalDatabase) -> None:
    def decide(officer: User) -> None:
        policies.decide_no_consignment(decided_on=TODAY, grounds="계약 대장 확인", actor=officer, at=NOON)

    held = "LOCK TABLE policies_noconsignment IN SHARE MODE"
    assert pressed(portal_database, held, decide, decide) == ["consignment-decided", "done"]
    assert NoConsignment.objects.count() == 1
