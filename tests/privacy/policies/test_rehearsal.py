"""A change of the law is rehearsed: what is told ahead of a day is what then happens, and telling it writes nothing."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.lib.registries import dated_facts, deadlines
from privacy.lib.registries.dated_facts import Fact, Kind
from privacy.policies import actions as policies
from privacy.policies import amendments, dated_rules, drift, penalties, rehearsal, rulebook
from privacy.policies.models import Parameter, PolicyVersion
from privacy.policies.rehearsal import Rehearsal
from privacy.retention.models import DestructionList
from privacy.rights.models import Request
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import ApplicabilityDecision, YearFigures
from privacy.safeguards.thresholds import THRESHOLDS
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.factories.retention import at_noon, sweep_on
from tests.factories.rights import ask

DAY = timedelta(days=1)
PORTABILITY, ACT_21910, CERTIFICATION = date(2027, 2, 20), date(2027, 3, 9), date(2027, 7, 1)
THE_THREE = (PORTABILITY, ACT_21910, CERTIFICATION)


def told(found: Rehearsal) -> set[tuple[str, str]]:
    return {(one.fact.kind.value, one.fact.key) for one in found.effects}


def sentences(found: Rehearsal, kind: Kind) -> list[str]:
    return [one.sentence for one in found.effects if one.fact.kind == kind]


def decide(duty: str) -> ApplicabilityDecision:
    return safeguards.decide_applicability(
        threshold=duty, applies=False, reasons="해당 없음", actor=factory.make_odile(granted=False), at=NOON
    )


def an_office_with_open_cases() -> None:
    """Decisions on all duties, an open request, an incident, and a device whose term is over."""
    safeguards.record_figures(
        year=2025, sales=200_000, average_sales=200_000, people=2_000_000, sensitive_people=0, users=0,
        is_small=False, source="x", actor=factory.make_odile(granted=False), at=NOON,
    )  # fmt: skip
    for duty in THRESHOLDS:
        decide(duty)
    ask()
    factory.make_incident()
    factory.make_expired_device(ended_on=date(2024, 10, 1))


def lives(on: date) -> set[tuple[str, str, object]]:
    """What the portal's own functions say on a day, asked one by one as its pages and verbs ask them."""
    newest = YearFigures.objects.get()
    numbers = {code: rulebook.parameter(code, on) for code in Parameter.objects.values_list("code", flat=True)}
    begun = {code: min(day for day, _value in rulebook.parameter_history(code)) <= on for code in numbers}
    looks = deadlines.deadlines_between(
        date(2020, 1, 1), on, on=on, may=lambda _one: True, names={"safeguards.applicability"}
    )
    return {
        *(("law", row.code, row.in_force_on) for row in amendments.in_force(on)),
        *(("law", f"penalty {row.articles[1]}", row.since) for row in penalties.penalties(on)),
        *(("number", code, value) for code, value in numbers.items() if begun[code]),
        *(
            ("duty", one.code, one.met_by(newest, on) if one.numbers else None)
            for one in THRESHOLDS.values()
            if one.has_begun(on)
        ),
        *(("clock", f"safeguards.applicability {line.dated.key}", "look again") for line in looks),
        *(("text", f"drift {one.code}", one.message) for one in drift.find_drifts(on)),
    }


