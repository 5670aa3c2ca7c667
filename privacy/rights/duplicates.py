"""Requests that may have been sent twice: the same target or person, the same right, both still open; only reads."""

from django.db.models import Exists, OuterRef, Q

from privacy.rights.models import Request, Right
from privacy.rights.models.cases import RequestQuerySet


def possible_duplicates(case: Request) -> RequestQuerySet:
    """Return the other open cases about the same target or person that ask for one of the same rights."""
    same = Q(target_kind=case.target_kind, target_index=bytes(case.target_index))
    same |= Q(people__subject_id__in=case.people.values("subject_id"))
    asked = Q()
    for right in case.rights.all():
        asked |= Q(kind=right.kind, category=right.category, item=right.item, agreement=right.agreement)
    twin = Right.objects.filter(asked, request=OuterRef("pk"))
    found: RequestQuerySet = (
        Request.objects.open().filter(same, Exists(twin)).exclude(pk=case.pk).order_by("received_at", "id")
    )
    return found.distinct()


def earlier_duplicates(case: Request) -> RequestQuerySet:
    """Return the possible duplicates that came before: a case is joined with one of these and never the other way.

    On an earlier day, whose answer is due earlier; of one day the one that was received first.
    """
    same_day = Q(received_on=case.received_on)
    return possible_duplicates(case).filter(
        Q(received_on__lt=case.received_on)
        | same_day & Q(received_at__lt=case.received_at)
        | same_day & Q(received_at=case.received_at, id__lt=case.id)
    )


def covering_right(right: Right, case: Request) -> Right | None:
    """Return the right of an earlier case that asks for the same as this one, or for more."""
    alike = case.rights.filter(
        kind=right.kind, category=right.category, item=right.item, record_id=right.record_id, agreement=right.agreement
    )
    return next((one for one in alike if not one.scope or (right.scope and set(right.scope) <= set(one.scope))), None)
