"""Disclosures in the console: asked for by one, approved by another, provided as an encrypted file (P5.1, P-12)."""

import base64
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import override

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Disclosure, Notice, ThirdParty
from privacy.rights import actions as rights
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.encrypted_zips import opened
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF


class ConsoleCase(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        self.client.force_login(self.odile)

    def press(self, record: Any, action: str, **answers: Any) -> HttpResponse:
        meta = record._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(record.pk), "index": "0"}
        return self.client.post(address, {**pressed, **answers})  # type: ignore[return-value]

    def ask(self, **changes: Any) -> HttpResponse:
        fields = {
            "third_party": str(factory.make_third_party().pk),
            "basis": "law",
            "statute": "전기통신사업법 제83조제3항",
            "document_no": "2026-1",
            "purpose": "repair",
            "restrictions": "use for the repair alone",
            "records": self.device.reference,
            "items": ["device-registration/imei", "device-registration/model"],
            **changes,
        }
        return self.client.post(reverse("admin:disclosures_disclosure_ask"), fields)  # type: ignore[return-value]


@pytest.mark.clause("P5.1")
class DisclosureTests(ConsoleCase):
    @pytest.mark.truth("one-people")
    def test_one_person_is_a_person(self) -> None:
        self.ask()
        with override("en"):
            page = self.client.get(reverse("admin:disclosures_disclosure_changelist")).content.decode()
        assert "of 1 person" in page

    def test_one_asks_another_approves_and_it_is_provided_encrypted(self) -> None:
        assert self.ask().status_code == 302
        made = Disclosure.objects.get()
        self.press(made, "attach_scan", scan=SimpleUploadedFile("request.pdf", PDF), confirmed="yes")
        made.refresh_from_db()
        seen = disclosures.approval_digest(made)
        self.press(made, "approve", confirmed="yes", seen=seen)
        made.refresh_from_db()
        assert made.state == "requested"
        self.client.force_login(self.omar)
        factory.grant_scans(self.omar, by=self.odile)
        self.press(made, "approve", confirmed="yes", seen=seen)
        made.refresh_from_db()
        assert made.state == "requested", "the document is read first"
        assert self.press(made, "read_scan").status_code == 302, "the document is examined first"
        factory.judge_files()
        assert self.press(made, "read_scan").content.startswith(b"%PDF")
        self.press(made, "approve", confirmed="yes", seen=seen)
        self.client.force_login(self.odile)
        page = self.press(made, "provide", confirmed="yes")
        assert "no-store" in page.headers["Cache-Control"]
        file = base64.b64decode(page.content.decode().partition("data:application/zip;base64,")[2].partition('"')[0])
        shown = self.press(made, "show_passphrase").content.decode()
        passphrase = shown.partition('class="once">')[2].partition("<")[0]
        assert set(opened(file, passphrase)) == {
            "manifest.json",
            "content.json",
            "content.csv",
        }

    @pytest.mark.truth("34")
    def test_the_approver_sees_on_which_demand_and_about_whom(self) -> None:
        made = factory.attach_scan(factory.make_disclosure(self.device, "imei"), read=False)
        person = Subject.objects.get(id=self.device.subject_id).reference
        self.client.force_login(self.omar)
        said = self.press(made, "approve").content.decode()
        for fact in (
            made.statute,
            made.document_no,
            made.purpose,
            person,
            made.third_party.title,
            self.odile.reference,
        ):
            assert fact in said
        assert "먼저" in said, "the document was not read"
        factory.read_scan(made)
        assert "먼저" not in self.press(made, "approve").content.decode()
        page = self.client.get(reverse("admin:disclosures_disclosure_change", args=[made.pk])).content.decode()
        assert person in page
        assert str(self.device.subject_id) not in page

    @pytest.mark.truth("34")
    def test_what_was_handed_over_once_leaves_no_button_behind(self) -> None:
        made = factory.attach_scan(factory.make_disclosure(self.device, "imei"))
        disclosures.approve(made, actor=self.omar, at=NOON)
        page = self.press(made, "provide", confirmed="yes").content.decode()
        assert 'name="confirmed"' not in page
        assert f'download="{made.reference}.zip"' in page
        record = self.client.get(reverse("admin:disclosures_disclosure_change", args=[made.pk])).content.decode()
        assert 'value="provide"' not in record

    @pytest.mark.truth("34")
    def test_an_approval_of_an_earlier_state_of_the_page_is_refused(self) -> None:
        made = factory.make_disclosure(self.device, "imei")
        seen = disclosures.approval_digest(made)
        factory.attach_scan(made)
        self.client.force_login(self.omar)
        self.press(made, "approve", confirmed="yes", seen=seen)
        made.refresh_from_db()
        assert made.state == "requested"

    def test_what_is_missing_is_said_at_the_field(self) -> None:
        page = self.ask(document_no="")
        assert page.status_code == 200
        assert b'href="#id_document_no"' in page.content
        assert not Disclosure.objects.exists()

    def test_an_unknown_reference_is_named(self) -> None:
        assert "D-0000-0000" in self.ask(records="D-0000-0000").content.decode()

    def test_a_person_can_be_named_by_either_reference(self) -> None:
        from privacy.subjects.models import Subject

        subject = Subject.objects.get(id=self.device.subject_id)
        self.ask(records=f"{subject.reference}\n")
        assert Disclosure.objects.get().disclosed.first().subject_id == subject.id  # type: ignore[union-attr]

    def test_no_page_shows_a_value(self) -> None:
        factory.make_provided(self.device, "imei")
        made = Disclosure.objects.get()
        page = self.client.get(reverse("admin:disclosures_disclosure_change", args=[made.pk]))
        assert factory.imei(1).encode() not in page.content
        assert page.status_code == 200

    def test_investigations_are_hidden_from_those_who_may_not_see_them(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        made = factory.make_disclosure(self.device, "model", third_party=agency)
        address = reverse("admin:disclosures_disclosure_change", args=[made.pk])
        assert self.client.get(address).status_code == 200
        self.client.force_login(factory.make_hana())
        assert self.client.get(address).status_code == 302
        listed = self.client.get(reverse("admin:disclosures_disclosure_changelist")).content.decode()
        assert made.reference not in listed

    def test_the_register_is_exported_in_both_forms(self) -> None:
        factory.make_provided(self.device, "imei")
        fields = {"first": "2026-01-01", "last": "2026-12-31", "reason": "inspection"}
        address = reverse("admin:register", args=["disclosures"])
        assert self.client.post(address, {**fields, "form": "xlsx"}).content.startswith(b"PK")
        assert self.client.post(address, {**fields, "form": "pdf"}).content.startswith(b"%PDF")


class PartyTests(ConsoleCase):
    @pytest.mark.truth("address-of-a-retired-recipient")
    def test_a_third_party_is_registered_changed_and_retired(self) -> None:
        fields = {
            "code": "beta", "title": "Beta", "kind": "carrier", "language": "ko", "channel": "email",
            "mailbox": "p@beta.example", "confirmed": "yes",
        }  # fmt: skip
        self.client.post(reverse("admin:disclosures_thirdparty_register"), fields)
        party = ThirdParty.objects.get()
        self.press(party, "change_channel", channel="letter", postal_address="Seoul", confirmed="yes")
        party.refresh_from_db()
        assert party.channel == "letter"
        self.press(party, "retire", confirmed="yes")
        party.refresh_from_db()
        assert party.retired_at is not None
        # Notices of corrections to what it holds still go out, and to the right address.
        self.press(party, "change_channel", channel="letter", postal_address="Busan", confirmed="yes")
        party.refresh_from_db()
        assert party.postal_address == "Busan"

    def test_the_key_of_a_webhook_is_shown_to_those_who_keep_third_parties(self) -> None:
        party = factory.make_third_party(channel="webhook", webhook_url="https://a.example/", mailbox="")
        assert b'class="once"' in self.press(party, "show_key").content
        self.assertLedgered("disclosures.webhook-key.shown", party)


@pytest.mark.clause("P1.6")
class NoticeTests(ConsoleCase):
    def test_a_notice_is_seen_with_its_state_printed_and_sent_again(self) -> None:
        factory.make_provided(self.device, "imei")
        right = factory.make_granted(factory.ask_correction(answer_by="portal"))
        rights.carry_out(right, actor=self.odile, at=NOON)
        notice = Notice.objects.get()
        page = self.client.get(reverse("admin:disclosures_notice_change", args=[notice.pk]))
        assert page.status_code == 200
        assert self.press(notice, "print_letter").content.startswith(b"%PDF")
        self.press(notice, "resend")
        self.assertLedgered("disclosures.notice.resent", notice)
        case = self.client.get(reverse("admin:rights_request_change", args=[notice.case_id]))
        assert notice.reference.encode() in case.content

    @pytest.mark.truth("letter-without-values")
    def test_no_opening_is_told_where_a_letter_has_no_values(self) -> None:
        factory.make_provided(self.device, "imei")
        rights.carry_out(factory.make_granted(factory.ask_correction(answer_by="portal")), actor=self.odile, at=NOON)
        notice, told = Notice.objects.get(), []
        for kind in ("corrected", "erased"):
            Notice.objects.filter(pk=notice.pk).update(kind=kind)
            with override("en"):
                page = self.press(notice, "print_letter")
            told.append(["opening was recorded" in str(one) for one in get_messages(page.wsgi_request)][-1:])
        assert told == [[True], [False]]

    @pytest.mark.truth("hunt")
    def test_a_notice_that_is_queued_again_was_sent_by_nobody(self) -> None:
        factory.make_provided(self.device, "imei")
        rights.carry_out(factory.make_granted(factory.ask_correction(answer_by="portal")), actor=self.odile, at=NOON)
        notice = disclosures.mark_posted(Notice.objects.get(), actor=self.odile, at=NOON)
        assert notice.sent_by == self.odile.ref
        self.press(notice, "resend")
        notice.refresh_from_db()
        assert (notice.state, notice.sent_at, notice.sent_by) == ("queued", None, "")
