"""What of complaints and incidents has a date: answers, and the clocks of hours that never pause (B-02, B-08, B-10)."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.incidents.models import Complaint, Incident
from privacy.lib import agenda, clock
from privacy.lib.agenda import Dated


def unanswered_complaints(first: date, last: date) -> Iterator[Dated]:
    """Yield the complaints that wait for an answer (P2.2)."""
    for row in Complaint.objects.unanswered().filter(target_on__range=(first, last)):
        path = reverse("admin:incidents_complaint_change", args=[row.pk])
        yield Dated(row.target_on, str(row.pk), row.reference, path)


agenda.add_source(
    "incidents.complaint",
    unanswered_complaints,
    title=_("Answer to a complaint"),
    permission="incidents.view_complaint",
)


def running_clocks(first: date, last: date) -> Iterator[Dated]:
    """Yield the terms of open incidents whose duty is not done, at the moment each ends."""
    for row in Incident.objects.open():
        path = reverse("admin:incidents_incident_change", args=[row.pk])
        for one in row.clocks:
            on = clock.kst_date(one.due_at)
            if one.done_at is None and first <= on <= last:
                yield Dated(on, f"{row.pk}:{one.duty}", f"{row.reference} {one.name}", path, at=one.due_at)


agenda.add_source(
    "incidents.incident", running_clocks, title=_("Term of an incident:"), permission="incidents.view_incident"
)
