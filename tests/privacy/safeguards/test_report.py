"""The annual report: its figures are the registers', and it prints the same for ever (law O-03)."""

import hashlib
from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.ledger.actors import NotPermitted
from privacy.lib import charts, yearbook
from privacy.rights.models import Request
from privacy.safeguards import actions as safeguards
from privacy.safeguards.events import Event
from privacy.safeguards.models import AnnualReport, Nonconformity
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
        assert value(report, "safeguards.findings") == Nonconformity.objects.count() == 1
        assert value(report, "safeguards.in-time-share") == 100
        with override("ko"):
            live = {one.code: one.value for _c, chapter in yearbook.chapters(date(2026, 1, 1), date(2026, 12, 31))
                    for one in chapter.figures}  # fmt: skip
        assert {one["code"]: one["value"] for chapter in report.chapters for one in chapter["figures"]} == live

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
    drawn = charts.rows([("열람 <b>", 3), ("삭제", 0), ("정정", 1_200)], label="권리별")
    assert drawn.count('class="bar"') == 3
    assert "열람 &lt;b&gt;" in drawn and "1,200" in drawn
    assert charts.printed(drawn).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "0 0 480 26" in charts.rows([], label="x")
