"""Each invariant is broken once, and named: a check that nothing can fail proves nothing."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from devices.models import Device
from privacy.jobs.models import GeneralOutbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.rights.events import Event
from privacy.rights.models import Particulars, Request
from tests import factory
from tests.database import PortalDatabase
from tests.faults import invariants
from tests.faults.invariants import Answer, Memory, assert_hold, violations


def lose_words(memory: Memory, device: Device) -> None:
    Particulars.objects.all().delete()


def begin_twice(memory: Memory, device: Device) -> None:
    for _time in range(2):
        ledger.record(
            Event.BEGUN, actor=SystemActor("tests"), at=clock.now(), about=("rights.Right", "one and the same")
        )


def show_in_secret(memory: Memory, device: Device) -> None:
    memory.readings.append("nobody knows")


def do_what_never_began(memory: Memory, device: Device) -> None:
    GeneralOutbox.objects.create(key="k", kind="k", not_before=clock.now(), done_at=clock.now())


def bring_back(memory: Memory, device: Device) -> None:
    memory.destroyed.append(device.subject_id)


def destroy_who_is_safe(memory: Memory, device: Device) -> None:
    memory.safe.append(uuid4())


def move_deadline(memory: Memory, device: Device) -> None:
    Request.objects.update(due_on=clock.today() + timedelta(days=90))


def answer_rudely(memory: Memory, device: Device) -> None:
    memory.answers += [
        Answer("a page", 500, "", 0.1),
        Answer("another", 503, "", 0.1),
        Answer("a third", 200, "", 11.0),
    ]


BREAKS: dict[str, tuple[Callable[[Memory, Device], None], int]] = {
    "I1": (lose_words, 1),
    "I2": (begin_twice, 1),
    "I3": (show_in_secret, 1),
    "I4": (do_what_never_began, 1),
    "I5": (bring_back, 2),
    "I6": (destroy_who_is_safe, 1),
    "I8": (move_deadline, 1),
    "I9": (answer_rudely, 3),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_invariant_is_named(portal_database: PortalDatabase, name: str) -> None:
    memory, device = Memory(), factory.make_device(1)
    memory.filed(factory.ask(at=clock.now()).number)
    assert_hold(memory)
    break_it, lines = BREAKS[name]
    break_it(memory, device)
    found = violations(memory)
    assert len(found) == lines, found
    assert {line.partition(":")[0] for line in found} == {name}


def test_a_certificate_that_counts_otherwise_is_named(portal_database: PortalDatabase) -> None:
    memory, due = Memory(), factory.make_expired_device(1, ended_on=clock.today() - timedelta(days=900))
    (row,) = factory.carry_out_all(factory.sweep_on(clock.today()))
    memory.destroyed.append(due.subject_id)
    assert_hold(memory)
    row.rows_removed = {"devices.Device": 5}
    row.save(update_fields=["rows_removed"])
    assert [line.partition(":")[0] for line in violations(memory)] == ["I7"]


def test_a_host_that_does_not_come_back_is_named(
    portal_database: PortalDatabase, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invariants, "WORKS_AGAIN_SECONDS", 0.3)
    with portal_database.connect() as owner:
        owner.execute("INSERT INTO retention_journalcursor (single, line, at) VALUES (true, 3, now())")
    assert [line.partition(":")[0] for line in violations(Memory())] == ["I5", "I10"]
