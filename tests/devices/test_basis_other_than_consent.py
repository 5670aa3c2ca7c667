"""What rests on a contract or a law is not asked as consent, told instead, and taken without one (C-06, PIPA 22(3))."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from django.utils.translation import override

from consents import actions as consents
from consents.models import Agreement, AgreementVersion, CurrentConsent
from devices import retention_expiry
from privacy.lib.dates import clock
from privacy.policies import rulebook
from tests import factory
from tests.devices.base import ApiTestCase
from tests.factories.accounts import TESTS

CONTRACT = "Contract with the data subject (PIPA art. 15(1)4)"


@pytest.mark.law("C-06")
class OtherBasisTest(ApiTestCase):
    def draft(self, code: str = "activation") -> AgreementVersion:
        agreement = Agreement.objects.get(code=code)
        return consents.draft_text(agreement, words={"purpose_ko": "다른 목적"}, actor=TESTS, at=self.now)

    def test_a_text_whose_processing_rests_on_a_contract_is_not_published(self) -> None:
        factory.make_stated("device-registration", at=self.now)
        draft = self.draft()
        with override("en"), pytest.raises(consents.RestsOnOtherBasis) as refused:
            consents.publish_text(draft, actor=TESTS, at=self.now)
        assert CONTRACT in str(refused.value) and "Discard the draft" in str(refused.value)
        assert factory.text_in_force("activation").number == 1
        consents.publish_text(self.draft("service-analytics"), actor=TESTS, at=self.now)

    def test_a_text_is_published_where_the_policy_states_no_basis_or_consent(self) -> None:
        consents.publish_text(self.draft(), actor=TESTS, at=self.now)
        factory.make_stated(at=self.now)
        consents.publish_text(self.draft(), actor=TESTS, at=self.now)

    def test_a_text_that_also_asks_for_what_rests_on_consent_is_published(self) -> None:
        Agreement.objects.filter(code="activation").update(categories=["device-registration", "service-analytics"])
        factory.make_stated("device-registration", at=self.now)
        consents.publish_text(self.draft(), actor=TESTS, at=self.now)

    def test_a_device_is_not_told_to_ask_for_it(self) -> None:
        device = self.device(agreed=())
        factory.make_stated("device-registration", "service-analytics", at=self.now)
        answer = self.call("GET", f"/devices/{device.id}/consents").json()
        assert "activation" not in (asked := {text["agreement"] for text in answer["needed"]})
        assert "service-analytics" not in asked and "app-log" in asked

    def test_reports_are_taken_without_consent_where_they_rest_on_a_contract_and_logs_never(self) -> None:
        device = self.device(agreed=())
        self.assertRefused(self.send(self.report(device)), "no-consent")
        factory.make_stated("device-registration", "service-analytics", at=self.now)
        assert self.send(self.report(device)).json()["stored"] == 1
        self.assertRefused(self.send(self.report(device, "app-log")), "no-consent")

    def test_where_a_later_version_rests_on_consent_again_it_is_asked_for(self) -> None:
        device = self.device(agreed=())
        factory.make_stated("service-analytics", at=self.now - timedelta(60))
        assert self.send(self.report(device)).json()["stored"] == 1
        factory.make_stated(at=self.now)
        self.assertRefused(self.send(self.report(device)), "no-consent")

    def due(self, on: date) -> list[UUID]:
        term = rulebook.in_force(on).retention("device-registration")
        return [one for ids in retention_expiry.registrations_due(on, term) for one in ids]

    def test_a_registration_that_rests_on_a_contract_stays_without_an_agreement(self) -> None:
        device = factory.make_device(agreed=(), at=self.now - timedelta(10))
        today = clock.kst_date(self.now)
        assert self.due(today) == [device.id]
        factory.make_stated("device-registration", at=self.now)
        assert self.due(today) == []
        term = rulebook.in_force(today).retention("device-registration")
        assert retention_expiry.registrations_still_due([device.id], today, term) == []

    def test_the_consent_pages_tell_it_instead_of_asking(self) -> None:
        device = self.device(agreed=("service-analytics",))
        factory.make_stated("device-registration", "service-analytics", at=self.now)
        given = CurrentConsent.objects.get(subject_id=device.subject_id).decision
        self.client.post("/en/consents/", {"code": factory.consent_code(given, at=self.now)})
        self.assertContains(self.client.get("/en/consents/"), "no consent needed", count=2)
        page = self.client.get("/en/consents/activation/")
        self.assertContains(page, f"so you have nothing to decide. It rests on: {CONTRACT}.")
        self.assertNotContains(page, 'name="decision"')
        self.assertNotContains(page, factory.text_in_force("activation").refusal_en)
        self.assertNotContains(page, "your registration ends")
        # What was agreed to once can still be withdrawn.
        page = self.client.get("/en/consents/service-analytics/")
        self.assertContains(page, 'value="withdraw"')
        self.assertNotContains(page, 'value="agree"')
        self.client.post("/en/consents/age/", {"birth_date": "2000-01-31"})
        self.assertContains(self.client.get("/en/consents/app-log/"), 'value="agree"')
