"""A correction or deletion is passed on to the controller that provided the data, and its answer followed (R-19)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Forwarding, Request, Right
from privacy.rights.refusals import AlreadyDecided, MissingReason, NotVerified, WrongState
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = NOON.date()
DAY = timedelta(days=1)
DELETION = RequestedRight("deletion", category="device-registration")


def due() -> list[date]:
    found = deadlines.deadlines_between(
        date(2020, 1, 1), date(2099, 1, 1), on=TODAY, may=lambda _p: True, names={"rights.passed-on"}
    )
    return [line.dated.on for line in found]


@pytest.mark.law("R-19")
class ForwardingTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        factory.make_device(1)

    def ask(self, *asked: RequestedRight) -> Request:
        self.receipt = factory.ask(*asked, target=factory.imei(1))
        return factory.verify_by_documents(self.receipt.request, actor=factory.make_handler())

    def pass_on(self, right: Right, **changes: object) -> Forwarding:
        values = {
            "controller": "한빛통신",
            "how": "공문 2026-12",
            "passed_on_on": TODAY,
            "actor": self.odile,
            "at": NOON,
            **changes,
        }
        return rights.pass_on(right, **values)  # type: ignore[arg-type]

    def answer(self, made: Forwarding, **changes: object) -> Forwarding:
        values = {"answer": "corrected", "answered_on": TODAY + DAY, "actor": self.odile, "at": NOON + DAY, **changes}
        return rights.record_controller_answer(made, **values)  # type: ignore[arg-type]

    def test_it_is_passed_on_without_stopping_the_term_and_its_answer_is_watched(self) -> None:
        case = self.ask(DELETION)
        made = self.pass_on(case.rights.get())
        case.refresh_from_db()
        assert self.assertLedgered("rights.request.passed-on", case)
        assert due() == [case.due_on], "its answer is followed within the term"
        for wrong in ({"answered_on": TODAY - DAY}, {"answered_on": TODAY + 2 * DAY}):
            with pytest.raises(WrongState):
                self.answer(made, **wrong)
        self.answer(made)
        assert self.assertLedgered("rights.controller.answered", case)
        assert due() == []
        with pytest.raises(WrongState):
            self.answer(made)

    def test_only_an_undecided_correction_or_deletion_of_a_verified_person(self) -> None:
        unverified = factory.ask(DELETION, target=factory.imei(2)).request
        with pytest.raises(NotVerified):
            self.pass_on(unverified.rights.get())
        case = self.ask(DELETION, RequestedRight("access"))
        right = case.rights.get(kind="deletion")
        with pytest.raises(WrongState):
            self.pass_on(case.rights.get(kind="access"))
        for wrong in ("controller", "how"):
            with pytest.raises(MissingReason) as refused:
                self.pass_on(right, **{wrong: " "})
            assert refused.value.pointer == f"/{wrong}"
        with pytest.raises(NotPermitted):
            self.pass_on(right, actor=factory.make_aram())
        made = self.pass_on(right)
        with pytest.raises(WrongState):
            self.pass_on(right)
        self.pass_on(right, controller="다른 회사")
        with pytest.raises(IntegrityError, match="answer_is_whole"), transaction.atomic():
            Forwarding.objects.filter(pk=made.pk).update(answered_on=TODAY)
        rights.refuse(right, ground="collected-by-law", law="법 제1조", actor=self.odile, at=NOON)
        with pytest.raises(AlreadyDecided):
            self.pass_on(right, controller="또 다른 회사")

    def test_it_was_told_and_answered_before_it_is_recorded(self) -> None:
        case = self.ask(DELETION)
        for wrong in (case.received_on - DAY, TODAY + 3 * DAY):
            with pytest.raises(WrongState) as refused:
                self.pass_on(case.rights.get(), passed_on_on=wrong, at=NOON + 2 * DAY)
            assert refused.value.pointer == "/passed_on_on"
        made = self.pass_on(case.rights.get(), passed_on_on=TODAY, at=NOON + 2 * DAY)
        answered = self.answer(made, answered_on=TODAY + DAY, at=NOON + 2 * DAY)
        assert (answered.passed_on_on, answered.answered_on) == (TODAY, TODAY + DAY)

    def test_who_never_answers_is_recorded_so_and_waited_for_no_more(self) -> None:
        case = self.ask(DELETION)
        made = self.pass_on(case.rights.get())
        self.answer(made, answer="none", answered_on=TODAY + DAY)
        assert due() == []
        made.refresh_from_db()
        assert (made.answer, made.answered_on) == ("none", None)
        self.assertLedgered("rights.controller.silent", case)
        with pytest.raises(WrongState):
            self.answer(made)
        other = self.pass_on(case.rights.get(), controller="다른 회사")
        with pytest.raises(WrongState) as refused:
            self.answer(other, answered_on=None)
        assert refused.value.pointer == "/answered_on"

    def test_a_case_that_ended_waits_for_nobody(self) -> None:
        case = self.ask(DELETION)
        self.pass_on(case.rights.get())
        rights.withdraw(case, actor=self.odile, at=NOON)
        assert due() == []

    def test_after_an_upheld_objection_it_is_passed_on_again(self) -> None:
        right = self.ask(DELETION).rights.get()
        first = self.pass_on(right)
        right = rights.refuse(right, ground="collected-by-law", law="법 제1조", actor=self.odile, at=NOON)
        requester = Requester(right.request.reference)
        made = rights.object_to(right, statement="no", actor=requester, at=NOON)
        rights.decide_objection(made, outcome="upheld", actor=factory.make_omar(), at=NOON)
        second = self.pass_on(Right.objects.get(pk=right.pk))
        assert first.event_id != second.event_id
        with pytest.raises(WrongState):
            self.pass_on(Right.objects.get(pk=right.pk))

    def test_what_was_typed_is_on_no_entry_of_the_trail_and_in_no_step(self) -> None:
        case = self.ask(DELETION)
        made = self.pass_on(case.rights.get(), controller="홍길동 대리점", how="홍길동에게 전화")
        self.answer(made)
        for word in ("rights.request.passed-on", "rights.controller.answered"):
            entry = self.assertLedgered(word, case)
            assert (str(made.pk) in entry.payload, "홍길동" in entry.payload) == (True, False)
        assert "홍길동" not in str(list(case.steps.values_list("facts", flat=True)))

    def test_the_person_sees_it_on_the_status_page(self) -> None:
        case = self.ask(DELETION)
        self.answer(self.pass_on(case.rights.get()))
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": self.receipt.number, "code": self.receipt.code})
        page = visitor.get("/en/rights/case/").content.decode()
        assert "We told the organisation that gave us your data" in page
        assert "The organisation that gave us your data answered" in page

    def test_the_office_does_both_on_the_page_of_the_case(self) -> None:
        case = self.ask(DELETION)
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[case.pk])
        pressed = {"_selected_action": str(case.pk), "index": "0", "confirmed": "1"}
        page = self.client.get(address).content.decode()
        assert 'value="pass_on"' in page
        assert 'value="controller_answer"' not in page
        typed = {"CHANGE_FORM-action": "pass_on", "right": str(case.rights.get().pk), "controller": "한빛통신"}
        assert "한빛통신" in self.client.post(address, {**pressed, **typed}).content.decode(), "what was typed stays"
        self.client.post(address, {**pressed, **typed, "how": "공문", "passed_on_on": clock.today().isoformat()})
        made = Forwarding.objects.get()
        page = self.client.get(address).content.decode()
        assert 'value="controller_answer"' in page
        typed = {
            "CHANGE_FORM-action": "controller_answer", "forwarding": str(made.pk), "answer": "kept",
            "answered_on": clock.today().isoformat(),
        }  # fmt: skip
        self.client.post(address, {**pressed, **typed})
        made.refresh_from_db()
        assert made.answer == "kept"
        assert "한빛통신" in self.client.get(address).content.decode(), "the case says to whom it was passed on"
