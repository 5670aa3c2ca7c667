"""What of complaints has a date: their answers."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.incidents.models import Complaint
from privacy.lib import agenda
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
