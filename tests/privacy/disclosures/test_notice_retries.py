"""Three days of a mail server's moods: each notice is delivered once, or parked where the officer sees it (P1.6)."""

from datetime import timedelta

import pytest

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.rights import actions as rights
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.outbox import let_pass, work_for
from tests.privacy.disclosures.smtp_server import ACCEPT, HANG, REFUSE, mailbox

HOUR = timedelta(hours=1)


@pytest.mark.clause("P1.6")
@pytest.mark.fault("FLT-15")
class ThreeDaysTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        device = factory.make_device(1)
        factory.make_provided(device, "imei", "model")
        right = factory.make_granted(factory.ask_correction(answer_by="portal"))
        rights.carry_out(right, actor=self.odile, at=NOON)

    def notice(self) -> Notice:
        return Notice.objects.get()

    def test_refused_for_three_days_it_is_parked_where_the_officer_sees_it(self) -> None:
        with mailbox() as box:
            box.mood = REFUSE
            work_for(71 * HOUR)
            assert self.notice().state == "queued"
            assert self.notice().trouble == "SMTPDataError"
            work_for(8 * HOUR)
            parked = self.notice()
            assert parked.state == "parked"
            assert list(Notice.objects.parked()) == [parked]
            self.assertLedgered("disclosures.notice.parked", parked)
            box.mood = ACCEPT
            work_for(72 * HOUR)
            assert not box.arrived, "what is parked waits for the officer"
            disclosures.resend(parked, actor=self.odile, at=NOON + 80 * HOUR)
            let_pass(HOUR)
            work_for(HOUR)
        assert [message["Message-ID"] for message in box.arrived] == [parked.message_id]
        assert self.notice().state == "sent"

    def test_accepted_late_it_arrives_exactly_once(self) -> None:
        with mailbox() as box:
            box.mood = REFUSE
            work_for(65 * HOUR)
            box.mood = ACCEPT
            work_for(24 * HOUR)
        ids = [str(message["Message-ID"]) for message in box.arrived]
        assert ids.count(self.notice().message_id) == 1
        assert len(ids) == len(set(ids))
        assert self.notice().state == "sent"

    def test_a_server_that_hangs_and_recovers_gets_it_exactly_once(self) -> None:
        with mailbox() as box:
            box.mood = HANG
            work_for(timedelta(seconds=30))
            assert self.notice().state == "queued"
            box.mood = ACCEPT
            work_for(HOUR)
        ids = [str(message["Message-ID"]) for message in box.arrived]
        assert ids.count(self.notice().message_id) == 1
        assert len(ids) == len(set(ids))
        assert self.notice().state == "sent"
