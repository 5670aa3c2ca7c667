"""The desk: cases with their due date, buttons that say what will happen, words opened on record."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.ledger.models import Entry
from privacy.lib.dates import clock, periods
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Objection, Package, Particulars, Request, Step
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.cookie_words import words_in_cookies
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF, pdf, stream


def confirmed(client: Client, address: str, data: dict[str, Any], **options: Any) -> Any:
    """Press the last button of a page; where it shows what will be sent, press it again on what was shown."""
    answer = client.post(address, data, **options)
    seen = re.search(r'name="seen" value="([^"]*)"', answer.content.decode()) if answer.status_code == 200 else None
    return client.post(address, {**data, "seen": seen[1]}, **options) if seen else answer


class DeskCase(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.odile, self.hana = factory.make_officer(), factory.make_handler()
        self.client.force_login(self.odile)

    def press(self, record: Any, action: str, **answers: Any) -> HttpResponse:
        """Press a button on a record's page; with answers, press the last button of the page that asks too."""
        meta = record._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(record.pk), "index": "0"}
        first = self.client.post(address, pressed)
        if "confirmed" not in answers and not answers:
            return first  # type: ignore[return-value]
        assert first.status_code == 200, f"{action} did not ask"
        # The page says again what it has shown.
        shown = dict(re.findall(r'name="(read|newest)" value="([^"]*)"', first.content.decode()))
        answer: HttpResponse = confirmed(self.client, address, {**pressed, "confirmed": "yes", **shown, **answers})
        return answer

    def page(self, record: Any) -> str:
        meta = record._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
        return self.client.get(address).content.decode()

    def told(self, response: HttpResponse) -> str:
        return self.client.get(response.headers["Location"]).content.decode()


class ListTests(DeskCase):
    def test_the_list_shows_due_dates_and_days_left(self) -> None:
        case = factory.ask_correction().request
        text = self.client.get(reverse("admin:rights_request_changelist")).content.decode()
        assert "badge" in text
        assert 'datetime="2026-12-04"' in text
        assert case.number in text

    def test_search_is_by_exact_number_or_reference(self) -> None:
        case = factory.ask().request
        for term, found in ((case.number, True), (case.reference.lower(), True), (case.number[:8], False)):
            page = self.client.get(reverse("admin:rights_request_changelist"), {"q": term})
            assert (case.number in page.content.decode().partition("result_list")[2]) == found

    def test_ten_queries_are_enough_for_a_full_list(self) -> None:
        for number in range(15):
            factory.ask(address=f"198.51.100.{number}")
        with CaptureQueriesContext(connection) as asked:
            self.client.get(reverse("admin:rights_request_changelist"))
        assert len(asked) <= 10


