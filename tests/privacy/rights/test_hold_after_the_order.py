"""A hold that comes after the order and before anything is destroyed: the deletion is held as if it came before."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from devices.models import Device
from privacy.jobs.dispatcher import dispatch_due
from privacy.retention.models import DestructionList
from privacy.retention.refusals import AlreadyRunning
from privacy.rights import actions as rights
from privacy.rights import status_page, tasks
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.privacy.disclosures.smtp_server import mailbox

END = NOON + timedelta(hours=24)
EXECUTE = "privacy.retention.actions.destruction_orders.execution.execute"


@pytest.mark.attack("17.2")
class AHoldAfterTheOrder(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        self.device = factory.make_device(1)
        factory.make_contact(Subject.objects.get(id=self.device.subject_id), value="owner@example.org")
        receipt = factory.ask(RequestedRight("deletion"), target=factory.imei(1))
        rights.carry_out(factory.make_granted(receipt), actor=self.hana, at=NOON)
        self.told(NOON)
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            tasks.resume_interrupted(at=END)
        assert DestructionList.objects.exists()
        self.held = factory.make_hold(at=END)
        for minutes in (5, 10, 15):
            assert tasks.resume_interrupted(at=END + timedelta(minutes=minutes)) == 0
        assert set(DestructionList.objects.values_list("state", flat=True)) == {"aborted"}

    def right(self) -> Right:
        return Right.objects.get()

    def told(self, at: datetime) -> list[str]:
        """The subjects of what the owner of the data is mailed."""
        with mailbox() as box:
            dispatch_due(at=at)
            dispatch_due(at=at)
        return [str(mail["Subject"]) for mail in box.arrived if str(mail["To"]) == "owner@example.org"]

    def test_is_announced_and_the_deletion_can_be_stopped(self) -> None:
        self.assertLedgered("rights.destruction.held", self.right().request)
        assert self.told(END + timedelta(minutes=15)) == ["개인정보의 파기가 보류되었습니다"]
        later = END + timedelta(hours=1)
        assert rights.stop_destruction(self.right(), reason="no", actor=self.omar, at=later).decision == "pending"

    def test_nothing_is_destroyed_without_a_new_day_once_it_has_ended(self) -> None:
        later = END + timedelta(days=30)
        factory.lift_hold(self.held, at=later)
        assert tasks.resume_interrupted(at=later) == 0
        assert self.right().waits_until == later + timedelta(hours=24)
        assert Device.objects.filter(id=self.device.id).exists()
        assert tasks.resume_interrupted(at=later + timedelta(hours=24)) == 1
        assert not Device.objects.filter(id=self.device.id).exists()


@pytest.mark.attack("17.2")
class AHoldDuringTheWait(PortalTestCase):
    def test_the_status_page_names_a_day_only_where_no_hold_covers_the_data(self) -> None:
        factory.make_officer()
        device = factory.make_device(1)
        receipt = factory.ask(RequestedRight("deletion"), target=factory.imei(1))
        rights.carry_out(factory.make_granted(receipt), actor=factory.make_handler(), at=NOON)
        case = Right.objects.get().request

        def waits() -> bool:
            return bool(status_page.context(case, at=NOON)["rights"][0]["waits"])

        assert waits()
        held = factory.make_hold(at=NOON, subject_id=device.subject_id)
        assert not waits()
        factory.lift_hold(held, at=NOON)
        assert waits()

    def test_a_mail_that_goes_out_under_a_hold_names_no_day(self) -> None:
        odile = factory.make_officer()
        device = factory.make_device(1)
        factory.make_contact(Subject.objects.get(id=device.subject_id), value="owner@example.org")
        receipt = factory.ask(RequestedRight("deletion"), target=factory.imei(1))
        rights.carry_out(factory.make_granted(receipt), actor=factory.make_handler(), at=NOON)
        factory.make_hold(at=NOON, subject_id=device.subject_id)
        with mailbox() as box:
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        told = {str(mail["To"]): mail for mail in box.arrived}
        assert told["owner@example.org"]["Subject"] == "개인정보의 파기가 보류되었습니다"
        assert "13:00" not in told["owner@example.org"].get_body(("plain",)).get_content()
        assert "보류" in str(told[odile.email]["Subject"])
