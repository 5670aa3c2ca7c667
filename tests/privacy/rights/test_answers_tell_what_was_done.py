"""An answer tells what was done and what was not: what a law keeps, what was not withdrawn, the fee, who was told."""

from datetime import UTC, date, datetime, timedelta

import pytest

from consents import actions as consents
from consents.models import Decision
from devices import actions as devices
from privacy.disclosures.models import Notice
from privacy.lib.registries import annual_report
from privacy.policies import actions as policies
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Request, Right
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

LAW = "통신비밀보호법 제15조의2"


class AnsweredCase(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))

    def right(self, asked: RequestedRight, *, answer_by: str = "portal") -> Right:
        receipt = factory.ask(asked, target=factory.imei(1), answer_by=answer_by, address="")
        right: Right = factory.make_verified(receipt).rights.get()
        return right

    def carried_out(self, asked: RequestedRight) -> Right:
        granted = rights.grant(self.right(asked), actor=self.odile, at=NOON)
        return rights.carry_out(granted, actor=self.odile, at=NOON)

    def answer(self, right: Right) -> str:
        letter = Letter.objects.filter(request=right.request_id, kind="result").order_by("queued_at").last()
        assert letter is not None
        return str(letter.told["en"]["fields"])


@pytest.mark.truth("deleted-but-archived")
class DeletionTests(AnsweredCase):
    @pytest.mark.law("F-3")
    def test_what_a_law_keeps_is_told_with_its_number(self) -> None:
        reports = [factory.make_report(self.device, "access") for _number in range(2)]
        devices.store_reports(factory.make_batch(*reports), gateway=factory.make_gate(), at=NOON)
        done = self.carried_out(RequestedRight("deletion", category="service-analytics"))
        assert done.result["archived"] == 2
        assert "2 records that a law requires us to keep were not destroyed" in self.answer(done)

    def test_where_nothing_was_kept_nothing_is_said_of_an_archive(self) -> None:
        assert "archive" not in self.answer(self.carried_out(RequestedRight("deletion", category="app-log")))


@pytest.mark.truth("withdrawn-and-erased")
class WithdrawalTests(AnsweredCase):
    def test_recipients_are_told_only_of_what_was_withdrawn(self) -> None:
        factory.make_provided(self.device, "model")
        partly = rights.grant_partly(
            self.right(RequestedRight("consent-withdrawal")),
            excluded=["activation", "service-analytics"], ground="legal-duty", law=LAW, actor=self.odile, at=NOON,
        )  # fmt: skip
        rights.carry_out(partly, actor=self.odile, at=NOON)
        assert not Notice.objects.exists()

    def test_a_withdrawal_of_what_was_never_agreed_says_so_and_tells_nobody(self) -> None:
        device = factory.make_device(2, agreed=("activation",))
        factory.make_provided(device, "model")
        receipt = factory.ask(
            RequestedRight("consent-withdrawal", agreement="app-log"), target=factory.imei(2), answer_by="portal"
        )
        right = rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)
        assert "We had no consent of yours on record to withdraw." in self.answer(right)
        assert not Notice.objects.exists()

    def test_the_required_consent_takes_every_category_with_it(self) -> None:
        factory.make_provided(self.device, "model")
        self.carried_out(RequestedRight("consent-withdrawal", agreement="activation"))
        withdrawn = Decision.objects.get(choice="withdraw")
        assert consents.end_collection(withdrawn, actor=tasks.WORKER, at=NOON + factory.WITHDRAWAL_WAIT)
        assert set(Notice.objects.filter(kind="erased").values_list("category", flat=True)) == {"device-registration"}

    def test_what_the_required_consent_carries_can_not_be_left_out(self) -> None:
        right = self.right(RequestedRight("consent-withdrawal"))
        for excluded in (["app-log"], ["activation"]):
            with pytest.raises(rights.NoGround):
                rights.grant_partly(right, excluded=excluded, ground="legal-duty", law=LAW, actor=self.odile, at=NOON)
        assert Right.objects.get(id=right.id).decision == "pending"


