"""A released deletion waits: the data is closed, people are told, any officer can stop it; then the worker destroys."""

from contextlib import suppress
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from config.databases import PROCESS_ROLES
from devices.models import Device
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.entries.payloads import facts_in
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.actions.parameters import ParameterOutOfRange
from privacy.retention.actions.destruction_waits import WAIT
from privacy.retention.models import DestructionList, DestructionRun, Hold
from privacy.retention.refusals import AlreadyRunning, OnHold
from privacy.retention.tasks import tell_person
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Right
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.process_roles import as_process

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
        # The owner reads it in both languages, in words of a template.
        (mail,) = [message for message in box.arrived if str(message["To"]) == "owner@example.org"]
        written = mail.get_body(("plain",)).get_content()
        assert written.index("이후에 파기합니다") < written.index("it is destroyed after")
        facts = facts_in(self.assertLedgered("retention.destruction.told").payload)
        assert facts["notice"] == "planned"
        assert facts["template"].startswith("retention.destruction-planned built-in ")

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

    def test_is_stopped_until_destruction_begins(self) -> None:
        stopped = rights.stop_destruction(self.right, reason="late", actor=self.omar, at=END + timedelta(hours=1))
        assert stopped.decision == "pending"
        assert tasks.resume_interrupted(at=END + timedelta(hours=2)) == 0
        assert self.held()

    def test_is_not_stopped_once_destruction_has_begun(self) -> None:
        assert tasks.resume_interrupted(at=END) == 1
        with pytest.raises(rights.WrongState, match="없습니다"):
            rights.stop_destruction(self.right, reason="x", actor=self.omar, at=END)

    def test_is_not_stopped_once_it_began_though_the_clock_is_set_back(self) -> None:
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            tasks.resume_interrupted(at=END)
        with pytest.raises(rights.WrongState):
            rights.stop_destruction(self.right, reason="x", actor=self.omar, at=END - timedelta(minutes=1))

    def test_is_announced_to_nobody_once_it_was_stopped(self) -> None:
        rights.stop_destruction(self.right, reason="a mistake", actor=self.omar, at=NOON)
        assert {"파기" in told and "중단" in told for told in self.announced()} == {True}

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

    def test_says_to_who_comes_second_that_it_was_stopped_whatever_else_is_missing(self) -> None:
        rights.stop_destruction(self.right, reason="once", actor=self.omar, at=NOON)
        for reason in ("", "twice"):
            with pytest.raises(rights.WrongState, match="Omar"):
                rights.stop_destruction(self.right, reason=reason, actor=self.odile, at=NOON)

    def test_takes_back_what_was_not_sent_and_tells_of_the_stop_whoever_was_told(self) -> None:
        with mailbox() as box:
            rights.stop_destruction(self.right, reason="no", actor=self.omar, at=NOON + timedelta(hours=1))
            assert Letter.objects.get(kind="destruction").state == "withdrawn"
            for _time in range(2):
                dispatch_due(at=NOON + timedelta(hours=2))
        told = {str(message["To"]): message.get_body(("plain",)).get_content() for message in box.arrived}
        for address in ("owner@example.org", self.odile.email, self.omar.email):
            assert "중단" in told[address], address
        assert len([one for one in box.arrived if str(one["To"]) == "owner@example.org"]) == 1
        assert Letter.objects.get(kind="destruction-stopped").state == "sent"
        self.assertLedgered("rights.letter.withdrawn", self.right.request)

    def test_keeps_what_was_sent_as_it_was(self) -> None:
        with mailbox():
            dispatch_due(at=NOON)
        rights.stop_destruction(self.right, reason="no", actor=self.omar, at=NOON + timedelta(hours=1))
        assert Letter.objects.get(kind="destruction").state == "sent"

    def test_waits_as_long_as_was_announced_past_the_verbs(self) -> None:
        for change in (
            f"waits_until = '{NOON.isoformat()}'",
            "waits_until = NULL",
            "waits_until = NULL, decision = 'pending', decided_by = '', decided_at = NULL",
            f"destruction_began_at = '{NOON.isoformat()}'",
        ):
            with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE rights_right SET {change} WHERE id = %s", [self.right.id])
        self.right.refresh_from_db()
        assert (self.right.waits_until, self.right.destruction_began_at) == (END, None)

    def test_is_not_destroyed_without_a_wait_where_raw_sql_released_it(self) -> None:
        right = rights.stop_destruction(self.right, reason="no", actor=self.omar, at=NOON)
        rights.grant(right, actor=self.odile, at=NOON)
        Right.objects.filter(id=right.id).update(started_at=NOON, started_by=self.hana.ref)
        assert tasks.resume_interrupted(at=END) == 0
        assert self.held()
        assert Right.objects.get(id=right.id).waits_until == END + timedelta(hours=24)
        with pytest.raises(DatabaseError), transaction.atomic():
            Right.objects.filter(id=right.id).update(destruction_began_at=END + timedelta(hours=24), waits_until=END)

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
class ADeletionUnderAHold(PortalTestCase):
    """What is announced is what happens: no day while a hold covers the data, and a new one when it has ended."""

    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.device = factory.make_device(1)
        factory.make_contact(Subject.objects.get(id=self.device.subject_id), value="owner@example.org")
        self.right = factory.make_granted(factory.ask(DELETION, target=factory.imei(1)))

    def hold(self, at: datetime) -> Hold:
        return factory.make_hold(subject_id=self.device.subject_id, at=at)

    def release(self) -> Right:
        with suppress(OnHold):
            rights.carry_out(self.right, actor=self.hana, at=NOON)
        return Right.objects.get(id=self.right.id)

    def mails(self, at: datetime) -> list[str]:
        """What the owner of the data is told."""
        with mailbox() as box:
            dispatch_due(at=at)
            dispatch_due(at=at)
        return [str(one["Subject"]) for one in box.arrived if str(one["To"]) == "owner@example.org"]

    def test_is_announced_without_a_day_and_can_be_stopped_all_along(self) -> None:
        self.hold(NOON)
        right = self.release()
        assert right.waits_until is None
        assert vault.active_freezes(self.device.subject_id, "device-registration", at=NOON)
        assert self.mails(NOON) == ["개인정보의 파기가 보류되었습니다"]
        (letter,) = Letter.objects.filter(kind="destruction")
        assert "2026" not in str(letter.told["en"]["fields"][2:-2])
        later = NOON + timedelta(days=30)
        assert tasks.resume_interrupted(at=later) == 0
        assert rights.stop_destruction(right, reason="no", actor=self.omar, at=later).decision == "pending"
        assert not vault.active_freezes(self.device.subject_id, "device-registration", at=later)

    def test_is_announced_with_a_day_when_the_hold_has_ended_and_waits_again(self) -> None:
        held = self.hold(NOON)
        self.release()
        later = NOON + timedelta(days=30)
        factory.lift_hold(held, at=later)
        with as_process("worker"):
            assert tasks.resume_interrupted(at=later) == 0
        right = Right.objects.get(id=self.right.id)
        assert right.waits_until == later + timedelta(hours=24)
        assert Letter.objects.filter(kind="destruction").count() == 2
        with as_process("worker"):
            assert tasks.resume_interrupted(at=right.waits_until) == 1
        assert not Device.objects.filter(id=self.device.id).exists()

    def test_is_told_when_a_hold_comes_during_the_wait_and_not_destroyed_on_the_day(self) -> None:
        assert self.release().waits_until == END
        self.mails(NOON)
        self.hold(END - timedelta(hours=1))
        for at in (END, END + timedelta(minutes=1)):
            assert tasks.resume_interrupted(at=at) == 0
        assert self.mails(END + timedelta(minutes=2)) == ["개인정보의 파기가 보류되었습니다"]
        right = Right.objects.get(id=self.right.id)
        assert right.can_be_stopped
        assert right.trouble == OnHold.code
        self.assertLedgered("rights.destruction.held", right.request)

    def test_says_that_what_a_law_preserves_is_archived(self) -> None:
        self.release()
        letter = Letter.objects.get(kind="destruction")
        assert any("separate archive" in line for line in letter.told["en"]["closing"])


