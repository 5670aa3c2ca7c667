"""A retention term has bounds with a reason, and what is seldom meant is warned of before it is published (P6)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from privacy.lib.dates import periods
from privacy.policies import actions as policies
from privacy.policies import completeness
from privacy.policies.models import PreservationRule, RetentionRule
from privacy.retention.schedule import due_page
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON, make_odile

TODAY = NOON.date()


@pytest.mark.truth("36")
class ATerm(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override("en"))
        self.draft = factory.make_draft(years=3)
        self.rule = RetentionRule.objects.get(category__version=self.draft, category__code="device-registration")

    def revise(self, rule: RetentionRule | PreservationRule) -> None:
        policies.revise_draft(self.draft, rows=[rule], actor=make_odile(), at=NOON)

    def test_of_9999_years_or_of_nothing_is_refused_with_the_reason(self) -> None:
        for years, months, reason in ((9_999, 0, "At most ten years"), (10, 1, "At most ten"), (0, 0, "still in use")):
            with self.subTest(years=years, months=months):
                self.rule.years, self.rule.months = years, months
                with pytest.raises(policies.OutOfBounds, match=reason):
                    self.revise(self.rule)
                with pytest.raises(IntegrityError), transaction.atomic():
                    self.rule.save()

    def test_of_ten_years_and_of_one_month_is_a_term(self) -> None:
        for years, months in ((10, 0), (0, 1)):
            self.rule.years, self.rule.months = years, months
            self.revise(self.rule)

    def test_of_nothing_is_one_where_the_purpose_is_achieved(self) -> None:
        rule = RetentionRule.objects.get(category__version=self.draft, category__code="app-log")
        rule.years = rule.months = 0
        self.revise(rule)
        assert any(problem.is_warning and "at once" in problem.message for problem in self.problems())

    def test_that_is_longer_than_any_published_one_is_warned_of(self) -> None:
        assert not any("State in the text why" in problem.message for problem in self.problems())
        self.rule.years = 8
        self.revise(self.rule)
        (found,) = [problem for problem in self.problems() if "State in the text why" in problem.message]
        assert found.is_warning
        assert "8 years" in found.message

    def test_of_a_preservation_is_bounded_too(self) -> None:
        rule = PreservationRule.objects.filter(version=self.draft).first()
        assert rule is not None
        for months, reason in ((0, "number of months"), (12_000, "At most 360 months")):
            rule.months = months
            with pytest.raises(policies.OutOfBounds, match=reason):
                self.revise(rule)

    def test_that_no_calendar_reaches_stops_no_page(self) -> None:
        # A row of before the bounds: computing it ends with the calendar, it does not raise.
        assert periods.period_end(date(2026, 1, 1), years=9_999) == date.max
        assert periods.latest_event(date(2026, 1, 1), years=9_999) == date.min
        assert due_page.policy_previews(TODAY)

    def problems(self) -> list[completeness.Problem]:
        return completeness.problems(self.draft, TODAY)
