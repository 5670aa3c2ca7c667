"""Ten calendar days from the day of receipt, the same everywhere; only access can be put off (R-07 … R-10)."""

import io
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.actors import SystemActor
from privacy.ledger.exports.register_export import export_register
from privacy.lib.display.badges import date_text
from privacy.lib.registries import registers
from privacy.rights import actions as rights
from privacy.rights import letters
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.models import Letter, Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.pdf_text import text_of, without_spaces
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.lib.test_periods import TEN_DAYS

VECTORS = [(date.fromisoformat(received), date.fromisoformat(due)) for received, due in TEN_DAYS]
# A moment after all of them.
AFTER = datetime(2026, 12, 23, 3, tzinfo=UTC)


class DeadlineTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()

    def letter(self, received_on: date) -> Request:
        receipt = rights.receive(
            channel="writing", asked=[RequestedRight("access")], target_kind="imei", target=factory.imei(1),
            received_on=received_on, actor=self.odile, at=AFTER,
        )  # fmt: skip
        return receipt.request

    @pytest.mark.law("T-01", "R-08")
    def test_the_vectors_of_the_law(self) -> None:
        for received, due in VECTORS:
            assert self.letter(received).due_on == due

    @pytest.mark.law("T-02")
    def test_the_day_of_receipt_is_a_day_in_korea(self) -> None:
        late = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
        case = factory.ask(at=late).request
        assert case.received_on == date(2026, 11, 24)
        assert case.due_on == date(2026, 12, 4)

    @pytest.mark.law("T-04")
    def test_the_target_does_not_roll(self) -> None:
        case = self.letter(date(2026, 9, 14))
        assert case.target_on == date(2026, 9, 24)
        assert case.due_on == date(2026, 9, 28)

    @pytest.mark.law("T-03")
    def test_overdue_and_due_within_count_by_the_due_date(self) -> None:
        case = self.letter(date(2026, 11, 24))
        assert case in Request.objects.overdue(on=date(2026, 12, 5))
        assert case not in Request.objects.overdue(on=date(2026, 12, 4))
        assert case in Request.objects.due_within(on=date(2026, 12, 2), days=3)
        assert case.days_left(on=date(2026, 12, 6)) == -2

    @pytest.mark.law("R-07", "R-17")
    def test_asking_for_documents_does_not_stop_the_clock(self) -> None:
        case = self.letter(date(2026, 11, 24))
        asked = rights.request_document(case, actor=factory.make_handler(), at=NOON)
        assert asked.due_on == date(2026, 12, 4)


class SameDayEverywhereTests(PortalTestCase):
    """What the list, the pages, the register, the e-mail and its PDFs show, read as the person reads it (law T-*)."""

    def setUp(self) -> None:
        self.odile = factory.make_officer()
        factory.make_device(1)
        self.receipts: dict[Receipt, date] = {}
        for received, due in VECTORS:
            receipt = rights.receive(
                channel="writing", asked=[RequestedRight("access")], target_kind="imei", target=factory.imei(1),
                contact={"name": "미나", "email": "mina@example.org"}, answer_by="email",
                received_on=received, actor=self.odile, at=AFTER,
            )  # fmt: skip
            self.receipts[receipt] = due

    def test_the_list_and_the_page_of_the_office(self) -> None:
        self.client.force_login(self.odile)
        listed = self.client.get(reverse("admin:rights_request_changelist")).content.decode()
        for receipt, due in self.receipts.items():
            (row,) = [row for row in listed.split("<tr") if receipt.number in row]
            assert f'datetime="{due}"' in row
            assert date_text(due) in row
            address = reverse("admin:rights_request_change", args=[receipt.request.pk])
            assert f'datetime="{due}"' in self.client.get(address).content.decode()

    def test_the_status_page(self) -> None:
        for receipt, due in self.receipts.items():
            visitor = Client()
            visitor.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
            shown = visitor.get(reverse("rights:case")).content.decode()
            assert f'<time datetime="{due}">{date_text(due)}</time>' in shown

    def test_the_register_as_workbook_and_on_paper(self) -> None:
        first, last = min(VECTORS)[0], max(VECTORS)[0]
        book, paper = (
            export_register(
                registers.get("requests"),
                first=first, last=last, form=form, reason="test", actor=self.odile, at=AFTER,
            )
            for form in ("xlsx", "pdf")
        )  # fmt: skip
        rows = {row[0]: row[6] for row in load_workbook(io.BytesIO(book)).active.values}
        printed = text_of(paper)
        for receipt, due in self.receipts.items():
            assert rows[receipt.number].date() == due
            line = printed.partition(receipt.number)[2]
            assert without_spaces(due.isoformat()) in line[: line.find("2026-0000")]

    def test_the_mail_and_its_papers_in_both_languages(self) -> None:
        handler = factory.make_handler()
        for receipt in self.receipts:
            factory.verify_by_documents(receipt.request, actor=handler, at=AFTER)
        with mailbox() as box:
            dispatch_due(at=AFTER)
        for receipt, due in self.receipts.items():
            (message,) = [mail for mail in box.arrived if receipt.number in str(mail["Subject"])]
            parts = {part.get_filename() or part.get_content_type(): part for part in message.walk()}
            assert date_text(due) in parts["text/plain"].get_content()
            for language in ("ko", "en"):
                (name,) = [name for name in parts if name.endswith(f"-{language}.pdf")]
                with override(language):
                    assert without_spaces(date_text(due)) in text_of(parts[name].get_payload(decode=True))


