"""A receipt is shaped like ISO/IEC TS 27560, can be made again byte for byte, and is checked against the ledger."""

import copy

import pytest

from consents import receipts
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.clause("P3.6")
class ReceiptTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(agreed=())
        self.decision = factory.agree(self.device, "activation")
        self.receipt = receipts.for_decision(self.decision)

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
        by_digest = receipts.check_digest(self.decision.reference, receipts.digest(self.receipt))
        assert (by_digest.genuine, by_digest.entered) == (True, True)

    def test_an_altered_receipt_is_not_genuine(self) -> None:
        altered = copy.deepcopy(self.receipt)
        altered["events"][0]["event_state"] = "consent refused"
        check = receipts.check(altered)
        assert (check.genuine, check.entered) == (False, False)

    def test_an_invented_receipt_is_unknown(self) -> None:
        check = receipts.check({**self.receipt, "record_id": "C-0000-0000"})
        assert (check.genuine, check.decision) == (False, None)
