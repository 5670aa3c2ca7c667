"""What a requester writes is not lost at a refusal, nor destroyed while undecided, nor opened twice for one act."""

from datetime import date, timedelta
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse

from devices import actions as devices
from devices.models import Device
from privacy.ledger import actions as ledger
from privacy.ledger.models import Entry
from privacy.lib.http import guest_session
from privacy.policies import rulebook
from privacy.rights import actions as rights
from privacy.rights import letters, retention_expiry, views
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Objection, Particulars
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

MODEL = RequestedRight("correction", category="device-registration", item="model", wanted="SM-X")


class RefusedCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.device = factory.make_device(1)
        self.receipt: Receipt = factory.ask(MODEL, target=factory.imei(1), answer_by="portal")
        case = factory.make_verified(self.receipt)
        self.right = rights.refuse(case.rights.get(), ground="accurate", actor=self.odile, at=NOON)

    def object_to(self) -> Objection:
        return rights.object_to(self.right, statement="zebra", actor=self.odile, at=NOON)


@pytest.mark.truth("typed-words-kept")
class TypedWordsTests(RefusedCase):
    def visitor(self) -> Client:
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": self.receipt.number, "code": self.receipt.code})
        return visitor

    def test_an_objection_that_is_refused_is_shown_as_it_was_written(self) -> None:
        visitor = self.visitor()
        sent = {"right": "1", "statement": "zebra " * 400}
        page = visitor.post("/en/rights/case/objection/", sent)
        assert page.status_code == 422
        assert "zebra zebra" in page.content.decode()
        assert visitor.post("/en/rights/case/objection/", {"right": "1", "statement": "zebra"}).status_code == 302
        again = visitor.post("/en/rights/case/objection/", {"right": "1", "statement": "giraffe"})
        assert again.status_code == 422
        assert Objection.objects.count() == 1

    def test_an_objection_written_for_longer_than_the_page_is_open_is_shown_again(self) -> None:
        visitor = self.visitor()
        session = visitor.session
        session[views.SESSION] = {**session[views.SESSION], "until": (NOON - timedelta(days=9)).isoformat()}
        session.save()
        page = visitor.post("/en/rights/case/objection/", {"right": "1", "statement": "zebra"})
        assert page.status_code == 422
        text = page.content.decode()
        assert ">zebra</textarea>" in text
        assert 'action="/en/rights/case/"' in text
        assert timedelta(minutes=30) == guest_session.SESSION_LIFETIME


@pytest.mark.truth("objection-undecided")
class UndecidedObjectionTests(RefusedCase):
    def test_its_words_are_not_destroyed_while_nobody_has_decided_it(self) -> None:
        objection = self.object_to()
        Particulars.objects.update(closed_on=date(2020, 1, 1))
        term = rulebook.in_force(NOON.date()).retention("device-registration")
        due = [case for slice_ in retention_expiry.particulars_due(NOON.date(), term) for case in slice_]
        assert due == []
        rights.decide_objection(objection, outcome="dismissed", actor=self.omar, at=NOON)
        due = [case for slice_ in retention_expiry.particulars_due(NOON.date(), term) for case in slice_]
        assert due == [self.receipt.request.id]

    def test_words_that_are_gone_are_said_to_be_gone(self) -> None:
        objection = self.object_to()
        Particulars.objects.filter(about_id=objection.id).delete()
        with pytest.raises(rights.ParticularsGone):
            rights.read_objection(objection, actor=self.omar, at=NOON)

    def test_deciding_it_opens_its_words_once(self) -> None:
        objection = self.object_to()
        self.client.force_login(self.omar)
        address = reverse("admin:rights_objection_change", args=[objection.pk])
        pressed = {"CHANGE_FORM-action": "decide", "_selected_action": str(objection.pk), "index": "0"}
        reads = Entry.objects.filter(task="rights.objection.read")
        before = reads.count()  # a read is recorded apart from the test's transaction, and outlives it
        assert "zebra" in self.client.post(address, pressed).content.decode()
        self.client.post(address, {**pressed, "confirmed": "yes", "outcome": ""})
        answers = {**pressed, "confirmed": "yes", "outcome": "dismissed"}
        read = self.client.post(address, answers)
        self.client.post(address, {**answers, "seen": read.context["seen"]})
        objection.refresh_from_db()
        assert objection.outcome == "dismissed"
        assert reads.count() == before + 1


