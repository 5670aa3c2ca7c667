"""Whose case records have passed their retention period: what a requester wrote, asked by the sweep; only reads."""

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Max

from privacy.lib.dates import periods
from privacy.policies import rulebook
from privacy.policies.rulebook import RetentionPeriod
from privacy.rights.models import Objection, Particulars

BATCH_SIZE = 1000


def particulars_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield the cases that ended ``rights.records.years`` ago or longer (law R-31), in slices.

    The term is a number of the office's own, so ``term`` says nothing more.
    """
    years = rulebook.parameter("rights.records.years", on)
    last: UUID | None = None
    while True:
        # Any words of the case: what the requester wrote may never have arrived, and the office's own are held too.
        ended = Particulars.objects.filter(closed_on__isnull=False)
        ended = ended if last is None else ended.filter(subject_id__gt=last)
        page = ended.values("subject_id").annotate(closed=Max("closed_on")).order_by("subject_id")
        rows = list(page.values_list("subject_id", "closed")[:BATCH_SIZE])
        if not rows:
            return
        over = [case for case, closed in rows if closed is not None and periods.period_end(closed, years=years) < on]
        over = sorted(set(over) - _disputed(over))
        if over:
            yield over
        last = rows[-1][0]


def _disputed(cases: Sequence[UUID]) -> set[UUID]:
    """Of these cases, those with an objection that nobody has decided: it is read before it is destroyed (law R-29)."""
    pending = Objection.objects.filter(outcome=Objection.Outcome.PENDING, right__request_id__in=cases)
    return set(pending.values_list("right__request_id", flat=True))
