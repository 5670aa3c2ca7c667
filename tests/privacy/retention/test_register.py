"""The destruction register: official columns, confirmed by the officer, paper with method and witness (P7.1, P7.2)."""

import hashlib
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import Error, IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.ledger.authorization import NotPermitted
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import registers
from privacy.policies.models import Category, Officer
from privacy.retention import actions as retention
from privacy.retention import register
from privacy.retention.annual_report import destruction_section
from privacy.retention.models import DestructionList, DestructionRun, PaperDestruction, RegisterEntry
from privacy.retention.refusals import BadMethod, SamePerson
from privacy.vault.models import EncryptedFile
from tests.base import PortalTestCase
from tests.factory import (
    at_noon,
    carry_out_all,
    judge_files,
    make_emin,
    make_expired_device,
    make_hana,
    make_odile,
    make_omar,
    sweep_on,
)
from tests.sample_uploads import pdf, stream

DUE = date(2026, 5, 16)
PAPER: dict[str, Any] = {
    "medium": "paper", "contents": "가입 신청서", "amount": 12, "amount_unit": "상자", "method": "shred",
    "place": "본사 3층", "destroyed_on": DUE, "reason": "보유기간 경과", "executor": "문서파쇄㈜", "witness": "정경수",
}  # fmt: skip


def record(**changes: Any) -> PaperDestruction:
    return retention.record_paper(**{**PAPER, **changes}, actor=make_hana(), at=at_noon(DUE))


