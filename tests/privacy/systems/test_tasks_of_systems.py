"""What other systems are asked, and what proves it: never "done" on a system's own word (docs/connected-systems.md)."""

from datetime import date, timedelta
from unittest import mock

import pytest
from django.db import IntegrityError, transaction

from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import Entry
from privacy.lib.identifiers.ids import new_id
from privacy.retention.models import Certificate
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight, execution
from privacy.rights.models import Right
from privacy.subjects.models import Subject
from privacy.systems import actions as systems
from privacy.systems import connector_client, shared_secrets, states
from privacy.systems import tasks as systems_tasks
from privacy.systems.models import Answer, ConnectedSystem, Envelope, SystemTask
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.systems.connected_server import connected_server
from tests.sample_uploads import PDF

DAY = timedelta(days=1)


def report(task: SystemTask, **changes: object) -> SystemTask:
    said = {"outcome": "done", "note": "전체 검색으로 확인", "name": "a.pdf", "content": PDF, **changes}
    return systems.report_done(task, actor=factory.make_odile(), at=NOON, **said)  # type: ignore[arg-type]


class SystemsCase(PortalTestCase):
    """A device whose IMEI another system holds too."""

    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.device = factory.make_device(1)
        self.officer = factory.make_officer()
        told = connected_server()
        self.server = told.__enter__()
        self.addCleanup(told.__exit__, None, None, None)
        self.system = factory.make_api_system("mdm", self.server.address, self.server.public_key)
        self.server.secret = shared_secrets.shared_secret(self.system)
        self.server.rows["mina"] = {"imei": factory.imei(1), "model": "SM-S931N"}

    def correct(self) -> None:
        right = factory.make_granted(factory.ask_correction(answer_by="portal"))
        rights.carry_out(right, actor=self.officer, at=NOON)

    def delete(self, imei: str = "") -> Right:
        asked = factory.ask(RequestedRight("deletion"), target=imei or factory.imei(1), answer_by="portal")
        return rights.carry_out(factory.make_granted(asked), actor=self.officer, at=NOON)

    def task(self, act: str, system: ConnectedSystem | None = None) -> SystemTask:
        return SystemTask.objects.get(act=act, system=system or self.system, category="device-registration")

    def work(self, rounds: int = 4) -> None:
        """Let the worker deliver, also what it put off."""
        for _round in range(rounds):
            GeneralOutbox.objects.filter(done_at=None, parked_at=None).update(not_before=NOON, lease_until=None)
            dispatch_due(at=NOON)


