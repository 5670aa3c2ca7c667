"""Which duties bind: dated thresholds, the numbers of a year, decisions with their next day, the officer's filing."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines, registers
from privacy.policies import actions as policies
from privacy.policies.models import Officer, Parameter
from privacy.safeguards import actions as safeguards
from privacy.safeguards.actions.applicability import filing_due
from privacy.safeguards.models import ApplicabilityDecision, OfficerFiling, YearFigures
from privacy.safeguards.thresholds import THRESHOLDS
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
NONE = {"sales": 0, "average_sales": 0, "people": 0, "sensitive_people": 0, "users": 0, "is_small": False}
# Of each duty: numbers that just meet it, and those of each that just don't (PIPA and Decree as in the editions).
LARGE = {"sales": 180_001, "average_sales": 180_001}
MET: dict[str, list[dict[str, Any]]] = {
    "officer": [{**LARGE, "people": 1_000_000}, {**LARGE, "sensitive_people": 50_000}],
    "insurance": [{"sales": 1_000, "people": 10_000}],
    "use-notice": [{"people": 1_000_000}, {"sensitive_people": 50_000}],
    "source-notice": [{"people": 1_000_000}, {"sensitive_people": 50_000}],
    "network": [{"users": 1_000_000}],
    "continuity": [{"people": 100_000}, {"people": 1_000_000, "is_small": True}],
    "portability": [{**LARGE, "people": 1_000_000}, {**LARGE, "sensitive_people": 50_000}],
}
UNMET: dict[str, list[dict[str, Any]]] = {
    "officer": [
        {**LARGE, "people": 999_999, "sensitive_people": 49_999},
        {"sales": 180_000, "average_sales": 999_999, "people": 9_000_000, "sensitive_people": 9_000_000},
    ],
    "insurance": [{"sales": 999, "people": 9_000_000}, {"sales": 999_999, "people": 9_999}],
    "use-notice": [{"people": 999_999, "sensitive_people": 49_999, "sales": 999_999}],
    "source-notice": [{"people": 999_999, "sensitive_people": 49_999, "sales": 999_999}],
    "network": [{"users": 999_999, "people": 9_000_000}],
    "continuity": [{"people": 99_999}, {"people": 999_999, "is_small": True}],
    "portability": [
        {**LARGE, "people": 999_999, "sensitive_people": 49_999},
        {"sales": 999_999, "average_sales": 180_000, "people": 9_000_000},
    ],
}


def figures(*, at: Any = NOON, year: int = 2025, **changes: Any) -> YearFigures:
    values = {**NONE, "year": year, "source": "감사보고서, 시스템 통계", **changes}
    return safeguards.record_figures(actor=factory.make_odile(granted=False), at=at, **values)


def decide(threshold: str, *, at: Any = NOON, **changes: Any) -> ApplicabilityDecision:
    values: dict[str, Any] = {"applies": False, "reasons": "수치가 기준에 미치지 않음", **changes}
    return safeguards.decide_applicability(
        threshold=threshold, actor=factory.make_odile(granted=False), at=at, **values
    )


def due(name: str) -> list[date]:
    found = deadlines.deadlines_between(date(2020, 1, 1), date(2099, 1, 1), on=TODAY, may=lambda _p: True, names={name})
    return [line.dated.on for line in found]


class ThresholdsTest(PortalTestCase):
    @pytest.mark.law("O-05", "O-06", "S-17", "S-26", "C-22", "N-10", "R-32")
    def test_each_is_met_from_its_number_on_and_not_before(self) -> None:
        for code, cases in MET.items():
            for case in cases:
                assert THRESHOLDS[code].met_by(YearFigures(**{**NONE, **case}), date(2027, 3, 1)) is True, (code, case)
        for code, cases in UNMET.items():
            for case in cases:
                assert THRESHOLDS[code].met_by(YearFigures(**{**NONE, **case}), date(2027, 3, 1)) is False, (code, case)
        assert set(MET) == set(UNMET) == {one.code for one in THRESHOLDS.values() if one.numbers}

    @pytest.mark.law("O-05", "O-06", "S-17", "P-11", "N-09", "N-10", "R-32", "R-34", "V-03", "P-15")
    def test_each_begins_on_the_day_of_its_provision(self) -> None:
        begin = {code: one.begins_on() for code, one in THRESHOLDS.items()}
        assert begin == {
            "officer": date(2026, 9, 11), "insurance": date(2024, 3, 15), "use-notice": date(2023, 9, 15),
            "source-notice": date(2023, 9, 15), "intrusion-notice": date(2026, 10, 1),
            "network": date(2023, 9, 15), "continuity": date(2023, 9, 22), "portability": date(2027, 2, 20),
            "portability-others": None, "telecom": None, "certification": date(2027, 7, 1), "cameras": None,
            "pseudonymised": None,
            "additional-use": None, "automated": None, "dormant": None, "backups-abroad": None,
            "ai-use": date(2027, 3, 9),
        }  # fmt: skip

    def test_an_amendment_acts_from_its_day(self) -> None:
        seen = YearFigures(**{**NONE, "sales": 500, "people": 10_000})
        Parameter.objects.create(
            code="threshold.insurance.sales", value=500, unit="count", effective_on=date(2027, 1, 1), basis="test"
        )
        assert THRESHOLDS["insurance"].met_by(seen, date(2026, 12, 31)) is False
        assert THRESHOLDS["insurance"].met_by(seen, date(2027, 1, 1)) is True


class DecisionTest(PortalTestCase):
    @pytest.mark.law("N-07", "N-08", "N-09", "V-03", "P-15", "R-34")
    def test_what_an_office_may_not_have_is_said_not_to_be_here_and_looked_at_again(self) -> None:
        for code in ("cameras", "pseudonymised", "additional-use", "dormant", "backups-abroad"):
            made = decide(code, reasons="해당 없음: 사무실과 서버실을 확인함")
            assert (made.applies, made.figures, made.again_on) == (False, None, date(2027, 11, 24))
        assert due("safeguards.applicability") == [date(2027, 11, 24)] * 5
        with pytest.raises(safeguards.Incomplete) as refused:
            decide("cameras", applies=True, reasons="서버실에 2대")
        assert refused.value.pointer == "/measure"
        with override("en"):
            for kind in ("fixed ones where the public comes", "mobile ones"):
                assert kind in str(THRESHOLDS["cameras"].basis), "of which cameras the law speaks"
        for number, code in enumerate(("cameras", "pseudonymised", "additional-use", "automated", "intrusion-notice")):
            with pytest.raises(safeguards.Incomplete):
                decide(code, applies=True, reasons="있음")
            measure = factory.make_measure(f"measure-{number}")
            made = decide(code, applies=True, reasons="있음", measure=measure)
            assert (made.applies, made.again_on) == (True, date(2027, 11, 24))

    @pytest.mark.law("O-05", "O-06", "S-17")
    def test_it_is_made_on_the_numbers_of_the_year_before(self) -> None:
        with pytest.raises(safeguards.Incomplete):
            decide("insurance")
        figures(year=2024, sales=9_999, people=99_999)
        with pytest.raises(safeguards.Incomplete):
            decide("insurance")
        for wrong in ({"year": 2026}, {"source": " "}):
            with pytest.raises(safeguards.Incomplete):
                figures(**wrong)
        seen = figures(sales=5_000, people=20_000)
        with pytest.raises(safeguards.Incomplete):
            decide("insurance", reasons=" ")
        made = decide("insurance", reasons="공익법인으로 제외됨")
        assert (made.figures, made.computed, made.applies) == (seen, True, False)
        assert made.limits == {"sales": 1_000, "people": 10_000}
        assert self.assertLedgered("safeguards.applicability.decided", made)

    @pytest.mark.law("O-06", "S-17", "S-26", "N-10")
    def test_what_binds_is_shown_to_be_carried_out_by_a_measure(self) -> None:
        figures(sales=5_000, people=2_000_000, users=2_000_000)
        measure = factory.make_measure("insurance", kind="other", cycle_days=365)
        for code in ("insurance", "network", "source-notice", "continuity"):
            with pytest.raises(safeguards.Incomplete):
                decide(code, applies=True)
            assert decide(code, applies=True, measure=measure).measure == measure
        assert due("safeguards.evidence") == [TODAY + 365 * DAY], "and the measure has its own clock"

    @pytest.mark.law("P-11")
    def test_a_question_of_status_needs_no_number_and_its_reasons(self) -> None:
        with pytest.raises(safeguards.Incomplete):
            decide("telecom", reasons="")
        made = decide("telecom", applies=True, reasons="부가통신사업 신고 2019-123")
        assert (made.figures, made.computed, made.decided_by) == (None, None, factory.make_odile().ref)

    def test_it_is_the_officers(self) -> None:
        for somebody in (factory.make_hana(), factory.make_aram()):
            with pytest.raises(NotPermitted):
                safeguards.decide_applicability(
                    threshold="telecom", applies=False, reasons="x", actor=somebody, at=NOON
                )


class NextLookTest(PortalTestCase):
    @pytest.mark.law("O-05", "O-06", "S-17", "P-11", "R-01")
    def test_it_is_looked_at_again_within_a_year(self) -> None:
        decide("telecom")
        assert due("safeguards.applicability") == [date(2027, 11, 24)]
        decide("telecom", at=NOON + 30 * DAY)
        assert due("safeguards.applicability") == [date(2027, 12, 24)], "the latest decision holds"

    @pytest.mark.law("O-06")
    def test_or_when_the_numbers_or_the_law_change_before(self) -> None:
        figures(sales=10, people=10)
        decide("insurance")
        Parameter.objects.create(
            code="threshold.insurance.people", value=5, unit="count", effective_on=date(2027, 7, 1), basis="test"
        )
        assert due("safeguards.applicability") == [date(2027, 7, 1)]
        figures(sales=10, people=20_000, at=NOON + DAY)
        assert due("safeguards.applicability") == [TODAY]

    def test_numbers_of_an_earlier_year_open_no_decision_again(self) -> None:
        figures()
        decide("insurance")
        figures(year=2024, sales=9_999, people=99_999, at=NOON + DAY)
        assert due("safeguards.applicability") == [date(2027, 11, 24)]
        figures(at=NOON + 2 * DAY)
        assert due("safeguards.applicability") == [TODAY], "a correction of the year it rests on does"

    def test_of_a_later_year_they_do(self) -> None:
        figures()
        decide("insurance")
        figures(year=2026, at=NOON.replace(year=2027, month=1, day=2))
        assert due("safeguards.applicability") == [TODAY]

    def test_of_two_decisions_of_one_moment_the_later_one_holds(self) -> None:
        for reasons in "abcdefgh":
            made = decide("telecom", reasons=reasons)
        assert ApplicabilityDecision.objects.newest_of_each().get() == made

    @pytest.mark.law("O-07")
    def test_what_is_announced_is_asked_again_on_its_day(self) -> None:
        figures()
        decide("portability")
        decide("certification")
        decide("automated")
        assert due("safeguards.applicability") == [date(2027, 2, 20), date(2027, 3, 9), date(2027, 7, 1)]


@pytest.mark.law("O-05")
class FilingTest(PortalTestCase):
    def setUp(self) -> None:
        figures(sales=200_000, people=2_000_000)
        self.measure = factory.make_measure("board", kind="other")

    def test_a_designation_is_filed_within_six_months_where_the_duty_binds(self) -> None:
        decide("officer")
        odile = factory.make_odile(granted=False)
        officer = policies.designate_officer(
            name="Odile", department_ko="개인정보보호팀", department_en="Privacy", phone="02-000-0000", email="",
            designated_from=date(2026, 10, 31), actor=odile, at=NOON,
        )  # fmt: skip
        assert due("safeguards.filing") == []
        decide("officer", applies=True, measure=self.measure, at=NOON + DAY)
        before = Officer.objects.get(designated_from__lt=date(2026, 9, 11))
        assert due("safeguards.filing") == [date(2027, 3, 10), date(2027, 4, 30)], (
            "six months by the Civil Act, to the end of the month; what was in force when the duty began, from that day"
        )
        assert filing_due(before) == date(2027, 3, 10)
        Officer.objects.filter(pk=before.pk).update(designated_until=date(2026, 9, 10))
        assert due("safeguards.filing") == [date(2027, 4, 30)], "who had left before the duty began is not filed"
        values = {"qualification": "경력 4년", "resolution": "이사회 2026-9", "receipt": "접수 123"}
        when = {"resolved_on": date(2026, 10, 30), "filed_on": date(2026, 11, 20)}
        for wrong in (
            {"qualification": " "},
            {"receipt": ""},
            {"filed_on": date(2026, 10, 1)},
            {"filed_on": TODAY + DAY},
        ):
            with pytest.raises(safeguards.Incomplete):
                safeguards.record_filing(officer=officer, **{**values, **when, **wrong}, actor=odile, at=NOON)
        made = safeguards.record_filing(officer=officer, **values, **when, actor=odile, at=NOON)
        assert self.assertLedgered("safeguards.officer.filed", made)
        assert due("safeguards.filing") == []
        with pytest.raises(safeguards.WrongState):
            safeguards.record_filing(officer=officer, **values, **when, actor=odile, at=NOON)
        assert OfficerFiling.objects.count() == 1


class PageTest(PortalTestCase):
    @pytest.mark.law("O-05", "O-06", "S-17", "P-11", "O-07")
    def test_each_duty_stands_there_with_numbers_decision_and_next_day(self) -> None:
        year = clock.today().year - 1
        safeguards.record_figures(
            **{**NONE, "sales": 123_456, "people": 777_777}, year=year, source="x",
            actor=factory.make_odile(), at=clock.now(),
        )  # fmt: skip
        client = Client()
        client.force_login(factory.make_odile())
        page = reverse("admin:safeguards_applicabilitydecision_changelist")
        said = client.get(page, secure=True).content.decode()
        for one in THRESHOLDS.values():
            assert str(one.basis) in said
            assert f"?threshold={one.code}" in said
        assert "777,777" in said or "777777" in said
        new = reverse("admin:safeguards_applicabilitydecision_new")
        asked = client.get(f"{new}?threshold=insurance", secure=True).content.decode()
        assert 'value="insurance" selected' in asked
        refused = client.post(new, {"threshold": "insurance", "applies": "yes", "reasons": "규모 초과"}, secure=True)
        assert "규모 초과" in refused.content.decode(), "what was typed stays"
        client.post(new, {"threshold": "insurance", "applies": "no", "reasons": "예외"}, secure=True)
        made = ApplicabilityDecision.objects.get()
        assert made.reference in client.get(page, secure=True).content.decode()

    def test_the_register_has_its_columns(self) -> None:
        decide("telecom", reasons="신고하지 않음")
        window = registers.ExportScope(date(2026, 1, 1), date(2026, 12, 31), factory.make_odile(), NOON, "점검")
        register = registers.get("applicability")
        (row,) = register.rows(window)
        told = dict(zip(register.headings, row, strict=True))
        assert (told["적용 여부"], told["판단 이유"], told["재검토 기한"]) == (
            "아니오",
            "신고하지 않음",
            date(2027, 11, 24),
        )
