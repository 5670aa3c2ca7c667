"""What of processors is due stands on the calendar and on Today: checks, training, contracts, disposal, transfers."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.lib.registries import deadlines, registers
from privacy.processors import actions as processors
from privacy.processors.admin.forms import TransferForm
from privacy.processors.models import Clause
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def due(name: str) -> list[date]:
    found = deadlines.deadlines_between(date(2020, 1, 1), date(2099, 1, 1), on=TODAY, may=lambda _p: True, names={name})
    return [line.dated.on for line in found]


class ClocksTest(PortalTestCase):
    @pytest.mark.law("P-14")
    def test_a_check_and_a_training_are_due_each_year(self) -> None:
        row = factory.make_consignment(starts_on=date(2026, 2, 28), signed_on=date(2026, 2, 1))
        for name in ("processors.check", "processors.training"):
            assert due(name) == [date(2027, 2, 28)], "a year by the Civil Act, to the end of the month"
        factory.make_check(row)
        assert due("processors.check") == [date(2027, 11, 24)]
        assert due("processors.training") == [date(2027, 2, 28)], "a check is no training"
        factory.make_processor_training(row)
        assert due("processors.training") == [date(2027, 11, 24)]
        processors.end_consignment(row, ended_on=TODAY, reason="만료", actor=factory.make_odile(), at=NOON)
        assert due("processors.check") == due("processors.training") == []

    @pytest.mark.law("P-14")
    def test_a_late_one_is_on_the_first_page(self) -> None:
        factory.make_consignment(starts_on=date(2025, 11, 1))
        with override("en"):
            lines = self.first_page()
        assert sum(title.startswith(("Check of a processor", "Training of a processor")) for title in lines) == 2

    def first_page(self) -> list[str]:
        return [line.title for kind in deadlines.urgent_deadlines(TODAY, may=lambda _p: True) for line in kind.lines]

    @pytest.mark.law("P-14")
    def test_contract_term_and_disposal_have_their_days(self) -> None:
        row = factory.make_consignment(clauses={}, complete_by=TODAY + 9 * DAY, term_ends_on=TODAY + 30 * DAY)
        assert due("processors.contract") == [TODAY + 9 * DAY]
        assert due("processors.term") == [TODAY + 30 * DAY]
        assert due("processors.disposal") == []
        processors.end_consignment(row, ended_on=TODAY, reason="해지", actor=factory.make_odile(), at=NOON)
        assert due("processors.contract") == due("processors.term") == []
        assert due("processors.disposal") == [TODAY + 5 * DAY]

    @pytest.mark.law("P-15")
    def test_a_consignment_abroad_without_its_transfer_is_late_from_its_first_day(self) -> None:
        row = factory.make_consignment(country="DE")
        assert due("processors.transfer") == [row.starts_on]
        made = factory.make_overseas_transfer(basis="published", consignment=row)
        assert due("processors.transfer") == []
        processors.end_transfer(made, ended_on=TODAY, reason="x", actor=factory.make_odile(), at=NOON)
        assert due("processors.transfer") == [row.starts_on]

    @pytest.mark.law("P-15")
    def test_an_end_recorded_while_the_data_is_there_is_told_as_late_until_it_is_gone(self) -> None:
        """The policy tells neither transfer any more, and who keeps the data abroad keeps it all the same."""
        odile, row = factory.make_odile(), factory.make_consignment(country="DE")
        engaged = factory.make_subprocessor(row, country="SG")
        made = factory.make_overseas_transfer(basis="published", consignment=row)
        onward = factory.make_overseas_transfer("onward", basis="published", subprocessor=engaged, country="SG")
        processors.end_consignment(row, ended_on=TODAY, reason="해지", actor=odile, at=NOON)
        duties = ("processors.transfer", "processors.transfer.onward")
        assert [due(name) for name in duties] == [[], []], "told until the data is gone"
        with override("en"):
            for one in (made, onward):
                processors.end_transfer(one, ended_on=TODAY, reason="x", actor=odile, at=NOON)
            assert sum(title.startswith("Data goes abroad or is still there") for title in self.first_page()) == 2
        assert [due(name) for name in duties] == [[row.starts_on]] * 2
        form = TransferForm()
        assert row in form.fields["consignment"].queryset  # type: ignore[attr-defined]
        assert engaged in form.fields["subprocessor"].queryset  # type: ignore[attr-defined]
        processors.end_subprocessor(engaged, ended_on=TODAY, actor=odile, at=NOON)
        assert [due(name) for name in duties] == [[row.starts_on], []], "it keeps nothing after its last day"
        again = factory.make_overseas_transfer("again", basis="published", consignment=row)
        assert due("processors.transfer") == []
        processors.end_transfer(again, ended_on=TODAY, reason="x", actor=odile, at=NOON)
        assert due("processors.transfer") == [row.starts_on]
        processors.prove_disposal(
            row, disposal="destroyed", disposed_on=TODAY, detail="파기 확인서", name="p.pdf", content=PDF, actor=odile,
            at=NOON,
        )  # fmt: skip
        assert due("processors.transfer") == []

    @pytest.mark.law("P-15")
    def test_who_ends_one_while_the_data_is_there_reads_that_it_is_late_then(self) -> None:
        self.client.force_login(factory.make_odile())
        told = factory.make_overseas_transfer(basis="published", consignment=factory.make_consignment(country="DE"))
        for one, warned in ((told, True), (factory.make_overseas_transfer("alone"), False)):
            page = reverse("admin:processors_overseastransfer_change", args=[one.pk])
            asked = self.client.post(page, {"CHANGE_FORM-action": "end", "_selected_action": str(one.pk)})
            asked_in_words = asked.content.decode()
            assert "처리방침을 개정하면" in asked_in_words
            assert ("반환 또는 파기가 증빙되기 전까지" in asked_in_words) is warned

    @pytest.mark.law("P-15")
    def test_a_transfer_silences_the_duty_of_its_own_recipient_alone(self) -> None:
        row = factory.make_consignment(country="DE")
        engaged = factory.make_subprocessor(row, country="DE")
        factory.make_overseas_transfer("onward", basis="published", subprocessor=engaged)
        assert due("processors.transfer") == [row.starts_on], "told is where the sub-processor is, not the processor"
        assert due("processors.transfer.onward") == []
        factory.make_overseas_transfer(basis="published", consignment=row)
        factory.make_subprocessor(row, name_ko="다른 센터", country="DE")
        assert due("processors.transfer") == []
        assert due("processors.transfer.onward") == [row.starts_on], "of two in one country each has its own transfer"

    @pytest.mark.law("P-15")
    def test_a_transfer_that_begins_later_silences_nothing_yet(self) -> None:
        row = factory.make_consignment(country="DE")
        engaged = factory.make_subprocessor(row, country="SG")
        for code, starts_on in (("later", clock.today() + DAY), ("now", clock.today())):
            told = {"basis": "published", "starts_on": starts_on}
            factory.make_overseas_transfer(code, consignment=row, **told)
            factory.make_overseas_transfer(f"{code}-onward", subprocessor=engaged, country="SG", **told)
            left = [row.starts_on] if code == "later" else []
            assert due("processors.transfer") == due("processors.transfer.onward") == left

    @pytest.mark.law("P-15")
    def test_a_transfer_may_begin_with_a_consignment_that_is_still_to_begin(self) -> None:
        begins = clock.today() + 9 * DAY
        row = factory.make_consignment(country="DE", starts_on=begins)
        for days, left in ((1, [begins]), (0, [])):
            factory.make_overseas_transfer(
                f"in-{days}", basis="published", consignment=row, starts_on=begins + days * DAY
            )
            assert due("processors.transfer") == left


class RegistersTest(PortalTestCase):
    def cells(self, code: str) -> dict[str, object]:
        window = registers.ExportScope(date(2026, 1, 1), date(2026, 12, 31), factory.make_odile(), NOON, "점검")
        register = registers.get(code)
        (row,) = register.rows(window)
        return dict(zip(register.headings, row, strict=True))

    @pytest.mark.law("P-14")
    def test_the_register_of_processors_tells_contract_check_and_end(self) -> None:
        row = factory.make_consignment(clauses={"scope": "제2조"}, complete_by=TODAY)
        factory.make_check(row)
        told = self.cells("consignments")
        assert str(told["계약 필수사항(법 제26조제1항, 영 제28조제1항)"]).count("없음") == len(Clause) - 1
        assert (told["최근 점검일"], told["다음 점검 기한"]) == (TODAY, date(2027, 11, 24))
        assert self.cells("processor-supervisions")["수탁자"] == "한빛클라우드"

    @pytest.mark.law("P-15")
    def test_the_register_of_transfers_has_the_items_of_the_act_in_their_order(self) -> None:
        factory.make_overseas_transfer()
        assert list(self.cells("overseas-transfers"))[:9] == [
            "이전 근거(법 제28조의8제1항)", "이전되는 개인정보 항목", "이전되는 국가", "이전 시기 및 방법",
            "이전받는 자", "연락처", "이전받는 자의 이용목적", "보유·이용 기간", "거부 방법, 절차 및 효과",
        ]  # fmt: skip
