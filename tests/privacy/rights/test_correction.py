"""A correction from the request to the notice: the value changes, the freeze lifts, earlier recipients are told."""

from datetime import timedelta

import pytest

from devices.models import Device
from privacy.disclosures.models import Notice
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.rights import actions as rights
from privacy.rights import reminders, tasks
from privacy.rights.actions import Receipt
from privacy.rights.models import Particulars, Request
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.clause("P1.6")
class CorrectionTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        factory.make_provided(self.device, "imei", "model")
        self.right = factory.make_granted(factory.ask_correction())

    def imei(self) -> str:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.test.seen", actor=factory.make_officer(), at=NOON
        ) as door:
            return str(door.reveal(Device.objects.get(id=self.device.id), "imei"))

    def test_carrying_it_out_changes_the_value(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        assert self.imei() == factory.RIGHT_IMEI

    def test_carrying_it_out_lifts_the_freeze(self) -> None:
        assert vault.frozen(self.device.subject_id, "device-registration", ["imei"], at=NOON)
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        assert not vault.frozen(self.device.subject_id, "device-registration", ["imei"], at=NOON)

    def test_each_earlier_recipient_of_the_item_gets_one_notice_with_its_delivery(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        notice = Notice.objects.get()
        assert notice.items == ["imei"]
        assert notice.state == "queued"
        assert GeneralOutbox.objects.filter(kind="disclosures.notice").count() == 1
        assert PersonalOutbox.objects.filter(kind="rights.correction.told").count() == 1

    def test_the_case_is_carried_out_and_every_step_is_on_the_ledger(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        case = Request.objects.get()
        assert case.state == "carried-out"
        for word in ("received", "carried-out"):
            self.assertLedgered(f"rights.request.{word}", case)
        self.assertLedgered("rights.item.corrected", case)


class WordlessCaseTests(PortalTestCase):
    """A receipt that died between its two databases: the case is there, what was typed is not."""

    def setUp(self) -> None:
        factory.make_device(1)
        self.odile = factory.make_officer()
        self.case = factory.ask_correction(answer_by="portal").request
        # The state in which a kill after the first commit leaves it.
        Particulars.objects.all().delete()
        self.later = NOON + timedelta(minutes=10)

    def test_it_is_found_once_shown_on_the_case_and_told_every_morning(self) -> None:
        assert rights.note_missing_words(actor=tasks.WORKER, at=NOON) == 0, "a receipt may be under way"
        assert rights.note_missing_words(actor=tasks.WORKER, at=self.later) == 1
        assert rights.note_missing_words(actor=tasks.WORKER, at=self.later) == 0
        self.assertLedgered("rights.words.missed", self.case)
        assert reminders.pressing(on=NOON.date()).wordless == 1

    def test_the_same_form_sent_again_brings_them_back(self) -> None:
        submission = "0" * 40
        receipt = factory.ask_correction(answer_by="portal", submission=submission)
        Particulars.objects.all().delete()
        again = factory.ask_correction(answer_by="portal", submission=submission)
        assert again.request == receipt.request
        assert Particulars.objects.get().about_id == receipt.request.id

    def test_a_handler_writes_them_down_again_and_never_over_what_is_there(self) -> None:
        said = {"contact": {"name": "Mina"}, "explanation": "", "claimed": factory.imei(1)}
        hana = factory.make_handler()
        rights.write_words(self.case, wanted={1: factory.RIGHT_IMEI}, **said, actor=hana, at=self.later)
        with pytest.raises(rights.WrongState):
            rights.write_words(self.case, wanted={1: factory.imei(5)}, **said, actor=hana, at=self.later)
        assert reminders.pressing(on=NOON.date()).wordless == 0
        right = factory.make_granted(Receipt(self.case, ""))
        assert rights.carry_out(right, actor=self.odile, at=NOON).carried_out_at is not None