@pytest.mark.truth("partly-suspended-contact")
class SuspensionTests(AnsweredCase):
    @pytest.mark.law("R-21")
    def test_a_suspension_with_a_part_left_out_holds_for_the_contacts_too(self) -> None:
        granted = rights.grant_partly(
            self.right(RequestedRight("suspension")),
            excluded=["device-registration"], ground="legal-duty", law=LAW, actor=self.odile, at=NOON,
        )  # fmt: skip
        done = rights.carry_out(granted, actor=self.odile, at=NOON)
        told = self.answer(done)
        assert "Suspension" in told and "Carried out: " in told and "Left out: " in told, "DEC 44(2): the result"
        frozen = set(Freeze.objects.active(NOON).values_list("category", flat=True))
        assert "contact" in frozen
        assert "device-registration" not in frozen


@pytest.mark.truth("fee-that-was-told")
class FeeTests(AnsweredCase):
    def set_fee(self, case: Request) -> Request:
        return rights.set_fee(
            case, fee_won=5_000, postage_won=0, cause_with_controller=False, actor=self.odile, at=NOON
        )

    def test_a_fee_is_not_set_once_the_answer_tells_it(self) -> None:
        for answer_by in ("portal", "letter"):
            with self.subTest(answer_by):
                right = self.right(RequestedRight("access", scope=("items",)), answer_by=answer_by)
                rights.refuse(right, ground="life-or-body", actor=self.odile, at=NOON)
                with pytest.raises(rights.WrongState):
                    self.set_fee(Request.objects.get(id=right.request_id))

    @pytest.mark.law("R-28")
    def test_before_the_answer_it_is_set_and_told(self) -> None:
        right = self.right(RequestedRight("access"))
        self.set_fee(right.request)
        rights.carry_out(rights.grant(right, actor=self.odile, at=NOON), actor=self.odile, at=NOON)
        assert "5000" in self.answer(right)


@pytest.mark.truth("in-time-share")
class AnnualReportTests(AnsweredCase):
    def figures(self) -> dict[str, int | None]:
        made = annual_report.report_sections(date(2026, 1, 1), date(2026, 12, 31))
        return {one.code: one.value for _code, section in made for one in section.figures}

    def test_a_second_answer_after_an_objection_does_not_make_the_first_late(self) -> None:
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        right = rights.refuse(self.right(RequestedRight("access")), ground="life-or-body", actor=self.odile, at=NOON)
        objection = rights.object_to(right, statement="no", actor=Requester(right.request.reference), at=NOON)
        later = NOON + timedelta(days=20)
        rights.decide_objection(objection, outcome="upheld", actor=omar, at=later)
        rights.refuse(Right.objects.get(), ground="life-or-body", actor=self.odile, at=later)
        assert Request.objects.get().state == "notified"
        assert (self.figures()["rights.answered"], self.figures()["rights.in-time"]) == (1, 1)

    @pytest.mark.truth("corrected-in-time")
    def test_an_answer_is_late_by_the_day_that_held_when_it_went_out(self) -> None:
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        late = datetime(2026, 12, 7, 3, tzinfo=UTC)
        right = rights.refuse(self.right(RequestedRight("access")), ground="life-or-body", actor=self.odile, at=late)
        assert self.figures()["rights.in-time"] == 0
        objection = rights.object_to(right, statement="no", actor=Requester(right.request.reference), at=late)
        rights.decide_objection(objection, outcome="upheld", actor=omar, at=late)
        for day in (4, 7):
            policies.add_holiday(day=date(2026, 12, day), name="임시공휴일", actor=self.odile, at=late)
        assert Request.objects.get().due_on == date(2026, 12, 8)
        assert self.figures()["rights.in-time"] == 0

    def test_cases_that_nobody_has_answered_are_told_beside_the_share(self) -> None:
        rights.refuse(self.right(RequestedRight("access")), ground="life-or-body", actor=self.odile, at=NOON)
        self.right(RequestedRight("access"))
        rights.withdraw(self.right(RequestedRight("access")).request, actor=tasks.WORKER, at=NOON)
        found = self.figures()
        assert (found["rights.received"], found["rights.answered"], found["rights.unanswered"]) == (3, 1, 1)
