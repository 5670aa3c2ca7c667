"""When what a requester wrote is over, and whose open request a scheduled destruction must not overtake; only reads."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy.lib import periods
from privacy.policies import rulebook
from privacy.policies.rulebook import RetentionTerm
from privacy.rights.models import Particulars, Request
from privacy.vault.door import Door

SLICE = 1000
FIELDS = ("contact", "claimed", "wanted", "explanation")


def particulars_due(on: date, term: RetentionTerm) -> Iterator[list[UUID]]:
    """Yield the cases that ended ``rights.records.years`` ago or longer (law R-31), in slices.

    The term is a number of the office's own, so ``term`` says nothing more.
    """
    years = rulebook.parameter("rights.records.years", on)
    last: UUID | None = None
    while True:
        ended = Particulars.objects.filter(closed_on__isnull=False, about=Particulars.About.CASE).order_by("subject_id")
        page = ended if last is None else ended.filter(subject_id__gt=last)
        rows = list(page.values_list("subject_id", "closed_on")[:SLICE])
        if not rows:
            return
        over = [case for case, closed in rows if closed is not None and periods.period_end(closed, years=years) < on]
        if over:
            yield over
        last = rows[-1][0]


def with_open_request(subject_ids: Sequence[UUID] | None, category: str, at: datetime) -> Iterable[UUID]:
    """Return those of these people (``None``: everybody) with a verified request open.

    It is answered before a schedule destroys.
    """
    cases = Request.objects.open().filter(verified_at__isnull=False)
    if subject_ids is not None:
        cases = cases.filter(subject_id__in=list(subject_ids))
    return {subject_id for subject_id in cases.values_list("subject_id", flat=True) if subject_id is not None}


def cases_of(subject_ids: Collection[UUID]) -> Iterable[UUID]:
    """Return the cases of these people: what was written and handed in there is sealed under the case."""
    return Request.objects.filter(subject_id__in=subject_ids).values_list("id", flat=True)


def export_particulars(subject_id: UUID, door: Door) -> Iterator[dict[str, Any]]:
    """Yield what a person wrote in their own cases: their data too, for their access package (P1.2)."""
    cases = {case.id: case.number for case in Request.objects.of_subject(subject_id)}
    words = Particulars.objects.filter(about_id__in=list(cases)).order_by("received_on")
    for one in words:
        values = door.reveal_items(one, FIELDS)
        yield {"case": cases[one.about_id], **{name: value for name, value in values.items() if value}}
