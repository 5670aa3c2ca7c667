"""The office's calendar: when answers to complaints are due, and the terms in hours of incidents (B-02, B-08, B-10).

How a term is computed: ``statutory_deadlines.py``.
"""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.incidents import duties
from privacy.incidents.models import Complaint, Incident
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.lib.registries.deadlines import Deadline

deadlines.add_query(
    "incidents.complaint",
    Complaint.objects.unanswered,  # P2.2
    on="target_on",
    reference="reference",
    page="admin:incidents_complaint_change",
    title=_("Answer to a complaint"),
    permission="incidents.view_complaint",
)


def running_deadlines(first: date, last: date) -> Iterator[Deadline]:
    """Yield the terms whose duty is not done, at the moment each ends: also of a closed one whose notice came back."""
    for row in Incident.objects.with_running_duties().with_facts():
        path = reverse("admin:incidents_incident_change", args=[row.pk])
        for one in duties.open_deadlines(row):
            on = clock.kst_date(one.due_at)
            if first <= on <= last:
                yield Deadline(on, f"{row.pk}:{one.duty}", f"{row.reference} {one.name}", path, at=one.due_at)


deadlines.add_source(
    "incidents.incident",
    running_deadlines,
    title=_("Incident deadline:"),
    permission="incidents.view_incident",
    clocks=[
        "incidents.Incident.possible_due_at",
        "incidents.Incident.notify_due_at",
        "incidents.Incident.report_due_at",
        "incidents.Incident.intrusion_due_at",
        "incidents.Report.due_at",
    ],
)
