"""Ten calendar days from the day of receipt, the same everywhere; only access can be put off (R-07 … R-10)."""

import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook

from privacy.ledger.exporting import export_register
from privacy.lib import registers
from privacy.lib.badges import day_text
from privacy.rights import actions as rights
from privacy.rights import letters, statuspage
from privacy.rights.actions import Asked
from privacy.rights.models import Letter, Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

# The vectors of the law file, and one received shortly before midnight in Korea.
VECTORS = [
    (date(2026, 9, 14), date(2026, 9, 28)),
    (date(2026, 11, 24), date(2026, 12, 4)),
    (date(2026, 11, 25), date(2026, 12, 7)),
    (date(2026, 12, 15), date(2026, 12, 28)),
]


class DeadlineTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()

    def letter(self, received_on: date) -> Request:
        receipt = rights.receive(
            channel="writing", asked=[Asked("access")], target_kind="imei", target=factory.imei(1),
            received_on=received_on, actor=self.odile, at=datetime(2026, 12, 15, 3, tzinfo=UTC),
        )  # fmt: skip
        return receipt.request

    def test_the_vectors_of_the_law(self) -> None:
        for received, due in VECTORS:
            assert self.letter(received).due_on == due

    def test_the_day_of_receipt_is_a_day_in_korea(self) -> None:
        late = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
        case = factory.ask(at=late).request
        assert case.received_on == date(2026, 11, 24)
        assert case.due_on == date(2026, 12, 4)

    def test_the_target_does_not_roll(self) -> None:
        case = self.letter(date(2026, 9, 14))
        assert case.target_on == date(2026, 9, 24)
        assert case.due_on == date(2026, 9, 28)

    def test_list_page_export_mail_and_pdf_tell_the_same_day(self) -> None:
        for received, due in VECTORS:
            case = self.letter(received)
            factory.make_device(1)
            context = statuspage.context(case, at=NOON)
            assert context["case"].due_on == due
            book = export_register(
                registers.get("requests"),
                first=received, last=received, form="xlsx", reason="test", actor=self.odile, at=NOON,
            )  # fmt: skip
            rows = list(load_workbook(io.BytesIO(book)).active.values)
            assert rows[-1][6].date() == due
            verified = rights.verify(case, method="documents", actor=factory.make_handler(), at=NOON)
            accepted = Letter.objects.get(request=verified, kind="accepted")
            written = letters.paper(accepted, on=NOON.date())
            assert day_text(due) in dict(written.fields).values()

    def test_overdue_and_due_within_count_by_the_due_date(self) -> None:
        case = self.letter(date(2026, 11, 24))
        assert case in Request.objects.overdue(on=date(2026, 12, 5))
        assert case not in Request.objects.overdue(on=date(2026, 12, 4))
        assert case in Request.objects.due_within(on=date(2026, 12, 2), days=3)
        assert case.days_left(on=date(2026, 12, 6)) == -2

    def test_asking_for_documents_does_not_stop_the_clock(self) -> None:
        case = self.letter(date(2026, 11, 24))
        asked = rights.ask_evidence(case, actor=factory.make_handler(), at=NOON)
        assert asked.due_on == date(2026, 12, 4)


@pytest.mark.clause("P1.4")
class PostponementTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        factory.make_device(1)
        self.case = factory.make_verified(
            factory.ask(
                Asked("access"),
                Asked("correction", category="device-registration", item="model", wanted="X"),
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

    def test_access_is_put_off_with_its_reason_and_the_person_told(self) -> None:
        self.postpone()
        letter = Letter.objects.get(kind="postponed")
        written = letters.paper(letter, on=NOON.date())
        assert "the logs are being restored" in dict(written.fields).values()
        assert any("objet" in text.lower() or "object" in text.lower() or "이의" in text for text in written.closing)

    def test_nothing_else_can_be_put_off(self) -> None:
        with pytest.raises(rights.NotPostponable):
            self.postpone(position=2)

    def test_not_after_the_ten_days_and_not_without_a_reason(self) -> None:
        with pytest.raises(rights.NotPostponable):
            self.postpone(at=datetime(2026, 12, 5, 3, tzinfo=UTC), expected_on=date(2026, 12, 20))
        with pytest.raises(rights.NotPostponable):
            self.postpone(reason=" ")
        with pytest.raises(rights.NotPostponable):
            self.postpone(expected_on=date(2026, 11, 24))

    def test_when_the_reason_ends_access_is_due_within_ten_days(self) -> None:
        made = self.postpone()
        ended = rights.end_postponement(made, ended_on=date(2026, 12, 15), actor=self.odile, at=NOON)  # type: ignore[arg-type]
        assert ended.due_on == date(2026, 12, 28)

    def test_the_other_rights_of_the_case_keep_their_term(self) -> None:
        made = self.postpone()
        rights.end_postponement(made, ended_on=date(2026, 12, 15), actor=self.odile, at=NOON)  # type: ignore[arg-type]
        self.case.refresh_from_db()
        assert self.case.due_on == date(2026, 12, 4)

    def test_with_nothing_else_owed_the_case_follows_the_postponement(self) -> None:
        rights.refuse(self.case.rights.get(position=2), ground="accurate", actor=self.odile, at=NOON)
        made = self.postpone(expected_on=date(2026, 12, 20))
        self.case.refresh_from_db()
        assert self.case.due_on == date(2026, 12, 30)
        rights.end_postponement(made, ended_on=date(2026, 12, 15), actor=self.odile, at=NOON)  # type: ignore[arg-type]
        self.case.refresh_from_db()
        assert self.case.due_on == date(2026, 12, 28)
