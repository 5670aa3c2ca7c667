"""Only a consent code opens the consent pages; what the office, the exports and the ledger show opens nothing."""

from datetime import timedelta
from typing import Any

import pytest

from consents import receipts
from consents.models import ConsentCode, CurrentConsent, Decision
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.policies import rulebook
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.attack("17.1")
class ConsentCodeTest(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.device = factory.make_device(at=self.now)
        self.decision = Decision.objects.get(agreement__code="activation")
        self.code = factory.consent_code(self.decision, at=self.now)

    def enter(self, code: str, **more: Any) -> Any:
        return self.client.post("/consents/", {"code": code, **more})

    def opens(self, code: str) -> bool:
        self.client.cookies.clear()
        return bool(self.enter(code).status_code == 302)

    def test_number_and_digest_of_a_receipt_open_nothing(self) -> None:
        digest = receipts.digest(receipts.for_decision(self.decision))
        reference = self.decision.reference
        for sent in ({"code": digest}, {"code": reference}, {"code": "", "reference": reference, "digest": digest}):
            assert self.enter(**sent).status_code == 422
        assert self.client.post("/consents/activation/", {"decision": "withdraw"}).status_code == 302
        assert CurrentConsent.objects.get(agreement__code="activation").choice == "agree"

    def test_the_digest_checks_the_receipt(self) -> None:
        check = receipts.check_digest(self.decision.reference, receipts.digest(receipts.for_decision(self.decision)))
        assert (check.genuine, check.entered) == (True, True)

    def test_it_is_typed_as_people_type(self) -> None:
        assert self.opens(self.code.lower().replace(" ", "-"))

    def test_it_is_kept_as_a_digest_and_named_by_no_entry(self) -> None:
        assert self.code not in str(vars(ConsentCode.objects.get()))
        kept = ConsentCode.objects.get().digest
        for payload in Entry.objects.values_list("payload", flat=True):
            assert self.code not in payload and kept not in payload
        self.assertLedgered("consents.code.issued", ConsentCode.objects.get())

    def test_the_codes_of_a_renewed_consent_stop_opening(self) -> None:
        factory.make_agreement_text("activation", at=self.now)
        factory.agree(self.device, "activation", at=clock.now())
        assert not self.opens(self.code)

    def test_a_decision_about_another_agreement_leaves_it(self) -> None:
        factory.agree(self.device, "app-log", at=clock.now())
        assert self.opens(self.code)

    def test_a_late_older_decision_gets_no_code_and_ends_none(self) -> None:
        late = factory.decide(self.device, "activation", "disagree", at=self.now - timedelta(hours=1))
        assert not CurrentConsent.objects.filter(decision=late).exists()
        assert self.opens(self.code)
        assert not ConsentCode.objects.filter(decision=late).exists()

    def test_whoever_lost_it_gets_a_new_one_on_the_receipt_and_the_old_one_ends(self) -> None:
        self.enter(self.code)
        path = f"/consents/receipts/{self.decision.reference}/"
        receipt = self.client.get(path)
        self.assertNotContains(receipt, self.code)
        sent = {"submission": receipt.context["submission"]}
        first, again = (self.client.post(f"{path}code/", sent) for _press in range(2))
        new = first.context["code"]
        assert again.context["code"] == new != self.code
        self.assertContains(first, new)
        self.assertNotContains(self.client.get(path), new)
        assert self.opens(new)
        assert not self.opens(self.code)

    @pytest.mark.truth("a-receipt-sent-again-by-back")
    def test_a_form_older_than_the_newest_code_is_refused(self) -> None:
        self.enter(self.code)
        path = f"/consents/receipts/{self.decision.reference}/code/"
        _old, new, again = (self.client.post(path, {"submission": mark}) for mark in ("S1", "S2", "S1"))
        assert (again.status_code, again.context["code"]) == (422, None)
        assert self.opens(new.context["code"])

    @pytest.mark.asvs("8.2.2")
    def test_nobody_gets_a_code_for_another_persons_receipt(self) -> None:
        other = factory.make_device(2, agreed=(), at=self.now)
        theirs = factory.agree(other, "activation", at=self.now)
        self.enter(self.code)
        assert self.client.post(f"/consents/receipts/{theirs.reference}/code/").status_code == 404
        assert not ConsentCode.objects.filter(decision=theirs).exists()

    @pytest.mark.asvs("6.6.3")
    def test_tries_are_counted_by_address(self) -> None:
        for _try in range(rulebook.parameter("door.tries.hourly", clock.today())):
            assert self.enter("0000-0000").status_code == 422
        assert self.enter(self.code).status_code == 429
        assert self.client.post("/consents/", {"code": self.code}, REMOTE_ADDR="203.0.113.77").status_code == 302