class AnswersTest(SystemsCase):
    def test_a_correction_is_frozen_corrected_and_released_there_and_read_back(self) -> None:
        receipt = factory.ask_correction(answer_by="portal")
        self.work(1)
        assert self.task("freeze").state == "confirmed" and self.server.frozen == {"mina"}
        rights.carry_out(factory.make_granted(receipt), actor=self.officer, at=NOON)
        self.work()
        assert self.server.rows["mina"]["imei"] == factory.RIGHT_IMEI
        states = dict(SystemTask.objects.values_list("act", "state"))
        assert states == {"freeze": "confirmed", "correct": "confirmed", "release": "confirmed"}
        order = [verb for verb in self.server.verbs if verb in ("correct", "read-back", "release")]
        assert order == ["correct", "read-back", "release"]
        self.assertLedgered("systems.task.confirmed", self.task("correct"))

    @pytest.mark.law("D-10")
    def test_a_destruction_is_confirmed_by_its_read_back_and_the_addendum_says_so(self) -> None:
        self.delete()
        first = Certificate.objects.get(list__category="device-registration")
        assert first.statement["systems"][0]["states"] == {"waiting": 1}
        self.work()
        assert self.task("destroy").state == "confirmed" and self.server.rows["mina"] == {}
        assert self.server.verbs[-3:].count("acknowledge") >= 1
        added = Certificate.objects.get(kind="addendum", list=first.list)
        assert added.statement["systems"][0]["states"] == {"confirmed": 1}
        assert added.statement["systems"][0]["backups_until"] == "2026-12-28"
        assert added.statement["certificate_digest"] == first.digest
        assert not Envelope.objects.exists()

    def test_one_that_lies_is_contradicted_asked_anew_and_never_done(self) -> None:
        self.server.mood = "liar"
        self.delete()
        self.work()
        lied = self.task("destroy")
        assert (lied.state, lied.proof_id) in {("contradicted", None), ("sent", None)}
        assert lied.contradictions >= 2 and lied.answers.filter(verb="read-back").count() == lied.contradictions
        assert Envelope.objects.filter(pk=lied.pk).exists()
        assert not Certificate.objects.filter(kind="addendum", list__category="device-registration").exists()
        self.server.mood = "honest"
        self.work()
        assert self.task("destroy").state == "confirmed"

    def test_a_correction_that_was_only_said_is_contradicted(self) -> None:
        self.server.mood = "liar"
        self.correct()
        self.work()
        assert self.task("correct").contradictions and self.task("correct").state != "confirmed"

    def test_what_was_away_during_a_correction_is_asked_by_what_it_holds(self) -> None:
        """It found nothing under the right IMEI, for it still held the old one: “not held” on the certificate."""
        self.server.mood = "down"
        self.correct()
        self.work(1)
        hold = factory.make_hold(subject_id=self.device.subject_id, category="device-registration")
        self.server.mood = "honest"
        frozen = SystemTask.objects.get(act="freeze", cause_id=hold.id)
        systems_tasks.deliver_task({"task": str(frozen.id)}, event=new_id(), starts=1, at=NOON)
        assert self.server.frozen == {"mina"}
        factory.lift_hold(hold, at=NOON)
        self.server.mood = "down"
        self.delete(factory.RIGHT_IMEI)
        self.server.mood = "honest"
        self.work(8)
        assert self.server.rows["mina"] == {}
        assert self.task("correct").state == "dropped", "its freeze would keep the data from being destroyed"
        destroyed = self.task("destroy")
        assert destroyed.state == "confirmed" and not Envelope.objects.filter(pk=destroyed.pk).exists()
        # What it destroyed under the number that it held counts, with the last day of its backups.
        assert (destroyed.done_before, destroyed.backups_until) == ("destroyed", date(2026, 12, 28))
        calls = [said for verb, said in self.server.calls if verb == "destroy" and said["task"] == str(destroyed.id)]
        asked = [said["person"]["imei"] for said in calls]
        assert asked == [factory.imei(1), factory.RIGHT_IMEI]

    def test_a_destruction_between_a_correction_and_its_orders_is_asked_by_both_numbers(self) -> None:
        """The right value was here already, and no task said yet that systems still held the other one."""
        right = factory.make_granted(factory.ask_correction(answer_by="portal"))
        with mock.patch.object(execution, "complete_execution", side_effect=OSError), self.assertRaises(OSError):
            rights.carry_out(right, actor=self.officer, at=NOON)
        assert not SystemTask.objects.filter(act="correct").exists()
        self.delete(factory.RIGHT_IMEI)
        self.work(8)
        assert self.server.rows["mina"] == {}
        assert self.task("destroy").state == "confirmed"

    @pytest.mark.truth("kept-under-the-old-number")
    def test_what_a_law_keeps_under_the_old_number_is_told_and_the_right_number_is_asked_for_too(self) -> None:
        self.server.mood = "down"
        self.correct()
        self.work(1)
        self.delete(factory.RIGHT_IMEI)
        self.server.mood = "keeps"
        self.work(8)
        destroyed = self.task("destroy")
        assert (destroyed.state, destroyed.kept_because, destroyed.sets_done) == ("kept", "law", 1)
        verbs = [verb for verb, said in self.server.calls if said["task"] == str(destroyed.id)]
        assert verbs.count("destroy") == 2, "each number is asked for once"
        again = Entry.objects.filter(word="systems.task.asked-again").about(f"systems.systemtask:{destroyed.pk}")
        assert again.count() == 1

    @pytest.mark.truth("given-up-and-not-held")
    def test_after_a_correction_that_was_given_up_only_people_say_that_nothing_is_held(self) -> None:
        """It held the old IMEI, which nobody here knows any more, and honestly found nothing under the right one."""
        self.server.mood = "down"
        self.correct()
        self.work(1)
        systems.give_up(self.task("correct"), reason="its owner does not answer", actor=self.officer, at=NOON)
        self.server.mood = "honest"
        self.delete(factory.RIGHT_IMEI)
        self.work(8)
        destroyed = self.task("destroy")
        assert self.server.rows["mina"] != {}
        assert (destroyed.state, destroyed.trouble, destroyed.proof_id) == ("failed", "known-by-earlier", None)
        report(destroyed)
        systems_tasks.deliver_task({"task": str(destroyed.id)}, event=new_id(), starts=1, at=NOON)
        assert self.task("destroy").state == "answered", "a search by the right number proves nothing"
        done = systems.second(self.task("destroy"), agrees=True, actor=factory.make_ines(), at=NOON)
        assert done.state == "confirmed"

    @pytest.mark.asvs("1.5.3", "2.2.1", "4.1.5", "4.2.5")
    def test_no_wrong_answer_is_taken(self) -> None:
        self.delete()
        for mood in ("forged", "double", "down", "accepts"):
            self.server.mood = mood
            self.work(2)
            assert self.task("destroy").state == "sent" and not Answer.objects.exists(), mood
        self.server.secret = b"another"
        self.work(1)
        assert self.server.refused and self.task("destroy").state == "sent"
        assert 0 < self.server.longest < 1_000

    def test_what_a_system_keeps_or_cannot_do_is_told_as_that(self) -> None:
        self.server.mood = "keeps"
        self.delete()
        self.work()
        kept = self.task("destroy")
        assert (kept.state, kept.kept_because, kept.kept_items) == ("kept", "law", ["imei", "model"])

    def test_what_it_keeps_for_a_dispute_is_asked_for_again(self) -> None:
        self.server.mood = "disputes"
        self.delete()
        self.work()
        kept = self.task("destroy")
        assert (kept.is_open, kept.kept_because) == (True, "dispute") and Envelope.objects.filter(pk=kept.pk).exists()
        self.server.mood = "honest"
        self.work()
        assert (self.task("destroy").state, self.task("destroy").kept_because) == ("confirmed", "")

    def test_a_freeze_whose_release_was_ordered_is_asked_for_no_more(self) -> None:
        self.server.mood = "down"
        self.correct()
        self.server.mood = "honest"
        self.work()
        assert (self.task("freeze").state, self.server.frozen) == ("dropped", set())
        assert self.task("correct").state == self.task("release").state == "confirmed"

    def test_identifiers_that_a_kill_left_are_removed_and_those_of_open_tasks_stay(self) -> None:
        self.delete()
        task = self.task("destroy")
        later = NOON + 2 * DAY
        assert systems.remove_left_over(actor=self.officer, at=later) == 0
        assert Envelope.objects.filter(pk=task.pk).exists()
        # The task ends, and the process is killed before its identifiers go.
        SystemTask.objects.filter(pk=task.pk).update(state="given-up", reason="x", ended_at=NOON)
        assert systems.remove_left_over(actor=self.officer, at=later) == 1
        assert not Envelope.objects.filter(pk=task.pk).exists()

    def test_no_one_person_makes_a_contradicted_destruction_a_kept_one(self) -> None:
        self.server.mood = "liar"
        self.delete()
        self.work()
        report(self.task("destroy"), outcome="kept", kept_because="law")
        self.work()
        said = self.task("destroy")
        assert (said.state, said.seconded_by) == ("answered", "")
        with pytest.raises(IntegrityError), transaction.atomic():
            proof = said.answers.filter(verb="read-back").first()
            SystemTask.objects.filter(pk=said.pk).update(state="kept", ended_at=NOON, proof_id=proof.pk)
        assert systems.second(said, agrees=True, actor=factory.make_ines(), at=NOON).state == "kept"

    def test_nothing_comes_into_use_again_while_a_correction_failed(self) -> None:
        self.correct()
        self.server.mood = "unable"
        self.work()
        assert (self.task("correct").state, self.task("release").state) == ("failed", "waiting")
        self.server.mood = "honest"
        systems.ask_again(self.task("correct"), actor=self.officer, at=NOON)
        self.work(6)
        assert self.task("correct").state == self.task("release").state == "confirmed"

    def test_a_freeze_that_was_given_up_is_released_if_it_was_ever_sent(self) -> None:
        receipt = factory.ask_correction(answer_by="portal")
        self.server.mood = "forged"
        self.work(1)
        assert self.server.frozen == {"mina"}
        systems.give_up(self.task("freeze"), reason="no answer", actor=self.officer, at=NOON)
        self.server.mood = "honest"
        rights.carry_out(factory.make_granted(receipt), actor=self.officer, at=NOON)
        self.work()
        assert self.server.frozen == set()

    @pytest.mark.truth("freeze-of-what-is-destroyed")
    def test_a_freeze_that_was_sent_and_whose_identifiers_are_gone_is_ended_there(self) -> None:
        """Its answer was lost, and the keys went before the case was over: nobody told the system that it ended."""
        receipt = factory.ask_correction(answer_by="portal")
        self.server.mood = "forged"
        self.work(1)
        assert (self.server.frozen, self.task("freeze").state) == ({"mina"}, "sent")
        self.delete()
        # As between the end of the keys and its note.
        Subject.objects.filter(pk=self.device.subject_id).update(state="active", destroyed_at=None)
        self.server.mood = "disputes"
        self.work(3)
        assert (self.task("freeze").state, self.task("freeze").trouble) == ("dropped", "no-identifier")
        assert (self.task("destroy").state, self.task("destroy").trouble) == ("waiting", "kept-for-now")
        rights.reject_identity(receipt.request, actor=self.officer, at=NOON)
        self.work(6)
        assert (self.task("release").state, self.task("destroy").state) == ("confirmed", "waiting")
        # It is asked again as soon as the freeze has ended there, and not six hours later.
        woken = f"systems.task:{self.task('destroy').id}:{self.task('release').id}"
        assert GeneralOutbox.objects.filter(key=woken).exists()
        self.server.mood = "honest"
        self.work(2)
        assert self.task("destroy").state == "confirmed"

    @pytest.mark.truth("freeze-of-what-is-destroyed")
    def test_a_freeze_ends_there_once_its_case_is_known_to_hold_nothing(self) -> None:
        """A deletion that came later was carried out first: the system keeps what is disputed as long as it is."""
        receipt = factory.ask_correction(answer_by="portal")
        self.work(1)
        self.server.mood = "disputes"
        self.delete()
        self.work()
        assert (self.task("freeze").state, self.task("destroy").trouble) == ("confirmed", "kept-for-now")
        factory.make_verified(receipt)
        self.server.mood = "honest"
        self.work(6)
        assert (self.task("release").state, self.task("destroy").state) == ("confirmed", "confirmed")

    def test_what_is_told_is_what_holds_now(self) -> None:
        self.correct()
        assert {one.says for one in states.told(SystemTask.objects.all(), on=NOON.date())} == {
            "아직 요청하지 않았습니다."
        }
        self.work()
        said = [one.says for one in states.told(SystemTask.objects.all(), on=NOON.date())]
        assert len(said) == 2 and not any("동결" in one for one in said), said

    def test_what_is_answered_is_read_back_when_it_is_asked_for_again(self) -> None:
        self.delete()
        self.server.mood = "honest"
        SystemTask.objects.filter(act="destroy").update(state="answered", done_as="destroyed")
        systems.ask_again(self.task("destroy"), actor=self.officer, at=NOON)
        assert self.task("destroy").state == "answered"

    def test_one_that_cannot_is_shown_to_a_person(self) -> None:
        self.server.mood = "unable"
        self.delete()
        self.work()
        assert (self.task("destroy").state, self.task("destroy").trouble) == ("failed", "status-422")
        self.server.mood = "honest"
        systems.ask_again(self.task("destroy"), actor=self.officer, at=NOON)
        self.work()
        assert self.task("destroy").state == "confirmed"

    def test_one_that_is_offline_is_late_and_holds_nobody_up(self) -> None:
        away = factory.make_api_system("crm", "http://127.0.0.1:1/portal", self.server.public_key)
        self.delete()
        self.work()
        assert self.task("destroy").state == "confirmed"
        late = self.task("destroy", away)
        assert late.state == "sent" and late.trouble
        assert late in SystemTask.objects.late(late.due_on + DAY)
        assert late not in SystemTask.objects.late(late.due_on)

    @pytest.mark.asvs("13.2.6", "16.5.2")
    def test_a_slow_one_is_left_and_asked_again(self) -> None:
        self.server.mood = "slow"
        self.delete()
        with mock.patch.object(connector_client, "CALL_SECONDS", 0.2):
            self.work(1)
        assert self.task("destroy").state == "sent"
        self.server.mood = "honest"
        self.work()
        assert self.task("destroy").state == "confirmed"
