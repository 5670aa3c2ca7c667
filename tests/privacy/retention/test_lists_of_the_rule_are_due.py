"""A list of the rule begins only if the rule lets go what it names: the worker asks anew, and believes no table."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from unittest import mock

import pytest

from devices.models import AppLog
from privacy.policies import rulebook
from privacy.policies.rulebook import Rulebook
from privacy.retention import actions as retention
from privacy.retention.models import DestructionLine, DestructionList, DestructionRun
from privacy.retention.refusals import NotDue
from privacy.retention.schedule import retention_rules, selection
from privacy.vault.models import MonthKey, SubjectKey
from tests.base import PortalTestCase
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_device,
    make_expired_device,
    make_reports,
    sweep_on,
)  # fmt: skip
from tests.privacy.retention.test_late_lists_and_forecast import with_months

LOGGED = date(2026, 9, 10)
# The purpose of the month's last log ends thirty days after it (``app-log.purpose.days``).
EARLY, DUE = date(2026, 10, 2), date(2026, 11, 1)


def planted(as_of: date, category: str, **named: object) -> DestructionList:
    """Return a list as the sweep would write it, written by whoever writes the tables."""
    run = DestructionRun.objects.create(
        cause="retention", as_of=as_of, policy="2020-12-01", started_at=at_noon(as_of), planned_at=at_noon(as_of)
    )
    row = DestructionList(
        run=run, category=category, plan="", term=retention_rules.encode_period(
            retention_rules.for_category(category, as_of)), wait=timedelta(), target_on=as_of, needs_approval=False,
        proposed_at=at_noon(as_of), state=DestructionList.State.APPROVED, approved_by="rule:2020-12-01",
        approved_at=at_noon(as_of), not_before=at_noon(as_of), **named,
    )  # fmt: skip
    row.save()
    row.plan = selection.list_digest(row)
    row.save()
    return row


class PlantedLists(PortalTestCase):
    def test_a_month_goes_when_the_purpose_of_its_last_log_has_ended_and_not_before(self) -> None:
        make_reports(
            make_device(1, at=at_noon(LOGGED), agreed=("activation", "app-log")), ["app-log"], at=at_noon(LOGGED)
        )
        month = {"unit": "month", "month": LOGGED.replace(day=1)}
        early = planted(EARLY, "app-log", **month)
        with pytest.raises(NotDue):
            retention.execute(early, actor=SWEEPER, at=at_noon(EARLY))
        assert MonthKey.objects.filter(category="app-log").exists()
        retention.abort(early, actor=SWEEPER, at=at_noon(EARLY), reason="planted")
        assert retention.execute(planted(DUE, "app-log", **month), actor=SWEEPER, at=at_noon(DUE))
        assert not MonthKey.objects.filter(category="app-log").exists()

    def test_a_month_goes_whose_last_log_was_deleted_while_the_list_waited(self) -> None:
        """Its key would open the logs in a backup: it is no reason to keep it that nothing is left here."""
        device = make_device(1, at=at_noon(LOGGED), agreed=("activation", "app-log"))
        make_reports(device, ["app-log"], at=at_noon(LOGGED))
        row = planted(DUE, "app-log", unit="month", month=LOGGED.replace(day=1))
        retention.destroy_subject_data(
            device.subject_id, ["app-log"], cause="deletion", case="K7-1", actor=SWEEPER, at=at_noon(DUE)
        )
        assert (AppLog.objects.count(), MonthKey.objects.filter(category="app-log").count()) == (0, 1)
        assert retention.execute(row, actor=SWEEPER, at=at_noon(DUE))
        assert not MonthKey.objects.filter(category="app-log").exists()

    def test_a_list_of_a_day_to_come_does_not_begin(self) -> None:
        make_device(1, at=at_noon(LOGGED))
        row = planted(date(2099, 1, 1), "device-registration", unit="people")
        row.not_before = at_noon(DUE)
        row.save()
        with pytest.raises(NotDue):
            retention.execute(row, actor=SWEEPER, at=at_noon(DUE))
        assert SubjectKey.objects.exists()

    def test_people_whom_the_rule_names_in_no_category_are_not_listed_by_it(self) -> None:
        row = planted(DUE, "app-log", unit="people")
        with pytest.raises(NotDue):
            retention.execute(row, actor=SWEEPER, at=at_noon(DUE))


@contextmanager
def longer_from(day: date, *, days: int) -> Iterator[None]:
    """From a day on a version is in force that keeps registrations for five years and app logs for more days."""
    usual, numbers = rulebook.in_force, rulebook.parameter

    def in_force(on: date) -> Rulebook:
        book = usual(on)
        return book if on < day else with_months(book, "device-registration", years=5)

    def parameter(code: str, on: date) -> int:
        return days if on >= day and code == "app-log.purpose.days" else numbers(code, on)

    with mock.patch.object(rulebook, "in_force", in_force), mock.patch.object(rulebook, "parameter", parameter):
        yield


class ALaterRuleKeepsLonger(PortalTestCase):
    """A list says itself of which day it is: the rule of today is asked too, or an old day brings an old rule back."""

    def test_whom_the_policy_keeps_longer_by_now_stay(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        run = sweep_on(date(2026, 5, 16))
        assert run.due == 1
        with longer_from(date(2026, 5, 18), days=30):
            carry_out_all(run)
        assert DestructionLine.objects.get(list__run=run).state == DestructionLine.State.NOT_DUE
        assert SubjectKey.objects.filter(category="device-registration").exists()

    def test_a_month_of_which_a_purpose_goes_on_longer_by_now_stays(self) -> None:
        device = make_device(1, at=at_noon(LOGGED), agreed=("activation", "app-log"))
        make_reports(device, ["app-log"], at=at_noon(LOGGED))
        row = planted(DUE, "app-log", unit="month", month=LOGGED.replace(day=1))
        with longer_from(DUE + timedelta(days=1), days=60), pytest.raises(NotDue):
            retention.execute(row, actor=SWEEPER, at=at_noon(DUE + timedelta(days=2)))
        assert MonthKey.objects.filter(category="app-log").exists()
