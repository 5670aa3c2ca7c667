"""Whatever happened before, the first page's numbers and charts are the registers', counted again row by row."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db import transaction
from django.test import RequestFactory
from django.utils import translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import integers, lists, sampled_from, tuples

from config import dashboard
from consents import actions as consents
from consents.models import DailyDecisions, Decision
from privacy.ledger.actors import System
from privacy.lib import clock
from privacy.lib.refusals import Refusal
from privacy.retention.models import Forecast
from privacy.rights import actions as rights
from privacy.rights.models import Request
from privacy.rights.people import Requester
from tests import factory
from tests.base import PortalTestCase

BEFORE_IDENTITY = {"received", "identity-pending"}
DECIDABLE = {"verified", "in-review"}
# A decision that the person was not told yet is no answer (law R-14).
UNANSWERED = BEFORE_IDENTITY | DECIDABLE | {"decided", "carried-out"}
OPEN_LISTS = {"proposed", "approved", "destroying"}

# What the office means by each number, said of one row: not the lookups again.
MEANING: dict[str, Callable[[Any, date], bool]] = {
    "Overdue requests": lambda case, on: case.state in UNANSWERED and case.due_on < on,
    "Due within 3 days": lambda case, on: case.state in UNANSWERED and 0 <= (case.due_on - on).days <= 3,
    "Overdue reviews of access records": lambda review, on: review.confirmed_at is None and review.due_on < on,
    "Identity to verify": lambda case, on: case.state in BEFORE_IDENTITY,
    "Requests to decide": lambda case, on: case.state in DECIDABLE,
    "Open objections": lambda objection, on: objection.outcome == "pending",
    "Unanswered complaints": lambda complaint, on: complaint.state == "received",
    "Disclosures to approve": lambda disclosure, on: disclosure.state == "requested",
    "Destruction lists to approve": lambda one, on: one.state == "proposed",
    "Overdue destruction lists": lambda one, on: one.state in OPEN_LISTS and one.target_on < on,
    "Correction notices stuck": lambda notice, on: notice.state == "parked",
    "Parked deliveries": lambda row, on: row.done_at is None and row.parked_at is not None,
    "Parked deliveries (personal)": lambda row, on: row.done_at is None and row.parked_at is not None,
    "Parked deliveries (archive)": lambda row, on: row.done_at is None and row.parked_at is not None,
    "Safeguards not in order": lambda measure, on: measure.result == "failed" and measure.retired_at is None,
    "Evidence overdue": lambda measure, on: measure.due_on < on and measure.retired_at is None,
    "Corrections overdue": lambda one, on: one.state in {"open", "corrected"} and one.due_on < on,
    "Inspections overdue": lambda one, on: one.state in {"planned", "held"} and one.planned_on < on,
    "Findings of the comparison": lambda finding, on: finding.closed_at is None,
}
STEPS = ("ask", "verify", "grant", "refuse", "object", "withdraw", "disclose", "agree", "take back", "count", "expire")


class HistoryTests(PortalTestCase):
    def setUp(self) -> None:
        self.at, self.on = clock.now(), clock.today()
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        self.device = factory.make_device(1, at=self.at - timedelta(days=200))

    def board(self) -> dashboard.Board:
        request = RequestFactory().get("/office/")
        request.user = self.odile
        return dashboard.board(admin.site, request, on=self.on, at=self.at)

    def step(self, name: str, number: int, at: datetime) -> None:
        """Take one step of the office's life; a step that is refused just did not happen."""
        cases = list(Request.objects.order_by("received_on", "pk"))
        case = cases[number % len(cases)] if cases else None
        match name:
            case "ask":
                factory.ask(at=at, address=f"203.0.113.{number % 250}", target=factory.imei(2000 + number))
            case "verify" if case:
                rights.verify(case, method="documents", actor=self.odile, at=self.at)
            case "grant" if case:
                rights.grant(case.rights.get(), actor=self.odile, at=self.at)
            case "refuse" if case:
                rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=self.at)
            case "object" if case:
                rights.object_to(case.rights.get(), statement="no", actor=Requester(case.reference), at=self.at)
            case "withdraw" if case:
                rights.withdraw(case, actor=Requester(case.reference), at=self.at)
            case "disclose":
                factory.make_disclosure(self.device, at=self.at)
            case "agree":
                factory.agree(self.device, "app-log", at=at)
            case "take back":
                factory.decide(self.device, "app-log", "withdraw", at=at)
            case "count":
                on = clock.kst_date(at)
                consents.count_decisions(on=on, actor=System("statistics"), at=self.at)
            case "expire":
                factory.make_expired_device(5000 + number, ended_on=self.on - timedelta(days=4 * 366))
                factory.sweep_on(self.on)

    def test_the_numbers_are_the_registers(self) -> None:
        @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        @given(lists(tuples(sampled_from(STEPS), integers(0, 40), integers(0, 400)), min_size=8, max_size=20))
        def whatever_happened(history: list[tuple[str, int, int]]) -> None:
            with ExitStack() as undo:
                for alias in self.databases:
                    undo.enter_context(transaction.atomic(using=alias))
                for name, number, days in sorted(history, key=lambda step: -step[2]):
                    try:
                        with transaction.atomic(), transaction.atomic(using="personal"):
                            self.step(name, number, self.at - timedelta(days=days))
                    except Refusal:
                        continue
                self.numbers_agree()
                self.charts_agree()
                for alias in self.databases:
                    transaction.set_rollback(True, using=alias)

        whatever_happened()

    def numbers_agree(self) -> None:
        with translation.override("en"):
            found = {str(figure.label): figure for figure in self.board().figures}
        assert found.keys() == MEANING.keys()
        self.client.force_login(self.odile)
        for label, figure in found.items():
            meant = sum(MEANING[label](row, self.on) for row in figure.model._default_manager.all())
            assert figure.count == meant, label
            if meant:
                assert self.client.get(figure.url).context["cl"].result_count == meant, urlsplit(figure.url).query

    def charts_agree(self) -> None:
        with translation.override("en"):
            drawn = {chart.title: dict(chart.points) for chart in self.board().charts}
        received = Counter(f"{case.received_on:%Y-%m}" for case in Request.objects.all())
        asked = drawn["Requests received by month"]
        assert {month: numbers[0] for month, numbers in asked.items()} == {month: received[month] for month in asked}
        decided = Counter((f"{clock.kst_date(one.recorded_at):%Y-%m}", one.choice) for one in Decision.objects.all())
        for month, numbers in drawn["Consents by month"].items():
            assert numbers == [decided[month, "agree"], decided[month, "withdraw"]], month
        due: Counter[str] = Counter()
        for forecast in Forecast.objects.all():
            due[f"{forecast.month:%Y-%m}"] += forecast.people
        ahead = drawn["People whose data becomes due for destruction"]
        assert {month: numbers[0] for month, numbers in ahead.items()} == {month: due[month] for month in ahead}

    def test_each_day_is_counted_once_and_a_missed_one_is_made_up_for(self) -> None:
        statistics = System("statistics")
        at = clock.midnight(date(2026, 3, 1))
        consents.count_decisions(on=date(2026, 3, 1), actor=statistics, at=at)
        held = DailyDecisions.objects.count()
        for second in (-1, 0, 1):
            moment = clock.midnight(date(2026, 3, 2)) + timedelta(seconds=second)
            factory.make_device(70 + second, at=moment)
        for on, days in ((date(2026, 3, 4), None), (date(2026, 3, 4), 0), (date(2026, 3, 3), 0)):
            counted = consents.count_decisions(on=on, actor=statistics, at=at)
            assert (counted > 0) == (days is None)
        assert DailyDecisions.objects.count() > held
        for day in (1, 2, 3):
            on = date(2026, 3, day)
            decided = [one for one in Decision.objects.all() if clock.kst_date(one.recorded_at) == on]
            counts = DailyDecisions.objects.filter(day=on, choice="agree").values_list("number", flat=True)
            assert list(counts) == [sum(one.choice == "agree" for one in decided)]
        self.assertLedgered("consents.decisions.counted")
