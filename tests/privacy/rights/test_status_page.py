"""The status page: number and code open it, every failure looks the same, and it shows what comes next."""

import re
from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from devices import actions as devices
from devices.models import Challenge, Device
from privacy.jobs.models import GeneralOutbox
from privacy.ledger import events as ledger_events
from privacy.lib.dates import clock
from privacy.lib.http import guest_session
from privacy.rights import actions as rights
from privacy.rights import tasks, views
from privacy.rights.actions import Receipt
from privacy.rights.models import Request
from privacy.rights.models.cases import EXAMPLE_NUMBER
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from tests import factory, sample_uploads
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.sample_uploads import pdf

PDF = b"%PDF-1.7 a scan %%EOF"


class StatusPageCase(PortalTestCase):
    def enter(self, receipt: Receipt, client: Client | None = None) -> Client:
        client = client or self.client
        answer = client.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
        assert answer.status_code == 302
        return client

    def page(self) -> str:
        return self.client.get(reverse("rights:case")).content.decode()


class EntryTests(StatusPageCase):
    def test_number_and_code_open_the_case(self) -> None:
        receipt = factory.ask(at=NOON)
        self.enter(receipt)
        assert receipt.number in self.page()

    def test_the_example_of_a_number_looks_like_the_numbers_that_people_get(self) -> None:
        shape = re.sub(r"\d", "0", factory.ask().number)
        assert re.sub(r"\d", "0", EXAMPLE_NUMBER) == shape
        assert EXAMPLE_NUMBER in self.page()

    def test_the_code_may_be_typed_without_hyphens_and_in_small_letters(self) -> None:
        receipt = factory.ask()
        typed = receipt.code.replace("-", " ").lower()
        answer = self.client.post(reverse("rights:case"), {"number": receipt.number, "code": typed})
        assert answer.status_code == 302

    @pytest.mark.asvs("6.3.8")
    def test_a_wrong_code_and_an_unknown_number_get_the_same_answer(self) -> None:
        receipt = factory.ask()
        wrong = self.client.post(reverse("rights:case"), {"number": receipt.number, "code": "0" * 26})
        unknown = self.client.post(reverse("rights:case"), {"number": "2026-0000000", "code": "0" * 26})
        assert wrong.status_code == unknown.status_code == 422
        assert len(wrong.content) == len(unknown.content)

    @pytest.mark.attack("17.6")
    def test_a_wrong_code_and_an_unknown_number_ask_the_database_as_often(self) -> None:
        asked = []
        for number in ("2026-0000001", factory.ask().number, "2026-0000000"):
            with CaptureQueriesContext(connections["default"]) as queries:
                self.client.post(reverse("rights:case"), {"number": number, "code": "0" * 26})
            asked.append(len(queries))
        # the first attempt of an hour makes the hour's row
        assert asked[1] == asked[2]

    @pytest.mark.law("S-13")
    @pytest.mark.asvs("2.4.1", "6.6.3")
    @pytest.mark.attack("17.7")
    def test_tries_from_one_address_are_limited_and_its_owner_elsewhere_is_not(self) -> None:
        receipt = factory.ask()
        for number in range(10):
            rejected = {"number": receipt.number, "code": f"{number:026d}"}
            self.client.post(reverse("rights:case"), rejected, REMOTE_ADDR="198.51.100.7")
        right = {"number": receipt.number, "code": receipt.code}
        assert self.client.post(reverse("rights:case"), right, REMOTE_ADDR="198.51.100.7").status_code == 429
        assert self.client.post(reverse("rights:case"), right, REMOTE_ADDR="203.0.113.9").status_code == 302

    def test_without_number_and_code_there_is_nothing_to_see(self) -> None:
        receipt = factory.ask()
        assert receipt.number not in self.page()

    @pytest.mark.asvs("7.2.4", "7.3.1", "7.3.2", "7.4.1")
    def test_it_is_open_for_half_an_hour_whatever_is_done_meanwhile(self) -> None:
        receipt = factory.ask()
        planted = self.client.session
        planted.save()
        self.client.cookies["session"] = str(planted.session_key)
        self.enter(receipt)
        session = self.client.session
        assert session.session_key != planted.session_key
        began = datetime.fromisoformat(session[views.SESSION]["until"]) - guest_session.SESSION_LIFETIME
        for later, opens in ((timedelta(minutes=29), True), (timedelta(minutes=31), False)):
            with mock.patch.object(clock, "now", return_value=began + later):
                assert (receipt.number in self.page()) is opens, later

    @pytest.mark.asvs("7.4.1", "7.4.4", "14.3.1")
    def test_the_page_can_be_closed(self) -> None:
        receipt = factory.ask()
        self.enter(receipt)
        assert 'data-seconds="1800"' in self.page()  # or empties itself, where nobody closes it
        assert f'action="{reverse("rights:leave")}"' in self.page()
        assert self.client.post(reverse("rights:leave")).headers["Clear-Site-Data"] == '"cache"'
        assert receipt.number not in self.page() and "data-seconds" not in self.page()


