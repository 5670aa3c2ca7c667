"""What representative and board are told and have read; the officer's standing and paper (O-01 … O-04, N-06)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.ledger.authorization import NotPermitted
from privacy.lib.registries import deadlines, registers
from privacy.policies.models import Officer
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import ManagementReport, OfficerAppointment
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def tell(*, at: Any = NOON, **changes: Any) -> ManagementReport:
    values: dict[str, Any] = {
        "kind": "regular", "audience": "representative", "subject": "3분기 보호 현황",
        "content": "요구 12건, 유출 없음", "reported_on": TODAY, **changes,
    }  # fmt: skip
    return safeguards.record_report(actor=factory.make_odile(granted=False), at=at, **values)


def prove(report: ManagementReport, *, at: Any = NOON, **changes: Any) -> ManagementReport:
    values: dict[str, Any] = {
        "read_on": TODAY, "decision": "확인함", "name": "signed.pdf", "content": PDF, **changes,
    }  # fmt: skip
    return safeguards.prove_reading(report, actor=factory.make_odile(granted=False), at=at, **values)


def due(name: str) -> list[date]:
    found = deadlines.deadlines_between(date(2020, 1, 1), date(2099, 1, 1), on=TODAY, may=lambda _p: True, names={name})
    return [line.dated.on for line in found]


class ReportTest(PortalTestCase):
    @pytest.mark.law("O-01", "O-03", "O-04")
    def test_the_signed_copy_proves_that_it_was_read(self) -> None:
        report = tell()
        self.assertLedgered("safeguards.management.told", report)
        assert due("safeguards.signed-copy") == [TODAY + 14 * DAY]
        for wrong in ({"content": b""}, {"decision": " "}, {"read_on": TODAY - DAY}, {"read_on": TODAY + DAY}):
            with pytest.raises(safeguards.Incomplete):
                prove(report, **wrong)
        assert not EncryptedFile.objects.exists(), "what was refused leaves no paper behind"
        read = prove(report)
        assert (read.read_on, len(read.file_digest)) == (TODAY, 64)
        assert due("safeguards.signed-copy") == []
        with pytest.raises(safeguards.WrongState):
            prove(report)
        assert EncryptedFile.objects.count() == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            ManagementReport.objects.filter(pk=tell().pk).update(read_on=TODAY)

    @pytest.mark.law("O-01", "O-03", "O-04")
    def test_of_staff_and_budget_it_says_what_was_asked_and_what_was_granted(self) -> None:
        with pytest.raises(safeguards.Incomplete):
            tell(kind="resources", staff_asked=2)
        report = tell(kind="resources", staff_asked=2, budget_asked=300)
        with pytest.raises(safeguards.Incomplete):
            prove(report)
        read = prove(report, decision="1명, 2억원 승인", staff_granted=1, budget_granted=200)
        assert (read.staff_asked, read.staff_granted, read.budget_granted) == (2, 1, 200)

    @pytest.mark.law("N-06")
    def test_a_breach_of_the_law_is_reported_with_what_was_corrected_at_once(self) -> None:
        with pytest.raises(safeguards.Incomplete):
            tell(kind="breach", subject="파기 지연")
        report = tell(kind="breach", subject="파기 지연", corrected="지연된 120건을 파기함")
        assert self.assertLedgered("safeguards.management.told", report)
        with pytest.raises(IntegrityError, match="says_what_was_corrected"), transaction.atomic():
            ManagementReport.objects.filter(pk=report.pk).update(corrected="")

    @pytest.mark.law("O-04")
    def test_the_officer_reports_and_nobody_for_the_officer(self) -> None:
        for somebody in (factory.make_hana(), factory.make_aram()):
            with pytest.raises(NotPermitted):
                safeguards.record_report(
                    kind="regular", audience="board", subject="x", content="x", reported_on=TODAY, actor=somebody,
                    at=NOON,
                )  # fmt: skip

    @pytest.mark.law("O-03", "O-04")
    def test_regular_reports_and_those_on_means_are_due_each_year(self) -> None:
        assert due("safeguards.regular-report") == due("safeguards.resources-report") == []
        factory.make_approved_plan(effective_on=TODAY)
        assert due("safeguards.regular-report") == due("safeguards.resources-report") == [date(2027, 11, 24)]
        tell(at=NOON + 30 * DAY, reported_on=TODAY + 30 * DAY, audience="board")
        assert due("safeguards.regular-report") == [date(2027, 12, 24)]
        assert due("safeguards.resources-report") == [date(2027, 11, 24)], "the one is not the other"

    @pytest.mark.law("O-01", "O-03")
    def test_the_register_tells_who_was_told_what_and_what_came_of_it(self) -> None:
        prove(tell())
        window = registers.ExportScope(date(2026, 1, 1), date(2026, 12, 31), factory.make_odile(), NOON, "점검")
        register = registers.get("management-reports")
        (row,) = register.rows(window)
        told = dict(zip(register.headings, row, strict=True))
        assert (told["보고 대상"], told["확인일"], told["결정·지시 사항"]) == ("사업주 또는 대표자", TODAY, "확인함")


class AppointmentTest(PortalTestCase):
    def setUp(self) -> None:
        self.officer = Officer.objects.order_by("-designated_from").first()
        assert self.officer is not None

    def appoint(self, **changes: Any) -> OfficerAppointment:
        values: dict[str, Any] = {
            "officer": self.officer, "standing": "executive", "position": "최고정보보호책임자(상무)",
            "appointed_on": TODAY, "document": "인사발령 2026-31", "name": "a.pdf", "content": PDF, **changes,
        }  # fmt: skip
        return safeguards.record_appointment(actor=factory.make_odile(granted=False), at=NOON, **values)

    @pytest.mark.law("O-02")
    def test_standing_and_paper_are_kept_with_the_designation(self) -> None:
        for wrong in ({"content": b""}, {"position": " "}, {"document": ""}, {"appointed_on": TODAY + DAY}):
            with pytest.raises(safeguards.Incomplete):
                self.appoint(**wrong)
        made = self.appoint()
        self.assertLedgered("safeguards.officer.appointed", made)
        assert [one.value for one in OfficerAppointment.Standing] == ["owner", "executive", "department-head"]
        with pytest.raises(safeguards.WrongState):
            self.appoint()
        factory.judge_files()
        omar = factory.make_omar()
        accounts.grant(
            asked_by=omar, user=omar, category="safeguard-evidence", purpose="legal-duty", reason="test",
            valid_from=TODAY, valid_until=None, actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        assert safeguards.open_signed_paper(made, actor=omar, at=NOON) == (PDF, "application/pdf")

    @pytest.mark.law("O-01", "O-02")
    def test_both_are_recorded_in_the_console(self) -> None:
        client = Client()
        client.force_login(factory.make_odile())
        assert self.officer is not None
        given = {
            "officer": str(self.officer.pk), "standing": "executive", "position": "상무", "appointed_on": "2026-11-20",
            "document": "인사발령",
        }  # fmt: skip
        new = reverse("admin:safeguards_officerappointment_new")
        assert "multipart/form-data" in client.get(new, secure=True).content.decode()
        refused = client.post(new, given, secure=True)
        assert "인사발령" in refused.content.decode(), "what was typed stays"
        client.post(new, {**given, "file": SimpleUploadedFile("a.pdf", PDF)}, secure=True)
        assert OfficerAppointment.objects.get().position == "상무"
        said = {
            "kind": "regular", "audience": "board", "subject": "현황", "content": "이상 없음",
            "reported_on": "2026-11-20",
        }  # fmt: skip
        client.post(reverse("admin:safeguards_managementreport_new"), said, secure=True)
        report = ManagementReport.objects.get()
        press = {"CHANGE_FORM-action": "prove", "_selected_action": str(report.pk), "confirmed": "1"}
        page = reverse("admin:safeguards_managementreport_change", args=[report.pk])
        sent = {**press, "read_on": "2026-11-21", "decision": "확인함", "file": SimpleUploadedFile("b.pdf", PDF)}
        client.post(page, sent, secure=True)
        report.refresh_from_db()
        assert report.read_on == date(2026, 11, 21)
