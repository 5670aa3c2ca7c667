"""Two at once: a hold against a destruction, two officers over one list, two runners (FLT-19)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event
from time import monotonic
from typing import Any

import pytest
from django.db import connections, transaction

from devices.models import Device
from privacy.ledger.entries import autocommit
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention import locks
from privacy.retention.actions.destruction.subject_strategy import SubjectStrategy
from privacy.retention.models import Certificate, DestructionList, Hold, RegisterEntry
from privacy.vault import actions as vault
from privacy.vault import destruction_vetoes
from privacy.vault.models import EncryptedFile
from tests.database import LOCKS_HERE, PortalDatabase
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_device,
    make_expired_device,
    make_hold,
    make_odile,
    make_omar,
    make_sealed_file,
    sweep_on,
)  # fmt: skip
from tests.privacy.retention.test_register import DUE, PAPER

ROUNDS = 20


def at_once(*works: Callable[[], object]) -> list[Any]:
    """Run the works at the same moment, each with connections of its own; return results or refusals."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        try:
            barrier.wait(60)
            return work()
        except Refusal as refusal:
            return refusal
        finally:
            autocommit.close()
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
        lambda: retention.execute(row, actor=SWEEPER, at=clock.now()),
    )
    assert isinstance(hold, Hold)
    held_at = entry_number("retention.hold.placed", f"retention.hold:{hold.pk}")
    keys_at = entry_number("retention.keys.destroyed", f"retention.destructionlist:{row.pk}")
    alive = Device.objects.filter(pk=device.pk).exists()
    assert alive == (keys_at is None)
    return held_at is not None and keys_at is not None and held_at < keys_at


@pytest.mark.asvs("15.4.2")
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
    skip_reasons, destroying, last_lock = (
        SubjectStrategy._skip_reasons,
        locks.block_new_holds_until_commit,
        destruction_vetoes.refuse_if_vetoed,
    )

    def slow(*arguments: Any, **values: Any) -> Any:
        answer = skip_reasons(*arguments, **values)
        asked.wait(60)
        placed.wait(60)
        return answer

    def hold() -> None:
        asked.wait(60)
        make_hold(subject_id=device.subject_id, at=clock.now())
        placed.wait(60)

    SubjectStrategy._skip_reasons, locks.block_new_holds_until_commit = slow, lambda: None
    destruction_vetoes.refuse_if_vetoed = lambda *people, **when: None
    try:
        at_once(lambda: retention.execute(row, actor=SWEEPER, at=clock.now()), hold)
    finally:
        SubjectStrategy._skip_reasons, locks.block_new_holds_until_commit = skip_reasons, destroying
        destruction_vetoes.refuse_if_vetoed = last_lock
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


@pytest.mark.asvs("2.3.4")
def test_two_runners_make_one_certificate(portal_database: PortalDatabase) -> None:
    for number in range(1, 6):
        make_expired_device(number, ended_on=date(2024, 5, 15))
    run = sweep_on(date(2026, 5, 16))
    at = at_noon(date(2026, 5, 20))
    retention.approve(run.lists.get(), actor=make_odile(), at=at_noon(date(2026, 5, 16)))
    answers = at_once(*[lambda: retention.execute_ready(actor=SWEEPER, at=at) for _runner in range(4)])
    assert sum(answers) == 1
    assert Certificate.objects.count() == 1
    assert DestructionList.objects.get().keys_destroyed == 5
    assert carry_out_all(run)[0].state == "done"


def waiting_for_locks() -> int:
    waiting = 0
    for alias in ("default", "personal"):
        with connections[alias].cursor() as cursor:
            cursor.execute(f"{LOCKS_HERE} AND NOT granted")
            waiting += int(cursor.fetchone()[0])
    return waiting


@pytest.mark.truth("hold-and-discard")
def test_a_file_that_goes_while_a_hold_is_placed_went_before_it(portal_database: PortalDatabase) -> None:
    """The one who discards has asked and waits for the row; the hold that comes now waits for him."""
    file = make_sealed_file(subject_id=make_device().subject_id)
    done = Event()

    def hold() -> Hold:
        try:
            return make_hold(subject_id=file.subject_id, at=clock.now())
        finally:
            done.set()

    def alone(work: Callable[[], object]) -> object:
        try:
            return work()
        finally:
            autocommit.close()
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic(using="personal"):
            assert EncryptedFile.objects.select_for_update().filter(id=file.id).exists()
            discarding = pool.submit(alone, lambda: vault.delete_file(file, actor=SWEEPER, at=clock.now()))
            until(lambda: waiting_for_locks() == 1)
            holding = pool.submit(alone, hold)
            until(lambda: done.is_set() or waiting_for_locks() == 2)
        discarding.result(30)
        placed = holding.result(30)
    assert isinstance(placed, Hold)
    gone = entry_number("vault.file.discarded", f"vault.encryptedfile:{file.id}")
    held = entry_number("retention.hold.placed", f"retention.hold:{placed.pk}")
    assert not EncryptedFile.objects.filter(id=file.id).exists()
    assert gone is not None
    assert held is not None
    assert gone < held


def until(is_so: Callable[[], bool]) -> None:
    """Ask until it is so, for ten seconds."""
    pause, end = Event(), monotonic() + 10
    while not is_so():
        assert monotonic() < end
        pause.wait(0.02)


@pytest.mark.truth("paper-twice")
def test_two_sendings_of_one_paper_at_once_are_one_row_with_one_scan(portal_database: PortalDatabase) -> None:
    odile = make_odile()
    send = lambda: retention.record_paper(  # noqa: E731
        **PAPER, evidence=retention.Evidence("a.pdf", b"%PDF-1.7 %%EOF"), submission="one", actor=odile, at=at_noon(DUE)
    )
    first, second = at_once(send, send)
    assert first.pk == second.pk
    assert RegisterEntry.objects.count() == 1
    assert EncryptedFile.objects.filter(subject_id=first.pk).count() == 1