class TheThreeDays(PortalTestCase):
    @pytest.mark.law("R-32", "R-33", "A-01", "A-02", "O-07")
    def test_what_was_rehearsed_happens_and_nothing_else(self) -> None:
        an_office_with_open_cases()
        open_before = dict(Request.objects.values_list("pk", "due_on"))
        for on in THE_THREE:
            rehearsed = told(rehearsal.rehearse(on))
            happened = {(kind, key) for kind, key, _value in lives(on) ^ lives(on - DAY)}
            assert rehearsed == happened, on
            assert rehearsed, on
        assert dict(Request.objects.values_list("pk", "due_on")) == open_before

    @pytest.mark.law("A-01", "A-02", "O-07", "R-32")
    def test_each_is_told_with_article_and_what_is_to_be_done(self) -> None:
        an_office_with_open_cases()
        with override("en"):
            found = rehearsal.rehearse(PORTABILITY)
            (law,) = sentences(found, Kind.LAW)
            assert law.startswith("PIPA art. 35-2, Decree arts. 42-2, 42-6, 42-8: The duty to transmit")
            assert len(sentences(found, Kind.NUMBER)) == 3
            (duty,) = sentences(found, Kind.DUTY)
            assert "by the numbers of 2025 it binds" in duty
            assert "it does not bind" in duty.rpartition("decision")[2], "the decision is told beside the numbers"
            (look,) = sentences(found, Kind.CLOCK)
            assert "20 February 2027" in look.partition("(until then")[0]
            assert "24 November 2027" in look.partition("(until then")[2]
            found = rehearsal.rehearse(ACT_21910)
            assert len(sentences(found, Kind.LAW)) == 2
            assert len(sentences(found, Kind.CLOCK)) == 2, "automated decisions, and the new use"
            assert [one.fact.key for one in found.effects if one.fact.kind == Kind.DUTY] == ["ai-use"]
            found = rehearsal.rehearse(CERTIFICATION)
            assert [one.fact.key for one in found.effects if one.fact.kind == Kind.DUTY] == ["certification"]

    def test_every_difference_has_its_page_and_both_languages(self) -> None:
        an_office_with_open_cases()
        said = []
        for language in ("ko", "en"):
            with override(language):
                for on in THE_THREE:
                    found = rehearsal.rehearse(on)
                    said.append(rehearsal.lines(found))
                    assert all(resolve(one.fact.path).url_name for one in found.effects)
        korean, english = said[:3], said[3:]
        for ours, theirs in zip(korean, english, strict=True):
            assert len(ours) == len(theirs)
            assert all(one != other for one, other in zip(ours, theirs, strict=True) if one and "threshold." not in one)

    def test_the_days_to_come_are_offered_with_what_they_bring(self) -> None:
        with override("en"):
            days = dict(rehearsal.coming_days(date(2026, 11, 28)))
        assert [day for day in days if day in THE_THREE] == list(THE_THREE)
        assert "threshold.portability.sales" in days[PORTABILITY]
        assert rehearsal.coming_days(CERTIFICATION) == []


class AChangedNumber(PortalTestCase):
    on = date(2027, 3, 9)

    def shorten(self) -> None:
        policies.set_parameter(
            code="rights.answer.days", value=7, effective_on=self.on, basis="test",
            actor=factory.make_odile(granted=False), at=NOON,
        )  # fmt: skip

    def test_of_a_term_is_told_and_leaves_open_cases_alone(self) -> None:
        before = ask(at=at_noon(self.on - DAY)).request
        due = before.due_on
        self.shorten()
        found = rehearsal.rehearse(self.on)
        assert ("number", "rights.answer.days") in told(found)
        with override("en"):
            (number,) = sentences(rehearsal.rehearse(self.on), Kind.NUMBER)
            assert number == "rights.answer.days: 7 days (test) (until then: 10 days (R-08, R-14, R-21))"
            assert ("Answer to a request", 1) in rehearsal.rehearse(self.on).kept
        after = ask(at=at_noon(self.on)).request
        before.refresh_from_db()
        assert (before.due_on, due) == (due, date(2027, 3, 18))
        assert after.due_on == date(2027, 3, 16)

    def test_makes_the_published_text_untrue_from_its_day(self) -> None:
        factory.make_proposal()
        self.shorten()
        texts = {key for kind, key in told(rehearsal.rehearse(self.on)) if kind == Kind.TEXT}
        days = [{one.code for one in drift.find_drifts(day)} for day in (self.on - DAY, self.on)]
        assert texts == {f"drift {code}" for code in days[1] - days[0]} == {"drift value:parameter:rights.answer.days"}

    def test_is_not_known_before_its_day_alone(self) -> None:
        self.shorten()
        with dated_rules.known_until(self.on - DAY):
            assert rulebook.parameter("rights.answer.days", self.on) == 10
            assert len(rulebook.parameter_history("rights.answer.days")) == 1
        assert rulebook.parameter("rights.answer.days", self.on) == 7


def test_what_is_written_while_it_runs_is_no_change_of_the_day(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Parameter] = []

    def write() -> None:
        written.append(
            Parameter.objects.create(
                code="rights.answer.days", value=7, unit="days", effective_on=date(2027, 1, 1), basis="test"
            )
        )
        connections.close_all()

    def somebody_else(_on: date) -> list[Fact]:
        if not written:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(write).result(30)
        return []

    monkeypatch.setitem(dated_facts._sources, "written meanwhile", somebody_else)
    assert rehearsal.rehearse(date(2027, 2, 21)).effects == []
    assert written
    assert rulebook.parameter("rights.answer.days", date(2027, 2, 21)) == 7
    with transaction.atomic(), pytest.raises(RuntimeError):
        rehearsal.rehearse(date(2027, 2, 21))


