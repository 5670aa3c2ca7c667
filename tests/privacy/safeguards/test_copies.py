"""Prints and copies: found on the trail, kept by somebody until a day, gone by the word of another (F-17, S-27)."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from privacy.ledger import request_context
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.exports import register_export
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines, registers
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import CopyRecord, Printout
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

PERIOD = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}
TODAY = clock.kst_date(NOON)
DAY = timedelta(days=1)


def export(code: str = "measures", form: str = "xlsx", *, actor: Any = None) -> bytes:
    return register_export.export_register(
        registers.get(code), form=form, reason="감독기관 제출", at=NOON,
        actor=actor or factory.make_odile(granted=False), **PERIOD,
    )  # fmt: skip


def newest() -> Printout:
    return Printout.objects.order_by("-id")[0]


def keep(printout: Printout, **changes: Any) -> CopyRecord:
    said: dict[str, Any] = {"copies": 2, "holder": "보안 캐비닛 3", "due_on": TODAY + 10 * DAY, **changes}
    return safeguards.record_copies(printout, actor=factory.make_odile(granted=False), at=NOON, **said)


def due(name: str, reference: object) -> list[date]:
    found = deadlines.deadlines_between(date(2020, 1, 1), date(2099, 1, 1), on=TODAY, may=lambda _p: True, names={name})
    return [line.dated.on for line in found if line.dated.reference.endswith(f"(제{reference}호)")]


class CopiesTest(PortalTestCase):
    @pytest.mark.law("F-17", "S-27")
    def test_what_left_stands_due_until_another_person_confirms_that_it_is_gone(self) -> None:
        export()
        made = newest()
        assert made.actor == factory.make_odile(granted=False).reference
        assert due("safeguards.copies-untold", made.pk) == [clock.kst_date(made.time)]
        for wrong in ({"copies": 0}, {"holder": " "}, {"due_on": date(2020, 1, 1)}, {"due_on": date(2090, 1, 1)}):
            with pytest.raises(safeguards.Incomplete):
                keep(made, **wrong)
        copy = keep(made, due_on=clock.kst_date(made.time) + 10 * DAY)
        self.assertLedgered("safeguards.copies.recorded", made)
        with pytest.raises(safeguards.WrongState):
            keep(made, due_on=clock.kst_date(made.time))
        assert due("safeguards.copies-untold", made.pk) == []
        assert due("safeguards.copies", made.pk) == [copy.due_on]
        self.assert_confirmed_by_another(copy, clock.kst_date(made.time))
        assert due("safeguards.copies", made.pk) == []

    def assert_confirmed_by_another(self, copy: CopyRecord, made_on: date) -> None:
        at = clock.now()
        said: dict[str, Any] = {"outcome": "destroyed", "method": "세단기", "ended_on": made_on, "at": at}
        with pytest.raises(safeguards.SamePerson):
            safeguards.confirm_copies_gone(copy, actor=factory.make_odile(granted=False), **said)
        another = factory.make_hana(granted=False)
        for wrong in (
            {"method": ""},
            {"outcome": "lost"},
            {"ended_on": made_on - DAY},
            {"ended_on": made_on + 400 * DAY},
        ):
            with pytest.raises(safeguards.Incomplete):
                safeguards.confirm_copies_gone(copy, actor=another, **{**said, **wrong})
        ended = safeguards.confirm_copies_gone(copy, actor=another, **said)
        assert (ended.outcome, ended.confirmed_by) == ("destroyed", another.reference)
        self.assertLedgered("safeguards.copies.gone", Printout.objects.get(pk=copy.entry_id))
        with pytest.raises(safeguards.WrongState):
            safeguards.confirm_copies_gone(copy, actor=another, **said)
        with pytest.raises(IntegrityError), transaction.atomic():
            CopyRecord.objects.filter(pk=copy.pk).update(confirmed_by=copy.recorded_by)

    @pytest.mark.law("F-17")
    def test_the_register_has_the_columns_of_its_form_and_says_nothing_twice(self) -> None:
        assert registers.get("prints-and-copies").headings[:7] == (
            "출력자", "일시", "용도", "항목", "부수", "반출 여부", "파기일·확인",
        )  # fmt: skip
        export("inspections")
        made = newest()
        copy = keep(made, due_on=clock.kst_date(made.time), taken_out=True)
        another = factory.make_hana(granted=False)
        gone_on = clock.kst_date(made.time)
        safeguards.confirm_copies_gone(
            copy, outcome="destroyed", method="세단기", ended_on=gone_on, actor=another, at=clock.now()
        )
        year = clock.kst_date(made.time).year
        book = register_export.export_register(
            registers.get("prints-and-copies"), form="xlsx", reason="정기 점검", at=NOON,
            actor=factory.make_odile(granted=False), first=date(year, 1, 1), last=date(year, 12, 31),
        )  # fmt: skip
        rows = list(load_workbook(io.BytesIO(book)).active.iter_rows(values_only=True))
        row = next(one for one in rows if one[-1] == made.pk)
        assert row[0] == factory.make_odile(granted=False).reference and str(gone_on.year) in str(row[1])
        assert row[2] == "감독기관 제출"
        assert row[3] == ", ".join(registers.get("inspections").headings)
        assert row[4:7] == (2, "예", f"{gone_on.isoformat()} {another.reference}")
        assert row[7:9] == ("내부점검(자체감사) 대장", "보안 캐비닛 3")

    @pytest.mark.law("S-27")
    def test_a_file_says_who_made_it_when_and_in_which_request(self) -> None:
        with request_context.override(request_id="A-request-of-ours"):
            book = load_workbook(io.BytesIO(export()))
        mark = f"출력 · {factory.make_odile(granted=False).reference} · 2026-"
        said = str(book["출력"]["A1"].value)
        assert said.startswith(mark)
        assert said.endswith(" · A-request-of-ours")
        assert book.worksheets[0].oddFooter.center.text == said, "and so does each page of it on paper"
        assert "A-request-of-ours" in newest().payload, "the trail tells what the file says"

    @pytest.mark.law("F-17")
    def test_a_reader_records_nothing_and_what_a_job_made_is_no_copy_of_the_office(self) -> None:
        export()
        with pytest.raises(NotPermitted):
            safeguards.record_copies(
                newest(), copies=1, holder="x", due_on=TODAY, at=NOON,
                actor=factory.make_user("r@extrus.example", "Reader"),
            )  # fmt: skip
        assert not Printout.objects.exclude(actor__startswith="U-").exists()

    def test_the_question_is_answered_by_its_index(self) -> None:
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute("SET LOCAL enable_seqscan = off")
            plan = Printout.objects.all().explain()
        assert "Seq Scan" not in plan, plan


class ConsoleTest(PortalTestCase):
    @pytest.mark.law("S-27")
    def test_a_copy_is_recorded_and_confirmed_on_its_page(self) -> None:
        odile, hana = factory.make_odile(granted=False), factory.make_hana(granted=False)
        export()
        made = newest()
        page = reverse("admin:safeguards_printout_change", args=[made.pk])
        day = clock.kst_date(made.time).isoformat()
        self.press(odile, page, "keep", {"copies": "1", "holder": "캐비닛", "due_on": day})
        assert CopyRecord.objects.get(entry_id=made.pk).holder == "캐비닛"
        self.press(hana, page, "gone", {"outcome": "returned", "method": "문서고 반납", "ended_on": day})
        assert CopyRecord.objects.get(entry_id=made.pk).confirmed_by == hana.reference

    def press(self, who: Any, page: str, name: str, answers: dict[str, str]) -> None:
        browser = Client()
        browser.force_login(who)
        shown = browser.get(page, secure=True)
        self.assertContains(shown, f"출력 · {who.reference} · ")
        sent = {"CHANGE_FORM-action": name, "_selected_action": page.rstrip("/").split("/")[-2], "confirmed": "1"}
        answer = browser.post(page, {**sent, **answers}, secure=True)
        assert answer.status_code == 302, answer.content.decode()
