"""Taking what batches counted into the daily figures (P4.1 ②): nothing is opened, and nothing is counted twice.

A slice of batches is marked, counted in the general database under the slice's id, then cleared. Wherever that stops,
the next run goes on with the same slice.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction

from devices.daily_counters import SUPPRESSION_THRESHOLD, Cell
from devices.events import Event
from devices.models import Batch, CountedSlice, DailyReportCount
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.identifiers.ids import new_id

BATCHES_PER_RUN = 500
# How long a batch is answered again, and a counted slice remembered.
BATCH_RETENTION = timedelta(days=90)


def count_batches(*, actor: Actor, at: datetime) -> int:
    """Take one slice of batches into the figures; return how many batches that were."""
    slice_id, batches = _claim_slice()
    if slice_id is None:
        return 0
    try:
        with transaction.atomic():
            CountedSlice.objects.create(id=slice_id, counted_at=at, batches=len(batches))
            cells = _merge_counts(batches)
            _add(cells)
            facts = {"batches": len(batches), "cells": len(cells)}
            ledger.record(Event.STATISTICS_COUNTED, actor=actor, at=at, facts=facts)
    except IntegrityError:
        # Counted before, and interrupted before the batches were cleared.
        if not CountedSlice.objects.filter(pk=slice_id).exists():
            raise
    Batch.objects.filter(counting=slice_id).update(tally=None)
    return len(batches)


def close_days(*, on: date) -> int:
    """Drop what tells devices apart from figures of days that are over; return how many figures that were."""
    return DailyReportCount.objects.to_close(on).update(hashes=[], closed=True)


def delete_expired_batches(*, at: datetime) -> int:
    """Remove batches that nobody will send again, and slices that are long counted. Return how many rows went."""
    before = UUID(int=(int((at - BATCH_RETENTION).timestamp() * 1000) << 80))
    forgotten, _each = Batch.objects.filter(id__lt=before, tally__isnull=True).delete()
    slices, _each = CountedSlice.objects.filter(counted_at__lt=at - BATCH_RETENTION).delete()
    return forgotten + slices


def _claim_slice() -> tuple[UUID | None, Sequence[Batch]]:
    """Return the slice that was interrupted, or mark the next one."""
    with transaction.atomic(using="personal"):
        first = Batch.objects.uncounted().select_for_update(skip_locked=True).first()
        if first is None:
            return None, []
        if first.counting is not None:
            return first.counting, list(Batch.objects.uncounted().filter(counting=first.counting))
        slice_id = new_id()
        batches = list(
            Batch.objects.uncounted().filter(counting=None).select_for_update(skip_locked=True)[:BATCHES_PER_RUN]
        )
        Batch.objects.filter(pk__in=[batch.pk for batch in batches]).update(counting=slice_id)
    return slice_id, batches


def _merge_counts(batches: Sequence[Batch]) -> dict[tuple[date, str], Cell]:
    merged: dict[tuple[date, str], Cell] = {}
    for batch in batches:
        for day, cells in msgspec.convert(batch.tally, dict[date, dict[str, Cell]], strict=False).items():
            for name, cell in cells.items():
                merged.setdefault((day, name), Cell()).add(cell)
    return merged


def _add(cells: dict[tuple[date, str], Cell]) -> None:
    days = {day for day, _name in cells}
    held = {
        (figure.day, figure.cell): figure
        for figure in DailyReportCount.objects.select_for_update().filter(day__in=days).order_by("day", "cell")
    }
    for (day, name), cell in sorted(cells.items()):
        figure = held.get((day, name))
        if figure is None:
            figure = DailyReportCount(day=day, cell=name)
        figure.reports += cell.reports
        figure.total += cell.total
        if not figure.closed:
            # A late report of a closed day is counted, but its device can't be told from others any more.
            figure.hashes = sorted({*figure.hashes, *cell.devices})[:SUPPRESSION_THRESHOLD]
            figure.devices = len(figure.hashes)
        figure.save(update_fields=None if figure._state.adding else ["reports", "total", "hashes", "devices"])
