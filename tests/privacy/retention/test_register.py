"""The destruction register: official columns, confirmed by the officer, paper with method and witness (P7.1, P7.2)."""

import hashlib
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import Error, IntegrityError, transaction
from openpyxl import load_workbook

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.ledger import verify_papers
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.exports import document_issuance
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.lib.registries import registers
from privacy.policies.models import Category, Officer
from privacy.retention import actions as retention
from privacy.retention.annual_report import destruction_section
from privacy.retention.certificates.partial_destruction_form import issue_partial_form
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
from tests.pdf_text import text_of, without_spaces
from tests.sample_uploads import pdf, stream

DUE = date(2026, 5, 16)
FIVE = timedelta(days=5)
PAPER: dict[str, Any] = {
    "medium": "paper", "contents": "가입 신청서", "amount": 12, "amount_unit": "상자", "method": "shred",
    "place": "본사 3층", "destroyed_on": DUE, "reason": "보유기간 경과", "executor": "문서파쇄㈜", "witness": "정경수",
}  # fmt: skip

MASKED = retention.Part(part="주민등록번호 칸", rest="신청 내용", partial_reason="신청서는 5년 보존")
ERASED = retention.Part(
    part="2019년 이전 기록", rest="2020년 이후 기록", partial_reason="같은 디스크를 계속 씀",
    supervision="복구 도구를 막고 접근을 기록함", supervisor="김감독",
)  # fmt: skip
DISK = {"medium": "disk", "method": "erase"}


