"""The consent pages: prove it, read, agree, disagree, withdraw, take the receipt; no account, no script (P3.6)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from consents import receipts
from consents.models import Decision, Standing
from devices import actions as devices
from devices.models import Challenge
from privacy.lib import clock
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.clause("P3.6")
class ConsentPagesTest(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.device = factory.make_device(at=self.now)
        self.decision = Decision.objects.get()
        self.receipt = receipts.for_decision(self.decision)

    def prove(self) -> Any:
        return self.client.post(
            "/consents/", {"reference": self.decision.reference, "digest": receipts.digest(self.receipt)}, follow=True
        )

    def test_a_receipt_opens_the_list(self) -> None:
        page = self.prove()
        assert page.status_code == 200
        for code in ("activation", "app-log", "advertising-email"):
            self.assertContains(page, f"/consents/{code}/")
        self.assertLedgered("ledger.read")

    def test_a_wrong_receipt_opens_nothing_and_says_the_same_for_all(self) -> None:
        answers = []
        for reference, digest in (
            (self.decision.reference, "0" * 64), ("C-0000-0000", receipts.digest(self.receipt)), ("x", "y")
        ):  # fmt: skip
            page = self.client.post("/consents/", {"reference": reference, "digest": digest})
            assert page.status_code == 422
            answers.append([str(error) for error in page.context["form"].non_field_errors()])
        assert answers[0] == answers[1] == answers[2]
        assert self.client.get("/consents/app-log/").status_code == 302

    def test_agreeing_and_withdrawing_take_one_click_each_on_the_same_page(self) -> None:
        self.prove()
        page = self.client.get("/consents/app-log/")
        self.assertContains(page, 'value="agree"')
        self.assertContains(page, 'value="disagree"')
        self.assertNotContains(page, "checked")
        self.client.post("/consents/app-log/", {"decision": "agree"})
        assert Standing.objects.get(agreement__code="app-log").choice == "agree"
        page = self.client.get("/consents/app-log/")
        self.assertContains(page, 'value="withdraw"')
        answer = self.client.post("/consents/app-log/", {"decision": "withdraw"}, follow=True)
        assert Standing.objects.get(agreement__code="app-log").choice == "withdraw"
        self.assertContains(answer, "C-")

    def test_the_text_shows_its_four_notices_in_the_language_of_the_page(self) -> None:
        self.prove()
        text = factory.text_in_force("app-log")
        korean, english = self.client.get("/consents/app-log/"), self.client.get("/en/consents/app-log/")
        for notice in ("purpose", "items", "retention", "refusal"):
            self.assertContains(korean, text.spoken(notice, "ko"))
            self.assertContains(english, text.spoken(notice, "en"))
        self.client.post("/en/consents/app-log/", {"decision": "disagree"})
        assert Decision.objects.get(agreement__code="app-log").language == "en"

    def test_a_receipt_is_a_page_and_a_file(self) -> None:
        self.prove()
        path = f"/consents/receipts/{self.decision.reference}/"
        self.assertContains(self.client.get(path), receipts.digest(self.receipt))
        file = self.client.get(f"{path}?format=json")
        assert file.json() == self.receipt
        assert "attachment" in file.headers["Content-Disposition"]

    def test_another_persons_receipt_is_not_shown(self) -> None:
        other = factory.make_device(2, agreed=())
        theirs = factory.agree(other, "activation", at=self.now)
        self.prove()
        assert self.client.get(f"/consents/receipts/{theirs.reference}/").status_code == 404

    def test_what_can_not_be_decided_is_said_on_the_page(self) -> None:
        self.prove()
        page = self.client.post("/consents/app-log/", {"decision": "withdraw"})
        assert page.status_code == 422
        self.assertContains(page, "error-summary", status_code=422)

    def test_a_changed_text_asks_again(self) -> None:
        self.prove()
        factory.make_agreement_text("activation", at=clock.now())
        page = self.client.get("/consents/activation/")
        self.assertContains(page, 'value="agree"')
        self.assertContains(page, 'value="withdraw"')

    def test_the_pages_close_after_a_while_and_on_leaving(self) -> None:
        self.prove()
        session = self.client.session
        held = session["consents.holder"]
        session["consents.holder"] = {**held, "until": (clock.now() - timedelta(seconds=1)).isoformat()}
        session.save()
        assert self.client.get("/consents/app-log/").status_code == 302
        self.prove()
        self.client.post("/consents/leave/")
        assert self.client.get("/consents/app-log/").status_code == 302


@pytest.mark.clause("P1.3")
class DeviceProofTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(at=clock.now())

    def begin(self, term: str) -> Any:
        return self.client.post("/consents/proof/device/", {"term": term}, follow=True)

    def confirm(self) -> None:
        row = Challenge.objects.get()
        devices.answer_challenge(
            device_id=row.device_id, challenge_id=row.id, confirmed=True, gateway=factory.make_gate(), at=clock.now()
        )

    def test_the_device_confirms_the_code_and_the_list_opens(self) -> None:
        page = self.begin(factory.imei(1))
        shown = Challenge.objects.get().shown
        self.assertContains(page, shown)
        self.assertContains(self.client.post("/consents/waiting/"), shown)
        self.confirm()
        page = self.client.post("/consents/waiting/", follow=True)
        self.assertContains(page, "/consents/app-log/")

    def test_an_unknown_device_gets_the_same_page(self) -> None:
        known, unknown = self.begin(factory.imei(1)), self.begin(factory.imei(77))
        assert known.status_code == unknown.status_code == 200
        assert known.templates[0].name == unknown.templates[0].name
        assert len(known.content) == len(unknown.content)
        assert Challenge.objects.count() == 1

    def test_each_asker_has_a_code_of_their_own(self) -> None:
        self.begin(factory.imei(1))
        self.client.session.flush()
        self.client.cookies.clear()
        self.begin(factory.imei(1))
        assert len(set(Challenge.objects.values_list("shown", flat=True))) == 2

    def test_a_device_is_not_asked_without_end(self) -> None:
        for _again in range(6):
            self.begin(factory.imei(1))
        assert Challenge.objects.count() == 3

    def test_a_denied_code_opens_nothing(self) -> None:
        self.begin(factory.imei(1))
        row = Challenge.objects.get()
        devices.answer_challenge(
            device_id=row.device_id, challenge_id=row.id, confirmed=False, gateway=factory.make_gate(), at=clock.now()
        )
        assert self.client.post("/consents/waiting/", follow=True).templates[0].name == "consents/waiting.html"

    def test_an_unknown_way_leads_nowhere(self) -> None:
        assert self.client.post("/consents/proof/pigeon/", {"term": "x"}).status_code == 404
        assert self.client.get("/consents/waiting/").status_code == 302
        assert self.client.get(f"/consents/receipts/{uuid4()}/").status_code == 302
