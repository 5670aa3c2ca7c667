"""A temporary holiday moves the due dates of open cases and complaints, and its withdrawal moves them back (T-04)."""

from datetime import date

import pytest

from privacy.incidents import actions as incidents
from privacy.policies import actions as policies
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

FRIDAY, MONDAY = date(2026, 12, 4), date(2026, 12, 7)


@pytest.mark.clause("P2.2")
class CalendarTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odile = factory.make_odile()
        self.case = factory.ask(address="").request
        self.complaint = incidents.file_complaint(explanation="x", at=NOON).complaint

    @pytest.mark.law("T-04")
    def test_open_deadlines_move_and_move_back(self) -> None:
        assert (self.case.due_on, self.complaint.target_on) == (FRIDAY, FRIDAY)
        holiday = policies.add_holiday(day=FRIDAY, name="임시공휴일", actor=self.odile, at=NOON)
        self.case.refresh_from_db()
        self.complaint.refresh_from_db()
        assert (self.case.due_on, self.case.target_on, self.complaint.target_on) == (MONDAY, FRIDAY, MONDAY)
        self.assertLedgered("rights.deadline.moved", self.case)
        self.assertLedgered("incidents.deadline.moved", self.complaint)
        policies.withdraw_holiday(holiday, actor=self.odile, at=NOON)
        self.case.refresh_from_db()
        self.complaint.refresh_from_db()
        assert (self.case.due_on, self.complaint.target_on) == (FRIDAY, FRIDAY)

    def test_a_day_that_moves_nothing_leaves_no_entry(self) -> None:
        with self.assertNotLedgered("rights.deadline.moved"), self.assertNotLedgered("incidents.deadline.moved"):
            policies.add_holiday(day=date(2026, 12, 3), name="임시공휴일", actor=self.odile, at=NOON)
            policies.add_holiday(day=date(2027, 2, 1), name="임시공휴일", actor=self.odile, at=NOON)
