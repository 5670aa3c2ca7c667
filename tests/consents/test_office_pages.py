"""The console: agreements are drafted, revised and published by buttons; decisions are only read."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consents import actions as consents
from consents.actions.agreements import TEXT_FIELDS
from consents.models import Agreement, AgreementVersion, Decision
from privacy.lib.registries import registers
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase


class AgreementPagesTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.client.force_login(self.odile)

    def press(self, record: Any, action: str, **answers: Any) -> Any:
        page = reverse(f"admin:consents_{record._meta.model_name}_change", args=[record.pk])
        chosen = {"CHANGE_FORM-action": action, ACTION_CHECKBOX_NAME: str(record.pk), "confirmed": "yes", **answers}
        return self.client.post(page, chosen, follow=True)

    def test_every_list_and_page_opens(self) -> None:
        factory.agree(factory.make_device(1, agreed=()), "advertising-sms")
        for model in ("agreement", "agreementversion", "decision", "advertisingnotice", "currentconsent"):
            assert self.client.get(f"/office/consents/{model}/").status_code == 200, model
        for record in (Agreement.objects.get(code="app-log"), factory.text_in_force("app-log"), Decision.objects.get()):
            page = reverse(f"admin:consents_{record._meta.model_name}_change", args=[record.pk])
            assert self.client.get(page).status_code == 200, page

    def test_the_list_of_agreements_asks_no_more_for_more_of_them(self) -> None:
        address = reverse("admin:consents_agreement_changelist")
        self.client.get(address)
        for recipient in ("acme", "zeta"):
            with CaptureQueriesContext(connection) as asked:
                page = self.client.get(address).content.decode()
            assert len(asked) <= 10, len(asked)
            factory.make_provision_agreement(recipient)
        assert "provision-acme" in page

    def test_a_changed_text_makes_a_list_of_those_to_be_asked_again(self) -> None:
        asked, spared = (
            factory.make_device(number, agreed=("activation", "service-analytics", "app-log")) for number in (1, 2)
        )
        later = factory.NOON + timedelta(hours=1)
        factory.make_agreement_text("app-log", at=later, asks_again=True)
        factory.agree(spared, "app-log", at=later + timedelta(hours=1))
        agreement = Agreement.objects.get(code="app-log")
        address = f"/office/consents/currentconsent/?again=yes&agreement__id__exact={agreement.pk}"
        self.assertContains(self.client.get("/office/consents/agreement/"), address.replace("&", "&amp;"))
        page = self.client.get(address)
        references = dict(Subject.objects.values_list("id", "reference"))
        self.assertContains(page, references[asked.subject_id])
        self.assertNotContains(page, references[spared.subject_id])
        assert len(self.client.get("/office/consents/currentconsent/").context["cl"].result_list) == 6

    def test_a_text_is_drafted_revised_and_published(self) -> None:
        agreement, before = Agreement.objects.get(code="app-log"), factory.text_in_force("app-log")
        words = {name: getattr(before, name) for name in TEXT_FIELDS} | {
            "purpose_ko": "오류 분석과 개선",
            "asks_again": "on",
        }
        self.press(agreement, "draft_text", **{**words, "refusal_en": ""})
        draft = AgreementVersion.objects.get(state="draft")
        self.press(draft, "publish", read=consents.draft_digest(draft))
        draft.refresh_from_db()
        assert draft.state == "draft"
        self.press(draft, "revise", **words)
        draft.refresh_from_db()
        self.press(draft, "publish", read=consents.draft_digest(draft))
        draft.refresh_from_db()
        assert draft.state == "draft", "who wrote it does not publish it"
        omar = factory.make_omar()
        self.client.force_login(omar)
        self.press(draft, "publish", read=consents.draft_digest(draft))
        draft.refresh_from_db()
        assert (draft.state, draft.purpose_ko, draft.published_by) == ("published", "오류 분석과 개선", omar.ref)

    def test_a_draft_is_discarded(self) -> None:
        agreement = Agreement.objects.get(code="app-log")
        self.press(agreement, "draft_text", title_ko="x")
        self.press(AgreementVersion.objects.get(state="draft"), "discard")
        assert not AgreementVersion.objects.filter(state="draft").exists()

    @pytest.mark.truth("published-text-read")
    def test_a_draft_that_was_changed_after_it_was_read_is_not_published(self) -> None:
        agreement = Agreement.objects.get(code="app-log")
        self.press(agreement, "draft_text", **{name: name for name in TEXT_FIELDS}, asks_again="on")
        draft = AgreementVersion.objects.get(state="draft")
        page = reverse("admin:consents_agreementversion_change", args=[draft.pk])
        asked = {"CHANGE_FORM-action": "publish", ACTION_CHECKBOX_NAME: str(draft.pk)}
        read = self.client.post(page, asked).context["form"].initial["read"]
        consents.revise_text(draft, words={"retention_ko": "영구"}, actor=self.odile, at=factory.NOON)
        self.press(draft, "publish", read=read)
        draft.refresh_from_db()
        assert draft.state == "draft"
        self.client.force_login(factory.make_omar())
        self.press(draft, "publish", read=consents.draft_digest(draft))
        draft.refresh_from_db()
        assert (draft.state, draft.retention_ko) == ("published", "영구")

    @pytest.mark.truth("published-text-read")
    def test_what_is_published_is_read_on_the_page_that_publishes_it(self) -> None:
        """Between the record's page and the button the draft may become another: the last page shows its words."""
        self.press(
            Agreement.objects.get(code="app-log"), "draft_text", **{name: f"word {name}" for name in TEXT_FIELDS}
        )
        draft = AgreementVersion.objects.get(state="draft")
        consents.revise_text(draft, words={"retention_en": "for ever"}, actor=self.odile, at=factory.NOON)
        page = reverse("admin:consents_agreementversion_change", args=[draft.pk])
        shown = self.client.post(page, {"CHANGE_FORM-action": "publish", ACTION_CHECKBOX_NAME: str(draft.pk)})
        self.assertContains(shown, "for ever")
        for name in set(TEXT_FIELDS) - {"retention_en"}:
            self.assertContains(shown, f"word {name}")

    @pytest.mark.truth("register-names-people")
    def test_the_register_names_people_as_everybody_knows_them(self) -> None:
        device = factory.make_device(1)
        factory.agree(device, "advertising-sms")
        today = factory.NOON.date()
        window = registers.ExportScope(today - timedelta(days=1), today, self.odile, factory.NOON, "inspection")
        reference = Subject.objects.get(pk=device.subject_id).reference
        for code in ("consents", "advertising-notices"):
            rows = list(registers.get(code).rows(window))
            assert rows, code
            assert {row[0] for row in rows} == {reference}, code

    def test_decisions_are_found_by_receipt_and_person_and_never_changed(self) -> None:
        device, other = factory.make_device(1), factory.make_device(2)
        decision, theirs = (
            Decision.objects.get(subject_id=one.subject_id, agreement__code="activation") for one in (device, other)
        )
        answer = self.client.get("/office/consents/decision/", {"q": decision.reference})
        self.assertContains(answer, decision.reference)
        self.assertNotContains(answer, theirs.reference)
        # By what the person read, in the line as in the filter.
        self.assertContains(answer, decision.version.title_ko)
        self.assertContains(answer, factory.text_in_force("app-log").title_ko)
        self.assertNotContains(answer, "app-log")
        page = reverse("admin:consents_decision_change", args=[decision.pk])
        self.assertContains(self.client.get(page), "ISO/IEC TS 27560")
        assert self.client.post(page, {"choice": "withdraw"}).status_code == 403
        assert self.client.get("/office/consents/decision/add/").status_code == 403

    def test_a_handler_reads_and_does_not_publish(self) -> None:
        self.client.force_login(factory.make_hana())
        assert self.client.get("/office/consents/agreement/").status_code == 200
        self.press(Agreement.objects.get(code="app-log"), "draft_text", title_ko="x")
        assert not AgreementVersion.objects.filter(state="draft").exists()
