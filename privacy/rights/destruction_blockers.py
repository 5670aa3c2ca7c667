"""Whose open request or undecided objection a scheduled destruction must not overtake; only reads."""

from collections.abc import Collection, Iterable, Sequence
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


def with_request_ended(since: datetime) -> Iterable[UUID]:
    """Return the people whose verified request was closed, or whose objection was decided, at ``since`` or later."""
    decided = Objection.objects.filter(reviewed_at__gte=since).values("right__request_id")
    ended = Request.objects.filter(verified_at__isnull=False).filter(Q(closed_at__gte=since) | Q(id__in=decided))
    return set(CasePerson.objects.filter(request__in=ended).values_list("subject_id", flat=True))


def cases_of(subject_ids: Collection[UUID]) -> Iterable[UUID]:
    """Return the cases of these people: what was written and handed in there is sealed under the case."""
    return CasePerson.objects.filter(subject_id__in=subject_ids).values_list("request_id", flat=True).distinct()
