"""A mandate that has ended or is too narrow is proven anew by a document, which somebody else has read (R-26)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from devices.models import Challenge
from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.rights import actions as rights
from privacy.rights import letters
from privacy.rights.actions import RequestedRight
from privacy.rights.actions.identity_documents import MAX_DOCUMENTS
from privacy.rights.actors import Requester
from privacy.rights.models import Package, Request
from privacy.rights.refusals import SamePerson, WrongState
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.sample_uploads import PDF

ENDED = date(2020, 12, 31)


class NewMandateCase(PortalTestCase):
    def setUp(self) -> None:
        self.hana, self.odile, self.omar = factory.make_handler(), factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)
        factory.make_device(1)
        self.begun = clock.now() - timedelta(hours=2)

    def verified(self, *asked: RequestedRight, requester: str = "agent") -> Request:
        self.receipt = factory.ask(*asked, target=factory.imei(1), requester=requester, address="", at=self.begun)
        proof = "power-of-attorney" if requester == "agent" else "family-record"
        return factory.make_verified(self.receipt, authority=proof, at=self.begun)

    def ended(self, *asked: RequestedRight) -> Request:
        """A verified case of an agent whose mandate has ended since."""
        return self.change(self.verified(*asked), authority_until=ENDED)

    def closed(self) -> tuple[Request, Package]:
        """A closed case of an agent whose mandate has ended before its copy was fetched."""
        case = self.verified()
        right = rights.grant(case.rights.get(), actor=self.odile, at=self.begun)
        rights.carry_out(right, actor=self.odile, at=self.begun)
        rights.mark_letter_sent(case.letters.get(kind="result"), actor=self.odile, at=self.begun)
        rights.close_case(case, actor=self.odile, at=self.begun)
        return self.change(case, authority_until=ENDED), Package.objects.get(right=right)

    def change(self, case: Request, **changes: Any) -> Request:
        Request.objects.filter(id=case.id).update(**changes)
        case.refresh_from_db()
        return case

    def at(self, minutes: int) -> datetime:
        return self.begun + timedelta(minutes=minutes)

    def send(self, case: Request, *, minutes: int = 10) -> EncryptedFile:
        by = Requester(case.reference)
        return rights.submit_document(case, name="m.pdf", content=PDF, actor=by, at=self.at(minutes))

    def read(self, case: Request, *, by: User, minutes: int = 20) -> None:
        rights.documents(case).unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=self.at(minutes))
        rights.open_documents(case, actor=by, at=self.at(minutes))

    def renew(self, case: Request, *covers: str, by: User, minutes: int = 30) -> Request:
        mandate = factory.make_mandate(*covers)
        return rights.renew_authority(
            case, authority="power-of-attorney", mandate=mandate, actor=by, at=self.at(minutes)
        )

    def visitor(self) -> Client:
        client = Client()
        client.post("/en/rights/case/", {"number": self.receipt.number, "code": self.receipt.code})
        return client

    def page(self, client: Client, language: str = "en") -> str:
        return client.get("/en/rights/case/" if language == "en" else "/rights/case/").content.decode()


@pytest.mark.law("R-26")
class ReadingTests(NewMandateCase):
    def test_nobody_records_one_that_no_document_proves(self) -> None:
        case = self.ended()
        with pytest.raises(rights.UnseenDocuments, match="들어온 문서가 없습니다"):
            self.renew(case, by=self.hana)  # who opened what proved the first one
        sent = self.send(case)
        with pytest.raises(rights.UnseenDocuments, match="열어 읽은 다음"):
            self.renew(case, by=self.hana)
        self.read(case, by=self.hana)
        with pytest.raises(rights.UnseenDocuments, match="열어 읽은 다음"):
            self.renew(case, by=self.odile)
        EncryptedFile.objects.filter(id=sent.id).update(state=EncryptedFile.State.QUARANTINE, finding="malware")
        with pytest.raises(rights.UnseenDocuments, match="들어온 문서가 없습니다"):
            self.renew(case, by=self.hana)
        EncryptedFile.objects.filter(id=sent.id).update(state=EncryptedFile.State.CLEAN, finding="")
        assert self.renew(case, by=self.hana).authority_until is None

    def test_another_one_rests_on_another_document(self) -> None:
        case = self.ended()
        self.send(case)
        self.read(case, by=self.hana)
        self.change(self.renew(case, by=self.hana), authority_until=ENDED)
        with pytest.raises(rights.UnseenDocuments):
            self.renew(case, by=self.hana, minutes=40)
        self.send(case, minutes=50)
        self.read(case, by=self.hana, minutes=51)
        self.renew(case, by=self.hana, minutes=52)

    def test_whoever_attached_it_alone_does_not_record_it(self) -> None:
        case = self.ended()
        rights.attach_document(case, name="m.pdf", content=PDF, actor=self.odile, at=self.at(10))
        for one in (self.odile, self.omar):
            self.read(case, by=one)
        with pytest.raises(SamePerson):
            self.renew(case, by=self.odile)
        self.renew(case, by=self.omar)
        self.assertLedgered("rights.authority.renewed", case)

    def test_under_a_hold_what_proved_it_stays(self) -> None:
        case, _package = self.closed()
        self.send(case)
        self.read(case, by=self.hana)
        factory.make_hold(category="rights-request", at=self.begun)
        self.renew(case, by=self.hana)
        assert rights.documents(case).count() == 1

    def test_what_was_sent_before_leaves_room_for_it(self) -> None:
        case = self.ended()
        for minute in range(10, 10 + MAX_DOCUMENTS):
            self.send(case, minutes=minute)
        with pytest.raises(InvalidUpload):
            self.send(case, minutes=19)
        self.read(case, by=self.hana)
        self.change(self.renew(case, by=self.hana), authority_until=ENDED)
        assert self.send(case, minutes=40)


@pytest.mark.law("R-26")
class FirstMandateTests(NewMandateCase):
    def test_a_device_proves_no_mandate(self) -> None:
        self.receipt = factory.ask(target=factory.imei(1), requester="agent", address="", at=self.begun)
        case = self.receipt.request
        assert "also send a document that proves it" in self.page(self.visitor())
        asked = rights.challenge(case, actor=Requester(case.reference), at=self.begun)
        Challenge.objects.filter(id=asked.id).update(state="confirmed", answered_at=self.begun)
        said: dict[str, Any] = {"method": "device", "authority": "power-of-attorney", "actor": self.hana}
        said |= {"mandate": factory.make_mandate(), "at": self.at(30)}
        with pytest.raises(rights.UnseenDocuments):
            rights.verify(case, **said)
        self.send(case)
        with pytest.raises(rights.UnseenDocuments):
            rights.verify(case, **said)
        self.read(case, by=self.hana)
        assert rights.verify(case, **said).is_verified


@pytest.mark.law("R-26")
class SendingTests(NewMandateCase):
    def test_one_comes_in_only_while_it_is_lacking(self) -> None:
        for case in (self.verified(), self.verified(requester="self")):
            with pytest.raises(WrongState):
                self.send(case)
            with pytest.raises(WrongState):
                rights.request_document(case, actor=self.hana, at=self.at(10))
        guardian = self.change(self.verified(requester="legal-representative"), authority_until=ENDED)
        assert self.send(guardian)
        narrow = self.change(self.verified(RequestedRight("access")), mandate_covers=["suspension"])
        self.send(narrow)
        self.read(narrow, by=self.hana)
        self.renew(narrow, "access", by=self.hana)
        with pytest.raises(WrongState):
            self.send(narrow, minutes=40)

    def test_the_agent_sends_it_on_the_page_that_asks_for_it_and_gets_the_copy(self) -> None:
        case, package = self.closed()
        Package.objects.update(expires_at=clock.now() + timedelta(days=1))
        code = factory.pickup_code(package, at=clock.now())
        client = self.visitor()
        refused = client.post("/en/rights/case/download/", {"pickup_code": code})
        said = refused.content.decode()
        assert "under “What we need from you”, then try again" in said
        assert "Your mandate ended on" in said
        assert 'id="need"' in said
        assert "destroy it once we have recorded your mandate" in said
        assert "The deadline for our answer keeps running" not in said
        assert "필요한 것" in self.page(client, "ko")
        client.post("/en/rights/case/document/", {"document": SimpleUploadedFile("m.pdf", PDF)})
        assert "You sent 1 document" in self.page(client)
        assert "Send proof of one" not in self.page(client)
        rights.documents(case).unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=clock.now())
        rights.open_documents(case, actor=self.hana, at=clock.now())
        rights.renew_authority(
            case, authority="power-of-attorney", mandate=factory.make_mandate(), actor=self.hana, at=clock.now()
        )
        assert 'id="need"' not in self.page(client)
        assert client.post("/en/rights/case/download/", {"pickup_code": code}).streaming

    def test_one_that_is_too_narrow_names_what_it_lacks(self) -> None:
        self.change(self.verified(RequestedRight("access")), mandate_covers=["suspension"])
        client = self.visitor()
        assert "Not covered: access." in self.page(client)
        assert "포함되지 않은 요구: 열람." in self.page(client, "ko")
        assert "The deadline for our answer keeps running." in self.page(client)

    def test_what_comes_after_the_end_stays_until_it_is_recorded_or_the_copy_is_gone(self) -> None:
        system = SystemActor("sweep")
        for renewed in (True, False):
            case, package = self.closed()
            self.send(case)
            rights.destroy_leftover_documents(actor=system, at=self.at(15))
            assert rights.documents(case).count() == 1
            if renewed:
                self.read(case, by=self.hana)
                self.renew(case, by=self.hana)
            else:
                rights.destroy_leftover_documents(actor=system, at=package.expires_at)
            assert not rights.documents(case).exists(), renewed

    def test_a_closed_case_without_a_copy_leads_to_a_new_request(self) -> None:
        self.closed()
        Package.objects.update(removed_at=self.begun)
        page = self.visitor().get("/en/rights/case/opened/").content.decode()
        assert "To get access, make a new request" in page
        assert 'id="need"' not in page


class AskingTests(NewMandateCase):
    def test_the_letter_says_what_is_missing_once_and_is_kept_back_once_it_has_come(self) -> None:
        case = self.ended(RequestedRight("deletion", category="device-registration"))
        for _again in range(2):
            rights.request_document(case, actor=self.hana, at=self.at(5))
        letter = case.letters.get(kind="evidence")
        assert "Your mandate ended on" in letters.letter_text(letter, language="en").opening
        assert "대리권이" in letters.letter_text(letter, language="ko").opening
        asked = Request.objects.get(id=case.id)
        assert (asked.state, asked.evidence_asked_at) == (case.state, case.evidence_asked_at)
        assert "shows what is right" not in self.page(self.visitor())
        self.send(case)
        self.read(case, by=self.hana)
        self.renew(case, by=self.hana)
        letter.refresh_from_db()
        assert letter.state == "withdrawn"

    def test_the_letter_of_an_answered_case_names_no_deadline(self) -> None:
        case, _package = self.closed()
        rights.request_document(case, actor=self.hana, at=self.at(5))
        written = letters.letter_text(case.letters.get(kind="evidence"), language="en")
        assert "deadline" not in written.opening
        assert "Answer due" not in dict(written.fields)

    def test_the_console_offers_what_can_be_done_and_says_first_what_must_be_read(self) -> None:
        case = self.verified()
        self.client.force_login(self.omar)
        address = reverse("admin:rights_request_change", args=[case.pk])
        buttons = [f'value="{name}"' for name in ("ask_evidence", "attach_document", "renew_authority")]
        page = self.client.get(address).content.decode()
        assert not any(one in page for one in buttons)
        self.change(case, authority_until=ENDED)
        page = self.client.get(address).content.decode()
        assert all(one in page for one in buttons)
        press = {"CHANGE_FORM-action": "renew_authority", "_selected_action": str(case.pk)}
        page = self.client.post(address, press, follow=True).content.decode()
        assert "들어온 문서가 없습니다" in page
        assert 'name="principal"' not in page
        attach = {**press, "CHANGE_FORM-action": "attach_document"}
        assert "새 대리권을 기록해야" in self.client.post(address, attach).content.decode()
        rights.attach_document(case, name="m.pdf", content=PDF, actor=self.hana, at=self.at(5))
        self.read(case, by=self.omar)
        assert 'name="principal"' in self.client.post(address, press).content.decode()