def row_of(paper: PaperDestruction) -> dict[str, Any]:
    """The columns of a row, for one beside it."""
    made = {field.attname: getattr(paper, field.attname) for field in PaperDestruction._meta.concrete_fields}
    return {name: value for name, value in made.items() if name not in ("id", "reference")}


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

    @pytest.mark.law("F-6", "F-7")
    def test_says_of_each_destruction_what_the_two_forms_ask_for(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        carry_out_all(sweep_on(DUE))
        record(created_from=date(2015, 1, 1), created_until=date(2019, 12, 31))
        scope = registers.ExportScope(date(2026, 1, 1), date(2026, 12, 31), make_odile(), at_noon(DUE), "점검")
        register = registers.get("destructions")
        by_list, by_hand = (dict(zip(register.headings, cells, strict=True)) for cells in register.rows(scope))
        assert (by_list["번호"], by_list["개인정보파일명"]) == (1, "기기 등록 및 라이선스 정보")
        assert DUE <= by_list["폐기일"] <= DUE + FIVE
        assert (by_list["처리부서장"], by_list["파기 사유 발생일"], by_list["파기 기한"]) == ("정경수", DUE, DUE + FIVE)
        for heading in (
            "자료의 종류", "폐기사유", "처리담당자", "요청일", "요청자", "주요 대상업무", "파기 전 보관건수",
            "승인일", "승인자", "파기 방법", "폐기 확인 방법", "백업 조치",
        ):  # fmt: skip
            assert by_list[heading], heading
        assert make_odile().reference in str(by_list["승인자"])
        assert (by_hand["개인정보파일명"], by_hand["생성일"]) == ("가입 신청서", "2015-01-01 ~ 2019-12-31")
        assert (by_hand["파기 장소"], by_hand["매체 폐기 여부"]) == ("본사 3층", "예")
        assert "정경수" in str(by_hand["입회자"]) and "문서파쇄㈜" in str(by_hand["처리담당자"])

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

    @pytest.mark.law("T-10")
    def test_of_paper_has_no_later_term_for_a_day_of_rest(self) -> None:
        """The fifth day is a Sunday; on the Monday it is late."""
        sunday, monday = date(2026, 5, 10), date(2026, 5, 11)
        entry = record(due_since=date(2026, 5, 5), destroyed_on=monday).register_entry
        assert (entry.target_on, entry.lacks_reason_for_delay) == (sunday, True)

    @pytest.mark.law("D-02")
    def test_of_paper_counts_its_term_from_the_day_it_was_due_and_says_why_it_is_late(self) -> None:
        assert record().register_entry.target_on is None, "of what nobody said"
        for days, late in ((5, False), (6, True)):
            entry = record(due_since=DUE - timedelta(days=days)).register_entry
            assert (entry.trigger_on, entry.target_on) == (DUE - timedelta(days=days), DUE - timedelta(days=days - 5))
            assert entry.lacks_reason_for_delay is late
        with pytest.raises(Refusal):
            retention.confirm_result(entry, actor=make_odile(), at=at_noon(DUE))
        said = retention.confirm_result(entry, late_because="업체 일정", actor=make_odile(), at=at_noon(DUE))
        assert said.delay_reason == "업체 일정"
        with pytest.raises(IntegrityError, match="retention_paper_due_before_destroyed"), transaction.atomic():
            record(due_since=DUE + timedelta(days=1))

    @pytest.mark.law("D-08", "O-03")
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

    def test_is_entered_before_it_is_confirmed(self) -> None:
        """A late one was confirmed without its reason by a row that was put in so."""
        entry = record(due_since=DUE - timedelta(days=9)).register_entry
        entry.pk, entry.number, entry.paper = new_id(), 99, PaperDestruction.objects.create(**row_of(entry.paper))
        entry.confirmed_by, entry.confirmed_at = make_odile().ref, at_noon(DUE)
        with pytest.raises(Error, match="only confirmed"), transaction.atomic():
            entry.save(force_insert=True)

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

    @pytest.mark.law("D-07")
    def test_a_whole_medium_is_demolished_degaussed_or_overwritten_where_that_destroys_it(self) -> None:
        for medium, methods in (
            ("disk", ("physical", "degauss", "overwrite")),
            ("removable", ("physical", "overwrite")),
        ):
            for method in methods:
                assert record(medium=medium, method=method).register_entry.media_destroyed, (medium, method)
        with pytest.raises(BadMethod):
            record(medium="removable", method="degauss")

    @pytest.mark.law("D-07")
    def test_of_which_a_part_is_destroyed_says_what_is_kept_and_who_watches(self) -> None:
        masked = record(method="mask", of_part=MASKED)
        assert not masked.register_entry.media_destroyed
        assert masked.register_entry.notes.splitlines()[0] == "파기한 부분: 주민등록번호 칸"
        erased = record(**DISK, of_part=ERASED)
        assert erased.register_entry.notes.count("\n") == 4
        assert erased.register_entry.method.startswith("일부 삭제")

    @pytest.mark.law("D-07")
    def test_a_part_is_not_destroyed_without_what_is_said_of_one_nor_a_whole_with_it(self) -> None:
        for changes, pointer in (
            ({"method": "mask"}, "/part"), ({"method": "mask", "of_part": replace(MASKED, rest=" ")}, "/rest"),
            ({**DISK, "of_part": MASKED}, "/supervision"), ({"of_part": MASKED}, "/part"),
            ({**DISK, "of_part": replace(ERASED, supervisor="")}, "/supervisor"),
            ({**DISK, "of_part": replace(ERASED, supervisor="문서파쇄㈜")}, "/supervisor"),
        ):  # fmt: skip
            with self.subTest(changes), pytest.raises(BadMethod) as refused:
                record(**changes)
            assert refused.value.pointer == pointer
        with pytest.raises(BadMethod):
            record(method="erase", of_part=ERASED)
        for broken in ({"part": "x"}, {"method": "erase", "medium": "disk"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                copy = record()
                PaperDestruction(**{**row_of(copy), **broken}).save(force_insert=True)

    @pytest.mark.law("D-07")
    def test_of_a_part_has_its_form_in_both_languages_and_that_it_left_is_on_record(self) -> None:
        paper = record(**DISK, of_part=ERASED)
        for language, title in (("ko", "개인정보 일부 파기 기록"), ("en", "Record of a partial destruction")):
            form = issue_partial_form(paper, language=language, actor=make_odile(), at=at_noon(DUE))
            said = without_spaces(text_of(form))
            assert all(
                without_spaces(words) in said for words in (title, paper.reference, "김감독", "2019년 이전 기록")
            ), said
            found = document_issuance.find(hashlib.sha256(verify_papers.issued_bytes(form)).hexdigest())
            assert found is not None
            assert found.genuine

    def test_has_a_witness_who_did_not_do_it(self) -> None:
        for witness in ("", "문서파쇄㈜"):
            with self.subTest(witness), pytest.raises(BadMethod):
                record(witness=witness)

    def test_an_account_is_no_witness_or_supervisor_of_itself_by_its_name(self) -> None:
        omar, other = make_omar(), make_emin()
        for one, again in ((omar.reference, omar.name), (omar.name.upper(), omar.reference)):
            for spelt in (again, f" {again.lower()}  ", f"{omar.name} ({omar.reference})"):
                with self.subTest(one=one, spelt=spelt):
                    with pytest.raises(BadMethod) as refused:
                        record(executor=one, witness=spelt)
                    assert refused.value.pointer == "/witness"
                    with pytest.raises(BadMethod) as refused:
                        record(**DISK, executor=one, of_part=replace(ERASED, supervisor=spelt))
                    assert refused.value.pointer == "/supervisor"
        assert record(executor=omar.reference, witness=other.name).witness == other.name

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
