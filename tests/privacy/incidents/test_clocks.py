"""The terms of an incident run in hours from becoming aware, and never pause (B-02, B-08, B-10, T-06)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.incidents import agenda
from privacy.incidents.clocks import hours_text
from privacy.incidents.models import Incident
from privacy.incidents.refusals import Contradiction
from privacy.lib.clock import KST
from privacy.policies import actions as policies
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

# Chuseok 2026: Thursday 24 to Saturday 26 September, a Sunday after it.
EVE = datetime(2026, 9, 23, 18, 30, tzinfo=KST)


@pytest.mark.clause("P2.2")
class ClockTests(PortalTestCase):
    def test_seventy_two_hours_run_through_a_weekend_and_holidays(self) -> None:
        incident = factory.make_incident(aware_at=EVE, intrusion=True)
        assert incident.notify_due_at == datetime(2026, 9, 26, 18, 30, tzinfo=KST)
        assert incident.report_due_at == incident.notify_due_at
        assert incident.intrusion_due_at == datetime(2026, 9, 24, 18, 30, tzinfo=KST)

    def test_they_run_over_the_end_of_a_year_and_to_the_minute(self) -> None:
        aware = datetime(2026, 12, 31, 23, 59, tzinfo=KST)
        assert factory.make_incident(aware_at=aware).notify_due_at == datetime(2027, 1, 3, 23, 59, tzinfo=KST)

    def test_an_extra_holiday_moves_nothing(self) -> None:
        incident = factory.make_incident()
        policies.add_holiday(day=date(2026, 11, 27), name="election", actor=factory.make_odile(), at=NOON)
        incident.refresh_from_db()
        assert incident.notify_due_at == NOON + timedelta(hours=72)

    def test_the_numbers_are_those_of_the_day_of_awareness(self) -> None:
        policies.set_parameter(
            code="breach.notify.hours", value=48, effective_on=date(2027, 1, 1), basis="new law",
            actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        before = factory.make_incident(aware_at=datetime(2026, 12, 31, 12, tzinfo=KST))
        after = factory.make_incident(aware_at=datetime(2027, 1, 1, 0, 0, tzinfo=KST))
        assert before.notify_due_at - before.aware_at == timedelta(hours=72)
        assert after.notify_due_at - after.aware_at == timedelta(hours=48)

    def test_awareness_lies_not_in_the_future(self) -> None:
        with pytest.raises(Contradiction):
            factory.make_incident(aware_at=NOON + timedelta(seconds=1), at=NOON)

    def test_the_second_clock_runs_for_intrusions_only(self) -> None:
        quiet = factory.make_incident()
        assert len(quiet.clocks) == 2
        loud = factory.make_incident(intrusion=True)
        with override("en"):
            assert "intrusion" in str(loud.clocks[0].name).lower()

    def test_hours_left_late_and_done(self) -> None:
        incident = factory.make_incident()
        clock = incident.clocks[0]
        with override("en"):
            assert hours_text(clock, NOON) == "72 hours left"
            assert hours_text(clock, NOON + timedelta(hours=71, minutes=1)) == "0 hours left"
            assert hours_text(clock, NOON + timedelta(hours=73)) == "1 hour late"
        incident.website_at = NOON + timedelta(hours=80)
        done = next(one for one in incident.clocks if one.done_at)
        with override("en"):
            assert hours_text(done, NOON + timedelta(days=30)) == "done late"

    def test_open_incidents_are_found_by_the_clock_that_ends_first(self) -> None:
        incident = factory.make_incident(intrusion=True)
        find = Incident.objects.with_clock_before
        assert incident not in find(NOON + timedelta(hours=24))
        assert incident in find(NOON + timedelta(hours=24, seconds=1))
        incidents.need_not_report(incident, reason="no ground", actor=factory.make_odile(), at=NOON)
        assert incident in find(NOON + timedelta(hours=73))
        assert incident in Incident.objects.open()

    def test_the_calendar_has_each_running_clock_at_its_moment(self) -> None:
        incident = factory.make_incident(aware_at=EVE, intrusion=True)
        found = {line.key: line.at for line in agenda.running_clocks(date(2026, 9, 24), date(2026, 9, 26))}
        assert found == {
            f"{incident.pk}:intrusion": incident.intrusion_due_at,
            f"{incident.pk}:notice": incident.notify_due_at,
            f"{incident.pk}:report": incident.report_due_at,
        }
        incidents.need_not_report(incident, reason="no ground", actor=factory.make_odile(), at=NOON)
        assert len(list(agenda.running_clocks(date(2026, 9, 26), date(2026, 9, 26)))) == 1

    def test_summer_and_winter_are_alike_in_korea(self) -> None:
        aware = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
        assert factory.make_incident(aware_at=aware).notify_due_at == datetime(2026, 3, 31, 20, 0, tzinfo=UTC)