@pytest.mark.clause("P1.5")
class CaseTests(DeskCase):
    def setUp(self) -> None:
        super().setUp()
        self.case = factory.ask_correction(answer_by="portal").request

    def test_the_page_shows_no_word_of_the_requester(self) -> None:
        text = self.page(self.case)
        assert "Mina" not in text
        assert factory.imei(1) not in text
        assert factory.RIGHT_IMEI not in text

    def test_reading_the_words_is_a_button_and_on_record(self) -> None:
        shown = self.press(self.case, "read").content.decode()
        assert "Mina" in shown
        assert factory.RIGHT_IMEI in shown
        entry = self.assertLedgered("ledger.read")
        assert entry.actor == self.odile.reference
        assert str(self.case.id) in entry.subjects

    def test_a_note_is_sealed_on_the_timeline_and_for_the_office_only(self) -> None:
        receipt = factory.ask_correction(answer_by="portal")
        case = receipt.request
        self.client.force_login(self.hana)
        self.press(case, "write_note", text="zebra rang twice")
        self.assertLedgered("rights.note.written", case)
        for model in (Particulars, Step, Entry):
            assert "zebra" not in str(list(model.objects.values()))
        self.client.force_login(self.odile)
        assert "zebra" not in self.page(case)
        page = self.press(case, "read").content.decode()
        assert "zebra rang twice" in page
        assert self.hana.name in page
        assert self.assertLedgered("ledger.read").actor == self.odile.reference
        visitor = Client()
        visitor.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
        shown = visitor.get(reverse("rights:case")).content.decode()
        assert receipt.number in shown
        assert "zebra" not in shown
        rights.reject_identity(case, actor=self.odile, at=NOON)
        with pytest.raises(rights.WrongState):
            rights.write_note(case, text="too late", actor=self.odile, at=NOON)

    def test_from_verification_to_the_carried_out_correction(self) -> None:
        factory.make_provided(self.device, "model")
        rights.submit_document(self.case, name="id.pdf", content=PDF, actor=Requester(self.case.reference), at=NOON)
        factory.judge_files()
        self.client.force_login(self.hana)
        self.press(self.case, "show_document")
        assert "확인" in self.told(self.press(self.case, "verify", method="documents"))
        self.case.refresh_from_db()
        assert self.case.state == "verified"
        self.client.force_login(self.odile)
        self.press(self.case, "assign", to=self.hana.reference)
        self.press(self.case, "grant", rights=["1"])
        self.press(self.case, "carry_out", rights=["1"])
        self.case.refresh_from_db()
        assert self.case.state == "notified"
        assert not vault.active_freezes(self.device.subject_id, "device-registration", ["imei"])
        self.press(self.case, "close")
        self.case.refresh_from_db()
        assert self.case.state == "closed"
        assert "rights.item.corrected" not in self.page(self.case)

    def test_verifying_says_what_it_does_before_it_does(self) -> None:
        first = self.press(self.case, "verify")
        assert first.status_code == 200
        self.case.refresh_from_db()
        assert self.case.state == "received"

    def test_a_refusal_asks_for_the_ground_and_keeps_what_was_typed(self) -> None:
        factory.verify_by_documents(self.case, actor=self.hana, at=NOON)
        page = self.press(self.case, "refuse", right="1", explanation="keep me")
        assert page.status_code == 200
        text = page.content.decode()
        assert "error-summary" in text
        assert "keep me" in text
        self.press(self.case, "refuse", right="1", ground="accurate", explanation="checked")
        assert self.case.rights.get().decision == "refused"

    def test_a_refusal_offers_only_the_grounds_of_the_case(self) -> None:
        factory.verify_by_documents(self.case, actor=self.hana, at=NOON)
        text = self.press(self.case, "refuse").content.decode()
        assert 'value="accurate"' in text
        assert 'value="contract"' not in text

    def test_a_verb_that_refuses_is_told_on_the_page(self) -> None:
        text = self.press(self.case, "grant", rights=["1"]).content.decode()
        assert self.case.rights.get().decision == "pending"
        assert "error-summary" in text
        assert re.search(r'value="1"[^>]*checked', text), "what was chosen stays chosen"

    def test_buttons_are_for_those_who_may(self) -> None:
        factory.make_verified(rights.Receipt(self.case, ""))
        assert 'value="grant"' in self.page(self.case)
        self.client.force_login(self.hana)
        text = self.page(self.case)
        assert 'value="grant"' not in text
        assert 'value="assign"' in text
        self.client.force_login(factory.make_aram())
        text = self.page(self.case)
        assert 'value="verify"' not in text
        assert 'value="read"' not in text
        assert self.press(self.case, "read").status_code != 200 or b"Mina" not in self.press(self.case, "read").content

    def test_a_page_offers_what_the_case_is_ready_for(self) -> None:
        text = self.page(self.case)
        assert 'value="verify"' in text
        assert 'value="grant"' not in text
        assert 'value="carry_out"' not in text
        factory.make_granted(rights.Receipt(self.case, ""))
        text = self.page(self.case)
        assert 'value="verify"' not in text
        assert 'value="grant"' not in text
        assert 'value="carry_out"' in text

    @pytest.mark.asvs("14.3.3")
    def test_a_button_of_an_older_page_gets_a_clear_answer(self) -> None:
        factory.make_granted(rights.Receipt(self.case, ""))
        for button in ("grant", "refuse"):
            answer = self.press(self.case, button)
            assert "Odile" not in words_in_cookies(self.client)
            assert f"Odile ({self.odile.reference})" in self.told(answer)

    def test_an_employee_sees_nothing(self) -> None:
        self.client.force_login(factory.make_emin())
        answer = self.client.get(reverse("admin:rights_request_change", args=[self.case.pk]))
        assert answer.status_code in {302, 403}

    @pytest.mark.law("S-21")
    @pytest.mark.asvs("14.2.8")
    def test_a_document_is_opened_by_a_button_and_on_record(self) -> None:
        rights.submit_document(self.case, name="id.pdf", content=PDF, actor=Requester("K7-1"), at=NOON)
        factory.judge_files()
        answer = self.press(self.case, "show_document")
        assert answer.content == PDF
        assert self.assertLedgered("ledger.read").task == "rights.evidence.shown"
        assert EncryptedFile.objects.exists()

    @pytest.mark.truth("every-document-is-opened")
    def test_all_documents_are_opened_not_only_the_newest(self) -> None:
        sent = [pdf(stream(b"mandate")), pdf(stream(b"identity"))]
        for content in sent:
            rights.submit_document(self.case, name="id.pdf", content=content, actor=Requester("K7-1"), at=NOON)
        factory.judge_files()
        archive = ZipFile(BytesIO(self.press(self.case, "show_document").content))
        found = [archive.read(name) for name in archive.namelist()]
        assert sorted(found) == sorted(sent)

    def test_rejecting_the_identity_warns_and_ends_the_case(self) -> None:
        self.press(self.case, "reject", confirmed="yes")
        self.case.refresh_from_db()
        assert self.case.state == "identity-rejected"


