"""How long answers took and which kept their day: by the month of the answer and by right, drawn with their table."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import lead_times
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Request
from tests import factory
from tests.base import PortalTestCase


class LeadTimeTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.now = clock.now()

    def answered(self, number: int, *asked: RequestedRight, took: int, at: datetime | None = None) -> Request:
        """A case that was refused so many days after it came in."""
        answered_at = at or self.now
        factory.make_device(number)
        receipt = factory.ask(
            *asked, target=factory.imei(number), answer_by="portal", address="", at=answered_at - timedelta(days=took)
        )
        case = factory.make_verified(receipt, at=answered_at - timedelta(days=took))
        for right in case.rights.all():
            ground = "life-or-body"
            rights.refuse(right, ground=ground, actor=self.odile, at=answered_at)
        return case

    def test_nothing_answered_draws_nothing(self) -> None:
        assert lead_times.pictures(clock.today()) == []
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:rights_request_lead_times")).content.decode()
        assert 'role="img"' not in page

    @pytest.mark.law("R-31")
    def test_days_and_share_are_those_of_each_month_and_right(self) -> None:
        access, suspension = RequestedRight("access"), RequestedRight("suspension")
        for number, took in ((1, 2), (2, 4), (3, 30)):
            self.answered(number, access, took=took)
        self.answered(4, suspension, took=1)
        found = lead_times.answers_since(lead_times.months_until(clock.today())[0])
        month = clock.today().replace(day=1)
        assert sorted(found[month, "access"]) == [(2, True), (4, True), (30, False)]
        assert found[month, "suspension"] == [(1, True)]
        days, share = lead_times.pictures(clock.today())
        assert days.rows[-1][1:] == ["4 (3)", "1 (1)"]
        assert share.rows[-1][1:] == ["66 % (3)", "100 % (1)"]
        assert days.rows[0][1:] == ["–", "–"]
        assert len(days.rows) == lead_times.MONTHS
        assert days.drawing.count("<rect") == 2 * lead_times.MONTHS

    def test_a_case_for_two_rights_counts_for_each(self) -> None:
        self.answered(1, RequestedRight("access"), RequestedRight("suspension"), took=3)
        found = lead_times.answers_since(date(2020, 1, 1))
        assert {kind: some for (_month, kind), some in found.items()} == {
            "access": [(3, True)],
            "suspension": [(3, True)],
        }

    def test_who_may_not_see_requests_sees_no_figures(self) -> None:
        self.client.force_login(factory.make_emin())
        assert self.client.get(reverse("admin:rights_request_lead_times")).status_code in (302, 403)
