"""The console: agreements are drafted, revised and published by buttons; decisions are only read."""

from datetime import timedelta
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consents.actions.texts import WORDS
from consents.models import Agreement, AgreementVersion, Decision
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
        for model in ("agreement", "agreementversion", "decision", "advertisingnotice", "standing"):
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
        asked, spared = (factory.make_device(number, agreed=("activation", "app-log")) for number in (1, 2))
        later = factory.NOON + timedelta(hours=1)
        factory.make_agreement_text("app-log", at=later, asks_again=True)
        factory.agree(spared, "app-log", at=later + timedelta(hours=1))
        agreement = Agreement.objects.get(code="app-log")
        address = f"/office/consents/standing/?again=yes&agreement__id__exact={agreement.pk}"
        self.assertContains(self.client.get("/office/consents/agreement/"), address.replace("&", "&amp;"))
        page = self.client.get(address)
        references = dict(Subject.objects.values_list("id", "reference"))
        self.assertContains(page, references[asked.subject_id])
        self.assertNotContains(page, references[spared.subject_id])
        assert len(self.client.get("/office/consents/standing/").context["cl"].result_list) == 4

    def test_a_text_is_drafted_revised_and_published(self) -> None:
        agreement, before = Agreement.objects.get(code="app-log"), factory.text_in_force("app-log")
        words = {name: getattr(before, name) for name in WORDS} | {"purpose_ko": "오류 분석과 개선", "asks_again": "on"}
        self.press(agreement, "draft_text", **{**words, "refusal_en": ""})
        draft = AgreementVersion.objects.get(state="draft")
        self.press(draft, "publish")
        draft.refresh_from_db()
        assert draft.state == "draft"
        self.press(draft, "revise", **words)
        self.press(draft, "publish")
        draft.refresh_from_db()
        assert (draft.state, draft.purpose_ko, draft.published_by) == ("published", "오류 분석과 개선", self.odile.ref)

    def test_a_draft_is_discarded(self) -> None:
        agreement = Agreement.objects.get(code="app-log")
        self.press(agreement, "draft_text", title_ko="x")
        self.press(AgreementVersion.objects.get(state="draft"), "discard")
        assert not AgreementVersion.objects.filter(state="draft").exists()

    def test_decisions_are_found_by_receipt_and_person_and_never_changed(self) -> None:
        device, other = factory.make_device(1), factory.make_device(2)
        decision, theirs = (Decision.objects.get(subject_id=one.subject_id) for one in (device, other))
        answer = self.client.get("/office/consents/decision/", {"q": decision.reference})
        self.assertContains(answer, decision.reference)
        self.assertNotContains(answer, theirs.reference)
        page = reverse("admin:consents_decision_change", args=[decision.pk])
        self.assertContains(self.client.get(page), "ISO/IEC TS 27560")
        assert self.client.post(page, {"choice": "withdraw"}).status_code == 403
        assert self.client.get("/office/consents/decision/add/").status_code == 403

    def test_a_handler_reads_and_does_not_publish(self) -> None:
        self.client.force_login(factory.make_hana())
        assert self.client.get("/office/consents/agreement/").status_code == 200
        self.press(Agreement.objects.get(code="app-log"), "draft_text", title_ko="x")
        assert not AgreementVersion.objects.filter(state="draft").exists()