@pytest.mark.clause("P1.3")
class OtherChannelsTests(DeskCase):
    @pytest.mark.law("R-04")
    def test_a_request_by_telephone_is_written_down_with_its_day(self) -> None:
        answer = self.client.post(
            reverse("admin:rights_request_receive"),
            {
                "channel": "phone", "received_on": "2026-11-20", "rights": ["access"], "target_kind": "imei",
                "target": factory.imei(1), "requester": "self", "answer_by": "portal",
            },
        )  # fmt: skip
        assert answer.status_code == 200
        case = Request.objects.get()
        assert case.channel == "phone"
        assert str(case.received_on) == "2026-11-20"
        assert case.number in answer.content.decode()

    @pytest.mark.law("R-04")
    def test_one_by_mail_letter_or_visit_is_written_down_too(self) -> None:
        for number, channel in enumerate(("email", "writing", "visit"), start=1):
            self.client.post(
                reverse("admin:rights_request_receive"),
                {
                    "channel": channel, "received_on": "2026-11-20", "rights": ["access"], "target_kind": "imei",
                    "target": factory.imei(number), "requester": "self", "answer_by": "portal",
                },
            )  # fmt: skip
            assert Request.objects.filter(channel=channel).count() == 1, channel

    def test_a_day_in_the_future_is_refused(self) -> None:
        answer = self.client.post(
            reverse("admin:rights_request_receive"),
            {"channel": "phone", "received_on": "2099-01-01", "rights": ["access"], "target_kind": "imei",
             "target": factory.imei(1), "requester": "self", "answer_by": "portal"},
        )  # fmt: skip
        assert b"error-summary" in answer.content
        assert not Request.objects.exists()

    def test_it_is_written_down_in_steps_and_nothing_is_asked_that_does_not_matter(self) -> None:
        address, given = reverse("admin:rights_request_receive"), {"answer_by": "portal", "requester": "self"}

        def step(at: str, go: str, **typed: object) -> Any:
            given.update(typed)  # type: ignore[arg-type]
            answer = self.client.post(address, {**given, "at": at, "go": go})
            assert not Request.objects.exists(), "a step records nothing"
            return answer

        imei = factory.imei(1)
        answer = step("receipt", "details", channel="phone", received_on="2026-11-20", target_kind="imei", target=imei)
        assert answer.context["steps"].step == "receipt", "not before a right is chosen"
        answer = step("receipt", "details", rights=["correction"])
        shown = [field.name for field in answer.context["steps"].open_fields]
        assert shown == [
            "item", "wanted", "record", "explanation", "requester", "name", "answer_by", "email", "phone", "address",
        ]  # fmt: skip
        answer = step(
            "details", "summary", item="device-registration/model", answer_by="email", email="mina@example.com"
        )
        assert answer.context["steps"].step == "details", "a correction says what it should be"
        answer = step("details", "summary", wanted="SM-A165N", email="")
        assert answer.context["steps"].step == "details", "an answer by e-mail needs an address"
        answer = step("details", "summary", email="mina@example.com")
        assert (answer.context["steps"].step, answer.context["steps"].missing) == ("summary", [])
        assert "SM-A165N" in answer.content.decode()
        kept = {field.name: field.value() for field in answer.context["steps"].carried if field.value()}
        answer = self.client.post(address, {**kept, "at": "summary"})
        assert "form" not in answer.context, answer.context["form"].errors
        assert Request.objects.get().rights.get().kind == "correction"

    def test_what_an_earlier_right_asked_is_left_behind(self) -> None:
        given = {
            "channel": "phone", "received_on": "2026-11-20", "rights": ["access"], "target_kind": "imei",
            "target": factory.imei(1), "requester": "self", "answer_by": "portal", "category": "device",
        }  # fmt: skip
        address = reverse("admin:rights_request_receive")
        answer = self.client.post(address, {**given, "at": "details", "go": "summary"})
        assert "category" not in [field.name for field in answer.context["steps"].carried]

    @pytest.mark.law("R-31", "F-1")
    def test_the_register_leaves_with_a_reason(self) -> None:
        factory.ask()
        address = reverse("admin:register", args=["requests"])
        period = {"first": "2026-11-01", "last": "2026-12-31", "form": "xlsx"}
        assert b"error-summary" in self.client.post(address, period).content
        answer = self.client.post(address, {**period, "reason": "inspection"})
        assert answer.content.startswith(b"PK")
        self.assertLedgered("rights.register.exported")