@pytest.mark.truth("objection-upheld")
@pytest.mark.clause("P1.5")
class UpheldObjectionTests(RefusedCase):
    def test_an_upheld_objection_freezes_what_is_disputed_again(self) -> None:
        objection = self.object_to()
        assert not Freeze.objects.active(NOON).exists()
        rights.decide_objection(objection, outcome="upheld", actor=self.omar, at=NOON)
        (freeze,) = Freeze.objects.active(NOON)
        assert (freeze.subject_id, freeze.item) == (self.device.subject_id, "model")
        right = rights.grant(self.receipt.request.rights.get(), actor=self.odile, at=NOON)
        rights.carry_out(right, actor=self.odile, at=NOON)
        assert not Freeze.objects.active(NOON).exists()

    def test_what_the_first_decision_did_is_not_told_of_the_second(self) -> None:
        receipt = factory.ask(RequestedRight("access"), target=factory.imei(999))
        case = factory.make_verified(receipt)
        partly = rights.grant_partly(
            case.rights.get(), excluded=["app-log"], ground="life-or-body", actor=self.odile, at=NOON
        )
        rights.carry_out(partly, actor=self.odile, at=NOON)
        objection = rights.object_to(partly, statement="x", actor=self.odile, at=NOON)
        rights.decide_objection(objection, outcome="upheld", actor=self.omar, at=NOON)
        assert case.rights.get().result == {}


@pytest.mark.truth("registered-twice")
class CorrectedMeanwhileTests(PortalTestCase):
    def test_a_device_whose_number_changed_since_is_still_the_one_that_confirmed(self) -> None:
        device = factory.make_device(1)
        case = factory.ask(target=factory.imei(1)).request
        with_number = Device.objects.get(pk=device.pk)
        devices.correct_registration(
            with_number.subject_id, "imei", factory.imei(2),
            event=case.id, actor=factory.make_officer(), at=NOON, record_id=None,
        )  # fmt: skip
        assert factory.make_verified(factory.ask(target=factory.imei(3))).subject_id is None
        verified = factory.verify_by_documents(case, actor=factory.make_handler(), at=NOON)
        assert verified.subject_id == device.subject_id
        assert ledger.entries_about(device.subject_id).exists()


@pytest.mark.truth("words-gone")
class WordsGoneTests(RefusedCase):
    @pytest.mark.asvs("8.2.2")
    def test_an_answer_whose_words_are_gone_is_said_to_be_so_and_no_fault(self) -> None:
        letter = Letter.objects.get(kind="result")
        other, receipt = Client(), factory.ask(target=factory.imei(9))
        other.post("/en/rights/case/", {"number": receipt.number, "code": receipt.code})
        for anybody_else in (other, Client()):  # whose case it is not
            asked = anybody_else.post(reverse("rights:letter", args=[letter.reference]))
            assert asked.headers["Location"] == reverse("rights:case")
        Particulars.objects.all().delete()
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": self.receipt.number, "code": self.receipt.code})
        page = visitor.post(reverse("rights:letter", args=[letter.reference]))
        assert page.status_code == 422
        assert visitor.get("/en/rights/case/").status_code == 200


@pytest.mark.truth("document-asked-for")
class AskedForADocumentTests(PortalTestCase):
    def test_who_is_asked_for_a_document_is_told_by_the_way_they_chose(self) -> None:
        for answer_by, state in (("email", "queued"), ("letter", "to-post"), ("portal", "on-portal")):
            case = factory.ask(answer_by=answer_by, address="").request
            rights.request_document(case, actor=factory.make_handler(), at=NOON)
            letter = case.letters.get(kind="evidence")
            assert letter.state == state
            assert "document" in letters.letter_text(letter, language="en").title
            rights.request_document(case, actor=factory.make_handler(), at=NOON)
            assert case.letters.count() == 1

    @pytest.mark.truth("15")
    def test_who_was_not_told_yet_is_not_asked_once_it_is_settled(self) -> None:
        hana = factory.make_handler()
        for number, (answer_by, end) in enumerate(product(("email", "letter"), ("verify", "reject", "withdraw")), 1):
            factory.make_device(number)
            case = factory.ask(target=factory.imei(number), answer_by=answer_by, address="").request
            rights.request_document(case, actor=hana, at=NOON)
            if end == "verify":
                factory.verify_by_documents(case, actor=hana, at=NOON)
            elif end == "reject":
                rights.reject_identity(case, actor=hana, at=NOON)
            else:
                rights.withdraw(case, actor=Requester(case.reference), at=NOON)
            assert case.letters.get(kind="evidence").state == "withdrawn", (answer_by, end)

    @pytest.mark.truth("15")
    def test_a_request_that_was_taken_back_is_not_said_to_be_in_review(self) -> None:
        factory.make_device(1)
        case = factory.make_verified(factory.ask(answer_by="letter", address=""))
        rights.withdraw(case, actor=Requester(case.reference), at=NOON)
        assert case.letters.get(kind="accepted").state == "withdrawn"