@pytest.mark.clause("P7.1")
class TheRegister(PortalTestCase):
    @pytest.mark.law("D-09", "F-6")
    def test_gets_an_entry_for_each_destruction_with_the_columns_of_the_form(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        (row,) = carry_out_all(sweep_on(DUE))
        entry = RegisterEntry.objects.get(list=row)
        assert entry.number == 1
        assert entry.file_name == "기기 등록 및 라이선스 정보"
        assert (entry.people, entry.records, entry.trigger_on) == (1, 2, DUE)
        assert entry.department_head == "정경수"
        assert entry.evidence == row.certificates.get().digest

    @pytest.mark.truth("hunt")
    def test_takes_the_officer_s_name_however_long_it_may_be(self) -> None:
        """A destruction was never certified, and its paper not registered, where the name was of 101 letters."""
        Officer.objects.update(name="가" * 120)
        make_expired_device(ended_on=date(2024, 5, 15))
        (row,) = carry_out_all(sweep_on(DUE))
        assert {RegisterEntry.objects.get(list=row).department_head, record().register_entry.department_head} == {
            "가" * 120
        }

    @pytest.mark.truth("hunt")
    def test_has_room_for_what_its_columns_are_copied_from(self) -> None:
        copied = (
            (Officer, "name", "department_head"), (Officer, "department_ko", "place"),
            (Category, "name_ko", "file_name"), (DestructionList, "executed_by", "handler"),
            (DestructionRun, "ordered_by", "requested_by"), (PaperDestruction, "contents", "file_name"),
            (PaperDestruction, "reason", "reason"), (PaperDestruction, "executor", "handler"),
            (PaperDestruction, "witness", "witness"), (PaperDestruction, "place", "place"),
            (PaperDestruction, "recorded_by", "requested_by"),
        )  # fmt: skip
        for model, source, column in copied:
            room = RegisterEntry._meta.get_field(column).max_length or 0
            assert (model._meta.get_field(source).max_length or 0) <= room, f"{model.__name__}.{source} → {column}"

    @pytest.mark.truth("hunt")
    def test_leaves_as_a_file_with_both_days_between_which_it_was_created(self) -> None:
        record(created_from=date(2015, 1, 1), created_until=date(2019, 12, 31))
        record(created_from=date(2019, 3, 4))
        column = dict(registers.get("destructions").columns)["생성일"]
        assert callable(column)
        told = [str(column(entry)) for entry in RegisterEntry.objects.order_by("number")]
        assert told == ["2015-01-01 ~ 2019-12-31", "2019-03-04"]

    @pytest.mark.truth("hunt")
    def test_was_created_in_its_order_and_before_it_was_destroyed(self) -> None:
        day, next_day = date(2019, 1, 1), DUE + timedelta(days=1)
        for days in ((day, day - timedelta(days=1)), (next_day, None), (None, next_day)):
            with pytest.raises(IntegrityError, match="retention_paper_created"), transaction.atomic():
                record(created_from=days[0], created_until=days[1])
        assert record(created_from=DUE, created_until=DUE).register_entry.created_until == DUE

    @pytest.mark.law("D-08")
    def test_is_confirmed_once_by_somebody_else(self) -> None:
        paper = retention.record_paper(**PAPER, actor=make_odile(), at=at_noon(DUE))
        entry = paper.register_entry
        with pytest.raises(SamePerson):
            retention.confirm_result(entry, actor=make_odile(), at=at_noon(DUE))
        with pytest.raises(NotPermitted):
            retention.confirm_result(entry, actor=make_hana(), at=at_noon(DUE))
        other = record().register_entry
        retention.confirm_result(other, actor=make_odile(), at=at_noon(DUE))
        with pytest.raises(Refusal):
            retention.confirm_result(other, actor=make_odile(), at=at_noon(DUE))
        self.assertLedgered("retention.register.confirmed", other)

    @pytest.mark.law("D-09", "F-6")
    def test_is_never_rewritten(self) -> None:
        entry = record().register_entry
        for change in (lambda: RegisterEntry.objects.update(people=99), lambda: RegisterEntry.objects.all().delete()):
            with pytest.raises(Error, match="only confirmed"), transaction.atomic():
                change()
        assert RegisterEntry.objects.get().pk == entry.pk

    def test_is_exported_in_the_official_column_order(self) -> None:
        record(contents="=HYPERLINK(1)")
        record()
        window = registers.ExportScope(date(2026, 1, 1), date(2026, 12, 31), make_odile(), at_noon(DUE), "inspection")
        content, _count = registers.render(registers.get("destructions"), window, "xlsx")
        sheet = load_workbook(io.BytesIO(content)).active
        rows = list(sheet.iter_rows(values_only=True))
        assert [row[0] for row in rows[1:]] == [1, 2]
        assert sheet["B2"].data_type == "s", "a text is never a formula"


@pytest.mark.clause("P7.2")
class Paper(PortalTestCase):
    @pytest.mark.law("F-7")
    def test_is_registered_with_method_amount_place_and_witness(self) -> None:
        paper = record()
        entry = paper.register_entry
        assert (entry.witness, entry.place, entry.handler) == ("정경수", "본사 3층", "문서파쇄㈜")
        assert entry.media_destroyed
        self.assertLedgered("retention.paper.recorded", paper)

    @pytest.mark.truth("boxes-counted-as-records")
    def test_its_boxes_are_no_records_of_the_annual_report(self) -> None:
        paper = record()
        year = paper.destroyed_on.year
        figures = {
            figure.code: figure.value for figure in destruction_section(date(year, 1, 1), date(year, 12, 31)).figures
        }
        assert paper.amount > 0
        assert (figures["destruction.entries"], figures["destruction.records"]) == (1, 0)

    @pytest.mark.law("D-06", "D-07")
    def test_is_shredded_or_burnt_and_nothing_else(self) -> None:
        for method in ("degauss", "overwrite", "physical", "magic"):
            with self.subTest(method), pytest.raises(BadMethod):
                record(method=method)
        record(method="incinerate")

    def test_has_a_witness_who_did_not_do_it(self) -> None:
        for witness in ("", "문서파쇄㈜"):
            with self.subTest(witness), pytest.raises(BadMethod):
                record(witness=witness)

    def test_is_complete_and_not_in_the_future(self) -> None:
        for changes in ({"amount": 0}, {"place": " "}, {"contents": ""}, {"destroyed_on": date(2026, 5, 17)}):
            with self.subTest(changes), pytest.raises(Refusal):
                record(**changes)

    def test_takes_the_permission(self) -> None:
        with pytest.raises(NotPermitted):
            retention.record_paper(**PAPER, actor=make_emin(), at=at_noon(DUE))


@pytest.mark.clause("P7.2")
class TheEvidence(PortalTestCase):
    PDF = pdf(stream(b"zebra-canary", packed=False))

    def setUp(self) -> None:
        self.paper = record(evidence=retention.Evidence("shredding.pdf", self.PDF))
        self.odile = make_odile()

    def test_is_sealed_and_its_digest_stands_in_the_register(self) -> None:
        digest = hashlib.sha256(self.PDF).hexdigest()
        assert self.paper.register_entry.evidence == digest
        file = EncryptedFile.objects.get(id=self.paper.evidence_id)
        assert b"zebra-canary" not in file.content.ciphertext
        self.assertLedgered("retention.paper.recorded", self.paper)

    def test_is_read_on_record_for_the_duty_to_prove(self) -> None:
        grant(self.odile)
        judge_files(at=at_noon(DUE))
        content, media_type = retention.open_evidence(self.paper, actor=self.odile, at=at_noon(DUE))
        assert (content, media_type) == (self.PDF, "application/pdf")
        assert self.assertLedgered("ledger.read").actor == self.odile.reference

    def test_takes_a_grant(self) -> None:
        with pytest.raises(NotPermitted):
            retention.open_evidence(self.paper, actor=self.odile, at=at_noon(DUE))

    def test_is_a_document_and_nothing_else(self) -> None:
        with pytest.raises(InvalidUpload):
            record(evidence=retention.Evidence("run.exe", b"MZ"))
        assert PaperDestruction.objects.count() == 1

    def test_goes_when_its_years_are_over_and_not_a_day_before(self) -> None:
        last_day = date(DUE.year + 3, DUE.month, DUE.day)
        assert not sweep_on(last_day).lists.exists()
        carry_out_all(sweep_on(last_day + timedelta(days=1)))
        assert not EncryptedFile.objects.exists()
        with pytest.raises(InvalidUpload):
            retention.open_evidence(self.paper, actor=self.odile, at=at_noon(last_day))


def grant(user: User) -> None:
    accounts.grant(
        asked_by=user,
        user=user, category="destruction-evidence", purpose="legal-duty", reason="test", valid_from=DUE,
        valid_until=None, actor=make_omar(), at=at_noon(DUE),
    )  # fmt: skip


@pytest.mark.truth("who-destroyed-paper")
class WhoTookPart(PortalTestCase):
    def told(self, entry: RegisterEntry) -> tuple[str, str]:
        return register.describe_actors_of(entry, "handler"), register.describe_actors_of(entry, "witness")

    def test_a_name_that_nobody_checked_is_told_as_stated_by_who_recorded_it(self) -> None:
        hana, odile = make_hana(), make_odile()
        entry = record(executor="김파쇄", witness=odile.reference).register_entry
        with override("en"):
            assert self.told(entry) == (
                f"김파쇄 (as stated by Hana ({hana.reference}))", f"Odile ({odile.reference})"
            )  # fmt: skip
        self.client.force_login(odile)
        page = self.client.get(reverse("admin:retention_paperdestruction_change", args=[entry.paper_id]))
        assert f"김파쇄(Hana ({hana.reference})의 진술)" in page.content.decode()

    @pytest.mark.truth("21")
    def test_the_entry_s_own_page_tells_whom_it_names_as_the_list_and_the_export_do(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        (row,) = carry_out_all(sweep_on(DUE))
        paper = record(executor="김파쇄", witness="정경수").register_entry
        self.client.force_login(make_odile())
        for entry in (RegisterEntry.objects.get(list=row), paper):
            page = self.client.get(reverse("admin:retention_registerentry_change", args=[entry.pk])).content.decode()
            for name in register.ACTOR_COLUMNS:
                assert register.describe_actors_of(entry, name) in page
            assert "system:" not in page.partition('id="content"')[2].partition("<h2")[0]

    def test_an_account_is_named_by_a_reference_that_exists(self) -> None:
        with pytest.raises(Refusal) as raised:
            record(executor="U-0000-0000")
        assert raised.value.pointer == "/executor"
        assert not RegisterEntry.objects.exists()

    @pytest.mark.law("D-08")
    def test_who_carried_it_out_does_not_confirm_the_result(self) -> None:
        odile = make_odile()
        entry = record(executor=odile.reference.lower()).register_entry
        with pytest.raises(SamePerson):
            retention.confirm_result(entry, actor=odile, at=at_noon(DUE))

    def test_what_the_portal_destroyed_itself_is_no_statement(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        (row,) = carry_out_all(sweep_on(DUE))
        assert "(as stated" not in " ".join(self.told(RegisterEntry.objects.get(list=row)))