class PostponingTests(DeskCase):
    def test_access_is_put_off_and_the_end_of_the_reason_noted(self) -> None:
        # Of today: the desk puts off by the clock, and an older one is overdue by then.
        asked = factory.ask(target=factory.imei(1), answer_by="portal", at=clock.now())
        case = factory.make_verified(asked, at=clock.now())
        assert "end_postponement" not in self.page(case)
        day = (clock.today() + timedelta(days=20)).isoformat()
        self.press(case, "postpone", reason="restore", expected_on=day)
        assert "end_postponement" in self.page(case)
        self.press(case, "end_postponement", ended_on=clock.today().isoformat())
        case.refresh_from_db()
        assert case.due_on == periods.answer_due(clock.today(), days=10)


class OtherRecordsTests(DeskCase):
    def test_an_objection_is_read_and_decided_by_another_officer(self) -> None:
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
        right = rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        rights.object_to(right, statement="zebra", actor=Requester(case.reference), at=NOON)
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        self.client.force_login(omar)
        objection = Objection.objects.get()
        assert "zebra" not in self.page(objection)
        assert "zebra" in self.press(objection, "decide").content.decode()
        self.press(objection, "decide", outcome="upheld")
        objection.refresh_from_db()
        assert objection.outcome == "upheld"

    def test_a_letter_is_printed_and_marked_as_posted(self) -> None:
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="letter"))
        rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        letter = Letter.objects.get(kind="result")
        assert self.press(letter, "print_letter").content.startswith(b"%PDF")
        self.press(letter, "posted")
        letter.refresh_from_db()
        assert letter.state == "posted"

    @pytest.mark.law("S-12")
    def test_a_pick_up_code_is_shown_once_and_not_kept(self) -> None:
        factory.make_contact(Subject.objects.get(id=self.device.subject_id), kind="phone", value="010-1234-5678")
        asked = {"target_kind": "phone", "target": "010-1234-5678", "contact": {"name": "Mina"}, "answer_by": "portal"}
        right = factory.make_granted(factory.ask(RequestedRight("access"), **asked))
        rights.carry_out(right, actor=self.odile, at=NOON)
        package = Package.objects.get()
        self.client.force_login(self.hana)
        shown = self.press(package, "issue_code").content.decode()
        code = shown.partition('class="once">')[2].partition("<")[0]
        assert next(rights.download(package, code=code, at=NOON)).startswith(b"PK")
        assert code not in str(Package.objects.values())
