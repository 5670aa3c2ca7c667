"""A recipient is told of an erasure when it has happened, and what a law keeps of it (law R-20, R-24)."""

import pytest

from consents import actions as consents
from consents.models import Decision
from devices import actions as devices
from privacy.disclosures import notice_texts
from privacy.disclosures.actions import RequestedItem
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.retention.refusals import OnHold
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.consents import TESTS
from tests.factories.retention import lift_hold
from tests.privacy.disclosures.smtp_server import mailbox


@pytest.mark.truth("erased-when-it-was")
class ErasureNoticeTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        factory.make_provided(self.device, "model")

    def carried_out(self, asked: RequestedRight) -> Right:
        right = factory.make_granted(factory.ask(asked, target=factory.imei(1), answer_by="portal"))
        return rights.carry_out(right, actor=self.odile, at=NOON)

    def test_a_withdrawal_under_a_hold_tells_no_recipient_of_an_erasure(self) -> None:
        hold = factory.make_hold(subject_id=self.device.subject_id)
        done = self.carried_out(RequestedRight("consent-withdrawal", agreement="activation"))
        assert done.carried_out_at is not None
        assert not Notice.objects.exists()
        decision = Decision.objects.get(choice="withdraw")
        with pytest.raises(OnHold):
            consents.end_collection(decision, actor=TESTS, at=NOON + factory.WITHDRAWAL_WAIT)
        assert not Notice.objects.exists()
        lift_hold(hold, reason="settled", at=NOON)
        assert consents.end_collection(decision, actor=TESTS, at=NOON + factory.WITHDRAWAL_WAIT)
        notice = Notice.objects.get()
        assert (notice.kind, notice.items, notice.case_reference) == ("erased", ["model"], decision.reference)
        self.client.force_login(self.odile)
        page = self.client.get(f"/office/rights/request/{done.request_id}/change/").content.decode()
        assert notice.reference in page

    @pytest.mark.law("D-10")
    def test_a_withdrawal_by_the_person_alone_tells_them_as_well(self) -> None:
        factory.decide(self.device, "activation", "withdraw")
        assert not Notice.objects.exists()
        with mailbox():
            dispatch_due(at=NOON + factory.WITHDRAWAL_WAIT)
        assert Notice.objects.get().kind == "erased"

    @pytest.mark.law("D-10")
    def test_what_a_law_keeps_is_not_told_as_erased(self) -> None:
        reports = [factory.make_report(self.device, "access") for _number in range(2)]
        devices.store_reports(factory.make_batch(*reports), gateway=factory.make_gate(), at=NOON)
        factory.make_provided(self.device, items=[RequestedItem(self.device.subject_id, "service-analytics", "access")])
        self.carried_out(RequestedRight("deletion"))
        notices = {notice.category: notice for notice in Notice.objects.all()}
        told = {category: notice_texts.body_text(notice, language="en") for category, notice in notices.items()}
        assert "except what a law requires us to keep" in told["service-analytics"]
        assert "requires us" not in told["device-registration"]
        assert "we have erased" in told["device-registration"]
