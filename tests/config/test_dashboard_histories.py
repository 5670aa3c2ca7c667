"""Whatever happened before, the first page's numbers and charts are the registers', counted again row by row."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import RequestFactory
from django.utils import translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import integers, lists, sampled_from, tuples

from config import dashboard
from consents import actions as consents
from consents.models import DailyDecisionCount, Decision
from privacy.accounts import actions as accounts
from privacy.incidents import actions as incidents
from privacy.incidents.models import Incident
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.exports import register_export
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import deadlines, registers
from privacy.policies import actions as policies
from privacy.processors.models import Consignment
from privacy.retention.models import Forecast
from privacy.rights import actions as rights
from privacy.rights.actors import Requester
from privacy.rights.models import Request
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import CopyRecord, Printout
from privacy.workforce import actions as workforce
from privacy.workforce.models import Course
from tests import factory
from tests.base import PortalTestCase
from tests.config.plain_clocks import BEFORE_IDENTITY, CLOCKS, DECIDABLE, UNANSWERED

OPEN_LISTS = {"proposed", "approved", "destroying"}

# What the office means by each number, said of one row: not the lookups again.
MEANING: dict[str, Callable[[Any, date], bool]] = {
    "Overdue requests": lambda case, on: case.state in UNANSWERED and case.due_on < on,
    "Due within 3 days": lambda case, on: case.state in UNANSWERED and 0 <= (case.due_on - on).days <= 3,
    "Overdue reviews of access records": lambda review, on: review.confirmed_at is None and review.due_on < on,
    "Waiting periods for two-person approvals set to 0": lambda number, on: number.value == "0",
    "Emergency approvals to review": lambda made, on: made.reviewed_at is None,
    "Account and reset requests to decide": lambda act, on: act.state == "requested",
    "Identity to verify": lambda case, on: case.state in BEFORE_IDENTITY,
    "Requests to decide": lambda case, on: case.state in DECIDABLE,
    "Open objections": lambda objection, on: objection.outcome == "pending",
    "Undelivered answers to complaints": lambda complaint, on: complaint.returned_at is not None,
    "Unanswered complaints": lambda complaint, on: complaint.state == "received",
    "Disclosures to approve": lambda disclosure, on: disclosure.state == "requested",
    "Destruction lists to approve": lambda one, on: one.state == "proposed",
    "Overdue destruction lists": lambda one, on: one.state in OPEN_LISTS and one.target_on < on,
    "Destruction results to confirm": lambda entry, on: entry.confirmed_by == "",
    "Correction notices stuck": lambda notice, on: notice.state == "parked",
    "Recipients to follow up": lambda proof, on: proof.ended_at is None and proof.escalated_at is not None,
    "Failing webhooks": lambda one, on: one.failing_since is not None and one.ended_at is None,
    "Events not delivered": lambda delivery, on: delivery.state == "dead",
    "Stopped deliveries": lambda row, on: row.done_at is None and row.parked_at is not None,
    "Stopped deliveries (personal)": lambda row, on: row.done_at is None and row.parked_at is not None,
    "Safeguards not in order": lambda measure, on: measure.result == "failed" and measure.retired_at is None,
    "Evidence overdue": lambda measure, on: measure.due_on < on and measure.retired_at is None,
    "Corrections overdue": lambda one, on: one.state in {"open", "corrected"} and one.due_on < on,
    "Inspections overdue": lambda one, on: one.state in {"planned", "held"} and one.planned_on < on,
    "Findings of the comparison": lambda finding, on: finding.closed_at is None,
    "Hosts that lack the next master key": lambda host, on: host.awaited is not None,
    "Gateway tokens to approve": lambda token, on: (
        token.approved_at is None and token.revoked_at is None and clock.kst_date(token.expires_at) > on
    ),
}
STEPS = (
    "ask", "verify", "grant", "refuse", "object", "withdraw", "disclose", "agree", "take back", "count", "expire",
    "complain", "suspect", "inspect", "find", "measure", "hold", "token", "review", "review access", "plan", "session",
    "medium", "permit", "meet", "post", "sign", "told", "consign", "supervise",
    "judge", "take out", "keep", "gone",
)  # fmt: skip
REQUESTS, CONSENTS = "Requests received by month", "Consents by month"
COMING = "People whose data becomes due for destruction"


# What the portal does by itself on its day waits for nobody.
BY_ITSELF = {"consents.confirmation", "retention.preserved"}


class HistoryTests(PortalTestCase):
    def setUp(self) -> None:
        self.at, self.on = clock.now(), clock.today()
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        self.hana = factory.make_hana(granted=False)
        self.device = factory.make_device(1, at=self.at - timedelta(days=200))

    def board(self) -> dashboard.Dashboard:
        request = RequestFactory().get("/office/")
        request.user = self.odile
        return dashboard.build_dashboard(admin.site, request, on=self.on, at=self.at)

    def step(self, name: str, number: int, at: datetime) -> None:
        """Take one step of the office's life; a step that is refused just did not happen."""
        cases = list(Request.objects.order_by("received_on", "pk"))
        case = cases[number % len(cases)] if cases else None
        match name:
            case "ask":
                factory.ask(at=at, address=f"203.0.113.{number % 250}", target=factory.imei(2000 + number))
            case "verify" if case:
                factory.verify_by_documents(case, actor=self.omar, at=self.at)
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
                consents.count_decisions(on=on, actor=SystemActor("statistics"), at=self.at)
            case "complain":
                incidents.file_complaint(explanation="no answer", at=at)
            case "suspect":
                factory.make_incident(aware_at=at, certainty=("confirmed", "possible")[number % 2])
            case "told" if Incident.objects.exists():
                incident = Incident.objects.order_by("recorded_at", "pk")[0]
                incidents.confirm_breach(incident, actor=self.odile, at=self.at)
            case "inspect":
                factory.make_held_inspection(at=at)
            case "find":
                factory.make_finding(due_on=self.on + timedelta(days=number - 10), at=at)
            case "measure":
                safeguards.register_automated_measures(actor=factory.SWEEPER, at=at)
                factory.make_measure(f"lock-{number}-{at:%j}", at=at, cycle_days=1 + number)
            case "hold":
                factory.make_hold(at=self.at, until=self.on + timedelta(days=number))
            case "token":
                factory.make_token(f"Gate {number} {at:%j}", at=at)
            case "review":
                ledger.open_reviews(on=clock.kst_date(at), actor=SystemActor("reviews"), at=at)
            case "review access":
                accounts.open_review(on=clock.kst_date(at), actor=SystemActor("reviews"), at=at)
            case "plan":
                factory.make_approved_plan(at=at, effective_on=clock.kst_date(at))
            case "session":
                workforce.plan_session(
                    Course.objects.order_by("code")[0], held_on=self.on + timedelta(days=number - 20), place="Seoul",
                    trainer="Odile", actor=self.odile, at=at,
                )  # fmt: skip
            case "medium" | "permit":
                area = factory.make_area(f"room-{number}-{at:%j}", at=at)
                emin = factory.make_emin().ref
                if name == "permit":
                    safeguards.permit_entry(
                        area, person=emin, reason="backups", valid_from=clock.kst_date(at),
                        valid_until=clock.kst_date(at) + timedelta(days=number * 10), actor=self.odile, at=at,
                    )  # fmt: skip
                else:
                    safeguards.move_medium(
                        area, medium="disk", kind="disk", direction="out", purpose="repair",
                        carried_by=emin, encrypted=True, back_on=clock.kst_date(at) + timedelta(days=number),
                        actor=self.odile, at=at,
                    )  # fmt: skip
            case "meet":
                safeguards.plan_meeting(
                    topics="access",
                    planned_on=clock.kst_date(at) + timedelta(days=number * 10),
                    actor=self.odile,
                    at=at,
                )
            case "post":
                policies.post_notice(
                    kind="general", title_ko="알림", title_en="Notice", body_ko="본문", body_en="Text",
                    posted_on=clock.kst_date(at), posted_until=clock.kst_date(at) + timedelta(days=10 * number),
                    actor=self.odile, at=at,
                )  # fmt: skip
            case "sign":
                user = factory.make_user(f"p{number}@extrus.example", "Pia", "employee", fit=False)
                factory.make_pledge(user, valid_until=self.on + timedelta(days=number - 20))
                factory.make_training(user, valid_until=self.on + timedelta(days=20 - number))
            case "consign":
                factory.make_consignment(
                    f"p-{number}", country="DE" if number % 2 else "KR", starts_on=clock.kst_date(at), at=self.at
                )
            case "supervise":
                for row in Consignment.objects.all()[:1]:
                    make = factory.make_check if number % 2 else factory.make_processor_training
                    make(row, held_on=clock.kst_date(at), at=self.at)
            case "judge":
                safeguards.decide_applicability(
                    threshold="certification", applies=False, reasons="x", actor=self.odile, at=at
                )
            case "take out":
                register_export.export_register(
                    registers.get("measures"), first=self.on, last=self.on, form="xlsx", reason="x", actor=self.odile,
                    at=at,
                )  # fmt: skip
            case "keep":
                for printout in Printout.objects.untold().order_by("pk")[:1]:
                    safeguards.record_copies(
                        printout, copies=1, holder="Odile", purpose="x",
                        due_on=clock.kst_date(printout.time + timedelta(days=number)), actor=self.odile, at=self.at,
                    )  # fmt: skip
            case "gone":
                for kept in CopyRecord.objects.open()[:1]:
                    safeguards.confirm_copies_gone(
                        kept, outcome="destroyed", method="shredded", ended_on=self.on, actor=self.hana, at=self.at
                    )
            case "expire":
                factory.make_expired_device(5000 + number, ended_on=self.on - timedelta(days=4 * 366))
                factory.sweep_on(self.on)

    @pytest.mark.truth("13")
    def test_the_numbers_and_the_clocks_are_the_registers(self) -> None:
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
                self.clocks_agree()
                self.charts_agree()
                for alias in self.databases:
                    transaction.set_rollback(True, using=alias)

        whatever_happened()

    def numbers_agree(self) -> None:
        with translation.override("en"):
            found = {str(figure.label): figure for figure in self.board().figures}
        # Of the others the page of each record says whether it waits for a second person.
        waits = {label: figure for label, figure in found.items() if not figure.named_when_idle}
        assert found.keys() - waits.keys() == MEANING.keys()
        self.client.force_login(self.odile)
        for label, figure in found.items():
            step = admin.site._registry[figure.model].second_person if label in waits else None  # type: ignore[attr-defined]
            rows = figure.model._default_manager.all()
            meant = sum(step.waits(row) if step else MEANING[label](row, self.on) for row in rows)
            assert figure.count == meant, label
            if meant > 1:
                assert self.client.get(figure.url).context["cl"].result_count == meant, urlsplit(figure.url).query
            elif meant:
                assert self.client.get(figure.url).context["original"] == figure.rows.get(), label

    def clocks_agree(self) -> None:
        """Everything that is late or due within a week stands on the page, the most urgent first, and nothing else."""
        named: dict[str, list[date]] = {}
        more: Counter[str] = Counter()
        clocks = self.board().clocks
        assert [one.due_at for one in clocks] == sorted(one.due_at for one in clocks)
        for one in clocks:
            named.setdefault(one.kind, []).append(clock.kst_date(one.due_at - timedelta(microseconds=1)))
            more[one.kind] += one.more
        sources = {source.name: source for source in deadlines.sources() if not source.is_automatic}
        assert sources.keys() == CLOCKS.keys()
        for name, source in sources.items():
            if not self.odile.may(source.permission):
                assert name not in named
                continue
            open_ = [day for day in CLOCKS[name]() if day <= self.on + timedelta(days=7)]
            due = sorted(day for day in open_ if source.owed or day >= self.on)
            shown = sorted(named.get(name, []))
            assert len(shown) + more[name] == len(due), name
            assert shown == due[: len(shown)], name
            assert len(shown) == min(len(due), 3), name

    def charts_agree(self) -> None:
        with translation.override("en"):
            drawn = {chart.title: dict(chart.points) for chart in self.board().charts}
        # A picture without a figure is not drawn: nothing may be behind it.
        past, ahead = (dashboard.months_from(clock.today(), way) for way in (-dashboard.MONTHS + 1, dashboard.MONTHS))
        for title, months in {REQUESTS: past, CONSENTS: past, COMING: ahead}.items():
            drawn.setdefault(title, {f"{month:%Y-%m}": [0, 0] for month in months})
        received = Counter(f"{case.received_on:%Y-%m}" for case in Request.objects.all())
        assert all(numbers[0] == received[month] for month, numbers in drawn[REQUESTS].items())
        decided = Counter((f"{clock.kst_date(one.recorded_at):%Y-%m}", one.choice) for one in Decision.objects.all())
        for month, numbers in drawn[CONSENTS].items():
            assert numbers == [decided[month, "agree"], decided[month, "withdraw"]], month
        due = [(f"{forecast.month:%Y-%m}", forecast.people) for forecast in Forecast.objects.all()]
        for month, numbers in drawn[COMING].items():
            assert numbers[0] == sum(people for of, people in due if of == month), month

    def test_each_day_is_counted_once_and_a_missed_one_is_made_up_for(self) -> None:
        statistics = SystemActor("statistics")
        at = clock.midnight(date(2026, 3, 1))
        consents.count_decisions(on=date(2026, 3, 1), actor=statistics, at=at)
        held = DailyDecisionCount.objects.count()
        for second in (-1, 0, 1):
            moment = clock.midnight(date(2026, 3, 2)) + timedelta(seconds=second)
            factory.make_device(70 + second, at=moment)
        for on, days in ((date(2026, 3, 4), None), (date(2026, 3, 4), 0), (date(2026, 3, 3), 0)):
            counted = consents.count_decisions(on=on, actor=statistics, at=at)
            assert (counted > 0) == (days is None)
        assert DailyDecisionCount.objects.count() > held
        for day in (1, 2, 3):
            on = date(2026, 3, day)
            decided = [one for one in Decision.objects.all() if clock.kst_date(one.recorded_at) == on]
            counts = DailyDecisionCount.objects.filter(day=on, choice="agree").values_list("number", flat=True)
            assert list(counts) == [sum(one.choice == "agree" for one in decided)]
        self.assertLedgered("consents.decisions.counted")
