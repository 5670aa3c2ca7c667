"""What of the rights requests has a date: answers, ends of postponements, objections."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib import agenda
from privacy.lib.agenda import Dated
from privacy.rights.models import Objection, Postponement, Request

VIEW = "rights.view_request"


def answers_due(first: date, last: date) -> Iterator[Dated]:
    """Yield the cases that still owe an answer (law R-08, R-14, R-21)."""
    for row in Request.objects.unanswered().filter(due_on__range=(first, last)).order_by("due_on"):
        yield Dated(row.due_on, str(row.pk), row.number, _case(row))


def postponed(first: date, last: date) -> Iterator[Dated]:
    """Yield postponed access: the day the reason should end, and after it the day the access is due (law R-10)."""
    found = Postponement.objects.filter(right__carried_out_at=None, right__request__state__in=Request.UNANSWERED)
    for row in found.select_related("right__request"):
        on = row.due_on or row.expected_on
        if first <= on <= last:
            yield Dated(on, str(row.pk), row.right.request.number, _case(row.right.request))


def objections(first: date, last: date) -> Iterator[Dated]:
    """Yield the objections that nobody has decided (law R-29)."""
    found = Objection.objects.filter(outcome=Objection.Outcome.PENDING, target_on__range=(first, last))
    for row in found.select_related("right__request"):
        path = reverse("admin:rights_objection_change", args=[row.pk])
        yield Dated(row.target_on, str(row.pk), row.right.request.number, path)


def _case(row: Request) -> str:
    return reverse("admin:rights_request_change", args=[row.pk])


agenda.add_source("rights.request", answers_due, title=_("Answer to a request"), permission=VIEW)
agenda.add_source("rights.postponement", postponed, title=_("Postponed access"), permission=VIEW)
agenda.add_source("rights.objection", objections, title=_("Decision on an objection"), permission=VIEW)
