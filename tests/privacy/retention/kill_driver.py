"""Run by test_kills.py in a process of its own: sweeps and archive moves on a cluster that is killed at random.

Usage: python -m tests.privacy.retention.kill_driver HOME KILLS SEED, with a migrated cluster in HOME/postgres. The last
line printed is a JSON object with what was killed and everything that was wrong afterwards.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def main(home: Path, kills: int, seed: int) -> None:
    os.environ.update(
        PORTAL_HOME=str(home),
        DJANGO_SETTINGS_MODULE="config.settings",
        DEVELOPMENT="1",
        PORTAL_ROLE="portal_development",
    )
    from config.embedded_postgres import EmbeddedServer

    server = EmbeddedServer(home / "postgres")
    server.start()
    subprocess.run([sys.executable, "manage.py", "make_keys", "-v", "0"], cwd=ROOT, check=True)
    import django

    django.setup()
    print(json.dumps(Fight(server, kills, seed).fight()))
    server.release()


class Fight:
    """A night of destructions that is killed again and again."""

    def __init__(self, server: Any, kills: int, seed: int) -> None:
        from devices import partitions
        from privacy.lib.dates import clock
        from privacy.retention.actions.destruction import archive_strategy, subject_strategy
        from tests import factory

        self.server, self.kills, self.dice = server, kills, random.Random(seed)
        self.factory: Any = factory
        # Small slices: a destruction has hundreds of commits, and most kills meet it at work.
        subject_strategy.KEY_BATCH_SIZE = subject_strategy.BATCH_SIZE = archive_strategy.BATCH_SIZE = 3
        self.at = clock.now()
        self.today = clock.kst_date(self.at)
        ended_on = self.today - timedelta(days=800)
        partitions.create_partitions([partitions.month_of(self.at - timedelta(days=back)) for back in (0, 30, 105)])
        due, leaving = 2 * kills + 10, kills + 5
        self.due = [factory.make_expired_device(number, ended_on=ended_on) for number in range(due)]
        self.held = [factory.make_expired_device(due + number, ended_on=ended_on) for number in range(10)]
        start = due + 10
        earlier = self.at - timedelta(days=20)
        self.leaving = [factory.make_device(start + number, at=earlier) for number in range(leaving)]
        self.living = [factory.make_device(start + leaving + number, at=earlier) for number in range(10)]
        for device in (*self.leaving, *self.living):
            factory.make_reports(device, ["access", "access", "status"], at=self.at - timedelta(days=1))
        for device in self.held:
            factory.make_hold(subject_id=device.subject_id, at=earlier)
        # What was archived a quarter ago and is over now; of some a hold keeps it.
        first = start + leaving + 10
        self.ended = [self._archived(number) for number in range(first, first + 25)]
        self.kept = [self._archived(number) for number in range(first + 25, first + 30)]
        for device in self.kept:
            factory.make_hold(subject_id=device.subject_id, at=earlier, category="archive")
        self.officers = (factory.make_odile(), factory.make_omar())
        self.killed = {"worker": 0, "database": 0, "idle": 0}

    def _archived(self, number: int) -> Any:
        from privacy.retention import actions as retention
        from tests.factory import SWEEPER

        recorded_at = self.at - timedelta(days=105)
        device = self.factory.make_device(number, at=recorded_at - timedelta(days=1))
        self.factory.make_reports(device, ["access", "access", "status"], at=recorded_at)
        retention.destroy_subject_data(
            device.subject_id, ["service-analytics"], cause="deletion", case=f"K6-{number}", actor=SWEEPER,
            at=recorded_at + timedelta(days=1),
        )  # fmt: skip
        return device

    def work(self) -> None:
        """What a worker does in a night: plan, approve, carry out; deletions on request with archive moves between."""
        from privacy.retention import actions as retention
        from privacy.retention.models import DestructionList
        from tests.factory import SWEEPER

        later = self.at + timedelta(days=4)
        retention.plan(as_of=self.today, actor=SWEEPER, at=self.at)
        for row in DestructionList.objects.to_approve():
            for officer in self.officers[: 2 if row.over_ceiling else 1]:
                row.refresh_from_db()
                if row.state == "proposed" and row.approved_by != officer.ref:
                    retention.approve(row, actor=officer, at=self.at)
        for number, device in enumerate(self.leaving):
            case = f"K7-{number}"
            retention.destroy_subject_data(
                device.subject_id, ["service-analytics"], cause="deletion", case=case, actor=SWEEPER, at=self.at
            )
            if number % 4 == 3:
                retention.execute_ready(actor=SWEEPER, at=later, seconds=0.05)
        retention.execute_ready(actor=SWEEPER, at=later, seconds=600)

    def fight(self) -> dict[str, Any]:
        wrong: list[str] = []
        for number in range(self.kills):
            child = self._in_a_child(self.work)
            time.sleep(self.dice.uniform(0.02, 0.5))
            if number % 5 == 4:
                self._kill_database(child)
            else:
                self._kill_worker(child)
            wrong += [f"after kill {number}: {fault}" for fault in self.lasting_faults()]
            if wrong:
                break
        done = os.waitpid(self._in_a_child(self.work), 0)[1]
        if done != 0:
            wrong.append(f"the last run ended with {done}")
        return {"killed": self.killed, "wrong": wrong + self.final_faults()}

    def _in_a_child(self, work: Callable[[], None]) -> int:
        from tests.privacy.retention.kill_at_commit import close_everything

        close_everything()
        child = os.fork()
        if child == 0:
            try:
                work()
                os._exit(0)
            except BaseException:
                os._exit(1)
        return child

    def _kill_worker(self, child: int) -> None:
        finished, _status = os.waitpid(child, os.WNOHANG)
        if finished:
            self.killed["idle"] += 1
            return
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.killed["worker"] += 1

    def _kill_database(self, child: int) -> None:
        pid = int((self.server.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        self.server.start()
        os.waitpid(child, 0)
        self.killed["database"] += 1

    def lasting_faults(self) -> list[str]:
        """What may not be wrong at any moment: nothing held or living is touched, nothing is archived twice."""
        from devices.models import Device
        from privacy.retention.models import ArchivedRecord, Certificate
        from privacy.vault.models import SubjectKey

        wrong = []
        safe = [device.pk for device in (*self.held, *self.living, *self.leaving)]
        if Device.objects.filter(pk__in=safe).count() != len(safe):
            wrong.append("a device that is held or living is gone")
        if SubjectKey.objects.filter(subject_id__in=safe, category="device-registration").count() != len(safe):
            wrong.append("a key that is held or living is gone")
        kept = [device.pk for device in self.living]
        if SubjectKey.objects.filter(subject_id__in=kept, category="service-analytics").count() != len(kept):
            wrong.append("a key of reports of the living is gone")
        archived = list(ArchivedRecord.objects.values_list("subject_id", flat=True))
        if len(archived) != len(set(archived)):
            wrong.append("something is archived twice")
        if not {device.pk for device in self.kept} <= set(archived):
            wrong.append("an archived record that is held is gone")
        numbers = list(Certificate.objects.values_list("list", "kind"))
        if len(numbers) != len(set(numbers)):
            wrong.append("a list has two certificates")
        return wrong

    def final_faults(self) -> list[str]:
        """What must be true in the end: all due is gone, all that a law preserves is kept, all counts agree."""
        from devices.models import Device, Report
        from privacy.lib.dates import clock
        from privacy.retention import actions as retention
        from privacy.retention.models import ArchivedRecord, DestructionLine, DestructionList
        from privacy.retention.restore_gate import gate
        from tests.factory import SWEEPER

        wrong = self.lasting_faults()
        if Device.objects.filter(pk__in=[device.pk for device in self.due]).exists():
            wrong.append("a due device is left")
        leaving = [device.pk for device in self.leaving]
        if Report.objects.filter(device_id__in=leaving).exists():
            wrong.append("deleted reports are left")
        if Report.objects.filter(device_id__in=[device.pk for device in self.living]).count() != 3 * len(self.living):
            wrong.append("reports of the living are gone")
        archived = dict(ArchivedRecord.objects.values_list("subject_id", "records"))
        if archived != dict.fromkeys([*leaving, *(device.pk for device in self.kept)], 2):
            wrong.append(f"archived: {len(archived)} people, {sum(archived.values())} records")
        if DestructionList.objects.open().exists() or DestructionLine.objects.filter(state__in=DestructionLine.OPEN):
            wrong.append("something is still open")
        rows = sum(sum(row.rows_removed.values()) for row in DestructionList.objects.filter(state="done"))
        # Of each who left, three reports; of those whose archived records ended, these too: one bundle of two records.
        if rows != 2 * len(self.due) + 3 * len(self.leaving) + 6 * len(self.ended) + 3 * len(self.kept):
            wrong.append(f"the lists count {rows} rows")
        for row in DestructionList.objects.filter(state="done"):
            said = row.certificates.get().statement
            if said["destroyed"]["rows"] != row.rows_removed or not said["read_back"]["nothing_left"]:
                wrong.append(f"{row.reference} and its certificate differ")
        wrong += [str(finding) for finding in retention.reconcile(actor=SWEEPER, at=clock.now())]
        return wrong + [f"behind the journal: {place}" for place in gate.databases_behind()]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
