"""What shows that a correction or deletion is due can be asked for once the identity is settled (R-17)."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.rights import actions as rights
from privacy.rights import letters
from privacy.rights.actions import RequestedRight
from privacy.rights.actions.identity_documents import MAX_DOCUMENTS, MAX_SENT
from privacy.rights.actors import Requester
from privacy.rights.models import Request
from privacy.rights.refusals import WrongState
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF

LATER = NOON + timedelta(hours=1)
DELETION = RequestedRight("deletion", category="device-registration")


@pytest.mark.law("R-17")
class ProofTest(PortalTestCase):
    def setUp(self) -> None:
        self.hana, self.odile = factory.make_handler(), factory.make_officer()
        factory.make_device(1)

    def ask(self, *asked: RequestedRight, **changes: object) -> Request:
        self.receipt = factory.ask(*asked, target=factory.imei(1), **changes)
        return factory.verify_by_documents(self.receipt.request, actor=self.hana)

    def send(self, case: Request, *, at: datetime = LATER + timedelta(hours=1)) -> object:
        by = Requester(case.reference)
        return rights.submit_document(case, name="proof.pdf", content=PDF, actor=by, at=at)

    def test_the_person_is_asked_by_letter_and_sends_it_and_the_term_runs_on(self) -> None:
        case = self.ask(DELETION)
        with pytest.raises(WrongState):
            self.send(case)
        asked = rights.request_document(case, actor=self.hana, at=LATER)
        assert (asked.state, asked.due_on) == (case.state, case.due_on)
        letter = case.letters.get(kind="proof")
        assert "shows what is right" in letters.letter_text(letter, language="en").opening
        assert "증거자료가 필요합니다" in letters.letter_text(letter, language="ko").opening
        assert self.send(case) in rights.documents(case)
        asked.refresh_from_db()
        assert asked.state == case.state, "what proves the value unsettles no identity"
        assert asked.evidence_received_at is not None
        self.assertLedgered("rights.evidence.received", asked)

    def test_the_status_page_asks_and_takes_it(self) -> None:
        case = self.ask(DELETION)
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": self.receipt.number, "code": self.receipt.code})
        assert "What we need from you" not in visitor.get("/en/rights/case/").content.decode()
        rights.request_document(case, actor=self.hana, at=LATER)
        page = visitor.get("/en/rights/case/").content.decode()
        assert "shows what is right" in page
        assert "You sent 1" not in page, "what proved the identity is none of it"
        assert "proves your identity" not in page
        assert reverse("rights:document").removeprefix("/ko") in page
        self.send(case)
        page = visitor.get("/en/rights/case/").content.decode()
        assert "You sent 1 document" in page
        assert "We need a document" not in page

    def test_what_was_sent_before_takes_no_room_of_what_is_asked_for(self) -> None:
        self.receipt = factory.ask(DELETION, target=factory.imei(1))
        case, by = self.receipt.request, Requester(self.receipt.request.reference)
        for asked_at in (NOON, LATER):
            for _number in range(MAX_DOCUMENTS):
                rights.submit_document(case, name="id.pdf", content=PDF, actor=by, at=asked_at)
            with pytest.raises(InvalidUpload):
                rights.submit_document(case, name="id.pdf", content=PDF, actor=by, at=asked_at)
            rights.request_document(case, actor=self.hana, at=LATER)
        case = factory.verify_by_documents(case, actor=self.hana, at=LATER)
        asked_at = LATER + timedelta(hours=1)
        rights.request_document(case, actor=self.hana, at=asked_at)
        for _number in range(MAX_DOCUMENTS):
            rights.submit_document(case, name="proof.pdf", content=PDF, actor=by, at=asked_at)
        with pytest.raises(InvalidUpload):
            rights.submit_document(case, name="proof.pdf", content=PDF, actor=by, at=asked_at)

    @pytest.mark.asvs("2.3.2", "5.2.4")
    def test_so_many_wait_and_so_many_are_taken_until_the_office_asks_anew(self) -> None:
        case = factory.ask(DELETION, target=factory.imei(1)).request
        by = Requester(case.reference)
        for _round in range(MAX_SENT // MAX_DOCUMENTS):
            for _number in range(MAX_DOCUMENTS):
                rights.submit_document(case, name="id.pdf", content=PDF, actor=by, at=NOON)
            with pytest.raises(InvalidUpload):
                rights.submit_document(case, name="id.pdf", content=PDF, actor=by, at=NOON)
            # What can't be used makes room for others, until enough were sent.
            EncryptedFile.objects.filter(state="pending").update(state="quarantine", finding="x", scanned_at=NOON)
        with pytest.raises(InvalidUpload):
            rights.submit_document(case, name="id.pdf", content=PDF, actor=by, at=NOON)

    def test_who_attaches_a_proof_is_not_told_that_the_identity_is_to_be_verified(self) -> None:
        receipt = factory.ask(DELETION, target=factory.imei(1))
        self.client.force_login(self.hana)
        address = reverse("admin:rights_request_change", args=[receipt.request.pk])
        pressed = {"CHANGE_FORM-action": "attach_document", "_selected_action": str(receipt.request.pk)}
        assert "본인확인을 해야 합니다" in self.client.post(address, pressed).content.decode()
        case = factory.verify_by_documents(receipt.request, actor=self.hana)
        rights.request_document(case, actor=self.hana, at=LATER)
        page = self.client.post(address, pressed).content.decode()
        assert 'name="document"' in page
        assert "본인확인을 해야 합니다" not in page

    def test_of_nothing_else_and_not_once_it_is_decided(self) -> None:
        case = self.ask(RequestedRight("access"))
        with pytest.raises(WrongState):
            rights.request_document(case, actor=self.hana, at=LATER)
        factory.make_device(2)
        case = factory.verify_by_documents(factory.ask(DELETION, target=factory.imei(2)).request, actor=self.hana)
        rights.request_document(case, actor=self.hana, at=LATER)
        rights.refuse(case.rights.get(), ground="collected-by-law", law="법 제1조", actor=self.odile, at=LATER)
        for late in (lambda: self.send(case), lambda: rights.request_document(case, actor=self.hana, at=LATER)):
            with pytest.raises(WrongState):
                late()

    def test_what_was_asked_for_one_decision_is_not_asked_for_the_next(self) -> None:
        """After an upheld objection the page asks for nothing that nobody has asked for, and takes what is asked."""
        access, law = RequestedRight("access"), {"ground": "collected-by-law", "law": "법 제1조"}
        case, by = self.ask(DELETION, access), Requester(self.receipt.request.reference)
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": self.receipt.number, "code": self.receipt.code})

        def shown() -> str:
            return visitor.get("/en/rights/case/").content.decode()

        def reopened(position: int, at: datetime) -> None:
            made = rights.object_to(case.rights.get(position=position), statement="no", actor=by, at=at)
            rights.decide_objection(made, outcome="upheld", actor=omar, at=at)

        deletion, letters_sent = case.rights.get(kind="deletion"), case.letters.filter(kind="proof")
        for count in (1, 2):
            at = LATER + timedelta(hours=count)
            rights.request_document(case, actor=self.hana, at=at)
            assert "What we need from you" in shown()
            assert letters_sent.count() == count
            self.send(case, at=at)
            rights.refuse(deletion, **law, actor=self.odile, at=at)
            if count == 2:
                rights.refuse(case.rights.get(kind="access"), ground="life-or-body", actor=self.odile, at=at)
            reopened(deletion.position, at)
            assert "What we need from you" not in shown()
            with pytest.raises(WrongState):
                self.send(case, at=at)
        rights.request_document(case, actor=self.hana, at=at)
        reopened(case.rights.get(kind="access").position, at)
        assert "What we need from you" in shown(), "what is asked for another right stays asked"

    def test_who_was_not_told_yet_is_not_asked_once_it_is_decided(self) -> None:
        case = self.ask(DELETION, answer_by="letter")
        rights.request_document(case, actor=self.hana, at=LATER)
        rights.request_document(case, actor=self.hana, at=LATER)
        assert case.letters.get(kind="proof").state == "to-post", "asked again, it says nothing new"
        rights.refuse(case.rights.get(), ground="collected-by-law", law="법 제1조", actor=self.odile, at=LATER)
        assert case.letters.get(kind="proof").state == "withdrawn"

    def test_the_office_is_offered_it_while_it_can_be_asked(self) -> None:
        case = self.ask(DELETION)
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[case.pk])
        page = self.client.get(address).content.decode()
        assert 'value="ask_evidence"' in page
        assert 'value="attach_document"' not in page
        pressed = {"CHANGE_FORM-action": "ask_evidence", "_selected_action": str(case.pk), "index": "0"}
        (seen,) = re.findall(r'name="seen" value="([^"]+)"', self.client.post(address, pressed).content.decode())
        assert not case.letters.filter(kind="proof").exists()
        self.client.post(address, {**pressed, "confirmed": "yes", "seen": seen})
        assert 'value="attach_document"' in self.client.get(address).content.decode()
