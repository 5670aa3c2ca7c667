"""What of the safeguards has a date: evidence, inspections, corrections, permits, media, the plan's yearly check."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib import agenda
from privacy.lib.agenda import Dated
from privacy.safeguards.models import AreaPermit, Inspection, Measure, MediaMovement, Nonconformity


def evidence_due(first: date, last: date) -> Iterator[Dated]:
    """Yield the measures whose next evidence a person brings."""
    for row in Measure.objects.active().filter(by_portal=False, due_on__range=(first, last)):
        yield Dated(row.due_on, str(row.pk), row.name, reverse("admin:safeguards_measure_change", args=[row.pk]))


def inspections(first: date, last: date) -> Iterator[Dated]:
    """Yield the inspections that are planned or wait to be reported."""
    for row in Inspection.objects.open().filter(planned_on__range=(first, last)):
        path = reverse("admin:safeguards_inspection_change", args=[row.pk])
        yield Dated(row.planned_on, str(row.pk), row.reference, path)


def corrections(first: date, last: date) -> Iterator[Dated]:
    """Yield the findings that are not confirmed as corrected."""
    for row in Nonconformity.objects.open().filter(due_on__range=(first, last)):
        yield Dated(
            row.due_on, str(row.pk), row.reference, reverse("admin:safeguards_nonconformity_change", args=[row.pk])
        )


def permits(first: date, last: date) -> Iterator[Dated]:
    """Yield the last day of each permit to enter."""
    for row in AreaPermit.objects.filter(revoked_at=None, valid_until__range=(first, last)).select_related("area"):
        assert row.valid_until is not None
        path = reverse("admin:safeguards_areapermit_change", args=[row.pk])
        yield Dated(row.valid_until, str(row.pk), str(row), path)


def media(first: date, last: date) -> Iterator[Dated]:
    """Yield the day by which each medium comes back."""
    for row in MediaMovement.objects.outside().filter(back_on__range=(first, last)):
        assert row.back_on is not None
        path = reverse("admin:safeguards_mediamovement_change", args=[row.pk])
        yield Dated(row.back_on, str(row.pk), row.reference, path)


agenda.add_source(
    "safeguards.evidence", evidence_due, title=_("Evidence of a measure:"), permission="safeguards.view_measure"
)
agenda.add_source("safeguards.inspection", inspections, title=_("Inspection"), permission="safeguards.view_inspection")
agenda.add_source(
    "safeguards.finding", corrections, title=_("Correction of a finding"), permission="safeguards.view_nonconformity"
)
agenda.add_source(
    "safeguards.permit", permits, title=_("Permit to enter ends:"), permission="safeguards.view_areapermit", owed=False
)
agenda.add_source("safeguards.medium", media, title=_("Medium comes back:"), permission="safeguards.view_mediamovement")
