"""A receipt is shaped like ISO/IEC TS 27560, can be made again byte for byte, and is checked against the ledger."""

import copy

import pytest

from consents import receipts
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.ledger import Word


@pytest.mark.clause("P3.6")
class ReceiptTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(agreed=())
        self.decision = factory.agree(self.device, "activation")
        self.receipt = receipts.for_decision(self.decision)

    @pytest.mark.law("C-08")
    def test_it_says_what_the_record_of_a_consent_says(self) -> None:
        assert {
            "schema_version", "record_id", "pii_principal_id", "pii_controllers", "pii_processing", "privacy_notice",
            "party_identification", "events",
        } <= set(self.receipt)  # fmt: skip
        assert self.receipt["record_id"] == self.decision.reference
        assert self.receipt["pii_principal_id"] == Subject.objects.get(pk=self.device.subject_id).reference
        assert {"purpose", "items", "retention", "refusal"} <= set(self.receipt["privacy_notice"])
        assert self.receipt["events"][0]["event_state"] == "consent given"

    def test_the_same_receipt_can_be_made_again(self) -> None:
        self.decision.refresh_from_db()
        assert receipts.digest(receipts.for_decision(self.decision)) == receipts.digest(self.receipt)

    def test_a_genuine_receipt_is_known_and_on_the_ledger(self) -> None:
        check = receipts.check(self.receipt)
        assert (check.genuine, check.entered, check.decision) == (True, True, self.decision)
        assert len(receipts.digest(self.receipt)) == 64
        by_digest = receipts.check_digest(self.decision.reference, receipts.digest(self.receipt))
        assert (by_digest.genuine, by_digest.entered) == (True, True)

    @pytest.mark.attack("20.7")
    def test_an_entry_about_it_that_states_nothing_is_no_error(self) -> None:
        subjects = [Subject.objects.get(pk=self.device.subject_id).reference]
        ledger.record(Word.TRIED, actor=SystemActor("tests"), at=clock.now(), about=self.decision, subjects=subjects)
        check = receipts.check(self.receipt)
        assert (check.genuine, check.entered) == (True, True)

    def test_an_altered_receipt_is_not_genuine(self) -> None:
        altered = copy.deepcopy(self.receipt)
        altered["events"][0]["event_state"] = "consent refused"
        check = receipts.check(altered)
        assert (check.genuine, check.entered) == (False, False)

    def test_an_invented_receipt_is_unknown(self) -> None:
        check = receipts.check({**self.receipt, "record_id": "C-0000-0000"})
        assert (check.genuine, check.decision) == (False, None)

    @pytest.mark.truth("recipient-on-the-receipt")
    def test_of_a_provision_the_file_says_who_receives_it_in_the_words_that_were_shown(self) -> None:
        words = {"recipient_ko": "에이스 수리센터: 단말기 수리", "recipient_en": "Ace Repairs: repairs handsets"}
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        made = factory.make_agreement_text("provision-acme", **words, item_codes=["model"], purpose_codes=["repair"])
        decision = factory.agree(factory.make_device(2), "provision-acme", version=made)
        told = receipts.for_decision(decision)["privacy_notice"]
        assert told["recipient"] == words["recipient_ko"]
        assert "recipient" not in self.receipt["privacy_notice"], "nobody receives it by the activation"