class AComingVersion(PortalTestCase):
    @pytest.mark.clause("P0.3")
    def test_the_list_that_it_empties_is_empty_then(self) -> None:
        factory.make_expired_device(ended_on=date(2025, 1, 20))
        version = factory.make_policy(years=3, effective_on=date(2027, 2, 1))
        assert version.effective_on is not None
        with override("en"):
            found = rehearsal.rehearse(version.effective_on)
        (emptied,) = sentences(found, Kind.LIST)
        assert "no longer (until then: people: 1, records: 2, with approval)" in emptied
        assert ("text", "version") in told(found)
        assert version == PolicyVersion.objects.in_force(version.effective_on)
        assert not DestructionList.objects.filter(run=sweep_on(version.effective_on)).exists()

    def test_it_is_there_without_it(self) -> None:
        factory.make_expired_device(ended_on=date(2025, 1, 20))
        assert sweep_on(date(2027, 2, 1)).lists.get().people == 1


class Looking(PortalTestCase):
    def test_a_day_on_which_no_rule_begins_changes_nothing_whatever_passes_on_it(self) -> None:
        an_office_with_open_cases()
        for request in Request.objects.all():
            for on in (request.due_on, request.due_on + DAY):
                assert rehearsal.rehearse(on).effects == []
        with override("en"):
            assert rehearsal.lines(rehearsal.rehearse(date(2027, 2, 21)))[-1].startswith("Nothing changes")

    def test_writes_nothing(self) -> None:
        an_office_with_open_cases()
        factory.make_policy(years=3, effective_on=PORTABILITY)
        with ExitStack() as undone, ExitStack() as stack:
            for alias in connections:
                undone.callback(connections[alias].savepoint_rollback, connections[alias].savepoint())
            seen = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections]
            for alias in connections:
                with connections[alias].cursor() as cursor:
                    cursor.execute("SET TRANSACTION READ ONLY")
            for on in THE_THREE:
                assert rehearsal.rehearse(on).effects
        statements = [query["sql"] for queries in seen for query in queries.captured_queries]
        assert len(statements) > 100
        reading = re.compile(r"\s*(SELECT|DECLARE|FETCH|CLOSE|SAVEPOINT|RELEASE|SET TRANSACTION READ ONLY)\b")
        assert [sql for sql in statements if not reading.match(sql) or "FOR UPDATE" in sql] == []

    def test_the_command_says_it_in_both_languages_and_refuses_what_is_no_day(self) -> None:
        out = StringIO()
        call_command("rehearse_law", "--on", "2027-02-20", stdout=out)
        assert "법 제35조의2" in out.getvalue()
        assert "PIPA art. 35-2" in out.getvalue()
        with pytest.raises(CommandError, match="2027-02-30 is no day"):
            call_command("rehearse_law", "--on", "2027-02-30", stdout=out)

    def page(self, who: Callable[..., object], query: str = "") -> str:
        self.client.force_login(who())  # type: ignore[arg-type]
        response = self.client.get(f"{reverse('admin:policies_parameter_rehearsal')}{query}", secure=True)
        return response.content.decode() if response.status_code == 200 else str(response.status_code)

    def test_the_page_offers_the_days_and_shows_what_changes(self) -> None:
        an_office_with_open_cases()
        day = clock.today() + DAY
        Parameter.objects.create(code="training.months", value=6, unit="months", effective_on=day, basis="test")
        assert f"?on={day.isoformat()}" in self.page(factory.make_odile)
        shown = self.page(factory.make_odile, f"?on={day.isoformat()}")
        assert "training.months" in shown
        assert "2027-13-01" in self.page(factory.make_odile, "?on=2027-13-01"), "what was typed stays"
        assert self.page(factory.make_emin) in {"302", "403"}
        listed = self.client
        listed.force_login(factory.make_odile())
        registers = listed.get(reverse("admin:all-registers"), secure=True).content.decode()
        assert reverse("admin:policies_parameter_rehearsal") in registers

    def test_nobody_is_told_of_records_that_they_may_not_see(self) -> None:
        an_office_with_open_cases()
        seen = rehearsal.rehearse(PORTABILITY, may=lambda permission: permission == "policies.view_parameter")
        assert {one.fact.kind for one in seen.effects} == {Kind.LAW, Kind.NUMBER}
