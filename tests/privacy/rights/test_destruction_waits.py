"""A released deletion waits: the data is closed, people are told, any officer can stop it; then the worker destroys."""

from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from devices.models import Device
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.policies.actions.parameters import ParameterOutOfRange
from privacy.retention.actions.destruction_waits import WAIT
from privacy.retention.models import DestructionList, DestructionRun
from privacy.retention.refusals import AlreadyRunning
from privacy.retention.tasks import tell_person
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Letter, Right
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.privacy.disclosures.smtp_server import mailbox

END = NOON + timedelta(hours=24)
DELETION = RequestedRight("deletion")
EXECUTE = "privacy.retention.actions.destruction_orders.execution.execute"


@pytest.mark.attack("17.2")
class AReleasedDeletion(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.device = factory.make_device(1)
        factory.make_contact(Subject.objects.get(id=self.device.subject_id), value="owner@example.org")
        receipt = factory.ask(DELETION, target=factory.imei(1))
        self.right = rights.carry_out(factory.make_granted(receipt), actor=self.hana, at=NOON)

    def held(self) -> bool:
        return Device.objects.filter(id=self.device.id).exists()

    def test_destroys_nothing_and_closes_the_data_at_once(self) -> None:
        assert self.right.waits_until == END
        assert self.held()
        assert vault.active_freezes(self.device.subject_id, "device-registration", at=NOON)
        self.assertLedgered("rights.destruction.announced", self.right.request)

    def test_is_told_to_the_owner_of_the_data_to_the_requester_and_to_every_officer(self) -> None:
        with mailbox() as box:
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        told = {str(message["To"]): str(message["Subject"]) for message in box.arrived}
        assert {"owner@example.org", "mina@example.org", self.odile.email, self.omar.email} <= set(told)
        assert Letter.objects.filter(kind="destruction", request=self.right.request).exists()
        page = reverse("admin:rights_request_change", args=[self.right.request_id])
        (mail,) = [message for message in box.arrived if str(message["To"]) == self.omar.email]
        assert page in mail.get_body(("plain",)).get_content()

    def test_is_ended_by_the_worker_and_not_before_its_time(self) -> None:
        for at in (NOON + timedelta(minutes=5), END - timedelta(seconds=1)):
            assert tasks.resume_interrupted(at=at) == 0
            with pytest.raises(rights.InProgress):
                rights.continue_execution(self.right, actor=self.hana, at=at)
            assert self.held()
        assert tasks.resume_interrupted(at=END) == 1
        assert not self.held()
        assert not vault.active_freezes(self.device.subject_id, "device-registration", at=END)
        run = DestructionRun.objects.get(case=self.right.freeze_reference)
        assert run.ordered_by == self.hana.reference
        assert set(run.lists.values_list("approved_by", flat=True)) == {self.odile.reference}

    def test_is_stopped_by_any_officer_and_decided_anew(self) -> None:
        stopped = rights.stop_destruction(
            self.right, reason="the owner telephoned", actor=self.omar, at=END - timedelta(minutes=1)
        )
        assert (stopped.decision, stopped.waits_until) == ("pending", None)
        assert not vault.active_freezes(self.device.subject_id, "device-registration", at=END)
        assert tasks.resume_interrupted(at=END + timedelta(hours=1)) == 0
        assert self.held()
        (note,) = rights.read_notes(self.right.request, actor=self.odile, at=END)
        assert note.text == "the owner telephoned"
        self.assertLedgered("rights.destruction.stopped", self.right.request)
        again = rights.grant(Right.objects.get(id=self.right.id), actor=self.odile, at=END)
        assert rights.carry_out(again, actor=self.hana, at=END).waits_until == END + timedelta(hours=24)

    def test_is_stopped_for_a_reason_in_time_and_by_an_officer(self) -> None:
        with pytest.raises(rights.MissingReason):
            rights.stop_destruction(self.right, reason=" ", actor=self.omar, at=NOON)
        with pytest.raises(NotPermitted):
            rights.stop_destruction(self.right, reason="x", actor=self.hana, at=NOON)
        with pytest.raises(rights.WrongState):
            rights.stop_destruction(self.right, reason="x", actor=self.omar, at=END)

    def test_is_not_stopped_once_it_began_though_the_clock_is_set_back(self) -> None:
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            tasks.resume_interrupted(at=END)
        with pytest.raises(rights.WrongState):
            rights.stop_destruction(self.right, reason="x", actor=self.omar, at=END - timedelta(minutes=1))

    def test_is_announced_to_nobody_once_it_was_stopped(self) -> None:
        rights.stop_destruction(self.right, reason="a mistake", actor=self.omar, at=NOON)
        assert not self.announced()

    def test_is_announced_to_nobody_once_the_data_is_destroyed(self) -> None:
        tasks.resume_interrupted(at=END)
        assert not self.announced()

    def test_a_letter_of_the_wait_before_announces_nothing_of_the_next(self) -> None:
        with mailbox():
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        rights.stop_destruction(self.right, reason="a mistake", actor=self.omar, at=NOON)
        letters = [row.ids for row in GeneralOutbox.objects.filter(kind="retention.wait.person")]
        again = rights.grant(Right.objects.get(id=self.right.id), actor=self.odile, at=NOON)
        rights.carry_out(again, actor=self.hana, at=NOON + timedelta(hours=2))
        with mailbox() as box:
            tell_person(letters[0], event=uuid4(), starts=1, at=NOON + timedelta(hours=3))
        assert box.arrived == []

    def announced(self) -> list[str]:
        """The subjects of mails about the destruction that reach the owner and the officers."""
        with mailbox() as box:
            dispatch_due(at=END)
            dispatch_due(at=END)
        told = {"owner@example.org", self.odile.email, self.omar.email}
        return [str(message["Subject"]) for message in box.arrived if str(message["To"]) in told]

    def test_is_not_called_done_before_its_time_past_the_verbs(self) -> None:
        with (
            pytest.raises(IntegrityError, match="rights_destroyed_after_the_wait"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "UPDATE rights_right SET carried_out_at = %s WHERE id = %s", [END - timedelta(hours=1), self.right.id]
            )


@pytest.mark.attack("17.2")
class AnOrderOfDestruction(PortalTestCase):
    def test_is_not_approved_by_who_ordered_it_past_the_verbs(self) -> None:
        factory.end_waits_at_once()
        factory.make_device(1)
        right = factory.make_granted(factory.ask(DELETION, target=factory.imei(1)))
        rights.carry_out(right, actor=factory.make_handler(), at=NOON)
        row = DestructionList.objects.filter(run__case=right.freeze_reference).first()
        assert row is not None
        orderer = row.run.ordered_by
        for change in ("approved_by = %s", "approved_by = %s, ordered_by = ''"):
            with (
                pytest.raises(IntegrityError, match="retention_order_approved_by_another"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"UPDATE retention_destructionlist SET {change} WHERE id = %s", [orderer, row.id])


@pytest.mark.attack("17.2")
class TheWaitingTime(PortalTestCase):
    def test_is_not_shortened_by_the_office(self) -> None:
        officer, today = factory.make_officer(), NOON.date()
        said = {"code": WAIT, "effective_on": today, "basis": "hurry", "actor": officer, "at": NOON}
        with pytest.raises(ParameterOutOfRange):
            policies.set_parameter(value=23, **said)
        assert policies.set_parameter(value=48, **said).value == 48
