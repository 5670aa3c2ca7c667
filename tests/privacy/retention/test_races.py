"""Two at once: a hold against a destruction, two officers over one list, two runners (FLT-19)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from devices.models import Device
from privacy.ledger import apart
from privacy.ledger.models import Entry
from privacy.lib import clock
from privacy.lib.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention import locks
from privacy.retention.actions import keying
from privacy.retention.models import Certificate, DestructionList, Hold
from privacy.vault import keepers
from tests.database import PortalDatabase
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_device,
    make_expired_device,
    make_hold,
    make_odile,
    make_omar,
    sweep_on,
)  # fmt: skip

ROUNDS = 20


def at_once(*works: Callable[[], object]) -> list[Any]:
    """Run the works at the same moment, each with connections of its own; return results or refusals."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        try:
            barrier.wait(10)
            return work()
        except Refusal as refusal:
            return refusal
        finally:
            apart.close()
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(30) for future in [pool.submit(run, work) for work in works]]


def entry_number(word: str, about: str) -> int | None:
    """The number of the entry of a word about a record: who came first has the lower one."""
    entry = Entry.objects.about(about).filter(word=word).order_by("id").first()
    return None if entry is None else entry.id


def a_hold_and_an_order(device: Device, case: str) -> bool:
    """Set a hold and destroy at once; return whether a hold that came first was overrun."""
    (row,) = retention.order_destruction(
        device.subject_id, ["device-registration"], cause="deletion", case=case, actor=SWEEPER, at=clock.now()
    )
    hold, _done = at_once(
        lambda: make_hold(subject_id=device.subject_id, at=clock.now()),
        lambda: retention.carry_out(row, actor=SWEEPER, at=clock.now()),
    )
    assert isinstance(hold, Hold)
    held_at = entry_number("retention.hold.placed", f"retention.hold:{hold.pk}")
    keys_at = entry_number("retention.keys.destroyed", f"retention.destructionlist:{row.pk}")
    alive = Device.objects.filter(pk=device.pk).exists()
    assert alive == (keys_at is None)
    return held_at is not None and keys_at is not None and held_at < keys_at


@pytest.mark.fault("FLT-19")
def test_a_hold_that_was_set_first_always_wins(portal_database: PortalDatabase) -> None:
    make_odile()
    devices = [make_device(number) for number in range(1, ROUNDS + 1)]
    assert not any(a_hold_and_an_order(device, f"K7-{device.reference}") for device in devices)


def test_without_the_lock_a_hold_is_overrun(portal_database: PortalDatabase) -> None:
    """Positive control: the same question without the guards is answered from the past."""
    make_odile()
    asked, placed = Barrier(2), Barrier(2)
    device = make_device()
    (row,) = retention.order_destruction(
        device.subject_id, ["device-registration"], cause="deletion", case="K7-1", actor=SWEEPER, at=clock.now()
    )
    passed_over, destroying, last_lock = keying._passed_over, locks.destroying, keepers.refuse_kept

    def slow(*arguments: Any, **values: Any) -> Any:
        answer = passed_over(*arguments, **values)
        asked.wait(10)
        placed.wait(10)
        return answer

    def hold() -> None:
        asked.wait(10)
        make_hold(subject_id=device.subject_id, at=clock.now())
        placed.wait(10)

    keying._passed_over, locks.destroying = slow, lambda: None
    keepers.refuse_kept = lambda *people, **when: None
    try:
        at_once(lambda: retention.carry_out(row, actor=SWEEPER, at=clock.now()), hold)
    finally:
        keying._passed_over, locks.destroying = passed_over, destroying
        keepers.refuse_kept = last_lock
    assert Hold.objects.filter(subject_id=device.subject_id).exists()
    assert not Device.objects.filter(pk=device.pk).exists()


def test_two_officers_decide_once(portal_database: PortalDatabase) -> None:
    odile, omar = make_odile(), make_omar()
    for number in range(1, ROUNDS + 1):
        make_expired_device(number, ended_on=date(2024, 5, 15))
        row = sweep_on(date(2026, 11, 24)).lists.get()
        answers = at_once(
            lambda row=row: retention.approve(row, actor=odile, at=clock.now()),
            lambda row=row: retention.approve(row, actor=omar, at=clock.now()),
        )
        assert sum(isinstance(answer, Refusal) for answer in answers) == 1
        row.refresh_from_db()
        decided = Entry.objects.about(f"retention.destructionlist:{row.pk}").filter(word="retention.list.approved")
        assert decided.count() == 1


def test_two_runners_make_one_certificate(portal_database: PortalDatabase) -> None:
    for number in range(1, 6):
        make_expired_device(number, ended_on=date(2024, 5, 15))
    run = sweep_on(date(2026, 5, 16))
    at = at_noon(date(2026, 5, 20))
    retention.approve(run.lists.get(), actor=make_odile(), at=at_noon(date(2026, 5, 16)))
    answers = at_once(*[lambda: retention.carry_out_ready(actor=SWEEPER, at=at) for _runner in range(4)])
    assert sum(answers) == 1
    assert Certificate.objects.count() == 1
    assert DestructionList.objects.get().keys_destroyed == 5
    assert carry_out_all(run)[0].state == "done"
