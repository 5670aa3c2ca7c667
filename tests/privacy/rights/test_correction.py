"""A correction from the request to the notice: the value changes, the freeze lifts, earlier recipients are told."""

from datetime import timedelta

import pytest

from devices.models import Device, Licence
from privacy.disclosures.models import Notice
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.rights import actions as rights
from privacy.rights import letters, reminders, status_page, tasks
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.events import Event
from privacy.rights.models import Letter, Particulars, Request
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.clause("P1.6")
class CorrectionTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.device = factory.make_device(1)
        factory.make_provided(self.device, "imei", "model")
        self.right = factory.make_granted(factory.ask_correction())

    def imei(self) -> str:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.test.seen", actor=factory.make_officer(), at=NOON
        ) as vault_session:
            return str(vault_session.decrypt(Device.objects.get(id=self.device.id), "imei"))

    @pytest.mark.law("R-14", "R-16")
    def test_carrying_it_out_changes_the_value(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        assert self.imei() == factory.RIGHT_IMEI

    def test_carrying_it_out_lifts_the_freeze(self) -> None:
        assert vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=NOON)
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        assert not vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=NOON)

    @pytest.mark.law("R-20")
    def test_each_earlier_recipient_of_the_item_gets_one_notice_with_its_delivery(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        notice = Notice.objects.get()
        assert notice.items == ["imei"]
        assert notice.state == "queued"
        assert GeneralOutbox.objects.filter(kind="disclosures.notice").count() == 1
        assert PersonalOutbox.objects.filter(kind="rights.correction.told").count() == 1

    @pytest.mark.law("R-14")
    def test_the_case_is_carried_out_and_every_step_is_on_the_ledger(self) -> None:
        rights.carry_out(self.right, actor=factory.make_officer(), at=NOON)
        case = Request.objects.get()
        assert case.state == "carried-out"
        for word in ("received", "carried-out"):
            self.assertLedgered(f"rights.request.{word}", case)
        self.assertLedgered("rights.item.corrected", case)
        told = letters.letter_text(case.letters.get(kind="result"), language="ko")
        assert told.title == "결과 통지서"
        assert "조치일" in str(told.fields)


@pytest.mark.truth("nothing-to-correct")
class NotHeldTests(PortalTestCase):
    def test_a_licence_that_is_not_held_is_not_granted_as_corrected(self) -> None:
        """A case that says *corrected* has put something right."""
        device = factory.make_device(1)
        receipt = factory.ask_correction(item="licence_key", wanted="EXAFE-RIGHT")
        Licence.objects.filter(device_id=device.id).delete()
        with pytest.raises(rights.NoSuchItem):
            factory.make_granted(receipt)


class WordlessCaseTests(PortalTestCase):
    """A receipt that died between its two databases: the case is there, what was typed is not."""

    def setUp(self) -> None:
        factory.end_waits_at_once()
        factory.make_device(1)
        self.odile = factory.make_officer()
        self.case = factory.ask_correction(answer_by="portal").request
        # The state in which a kill after the first commit leaves it.
        Particulars.objects.all().delete()
        self.later = NOON + timedelta(minutes=10)

    def test_it_is_found_once_shown_on_the_case_and_told_every_morning(self) -> None:
        assert rights.record_missing_particulars(actor=tasks.WORKER, at=NOON) == 0, "a receipt may be under way"
        assert rights.record_missing_particulars(actor=tasks.WORKER, at=self.later) == 1
        assert rights.record_missing_particulars(actor=tasks.WORKER, at=self.later) == 0
        self.assertLedgered("rights.words.missed", self.case)
        assert reminders.daily_reminder(on=NOON.date()).wordless == 1

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
        rights.resubmit_particulars(self.case, wanted={1: factory.RIGHT_IMEI}, **said, actor=hana, at=self.later)
        with pytest.raises(rights.WrongState):
            rights.resubmit_particulars(self.case, wanted={1: factory.imei(5)}, **said, actor=hana, at=self.later)
        assert reminders.daily_reminder(on=NOON.date()).wordless == 0
        right = factory.make_granted(Receipt(self.case, ""))
        assert rights.carry_out(right, actor=self.odile, at=NOON).carried_out_at is not None


@pytest.mark.truth("corrected-after-deletion")
class DestroyedFirstTests(PortalTestCase):
    """One item in one case is to be corrected and deleted: what was destroyed first is not told as corrected."""

    def setUp(self) -> None:
        factory.end_waits_at_once()
        factory.make_provided(factory.make_device(1), "imei")
        self.odile = factory.make_officer()
        wrong = RequestedRight("correction", category="device-registration", item="imei", wanted=factory.RIGHT_IMEI)
        deletion = RequestedRight("deletion", category="device-registration")
        self.case = factory.make_verified(factory.ask(wrong, deletion, target=factory.imei(1), answer_by="portal"))
        self.correction, self.deletion = self.case.rights.order_by("position")

    def delete(self) -> None:
        granted = rights.grant(self.deletion, actor=self.odile, at=NOON)
        assert rights.carry_out(granted, actor=self.odile, at=NOON).carried_out_at is not None

    def told(self) -> str:
        """What the answer says of the correction."""
        rows = Letter.objects.get(kind="result").told["en"]["fields"]
        (said,) = [text for name, text in rows if name.startswith("Correction: ")]
        return str(said)

    def see_that_nothing_was_corrected(self) -> None:
        with self.assertNotLedgered("rights.item.corrected"):
            done = rights.carry_out(self.correction, actor=self.odile, at=NOON)
        assert done.carried_out_at is not None
        self.assertLedgered("rights.correction.overtaken", self.case)
        said = self.told()
        assert "Nothing was corrected" in said
        assert "Carried out" not in said
        self.case.refresh_from_db()
        story = [str(step["what"]) for step in status_page.context(self.case, at=NOON)["story"]]
        assert str(status_page.STEP_LABELS[Event.OVERTAKEN]) in story
        assert str(status_page.STEP_LABELS[Event.CORRECTED]) not in story
        assert {notice.kind for notice in Notice.objects.all()} == {"erased"}
        assert not vault.active_freezes_by_subject([self.case.subject_id], at=NOON)

    def test_a_granted_correction_of_what_was_deleted_says_that_nothing_was_corrected(self) -> None:
        rights.grant(self.correction, actor=self.odile, at=NOON)
        self.delete()
        self.see_that_nothing_was_corrected()

    def test_a_correction_that_was_not_decided_when_the_item_was_deleted_can_be_answered(self) -> None:
        self.delete()
        rights.grant(self.correction, actor=self.odile, at=NOON)
        self.see_that_nothing_was_corrected()