@pytest.mark.attack("18.2")
@pytest.mark.parametrize("process", ["pages", "worker"])
def test_no_process_lets_a_deletion_wait_for_less_once_a_hold_has_ended(
    portal_database: PortalDatabase, process: str
) -> None:
    device = factory.make_device(1)
    right = factory.make_granted(factory.ask(DELETION, target=factory.imei(1)))
    factory.make_hold(subject_id=device.subject_id, at=NOON)
    with suppress(OnHold):
        rights.carry_out(right, actor=factory.make_handler(), at=NOON)
    lasts = "UPDATE rights_right SET waits_until = now() + %s WHERE id = %s"
    with portal_database.connect(PROCESS_ROLES[process]) as role:
        for wait in (-timedelta(days=1), timedelta(hours=23)):
            with pytest.raises(psycopg.errors.RestrictViolation):
                role.execute(lasts, [wait, right.id])
        assert role.execute(lasts, [timedelta(hours=24), right.id]).rowcount == 1


@pytest.mark.attack("18.1")
def test_a_release_is_of_now_so_that_no_earlier_signature_fits_it(portal_database: PortalDatabase) -> None:
    """What the clock of the database holds, for pages under somebody else's control."""
    factory.make_device(1)
    right = factory.make_granted(factory.ask(DELETION, target=factory.imei(1)))
    hana = factory.make_handler()
    began = "UPDATE rights_right SET started_at = now() - %s, started_by = %s WHERE id = %s"
    with portal_database.connect(PROCESS_ROLES["pages"]) as pages:
        for ago in (timedelta(days=1), timedelta(minutes=11)):
            with pytest.raises(psycopg.errors.RestrictViolation, match="of now"):
                pages.execute(began, [ago, hana.reference, right.id])
        assert pages.execute(began, [timedelta(0), hana.reference, right.id]).rowcount == 1


