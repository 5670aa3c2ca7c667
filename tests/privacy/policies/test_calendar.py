"""Extra holidays and dated numbers: what the officer adds holds everywhere at once."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, transaction

from privacy.lib.dates import holidays, periods
from privacy.policies import actions as policies
from privacy.policies import extra_holidays, rulebook
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

        extra_holidays.on_change(listener)
        extra_holidays.on_change(listener)
        try:
            holiday = policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
            policies.withdraw_holiday(holiday, actor=self.odile, at=NOON)
        finally:
            extra_holidays.remove_listener(listener)
        assert told == [FRIDAY, FRIDAY]

    def test_a_day_is_added_once(self) -> None:
        policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
        with pytest.raises(policies.HolidayExists):
            policies.add_holiday(day=FRIDAY, name="또", actor=self.odile, at=NOON)
        assert ExtraHoliday.objects.count() == 1

    @pytest.mark.truth("holiday-withdrawn-twice")
    def test_who_withdraws_a_moment_later_is_told_that_it_is_gone(self) -> None:
        holiday = policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
        policies.withdraw_holiday(ExtraHoliday.objects.get(pk=holiday.pk), actor=self.odile, at=NOON)
        with pytest.raises(policies.HolidayNotFound):
            policies.withdraw_holiday(holiday, actor=self.odile, at=NOON)

    @pytest.mark.truth("holiday-known-that-is-not")
    def test_a_listener_that_fails_does_not_make_the_day_known(self) -> None:
        def listener(day: date, at: datetime) -> None:
            raise IntegrityError("a deadline of an app above")

        extra_holidays.on_change(listener)
        try:
            with pytest.raises(IntegrityError, match="app above"), transaction.atomic():
                policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
        finally:
            extra_holidays.remove_listener(listener)
        assert not ExtraHoliday.objects.exists()


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
        with pytest.raises(policies.ParameterExists):
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

    @pytest.mark.truth("16")
    def test_a_value_that_no_calendar_can_compute_is_refused(self) -> None:
        for code, value in (("rights.records.years", 9_999), ("access.night.from", 24), ("access.review.months", 0)):
            with pytest.raises(policies.ParameterOutOfRange):
                policies.set_parameter(
                    code=code, value=value, effective_on=date(2027, 1, 1), basis="x", actor=self.odile, at=NOON
                )
