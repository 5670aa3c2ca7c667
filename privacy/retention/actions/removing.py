"""Removing the rows whose keys are gone. Before them, other code tries to open a sample: it must fail."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention import plans, readback
from privacy.retention.actions import expiring, marks
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding

SLICE = 1_000
SAMPLE = 20
Line = DestructionLine.State


def remove_rows(destruction_list: DestructionList, *, actor: Actor, at: datetime, in_time: Callable[[], bool]) -> bool:
    """Remove every row of what the list destroyed; return whether all are gone."""
    unit = DestructionList.Unit
    if destruction_list.unit == unit.MONTH:
        _remove_month(destruction_list, actor=actor, at=at)
    elif destruction_list.unit == unit.ARCHIVE:
        if not expiring.remove_rows(destruction_list, actor=actor, at=at, in_time=in_time):
            return False
    else:
        keyed = DestructionLine.objects.filter(list=destruction_list, state__in=(Line.KEYED, Line.COUNTED))
        ids: list[UUID] = []
        while ids := list(keyed.order_by("subject_id").after(ids).values_list("subject_id", flat=True)[:SLICE]):
            if not in_time():
                return False
            _count_slice(destruction_list, ids, actor=actor, at=at)
            for holding in holdings.for_category(destruction_list.category):
                if holding.destroy is not None:
                    holding.destroy(ids, certificate=destruction_list.certificate_number, actor=actor, at=at)
            DestructionLine.objects.filter(list=destruction_list, subject_id__in=ids, state=Line.COUNTED).update(
                state=Line.REMOVED
            )
    _follow(destruction_list, at=at)
    DestructionList.objects.filter(pk=destruction_list.pk, step=DestructionList.Step.KEYS).update(
        step=DestructionList.Step.ROWS
    )
    return True


def _count_slice(destruction_list: DestructionList, ids: list[UUID], *, actor: Actor, at: datetime) -> None:
    """Try to open a sample, count the rows, and commit the counts before the rows go: a repetition counts once."""
    keyed = DestructionLine.objects.filter(list=destruction_list, subject_id__in=ids, state=Line.KEYED)
    fresh = list(keyed.values_list("subject_id", flat=True))
    if not fresh:
        return
    category = destruction_list.category
    tried = readback.try_to_open(category, fresh[:SAMPLE], at=at)
    counts = {holding.label: holding.counted(fresh) for holding in holdings.for_category(category)}
    with transaction.atomic():
        row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
        row.rows_removed = dict(Counter(row.rows_removed) + Counter(counts))
        row.attempts = dict(Counter(row.attempts) + Counter(tried))
        row.save(update_fields=["rows_removed", "attempts"])
        keyed.update(state=Line.COUNTED)
        ledger.record(
            Event.ROWS_REMOVED,
            actor=actor,
            at=at,
            about=row,
            subjects=fresh,
            facts={"certificate": row.certificate_number, "rows": counts, "people": len(fresh)},
        )


def _remove_month(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> None:
    """Drop the month, or the others' rows in it where a hold keeps somebody's.

    A whole month's rows were counted when the list was made, and are not counted again: that would cost more than
    dropping them.
    """
    category, month = destruction_list.category, destruction_list.month
    assert month is not None
    lines = DestructionLine.objects.filter(list=destruction_list, state__in=DestructionLine.PASSED_OVER)
    kept = list(lines.values_list("subject_id", flat=True))
    by_month = [holding for holding in holdings.for_category(category) if holding.destroy_month is not None]
    if not destruction_list.rows_removed:
        tried = readback.try_to_open_month(category, month, at=at) if not kept else {}
        counts = {by_month[0].label: destruction_list.records}
        if kept or len(by_month) > 1:
            counts = {holding.label: _rows_to_go(holding, month, kept) for holding in by_month}
        with transaction.atomic():
            DestructionList.objects.filter(pk=destruction_list.pk).update(rows_removed=counts, attempts=tried)
            facts = {"certificate": destruction_list.certificate_number, "rows": counts, "month": str(month)}
            ledger.record(Event.ROWS_REMOVED, actor=actor, at=at, about=destruction_list, facts=facts)
    for holding in by_month:
        if holding.destroy_month is not None:
            holding.destroy_month(month, keep=kept, certificate=destruction_list.certificate_number, actor=actor, at=at)


def _rows_to_go(holding: Holding, month: date, kept: Sequence[UUID]) -> int:
    return plans.in_month(holding, month).exclude(**{f"{holding.subject}__in": list(kept)}).count()


def _follow(destruction_list: DestructionList, *, at: datetime) -> None:
    """Note where rows were that they are gone: these databases follow the journal so far. The keys' noted it before."""
    line = DestructionList.objects.values_list("journal_line", flat=True).get(pk=destruction_list.pk)
    if line:
        for using in ("personal", "archive"):
            marks.follow(line, using=using, at=at)


def count_again(destruction_list: DestructionList, residue: int) -> None:
    """Let the rows step run again because something was left; the counts of the certificate stay as they were."""
    DestructionLine.objects.filter(list=destruction_list, state=Line.REMOVED).update(state=Line.COUNTED)
    DestructionList.objects.filter(pk=destruction_list.pk).update(
        step=DestructionList.Step.KEYS, residues=F("residues") + residue
    )
