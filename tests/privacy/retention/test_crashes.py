"""Killed at every commit and resumed: nothing not due or held is lost, nothing archived twice, every count agrees."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from devices import partitions
from devices.models import AppLog, Device, Report
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.actions.destruction.subject_strategy import SubjectStrategy
from privacy.retention.models import ArchivedRecord, Certificate, DestructionLine, DestructionList, RegisterEntry
from privacy.retention.restore_gate import gate
from privacy.vault.models import SubjectKey
from tests.database import PortalDatabase
from tests.factory import (
    SWEEPER,
    at_noon,
    make_device,
    make_expired_device,
    make_hold,
    make_odile,
    make_omar,
    make_reports,
)  # fmt: skip
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit, share_of

DUE = date(2026, 11, 24)
AT = at_noon(DUE)
LATER = AT + timedelta(days=2)


class Scene:
    """Two devices that are due, one held, one living; app logs of a finished month; a deletion with an archive move."""

    def __init__(self) -> None:
        happened = at_noon(date(2026, 9, 10))
        partitions.create_partitions([date(2026, 9, 1), date(2026, 11, 1)])
        self.due = [make_expired_device(number, ended_on=date(2024, 5, 15)) for number in (1, 2)]
        self.held = make_expired_device(3, ended_on=date(2024, 5, 15))
        self.living = make_device(4, at=happened, agreed=("activation", "service-analytics", "app-log"))
        make_reports(self.living, ["app-log", "app-log"], at=happened)
        self.leaving = make_device(5, at=happened)
        make_reports(self.leaving, ["access", "access", "status"], at=AT - timedelta(days=1))
        make_hold(subject_id=self.held.subject_id, at=happened)
        self.officers = (make_odile(), make_omar())

    def play(self) -> None:
        """The whole of it: sweep, approval, a deletion on request, execution. Repeating it goes on where it stopped."""
        retention.plan(as_of=DUE, actor=SWEEPER, at=AT)
        for row in DestructionList.objects.to_approve():
            retention.approve(row, actor=self.officers[0], at=AT)
        retention.destroy_subject_data(
            self.leaving.subject_id, ["service-analytics"], cause="deletion", case="K7-1", actor=SWEEPER, at=AT
        )
        retention.execute_ready(actor=SWEEPER, at=LATER)

    def faults(self) -> list[str]:
        """Everything that is not as it should be in the end."""
        wrong = []
        if Device.objects.filter(pk__in=[device.pk for device in self.due]).exists():
            wrong.append("a due device is still there")
        if alive([device.subject_id for device in self.due]):
            wrong.append("a due device's key is still there")
        if Device.objects.filter(pk__in=[self.held.pk, self.living.pk, self.leaving.pk]).count() != 3:
            wrong.append("a device that is held or living is gone")
        if len(alive([self.held.subject_id, self.living.subject_id, self.leaving.subject_id])) != 3:
            wrong.append("a key that is held or living is gone")
        if AppLog.objects.exists():
            wrong.append("app logs of the finished month are left")
        if Report.objects.filter(device_id=self.leaving.id).exists():
            wrong.append("deleted reports are left")
        if list(ArchivedRecord.objects.values_list("records", flat=True)) != [2]:
            wrong.append(f"archived: {list(ArchivedRecord.objects.values_list('records', flat=True))}")
        done = DestructionList.objects.filter(state="done")
        if sorted(done.values_list("category", flat=True)) != ["app-log", "device-registration", "service-analytics"]:
            wrong.append(f"lists: {list(DestructionList.objects.values_list('category', 'state', 'step'))}")
        if Certificate.objects.count() != done.count() or RegisterEntry.objects.count() != done.count():
            wrong.append("certificates, register and lists differ in number")
        for row in done:
            said = row.certificates.get().statement
            if said["destroyed"]["rows"] != row.rows_removed or not said["read_back"]["sound"]:
                wrong.append(f"the certificate of {row.category} says {said['destroyed']}")
        counted = {row.category: sum(row.rows_removed.values()) for row in done}
        if counted != {"device-registration": 4, "app-log": 2, "service-analytics": 3}:
            wrong.append(f"rows: {counted}")
        if DestructionLine.objects.filter(state__in=DestructionLine.OPEN).exists():
            wrong.append("a line is still open")
        if gate.databases_behind():
            wrong.append(f"the gate is closed: {gate.databases_behind()}")
        wrong += [str(finding) for finding in retention.reconcile(actor=SWEEPER, at=clock.now())]
        return wrong


def alive(people: list[UUID]) -> list[UUID]:
    keys = SubjectKey.objects.filter(subject_id__in=people, category="device-registration")
    return list(keys.values_list("subject_id", flat=True))


def before_and_after_each(commits: int) -> list[tuple[int, bool]]:
    return share_of([(number, before) for number in range(1, commits + 1) for before in (True, False)])


def at_every_fourth(commits: int) -> list[tuple[int, bool]]:
    return [(number, bool(number // 4 % 2)) for number in range(1, commits + 1, 4)]


def after_each(commits: int) -> list[tuple[int, bool]]:
    return [(number, False) for number in range(1, commits + 1)]


def outcomes(
    scene: Scene, copies: Copies, work: Callable[[], object], kills: Callable[[int], list[tuple[int, bool]]]
) -> Iterator[tuple[str, list[str]]]:
    """Kill the work at its commits (which, and whether before it), go on, and yield what is wrong in the end."""
    with copies.copy():
        commits = run_until_commit(work, 0)
        assert scene.faults() == []
    for number, before in kills(commits):
        with copies.copy():
            assert run_until_commit(work, number, before=before) == KILLED
            assert run_until_commit(work, 0) >= 0
            yield f"{'before' if before else 'after'} commit {number} of {commits}", scene.faults()


@pytest.mark.clause("P7.1")
@pytest.mark.fault("FLT-03")
def test_killed_at_its_commits_it_goes_on_and_ends_right(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """At every fourth commit, before and after in turns; ``make faults`` tries both at each (``SCALE``: at a share)."""
    scene = Scene()
    places = outcomes(scene, Copies(portal_database, tmp_path), scene.play, at_every_fourth)
    assert {where: wrong for where, wrong in places if wrong} == {}


@pytest.mark.clause("P7.1")
@pytest.mark.fault("FLT-03")
@pytest.mark.faults
def test_killed_before_and_after_every_commit(portal_database: PortalDatabase, tmp_path: Path) -> None:
    scene = Scene()
    places = outcomes(scene, Copies(portal_database, tmp_path), scene.play, before_and_after_each)
    assert {where: wrong for where, wrong in places if wrong} == {}


def marked_before_destroyed(scene: Scene) -> Callable[[], None]:
    """The same work in a wrong order: the lines are marked in a transaction before that of the keys."""

    def destroy_slice(strategy, ids, *, archived):  # type: ignore[no-untyped-def]
        with transaction.atomic():
            DestructionLine.objects.filter(list=strategy.list, subject_id__in=ids).update(state="keyed")
        with transaction.atomic():
            lines = DestructionLine.objects.filter(list=strategy.list, subject_id__in=ids, state="keyed")
            lines.update(state="planned")
            right(strategy, ids, archived=archived)

    right = SubjectStrategy._destroy_slice

    def work() -> None:
        SubjectStrategy._destroy_slice = destroy_slice
        scene.play()

    return work


def test_a_wrong_order_of_commits_is_caught(portal_database: PortalDatabase, tmp_path: Path) -> None:
    scene = Scene()
    places = outcomes(scene, Copies(portal_database, tmp_path), marked_before_destroyed(scene), after_each)
    caught = next((where for where, wrong in places if wrong), None)
    assert caught is not None, "a crash between the two commits leaves a key behind, and the harness must see it"
