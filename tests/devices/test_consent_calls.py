"""Consents and the advertising question over the API."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from consents import receipts
from consents.models import AgreementVersion, ConsentCode, Decision
from devices.models import Device, IdempotentResponse
from privacy.lib.identifiers.access_codes import AccessCodes
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.devices.base import ApiTestCase


@pytest.mark.clause("P3.6")
class ConsentCallsTest(ApiTestCase):
    def sent(self, **changes: Any) -> dict[str, Any]:
        return {
            "decision": "agree", "version": 1, "decided_at": self.now.isoformat(), "method": "app", "language": "ko",
            **changes,
        }  # fmt: skip

    def put(self, device: Device, agreement: str = "activation", **changes: Any) -> Any:
        return self.call("PUT", f"/devices/{device.id}/consents/{agreement}", self.sent(**changes))

    def test_a_decision_is_recorded_and_answered_with_a_receipt(self) -> None:
        device = self.device(agreed=())
        response = self.put(device)
        assert response.status_code == 200
        check = receipts.check(response.json()["receipt"])
        assert (check.genuine, check.entered) == (True, True)
        assert response.json()["digest"] == receipts.digest(response.json()["receipt"])
        self.assertRefused(self.send(self.report(device)), "no-consent")
        assert self.put(device, "service-analytics").status_code == 200
        assert self.send(self.report(device)).json()["stored"] == 1

    def test_the_same_decision_again_gets_the_same_receipt_and_no_code(self) -> None:
        device = self.device(agreed=())
        first, again = self.put(device).json(), self.put(device).json()
        assert again == first | {"code": None}
        assert Decision.objects.count() == 1

    @pytest.mark.attack("17.1")
    def test_the_answer_has_the_code_that_opens_the_pages_and_keeps_only_its_digest(self) -> None:
        device = self.device(agreed=())
        code = self.put(device).json()["code"]
        assert len(code.replace(" ", "").replace("-", "")) == 26
        opened = self.client.post("/consents/", {"code": code}, follow=True)
        self.assertContains(opened, "/consents/app-log/")
        kept = ConsentCode.objects.get()
        assert code not in str(vars(kept))
        assert kept.digest == AccessCodes("consents").digest(code)

    @pytest.mark.attack("17.1")
    def test_a_lost_answer_gets_its_code_again_which_is_nowhere_stored(self) -> None:
        device = self.device(agreed=())
        path, sent = f"/devices/{device.id}/consents/activation", self.sent()
        first, again = (self.call("PUT", path, sent, key="k-1") for _call in range(2))
        assert first.json()["code"]
        assert again.json() == first.json()
        assert first.json()["code"] not in str(IdempotentResponse.objects.get().body)
        assert self.call("PUT", path, sent, key="k-2").json()["code"] is None

    def test_a_decision_without_effect_says_so(self) -> None:
        """The device's clock was four minutes ahead and is set right before the withdrawal (docs/decisions/0429)."""
        device, minute = self.device(agreed=()), timedelta(minutes=1)
        said = [("agree", 4, True), ("withdraw", 0, True), ("agree", 1, False), ("agree", 4.5, True)]
        for decision, dated, stands in said:
            decided_at = (self.now + dated * minute).isoformat()
            answer = self.put(device, "app-log", decision=decision, decided_at=decided_at).json()
            assert (answer["stands"], bool(answer["code"])) == (stands, stands), (decision, dated)

    def test_the_current_decisions_and_what_must_be_asked(self) -> None:
        device = self.device(agreed=())
        path = f"/devices/{device.id}/consents"
        answer = self.call("GET", path).json()
        assert answer["decisions"] == []
        assert [text["agreement"] for text in answer["needed"]][:3] == ["activation", "service-analytics", "app-log"]
        first = answer["needed"][0]
        assert first["required"] is True
        assert {"title", "body", "purpose", "items", "retention", "refusal"} <= set(first["ko"]) & set(first["en"])
        self.put(device)
        self.put(device, "app-log", decision="disagree")
        answer = self.call("GET", path).json()
        assert [(one["agreement"], one["decision"]) for one in answer["decisions"]] == [
            ("activation", "agree"), ("app-log", "disagree")
        ]  # fmt: skip
        assert "activation" not in {text["agreement"] for text in answer["needed"]}

    @pytest.mark.truth("23")
    def test_provision_and_advertising_are_asked_about_and_optional(self) -> None:
        factory.make_provision_agreement("acme", at=self.now)
        needed = self.call("GET", f"/devices/{self.device(agreed=()).id}/consents").json()["needed"]
        required = {text["agreement"]: text["required"] for text in needed}
        of_the_policy = {code for code in required if code.startswith(("provision-", "advertising-"))}
        assert {"provision-acme", "advertising-sms", "advertising-night"} <= of_the_policy
        assert {code for code, must in required.items() if must} == {"activation", "service-analytics"}

    @pytest.mark.truth("who-has-left-is-asked-nothing")
    def test_nobody_must_be_asked_for_what_they_cannot_agree_to(self) -> None:
        device = self.device()
        factory.make_agreement_text("activation", at=self.now)
        path = f"/devices/{device.id}/consents"
        assert "activation" in {text["agreement"] for text in self.call("GET", path).json()["needed"]}
        subjects.mark_withdrawn(Subject.objects.get(pk=device.subject_id), actor=factory.make_gate(), at=self.now)
        assert self.call("GET", path).json()["needed"] == []

    def test_a_changed_text_must_be_asked_again(self) -> None:
        device = self.device()
        factory.make_agreement_text("activation", at=self.now)
        needed = {
            text["agreement"]: text for text in self.call("GET", f"/devices/{device.id}/consents").json()["needed"]
        }
        assert (needed["activation"]["reason"], needed["activation"]["version"]) == ("text-changed", 2)

    def test_what_can_not_be_decided_is_refused_by_name(self) -> None:
        device = self.device(agreed=())
        future = (self.now + timedelta(hours=1)).isoformat()
        for changes, status, code, pointer in (
            ({"decision": "maybe"}, 400, "malformed", "/decision"),
            ({"method": "telepathy"}, 400, "malformed", "/method"),
            ({"language": "fr"}, 400, "malformed", "/language"),
            ({"decided_at": "2026-11-24T10:00:00"}, 400, "malformed", "/decided_at"),
            ({"decided_at": future}, 400, "clock", "/decided_at"),
            ({"version": 9}, 409, "text-not-offered", "/version"),
            ({"version": "two"}, 409, "text-not-offered", "/version"),
            ({"decision": "withdraw"}, 409, "no-consent", "/decision"),
            ({"age": 12}, 400, "unknown-item", "/age"),
            ({"representative": {"name": "A", "contact": "B"}}, 400, "malformed", "/representative/confirmation"),
        ):
            self.assertProblem(self.put(device, **changes), status, code, pointer)
        self.assertProblem(self.put(device, "no-such-thing"), 404, "unknown-agreement")
        response = self.call("PUT", f"/devices/{uuid4()}/consents/activation", self.sent())
        self.assertProblem(response, 404, "unknown-device")
        assert not Decision.objects.exists()

    def test_withdrawing_is_the_same_call_as_agreeing(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        assert self.put(device, "app-log", decision="withdraw").status_code == 200
        self.assertRefused(self.send(self.report(device, "app-log")), "no-consent")


@pytest.mark.clause("P8.12")
class AdvertisingCallTest(ApiTestCase):
    def ask(self, device: Device, **parameters: str) -> Any:
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return self.call("GET", f"/advertising/permission?device={device.id}&{query}")

    def test_the_answer_has_its_reasons_its_consent_and_its_term(self) -> None:
        device = self.device()
        answer = self.ask(device, channel="email").json()
        assert answer == {
            "allowed": False, "because": answer["because"], "consent": None, "confirm_by": None
        }  # fmt: skip
        assert answer["because"][0]["code"] == "no-consent"
        if AgreementVersion.objects.filter(agreement__code="marketing-use", published_at__lte=self.now).exists():
            factory.agree(device, "marketing-use", at=self.now)
        decision = factory.agree(device, "advertising-email", at=self.now)
        answer = self.ask(device, channel="email").json()
        assert answer["allowed"] is True
        assert answer["consent"] == decision.reference
        assert answer["confirm_by"] is not None

    def test_a_moment_can_be_named(self) -> None:
        device = self.device()
        factory.agree(device, "advertising-sms", at=self.now)
        night = (self.now.replace(hour=12, minute=30) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
        answer = self.ask(device, channel="sms", at=night).json()
        assert {reason["code"] for reason in answer["because"]} - {"no-marketing-use"} == {"night"}

    def test_a_question_that_makes_no_sense_is_malformed(self) -> None:
        device = self.device()
        self.assertProblem(self.ask(device, channel="pigeon"), 400, "malformed", "/channel")
        self.assertProblem(self.ask(device, channel="sms", at="yesterday"), 400, "malformed", "/at")
        for beyond in ("0580-04-08T18:47:25-18:51", "9999-12-31T23:59:59Z", "2026-11-24T10:00:00%2B18:00"):
            response = self.ask(device, channel="sms", at=beyond)
            assert response.status_code in {200, 400}, (beyond, response.content)
            if not beyond.startswith("2026"):
                self.assertProblem(response, 400, "clock", "/at")
        self.assertProblem(self.call("GET", "/advertising/permission?channel=sms"), 400, "malformed", "/device")
        response = self.call("GET", f"/advertising/permission?device={uuid4()}&channel=sms")
        self.assertProblem(response, 404, "unknown-device")
