"""Extra holidays and dated numbers: what the officer adds holds everywhere at once."""

from datetime import date, datetime

import pytest

from privacy.lib import holidays, periods
from privacy.policies import actions as policies
from privacy.policies import calendar, rulebook
from privacy.policies.models import ExtraHoliday
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

FRIDAY = date(2026, 12, 4)


class HolidayTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)

    def test_a_temporary_holiday_moves_a_deadline_and_withdrawing_moves_it_back(self) -> None:
        received = date(2026, 11, 24)
        assert periods.answer_due(received, days=10) == FRIDAY
        holiday = policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
        assert holidays.is_rest_day(FRIDAY)
        assert periods.answer_due(received, days=10) == date(2026, 12, 7)
        policies.withdraw_holiday(holiday, actor=self.odile, at=NOON)
        assert periods.answer_due(received, days=10) == FRIDAY
        self.assertLedgered("policies.holiday.added", holiday)
        self.assertLedgered("policies.holiday.withdrawn", holiday)

    def test_who_keeps_deadlines_is_told(self) -> None:
        told: list[date] = []

        def listener(day: date, at: datetime) -> None:
            told.append(day)

        calendar.on_change(listener)
        calendar.on_change(listener)
        try:
            holiday = policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
            policies.withdraw_holiday(holiday, actor=self.odile, at=NOON)
        finally:
            calendar.remove_listener(listener)
        assert told == [FRIDAY, FRIDAY]

    def test_a_day_is_added_once(self) -> None:
        policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
        with pytest.raises(policies.HolidayKnown):
            policies.add_holiday(day=FRIDAY, name="또", actor=self.odile, at=NOON)
        assert ExtraHoliday.objects.count() == 1


class ParameterTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)

    def test_a_new_value_holds_from_its_day_and_the_old_one_before_it(self) -> None:
        parameter = policies.set_parameter(
            code="rights.answer.days", value=7, effective_on=date(2027, 3, 9), basis="DEC 41", actor=self.odile, at=NOON
        )
        assert rulebook.parameter("rights.answer.days", date(2027, 3, 8)) == 10
        assert rulebook.parameter("rights.answer.days", date(2027, 3, 9)) == 7
        assert parameter.unit == "days"
        self.assertLedgered("policies.parameter.set", parameter)

    def test_a_value_is_never_changed(self) -> None:
        with pytest.raises(policies.ParameterKnown):
            policies.set_parameter(
                code="rights.answer.days",
                value=7,
                effective_on=date(2020, 12, 1),
                basis="x",
                actor=self.odile,
                at=NOON,
            )
        assert rulebook.parameter("rights.answer.days", date(2026, 11, 24)) == 10

    def test_a_number_that_nobody_asks_for_is_refused(self) -> None:
        with pytest.raises(rulebook.UnknownParameter):
            policies.set_parameter(
                code="rights.answer.weeks",
                value=1,
                effective_on=date(2027, 1, 1),
                basis="x",
                actor=self.odile,
                at=NOON,
            )
