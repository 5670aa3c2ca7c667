"""The annual report: its figures are the registers', and it prints the same for ever (law O-03)."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.ledger.authorization import NotPermitted
from privacy.lib.display import badges, charts
from privacy.lib.registries import annual_report
from privacy.rights.models import Request
from privacy.safeguards import actions as safeguards
from privacy.safeguards import documents
from privacy.safeguards.events import Event
from privacy.safeguards.models import AnnualReport, InspectionFinding
from tests.base import PortalTestCase
from tests.factory import NOON, ask, make_aram, make_device, make_finding, make_hana, make_odile, make_provided

CHAPTERS = {
    "rights", "disclosures", "consents", "destruction", "complaints", "incidents", "workforce", "access", "safeguards",
    "trail",
}  # fmt: skip


def make(language: str = "ko", **changes: Any) -> AnnualReport:
    values = {
        "year": 2026,
        "language": language,
        "remarks": "예산 증액이 필요합니다.",
        "actor": make_odile(),
        "at": NOON,
    }
    return safeguards.make_report(**(values | changes))


def value(report: AnnualReport, code: str) -> int | None:
    return next(one["value"] for chapter in report.chapters for one in chapter["figures"] if one["code"] == code)


class ReportTest(PortalTestCase):
    @pytest.mark.truth("signed-in-korea")
    def test_it_is_signed_with_the_day_in_korea(self) -> None:
        """Made at half past seven in the morning in Korea, when the day before is still on in Greenwich."""
        early = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
        report = safeguards.make_report(year=2026, language="en", actor=make_odile(), at=early)
        with override("en"):
            blocks = documents._report_payload(report)["blocks"]
            (signed,) = (block for block in blocks if block["kind"] == "signature")
            assert signed["rows"][0] == badges.date_text(date(2026, 11, 25))

    @pytest.mark.law("O-03")
    def test_figures_equal_the_registers(self) -> None:
        make_provided(make_device(1), "model")
        ask()
        ask()
        incidents.file_complaint(explanation="zebra", at=NOON)
        safeguards.correct_finding(make_finding(), done="교체", actor=make_hana(), at=NOON)
        report = make()
        assert {chapter["code"] for chapter in report.chapters} >= CHAPTERS
        assert value(report, "rights.received") == Request.objects.count() == 2
        assert value(report, "disclosures.provided") == 1
        assert value(report, "complaints.received") == 1
        assert value(report, "safeguards.inspections") == 1
        assert value(report, "safeguards.findings") == InspectionFinding.objects.count() == 1
        assert value(report, "safeguards.in-time-share") == 100
        with override("ko"):
            sections = annual_report.report_sections(date(2026, 1, 1), date(2026, 12, 31))
            live = {one.code: one.value for _code, section in sections for one in section.figures}
        assert {one["code"]: one["value"] for chapter in report.chapters for one in chapter["figures"]} == live

    @pytest.mark.truth("corrected-in-time")
    def test_a_finding_that_was_given_back_is_in_time_only_by_its_first_day(self) -> None:
        finding, day = make_finding(due_on=date(2026, 11, 25)), timedelta(days=1)
        done = safeguards.correct_finding(finding, done="교체함", actor=make_hana(), at=NOON)
        again = safeguards.reopen_finding(done, due_on=date(2026, 12, 10), actor=make_aram(), at=NOON + 3 * day)
        safeguards.correct_finding(again, done="다시 교체함", actor=make_hana(), at=NOON + 4 * day)
        assert value(make(at=NOON + 5 * day), "safeguards.in-time-share") == 0

    def test_it_prints_the_same_later_in_both_languages_with_its_charts(self) -> None:
        for language in ("ko", "en"):
            report = make(language)
            first = safeguards.print_report(report, actor=make_odile(), at=NOON)
            ask()  # the register goes on; the report does not
            again = safeguards.print_report(AnnualReport.objects.get(pk=report.pk), actor=make_odile(), at=NOON)
            assert first == again
            assert hashlib.sha256(first).hexdigest() == report.digest
            self.assertLedgered(Event.REPORT_MADE, report)

    def test_changed_figures_no_longer_match(self) -> None:
        report = make()
        report.chapters[0]["figures"][0]["value"] += 1
        AnnualReport.objects.filter(pk=report.pk).update(chapters=report.chapters)
        with pytest.raises(safeguards.WrongState):
            safeguards.print_report(AnnualReport.objects.get(pk=report.pk), actor=make_odile(), at=NOON)

    @pytest.mark.law("O-01")
    def test_it_is_presented_once(self) -> None:
        report = make()
        for day in (date(2026, 11, 23), date(2026, 11, 25)):
            with pytest.raises(safeguards.Incomplete):
                safeguards.present_report(report, presented_on=day, actor=make_odile(), at=NOON)
        safeguards.present_report(report, presented_on=NOON.date(), actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.WrongState):
            safeguards.present_report(report, presented_on=NOON.date(), actor=make_odile(), at=NOON)

    def test_only_of_years_there_were_and_by_the_officer(self) -> None:
        for year in (2019, 2027):
            with pytest.raises(safeguards.Incomplete):
                make(year=year)
        with pytest.raises(NotPermitted):
            make(actor=make_aram())

    def test_from_the_console(self) -> None:
        self.client.force_login(make_odile())
        self.client.post(
            reverse("admin:safeguards_annualreport_new"), {"year": "2025", "language": "ko", "remarks": ""}
        )
        report = AnnualReport.objects.get()
        page = reverse("admin:safeguards_annualreport_change", args=[report.pk])
        assert "정보주체의 요구" in self.client.get(page).content.decode()
        pressed = {"CHANGE_FORM-action": "download", "_selected_action": str(report.pk), "index": "0"}
        answer = self.client.post(page, pressed)
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="annual-report-2025-ko.pdf"'


def test_lying_bars_tell_every_name_and_number() -> None:
    drawn = charts.horizontal_bar_chart([("열람 <b>", 3), ("삭제", 0), ("정정", 1_200)], label="권리별")
    assert drawn.count('class="bar"') == 3
    assert "열람 &lt;b&gt;" in drawn and "1,200" in drawn
    assert charts.standalone_svg(drawn).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "0 0 480 26" in charts.horizontal_bar_chart([], label="x")
