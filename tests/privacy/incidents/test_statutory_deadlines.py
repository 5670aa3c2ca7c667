"""The terms of an incident run in hours from becoming aware, and never pause (B-02, B-08, B-10, T-06)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.incidents import deadlines, duties
from privacy.incidents.refusals import Contradiction
from privacy.incidents.statutory_deadlines import hours_text
from privacy.lib.dates.clock import KST
from privacy.policies import actions as policies
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

# Chuseok 2026: Thursday 24 to Saturday 26 September, a Sunday after it.
EVE = datetime(2026, 9, 23, 18, 30, tzinfo=KST)


@pytest.mark.clause("P2.2")
class ClockTests(PortalTestCase):
    @pytest.mark.law("T-06", "B-02", "B-10")
    def test_seventy_two_hours_run_through_a_weekend_and_holidays(self) -> None:
        incident = factory.make_incident(aware_at=EVE, intrusion=True)
        assert incident.notify_due_at == datetime(2026, 9, 26, 18, 30, tzinfo=KST)
        assert incident.report_due_at == incident.notify_due_at
        assert incident.intrusion_due_at == datetime(2026, 9, 24, 18, 30, tzinfo=KST)

    @pytest.mark.law("B-01")
    def test_what_became_known_before_it_was_a_breach_of_the_act_has_the_same_terms(self) -> None:
        aware_at = datetime(2026, 9, 10, 12, tzinfo=KST)
        for kind in ("forgery", "alteration", "damage"):
            (term,) = duties.deadlines_of(factory.make_incident(kind=kind, aware_at=aware_at))
            assert (term.duty, term.due_at) == ("notice", aware_at + timedelta(hours=72))

    def test_they_run_over_the_end_of_a_year_and_to_the_minute(self) -> None:
        aware = datetime(2026, 12, 31, 23, 59, tzinfo=KST)
        assert factory.make_incident(aware_at=aware).notify_due_at == datetime(2027, 1, 3, 23, 59, tzinfo=KST)

    @pytest.mark.law("T-06")
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
        assert len(duties.deadlines_of(quiet)) == 1
        loud = factory.make_incident(intrusion=True)
        with override("en"):
            assert "intrusion" in str(duties.deadlines_of(loud)[0].name).lower()

    @pytest.mark.law("B-10")
    @pytest.mark.truth("intrusion-runs-from-its-own-awareness")
    def test_the_term_of_an_intrusion_runs_from_the_awareness_of_the_intrusion(self) -> None:
        odile, learned = factory.make_odile(), NOON + timedelta(hours=30)
        incident = factory.make_incident()
        incident = incidents.describe_incident(incident, intrusion=True, actor=odile, at=learned)
        assert (incident.intrusion_aware_at, incident.intrusion_due_at) == (learned, learned + timedelta(hours=24))
        [hours] = [hours for one, hours in duties.deadlines_with_hours(incident) if one.duty == "intrusion"]
        assert hours == 24
        earlier = NOON + timedelta(hours=20)
        incident = incidents.describe_incident(
            incident, intrusion=True, intrusion_aware_at=earlier, actor=odile, at=learned + timedelta(hours=1)
        )
        assert incident.intrusion_due_at == earlier + timedelta(hours=24)
        for wrong in (NOON - timedelta(hours=1), learned + timedelta(hours=3)):
            with pytest.raises(Contradiction):
                incidents.describe_incident(
                    incident, intrusion_aware_at=wrong, actor=odile, at=learned + timedelta(hours=2)
                )
        incident = incidents.describe_incident(incident, intrusion=False, actor=odile, at=learned)
        assert incident.intrusion_aware_at is None

    @pytest.mark.truth("intrusion-runs-from-its-own-awareness")
    def test_an_intrusion_from_the_start_runs_from_the_awareness_of_the_incident(self) -> None:
        incident = factory.make_incident(intrusion=True, at=NOON + timedelta(hours=5))
        assert (incident.intrusion_aware_at, incident.intrusion_due_at) == (NOON, NOON + timedelta(hours=24))
        shown = NOON.replace(second=0, microsecond=0)
        again = incidents.describe_incident(
            incident, intrusion_aware_at=shown, title="x", actor=factory.make_odile(), at=NOON + timedelta(hours=6)
        )
        assert again.intrusion_aware_at == NOON

    def test_hours_left_late_and_done(self) -> None:
        incident = factory.make_incident()
        clock = duties.deadlines_of(incident)[0]
        with override("en"):
            assert hours_text(clock, NOON) == "72 hours left"
            assert hours_text(clock, NOON + timedelta(hours=71, minutes=1)) == "0 hours left"
            assert hours_text(clock, NOON + timedelta(hours=73)) == "1 hour late"
        done = replace(clock, done_at=NOON + timedelta(hours=80))
        with override("en"):
            assert hours_text(done, NOON + timedelta(days=30)) == "done late"

    def test_the_calendar_has_each_running_clock_at_its_moment(self) -> None:
        incident = factory.make_incident(aware_at=EVE, intrusion=True, outside_access=True, recovered=True)
        found = {line.key: line.at for line in deadlines.running_deadlines(date(2026, 9, 24), date(2026, 9, 26))}
        assert found == {
            f"{incident.pk}:intrusion": incident.intrusion_due_at,
            f"{incident.pk}:notice": incident.notify_due_at,
            f"{incident.pk}:report": incident.report_due_at,
        }
        incidents.need_not_report(incident, reason="no ground", actor=factory.make_odile(), at=NOON)
        assert len(list(deadlines.running_deadlines(date(2026, 9, 26), date(2026, 9, 26)))) == 1

    def test_summer_and_winter_are_alike_in_korea(self) -> None:
        aware = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
        assert factory.make_incident(aware_at=aware).notify_due_at == datetime(2026, 3, 31, 20, 0, tzinfo=UTC)