@pytest.mark.attack("17.2")
class ADeletionOfOnesOwn(PortalTestCase):
    """The requester stops it on the status page, with number and code."""

    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        self.device = factory.make_device(1)
        factory.make_contact(Subject.objects.get(id=self.device.subject_id), value="owner@example.org")
        # The page knows the real time only.
        now = clock.now()
        self.receipt = factory.ask(DELETION, target=factory.imei(1), at=now)
        self.right = rights.carry_out(factory.make_granted(self.receipt, at=now), actor=self.hana, at=now)

    def visitor(self, receipt: Receipt) -> Client:
        client = Client()
        client.post("/en/rights/case/", {"number": receipt.number, "code": receipt.code})
        return client

    def test_is_stopped_on_the_status_page(self) -> None:
        client = self.visitor(self.receipt)
        assert "Stop the deletion" in client.get("/en/rights/case/").content.decode()
        page = client.post("/en/rights/case/stop/", {"right": "1"}, follow=True).content.decode()
        assert "Stop the deletion" not in page
        assert "The deletion was stopped" in page
        right = Right.objects.get(id=self.right.id)
        assert (right.decision, right.started_at) == ("pending", None)
        assert self.assertLedgered("rights.destruction.stopped", self.receipt.request)
        with mailbox() as box:
            for _time in range(2):
                dispatch_due(at=clock.now())
        told = {str(one["To"]) for one in box.arrived}
        assert {"owner@example.org", "mina@example.org", self.odile.email, self.omar.email} <= told

    def test_is_stopped_once_and_by_nobody_else(self) -> None:
        other = self.visitor(factory.ask(DELETION, target=factory.imei(1), at=clock.now()))
        assert other.post("/en/rights/case/stop/", {"right": "1"}).status_code == 422
        with pytest.raises(NotPermitted):
            rights.stop_destruction(self.right, actor=Requester("K7-0000-0000"), at=clock.now())
        assert Client().post("/en/rights/case/stop/", {"right": "1"}).status_code == 302
        client = self.visitor(self.receipt)
        assert client.post("/en/rights/case/stop/", {"right": "1"}).status_code == 302
        assert client.post("/en/rights/case/stop/", {"right": "1"}).status_code == 422
        assert client.post("/en/rights/case/stop/", {"right": "x"}).status_code == 422


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
