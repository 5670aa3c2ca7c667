"""A consent to provision that is withdrawn: whoever got data on it is told to stop, by whatever door it came (R-24)."""

import pytest

from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox


@pytest.mark.clause("P5.1")
class WithdrawalTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")
        consent = {"basis": "consent", "statute": "", "document_no": "", "purpose_code": "repair"}
        self.made = factory.make_provided(self.device, "model", **consent).disclosure
        # What the law let go to somebody else rests on no consent.
        factory.make_provided(self.device, "model", third_party=factory.make_third_party("carrier"))

    def test_the_recipient_is_told_once_and_only_the_one_of_that_consent(self) -> None:
        decision = factory.decide(self.device, "provision-acme", "withdraw")
        notice = Notice.objects.get()
        assert (notice.kind, notice.third_party.code, notice.items) == ("withdrawn", "acme", ["model"])
        assert notice.case_reference == decision.reference
        assert notice.disclosures == [self.made.reference]
        self.assertLedgered("disclosures.notice.queued", decision)
        with mailbox() as box:
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        told = [message for message in box.arrived if message["Message-ID"] == notice.message_id]
        assert len(told) == 1
        assert "withdrew the consent" in str(told[0].get_content())

    def test_one_asked_for_in_a_case_stands_on_the_case(self) -> None:
        asked = RequestedRight("consent-withdrawal", agreement="provision-acme")
        right = factory.make_granted(factory.ask(asked, target=factory.imei(1), answer_by="portal"))
        odile = factory.make_officer()
        rights.carry_out(right, actor=odile, at=NOON)
        notice = Notice.objects.get()
        self.client.force_login(odile)
        page = self.client.get(f"/office/rights/request/{right.request_id}/change/").content.decode()
        assert notice.reference in page

    def test_agreeing_or_another_agreement_tells_nobody(self) -> None:
        factory.agree(self.device, "provision-acme")
        factory.decide(self.device, "app-log", "disagree")
        assert not Notice.objects.exists()