class IdentityOnThePageTests(StatusPageCase):
    @pytest.mark.asvs("1.4.2")
    def test_a_number_of_five_thousand_digits_names_no_right(self) -> None:
        self.enter(factory.ask())
        for number in ("9" * 5_000, "\u0663", "-1"):
            assert self.client.post(reverse("rights:stop-destruction"), {"right": number}).status_code == 422, number

    @pytest.mark.law("R-05", "R-04")
    def test_a_device_that_confirms_the_code_verifies_the_case(self) -> None:
        device = factory.make_device(1)
        receipt = factory.ask_correction()
        self.enter(receipt)
        self.client.post(reverse("rights:confirm-device"))
        asked = Challenge.objects.get()
        assert asked.shown in self.page()
        devices.answer_challenge(
            device_id=device.id,
            challenge_id=asked.id,
            confirmed=True,
            code=asked.shown,
            gateway=factory.make_gate(),
            at=asked.asked_at,
        )
        row = GeneralOutbox.objects.get(kind="rights.challenge.answered")
        tasks.verify_by_device(row.ids, event=row.id, starts=1, at=asked.asked_at)
        case = Request.objects.get()
        assert case.state == "verified"
        assert case.identity_method == "device"
        assert case.subject_id == device.subject_id

    def test_an_unknown_device_shows_a_code_too(self) -> None:
        receipt = factory.ask_correction(target=factory.imei(4242))
        self.enter(receipt)
        before = self.page()
        self.client.post(reverse("rights:confirm-device"))
        assert not Device.objects.filter(id__in=set(Challenge.objects.values_list("device_id", flat=True))).exists()
        assert before.count('class="once"') == 0
        assert self.page().count('class="once"') == 1

    def test_a_device_that_denies_tells_the_page_nothing(self) -> None:
        device = factory.make_device(1)
        self.enter(factory.ask_correction())
        self.client.post(reverse("rights:confirm-device"))
        asked = Challenge.objects.get()
        before = self.page()
        devices.answer_challenge(
            device_id=device.id,
            challenge_id=asked.id,
            confirmed=False,
            gateway=factory.make_gate(),
            at=asked.asked_at,
        )
        assert asked.shown in before
        assert asked.shown in self.page()
        assert Request.objects.get().state == "identity-pending"

    @pytest.mark.law("R-06")
    @pytest.mark.asvs("14.2.8")
    def test_a_document_is_sealed_and_destroyed_with_the_end_of_the_case(self) -> None:
        self.enter(factory.ask())
        answer = self.client.post(reverse("rights:document"), {"document": SimpleUploadedFile("id.pdf", PDF)})
        assert answer.status_code == 302
        assert PDF not in EncryptedFile.objects.get().content.ciphertext
        case = Request.objects.get()
        rights.reject_identity(case, actor=factory.make_handler(), at=NOON)
        assert not EncryptedFile.objects.exists()
        self.assertLedgered("rights.evidence.destroyed", case)

    @pytest.mark.asvs("5.2.4")
    @pytest.mark.attack("17.5")
    def test_a_document_that_can_not_be_used_is_told_and_makes_room_for_another(self) -> None:
        self.enter(factory.ask())
        send = lambda content: self.client.post(  # noqa: E731
            reverse("rights:document"), {"document": SimpleUploadedFile("id.pdf", content)}
        )
        case = Request.objects.get()
        for _number in range(5):
            assert send(pdf(catalog=b"/OpenAction << /S /JavaScript /JS (x) >>")).status_code == 302
        assert send(sample_uploads.PDF).status_code == 422, "five wait: that is enough"
        assert factory.judge_files() == 5
        assert "프로그램, 링크 또는 다른 파일" in self.page()
        with pytest.raises(vault.Quarantined):
            rights.open_documents(case, actor=factory.make_handler(), at=NOON)
        assert send(sample_uploads.PDF).status_code == 302
        factory.judge_files()
        assert [one.content for one in rights.open_documents(case, actor=factory.make_handler(), at=NOON)] == [
            sample_uploads.PDF
        ]

    def test_a_document_that_is_no_picture_or_pdf_is_refused(self) -> None:
        self.enter(factory.ask())
        upload = SimpleUploadedFile("id.pdf", b"<html>not a pdf</html>")
        assert self.client.post(reverse("rights:document"), {"document": upload}).status_code == 422
        assert not EncryptedFile.objects.exists()

    def test_the_requester_takes_the_request_back_and_the_freeze_ends(self) -> None:
        device = factory.make_device(1)
        self.enter(factory.ask_correction())
        assert vault.active_freezes(device.subject_id, "device-registration", ["imei"], at=NOON)
        self.client.post(reverse("rights:withdraw"))
        assert Request.objects.get().state == "withdrawn"
        assert not vault.active_freezes(device.subject_id, "device-registration", ["imei"])


class DecisionOnThePageTests(StatusPageCase):
    def test_a_refusal_shows_ground_law_and_the_way_to_object(self) -> None:
        factory.make_device(1)
        receipt = factory.ask(rights.RequestedRight("access"), target=factory.imei(1))
        case = factory.make_verified(receipt)
        rights.refuse(
            case.rights.get(),
            ground="law",
            law="통신비밀보호법 제13조의5",
            explanation="Ask the agency.",
            actor=factory.make_officer(),
            at=NOON,
        )
        self.client.cookies["django_language"] = "en"
        answer = self.client.post("/en/rights/case/", {"number": receipt.number, "code": receipt.code})
        text = self.client.get(answer.headers["Location"]).content.decode()
        assert "통신비밀보호법 제13조의5" in text
        assert "An Act forbids or restricts access" in text
        assert "Ask the agency." in text
        assert "Object to this decision" in text

    @pytest.mark.law("S-03")
    def test_reading_the_explanation_is_on_record(self) -> None:
        receipt = factory.ask(rights.RequestedRight("access"))
        case = factory.make_verified(receipt)
        rights.refuse(
            case.rights.get(), ground="life-or-body", explanation="why", actor=factory.make_officer(), at=NOON
        )
        self.enter(receipt)
        self.page()
        entry = self.assertLedgered(str(ledger_events.Event.READ))
        assert entry.actor == case.reference
