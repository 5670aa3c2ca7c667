"""The console's first page: its numbers are the lists' numbers, at few queries, and only of what one may see."""

from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib import admin
from django.db import connections
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from config import dashboard, figures
from privacy.accounts.models import User
from privacy.disclosures.models import Disclosure
from privacy.jobs.models import PersonalOutbox
from privacy.lib import clock
from privacy.retention.models import DestructionList
from privacy.rights.models import Request
from tests import database, factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase

QUERIES = 10


class DashboardTests(PortalTestCase):
    def setUp(self) -> None:
        self.at = clock.now()
        self.on = clock.today()
        self.odile = factory.make_officer()

    def board(self, user: User) -> dashboard.Board:
        request = RequestFactory().get("/office/")
        request.user = user
        return dashboard.board(admin.site, request, on=self.on, at=self.at)

    def make_work(self) -> None:
        """Cases overdue, soon due and far from due; a disclosure and a destruction list to approve."""
        for days in (20, 15, 9, 8, 1):
            factory.ask(at=self.at - timedelta(days=days), address=f"203.0.113.{days}")
        factory.make_verified(factory.ask(at=self.at - timedelta(days=2), address="203.0.113.99"))
        device = factory.make_device(1)
        factory.make_disclosure(device, at=self.at)
        factory.make_expired_device(2, ended_on=self.on - timedelta(days=3 * 366))
        factory.sweep_on(self.on)

    def test_each_number_is_the_number_of_rows_of_the_list_it_leads_to(self) -> None:
        self.make_work()
        self.client.force_login(self.odile)
        counted = self.board(self.odile).figures
        assert sum(figure.count or 0 for figure in counted) >= 8
        for figure in counted:
            response = self.client.get(figure.url)
            assert response.status_code == 200, figure.url
            assert "e" not in dict(parse_qsl(urlsplit(figure.url).query)), figure.url
            assert response.context["cl"].result_count == figure.count, figure.label

    def test_the_numbers_are_what_the_office_means_by_them(self) -> None:
        self.make_work()
        by_model = {(f.model, f.tone, len(f.lookups)): f.count for f in self.board(self.odile).figures}
        assert by_model[Request, "late", 2] == Request.objects.overdue(on=self.on).count() > 0
        assert by_model[Request, "today", 3] == Request.objects.due_within(on=self.on, days=figures.SOON).count() > 0
        assert by_model[Disclosure, "plain", 1] == Disclosure.objects.awaiting_approval().count() == 1
        assert by_model[DestructionList, "plain", 1] == DestructionList.objects.to_approve().count() > 0
        assert by_model[DestructionList, "late", 2] == DestructionList.objects.late(self.on).count()

    def test_the_page_costs_a_fixed_number_of_queries(self) -> None:
        self.make_work()
        self.client.force_login(self.odile)
        self.client.get("/office/")
        spent = []
        for alias in connections:
            with CaptureQueriesContext(connections[alias]) as captured:
                self.client.get("/office/")
            spent += [query["sql"] for query in captured.captured_queries]
        assert len(spent) <= QUERIES, "\n".join(spent)

    def test_somebody_without_a_register_sees_no_number_of_it(self) -> None:
        assert self.board(factory.make_emin()).figures == []
        seen = {figure.model for figure in self.board(factory.make_aram()).figures}
        assert all(factory.make_aram().has_perm(f"{m._meta.app_label}.view_{m._meta.model_name}") for m in seen)

    def test_late_work_comes_first_and_idle_registers_are_told_apart(self) -> None:
        self.make_work()
        board = self.board(self.odile)
        moods = [figure.mood for figure in board.waiting]
        assert moods == sorted(moods, key=dashboard.ORDER_OF_MOODS.index)
        assert moods[0] == "late"
        assert {f.mood for f in board.idle} <= {"none"}
        assert len(board.waiting) + len(board.idle) == len(board.figures)


@pytest.mark.fault("FLT-10")
def test_a_database_without_an_answer_leaves_a_question_mark_and_the_rest_counts(
    portal_database: PortalDatabase,
) -> None:
    request = RequestFactory().get("/office/")
    request.user = factory.make_odile(granted=False)
    connections["personal"].close()
    database.drop({"personal": portal_database.names["personal"]})
    found = figures.seen(admin.site, request, clock.today())
    figures.count(found)
    counts = {figure.model: figure for figure in found}
    assert counts[PersonalOutbox].count is None
    assert counts[PersonalOutbox].mood == "late"
    assert counts[Request].count == 0


def test_months_are_counted_across_years() -> None:
    ahead = dashboard.months_from(date(2026, 11, 25), 3)
    assert ahead == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    past = dashboard.months_from(date(2026, 2, 28), -11)
    assert (past[0], past[-1], len(past)) == (date(2025, 3, 1), date(2026, 2, 1), 12)
