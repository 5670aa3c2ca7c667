"""Correction notices over real SMTP: delivered once, or parked where the officer sees it; none is lost (P1.6)."""

import re
from datetime import timedelta

import pytest
from django.test import override_settings

from privacy.disclosures.models import CorrectionProof, Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.rights import actions as rights
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import HANG, LOSE_THE_ANSWER, REFUSE, mailbox


@pytest.mark.clause("P1.6")
@pytest.mark.clock(NOON)
class NoticeByMailTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        factory.make_provided(self.device, "imei", "model")
        right = factory.make_granted(factory.ask_correction(answer_by="portal"))
        rights.carry_out(right, actor=factory.make_officer(), at=NOON)

    def notice(self) -> Notice:
        return Notice.objects.get()

    def again(self) -> None:
        """Time passes: what backs off is due."""
        GeneralOutbox.objects.filter(done_at=None, parked_at=None).update(not_before=NOON - timedelta(days=1))
        dispatch_due(at=NOON)

    def test_it_is_delivered_once_with_its_fixed_message_id(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        assert [message["Message-ID"] for message in box.arrived] == [self.notice().message_id]
        assert self.notice().state == "sent"
        self.assertLedgered("disclosures.notice.sent", self.notice())

    def test_it_names_provision_and_items_and_carries_no_value(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
        text = str(box.arrived[0])
        assert self.notice().disclosures[0] in text
        assert "Terminal unique number (IMEI)" in text
        assert factory.RIGHT_IMEI not in text
        assert factory.imei(1) not in text
        assert self.notice().reference in str(box.arrived[0]["Subject"])

    def test_a_task_that_runs_twice_sends_once(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
            GeneralOutbox.objects.update(done_at=None, lease_until=None)
            dispatch_due(at=NOON)
        assert len(box.arrived) == 1

    @pytest.mark.fault("FLT-15")
    def test_a_server_that_refuses_and_then_accepts_gets_it_once(self) -> None:
        with mailbox() as box:
            box.mood = REFUSE
            dispatch_due(at=NOON)
            self.again()
            assert self.notice().state == "queued"
            assert self.notice().trouble == "SMTPDataError"
            box.mood = "accept"
            self.again()
            self.again()
        assert len(box.arrived) == 1
        assert self.notice().state == "sent"

    @pytest.mark.fault("FLT-15")
    def test_a_server_that_hangs_is_given_up_and_tried_again(self) -> None:
        with mailbox() as box:
            box.mood = HANG
            dispatch_due(at=NOON)
            assert self.notice().state == "queued"
            box.mood = "accept"
            self.again()
        assert len(box.arrived) == 1

    @pytest.mark.fault("FLT-16")
    def test_a_lost_answer_leads_to_the_same_message_again(self) -> None:
        with mailbox() as box:
            box.mood = LOSE_THE_ANSWER
            dispatch_due(at=NOON)
            assert self.notice().state == "queued"
            box.mood = "accept"
            self.again()
        assert len(box.arrived) == 2
        assert box.effects == {self.notice().message_id}

    def test_a_closed_port_is_no_loss(self) -> None:
        closed = {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
            }
        }
        with override_settings(MAILERS=closed):
            dispatch_due(at=NOON)
        assert self.notice().trouble == "ConnectionRefusedError"
        with mailbox() as box:
            self.again()
        assert len(box.arrived) == 1

    @pytest.mark.fault("FLT-23")
    def test_a_new_secret_key_gives_the_waiting_notice_a_link_that_works(self) -> None:
        with mailbox() as box, override_settings(SECRET_KEY="another" * 8):
            dispatch_due(at=NOON)
        assert self.client.get(_link(str(box.arrived[0].get_content()))).status_code == 200

    @pytest.mark.asvs("3.5.3")
    def test_the_recipients_link_acknowledges_it_once(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
        link = _link(box.arrived[0].get_content())
        shown = self.client.get(link)
        assert shown.status_code == 200
        assert factory.RIGHT_IMEI not in shown.content.decode()
        assert self.notice().state == "sent"
        done = self.client.post(link)
        assert factory.RIGHT_IMEI in done.content.decode()
        notice = self.notice()
        assert notice.state == "acknowledged"
        first = notice.acknowledged_at
        self.client.post(link)
        assert self.notice().acknowledged_at == first
        self.assertLedgered("disclosures.notice.acknowledged", notice)

    @pytest.mark.law("S-03")
    def test_what_the_recipient_is_shown_is_on_record(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
        self.client.post(_link(box.arrived[0].get_content()))
        entry = self.assertLedgered("ledger.read")
        assert entry.actor == factory.make_third_party().reference
        assert str(self.device.subject_id) in entry.subjects

    def test_a_wrong_or_old_link_tells_nothing(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert self.client.get("/ack/" + "A" * 43 + "/").status_code == 404
        Notice.objects.update(sent_at=NOON - timedelta(days=60))
        CorrectionProof.objects.update(state="superseded", ended_at=NOON)
        assert self.client.post(_link(box.arrived[0].get_content())).status_code == 404
        assert self.notice().state == "sent"

    def test_the_link_is_nowhere_in_the_database(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
        token = _link(box.arrived[0].get_content()).rstrip("/").rpartition("/")[2]
        assert token not in str(Notice.objects.values())
        assert token not in str(GeneralOutbox.objects.values())


def _link(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S*ack/\S+)", text)
    assert found is not None
    return found[1]
