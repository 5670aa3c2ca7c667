"""Whose open request or undecided objection a scheduled destruction must not overtake; only reads."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from privacy.rights.models import CasePerson, Objection, Request


def with_open_request(subject_ids: Sequence[UUID] | None, category: str, at: datetime) -> Iterable[UUID]:
    """Return those of these people (``None``: everybody) with a verified request open, or an objection undecided.

    It is answered before a schedule destroys.
    """
    verified = Request.objects.filter(verified_at__isnull=False)
    pending = Objection.objects.filter(outcome=Objection.Outcome.PENDING).values("right__request_id")
    people = CasePerson.objects.filter(request__in=verified.filter(Q(state__in=Request.OPEN) | Q(id__in=pending)))
    if subject_ids is not None:
        people = people.filter(subject_id__in=list(subject_ids))
    return set(people.values_list("subject_id", flat=True))


def with_request_ended(since: datetime) -> Iterator[tuple[UUID, datetime, datetime]]:
    """Return whose verified request was closed, or whose objection was decided, at ``since`` or later.

    With each come the moments at which the request, or the objection, began and ended.
    """
    verified = CasePerson.objects.filter(request__verified_at__isnull=False)
    closed = verified.filter(request__closed_at__gte=since)
    decided = Objection.objects.filter(reviewed_at__gte=since)
    periods = [*closed.values_list("subject_id", "request__verified_at", "request__closed_at")]
    for case, received_at, reviewed_at in decided.values_list("right__request_id", "received_at", "reviewed_at"):
        people = verified.filter(request=case).values_list("subject_id", flat=True)
        periods += [(subject_id, received_at, reviewed_at) for subject_id in people]
    return ((one, begun, ended) for one, begun, ended in periods if begun is not None and ended is not None)


def cases_of(subject_ids: Collection[UUID]) -> Iterable[UUID]:
    """Return the cases of these people: what was written and handed in there is sealed under the case."""
    return CasePerson.objects.filter(subject_id__in=subject_ids).values_list("request_id", flat=True).distinct()