ENDED = datetime(2026, 12, 15, 3, tzinfo=UTC)


@pytest.mark.clause("P1.4")
class PostponementTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        factory.make_device(1)
        self.case = factory.make_verified(
            factory.ask(
                RequestedRight("access"),
                RequestedRight("correction", category="device-registration", item="model", wanted="X"),
                target=factory.imei(1),
                answer_by="portal",
            )
        )

    def postpone(self, position: int = 1, at: datetime = NOON, **changes: object) -> object:
        values = {"reason": "the logs are being restored", "expected_on": date(2026, 12, 20), **changes}
        return rights.postpone(
            self.case.rights.get(position=position),
            actor=self.odile,
            at=at,
            **values,  # type: ignore[arg-type]
        )

    @pytest.mark.law("R-09", "R-13", "F-2")
    def test_access_is_put_off_with_its_reason_and_the_person_told(self) -> None:
        self.postpone()
        letter = Letter.objects.get(kind="postponed")
        written = letters.letter_text(letter, language="ko")
        assert "the logs are being restored" in dict(written.fields).values()
        assert any("objet" in text.lower() or "object" in text.lower() or "이의" in text for text in written.closing)

    @pytest.mark.law("R-09")
    def test_nothing_else_can_be_put_off(self) -> None:
        with pytest.raises(rights.NotPostponable):
            self.postpone(position=2)

    @pytest.mark.law("R-09", "R-13")
    def test_not_after_the_ten_days_and_not_without_a_reason(self) -> None:
        with pytest.raises(rights.NotPostponable):
            self.postpone(at=datetime(2026, 12, 5, 3, tzinfo=UTC), expected_on=date(2026, 12, 20))
        with pytest.raises(rights.NotPostponable):
            self.postpone(reason=" ")
        with pytest.raises(rights.NotPostponable):
            self.postpone(expected_on=date(2026, 11, 24))

    @pytest.mark.law("R-10")
    def test_when_the_reason_ends_access_is_due_within_ten_days(self) -> None:
        made = self.postpone()
        ended = rights.end_postponement(made, ended_on=date(2026, 12, 15), actor=self.odile, at=ENDED)  # type: ignore[arg-type]
        assert ended.due_on == date(2026, 12, 28)

    def test_the_other_rights_of_the_case_keep_their_term(self) -> None:
        made = self.postpone()
        rights.end_postponement(made, ended_on=date(2026, 12, 15), actor=self.odile, at=ENDED)  # type: ignore[arg-type]
        self.case.refresh_from_db()
        assert self.case.due_on == date(2026, 12, 4)

    def test_with_nothing_else_owed_the_case_follows_the_postponement(self) -> None:
        rights.refuse(self.case.rights.get(position=2), ground="accurate", actor=self.odile, at=NOON)
        made = self.postpone(expected_on=date(2026, 12, 20))
        rights.tell_what_is_due_first(actor=SystemActor("rights"), at=NOON)
        self.case.refresh_from_db()
        assert self.case.due_on == date(2026, 12, 30)
        rights.end_postponement(made, ended_on=date(2026, 12, 15), actor=self.odile, at=ENDED)  # type: ignore[arg-type]
        self.case.refresh_from_db()
        assert self.case.due_on == date(2026, 12, 28)
