"""Holds, expired devices, and sweeps at a given moment."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from devices import actions as devices
from devices.models import Device
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import DestructionList, DestructionRun, Hold
from tests.factories.accounts import NOON, make_odile, make_omar
from tests.factories.devices import make_device, make_gate, make_report
from tests.process_roles import as_process

__all__ = [
    "SWEEPER",
    "at_noon",
    "carry_out_all",
    "kst",
    "lift_hold",
    "make_expired_device",
    "make_hold",
    "make_reports",
    "subjects_of",
    "sweep_on",
]

SWEEPER = SystemActor("sweep")


def at_noon(day: date) -> datetime:
    """Noon in Korea on a day."""
    return datetime(day.year, day.month, day.day, 3, 0, tzinfo=UTC)


def make_hold(*, at: datetime = NOON, **changes: Any) -> Hold:
    """A hold for a lawsuit, on everybody and everything unless told otherwise."""
    values: dict[str, Any] = {
        "kind": "litigation",
        "demanded_by": "Seoul Central District Court",
        "document": "2026가합1234",
        "reason": "evidence in a pending lawsuit",
        **changes,
    }
    return retention.place_hold(actor=make_odile(), at=at, **values)


def make_expired_device(number: int = 1, *, ended_on: date, **changes: Any) -> Device:
    """A device whose licence ended on a day, registered a year before."""
    licence = {"key": f"EXAFE-{number:08d}", "starts_on": str(ended_on - timedelta(days=365)), "ends_on": str(ended_on)}
    registered = changes.pop("at", at_noon(ended_on - timedelta(days=365)))
    return make_device(number, at=registered, licence=licence, **changes)


def make_reports(device: Device, kinds: Sequence[str], *, at: datetime) -> None:
    """Reports of a device, stored through intake."""
    from tests.factories.devices import make_batch

    reports = [make_report(device, kind, at=at) for kind in kinds]
    devices.store_reports(make_batch(*reports), gateway=make_gate(), at=at)


def sweep_on(day: date) -> DestructionRun:
    """Write the lists of what is due on a day, with the worker's rights."""
    with as_process("worker"):
        return retention.plan(as_of=day, actor=SWEEPER, at=at_noon(day))


def carry_out_all(run: DestructionRun, *, at: datetime | None = None) -> list[DestructionList]:
    """Approve every list of a run, wait, carry out, and return the lists as they are then.

    Officers approve with the rights of pages, and the worker carries out with its own.
    """
    moment = at or at_noon(run.as_of)
    odile, omar = make_odile(), make_omar()
    for row in DestructionList.objects.filter(run=run, state="proposed"):
        with as_process("pages"):
            retention.approve(row, actor=odile, at=moment)
            row.refresh_from_db()
            if row.state == "proposed":
                retention.approve(row, actor=omar, at=moment)
    later = moment + timedelta(days=4)
    with as_process("worker"):
        for row in DestructionList.objects.filter(run=run, state__in=("approved", "executing")):
            retention.execute(row, actor=SWEEPER, at=later)
    return list(DestructionList.objects.filter(run=run).order_by("category"))


def subjects_of(*devices_: Device) -> list[UUID]:
    """The people behind devices."""
    return [device.subject_id for device in devices_]


def kst(moment: datetime) -> date:
    """A moment's day in Korea."""
    return clock.kst_date(moment)


def lift_hold(hold: Hold, *, reason: str = "settled", at: datetime) -> Hold:
    """Lift a hold as two officers do: Omar asks, Odile lifts."""
    retention.ask_lifting(hold, reason=reason, actor=make_omar(), at=at)
    return retention.lift_hold(hold, actor=make_odile(granted=False), at=at)
