"""What people report of a destruction that is asked for under two numbers, and who may confirm it."""

from contextlib import suppress
from datetime import timedelta
from unittest import mock

import pytest

from privacy.jobs.outbox import RetryLater
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.systems import actions as systems
from privacy.systems import tasks as systems_tasks
from privacy.systems.admin.tasks import SystemTaskAdmin
from privacy.systems.models import SystemTask
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.systems.test_tasks_of_systems import SystemsCase, report

HOUR = timedelta(hours=1)


class ReportsTest(SystemsCase):
    def deliver(self) -> None:
        with suppress(RetryLater):
            systems_tasks.deliver_task({"task": str(self.task("destroy").id)}, event=new_id(), starts=1, at=NOON)

    def both(self) -> None:
        """A destruction that is asked for under the old IMEI and the right one."""
        self.server.mood = "down"
        self.correct()
        self.work(1)
        self.delete(factory.RIGHT_IMEI)
        self.work(1)

    def test_done_reported_under_the_first_of_two_numbers_is_searched_under_both(self) -> None:
        self.both()
        report(self.task("destroy"))
        self.server.rows["mina"], self.server.mood = {}, "honest"
        self.deliver()
        assert self.task("destroy").state == "confirmed"

    def kept_under_the_first(self) -> None:
        self.both()
        self.server.mood = "keeps"
        with mock.patch.object(systems_tasks, "CALLS", 2):
            self.deliver()
        assert (self.task("destroy").done_before, self.task("destroy").kept_because) == ("kept", "law")
        report(self.task("destroy"), outcome="not-held")

    def test_not_held_reported_after_what_a_law_keeps_ends_as_kept(self) -> None:
        self.kept_under_the_first()
        self.server.rows["mina"], self.server.mood = {}, "honest"
        self.deliver()
        assert (self.task("destroy").state, self.task("destroy").kept_because) == ("kept", "law")

    def test_what_the_system_signed_as_kept_by_law_stays_kept_for_a_second_person(self) -> None:
        self.kept_under_the_first()
        done = systems.second(self.task("destroy"), agrees=True, actor=factory.make_ines(), at=NOON)
        assert done.state == "kept", (done.state, done.kept_items)

    def test_a_second_person_confirms_nothing_that_nobody_reported(self) -> None:
        """Reported: not held. The system says: kept by law. Seconded: "kept", on evidence that says not held."""
        self.both()
        report(self.task("destroy"), outcome="not-held")
        self.server.rows["mina"] = {"imei": factory.RIGHT_IMEI, "model": "SM-S931N"}
        self.server.mood = "keeps"
        self.deliver()
        task = self.task("destroy")
        assert not (task.done_by and task.done_as == "kept"), "the person said not held"

    def test_a_report_that_cannot_be_searched_waits_for_a_second_person(self) -> None:
        self.server.mood = "down"
        self.delete()
        self.work(1)
        report(self.task("destroy"))
        self.server.mood = "unable"
        self.work(2)
        task, rows = self.task("destroy"), SystemTaskAdmin.second_person
        assert rows is not None and rows.rows is not None
        assert SystemTask.objects.filter(**rows.rows).count() == 1, "Today says that it waits for a second person"
        assert rows.waits(task)
        with pytest.raises(Refusal):
            report(task)
        assert systems.second(task, agrees=False, actor=factory.make_ines(), at=NOON).state == "waiting"
        self.server.mood = "honest"
        self.work(3)
        assert self.task("destroy").state == "confirmed"

    def test_the_same_evidence_sent_back_twice_has_it_asked_each_time(self) -> None:
        self.server.mood = "unable"
        self.delete()
        self.work(1)
        for _time in range(2):
            report(self.task("destroy"))
            systems.second(self.task("destroy"), agrees=False, actor=factory.make_ines(), at=NOON)
            self.work(1)
            assert self.task("destroy").state == "failed", "it was asked, and says that it can't"

    def test_what_is_asked_again_after_it_failed_is_not_answered_as_before(self) -> None:
        """The system answered, and could not be searched: under the same key it says the same for a month."""
        self.delete()
        with mock.patch.object(systems_tasks, "CALLS", 1):
            self.deliver()
        for asked_again in (self.send_back, self.connect_anew):
            self.server.mood = "unable"
            self.deliver()
            assert self.task("destroy").state == "failed"
            asked_again()
            self.server.mood = "honest"
            with mock.patch.object(systems_tasks, "CALLS", 1):
                self.deliver()
            assert self.task("destroy").state == "answered"

    def send_back(self) -> None:
        report(self.task("destroy"))
        systems.second(self.task("destroy"), agrees=False, actor=factory.make_ines(), at=NOON)

    def connect_anew(self) -> None:
        asked = systems.ask_connection(
            self.system, address=self.server.address, public_key=self.server.public_key, reason="x",
            actor=self.officer, at=NOON,
        )  # fmt: skip
        systems.approve_connection(asked, actor=factory.make_ines(), at=NOON)

    def test_a_correction_given_up_while_both_numbers_are_asked_is_not_lost(self) -> None:
        self.server.mood = "down"
        self.correct()
        self.work(1)
        self.delete(factory.RIGHT_IMEI)
        systems.give_up(self.task("correct"), reason="x", actor=self.officer, at=NOON + HOUR)
        self.server.mood = "honest"
        self.work(8)
        asked = {said["person"]["imei"] for verb, said in self.server.calls if verb == "destroy"}
        assert asked == {factory.imei(1), factory.RIGHT_IMEI} and self.server.rows["mina"] == {}
        task = self.task("destroy")
        assert (task.state, task.trouble) == ("confirmed", ""), (task.state, task.trouble)
