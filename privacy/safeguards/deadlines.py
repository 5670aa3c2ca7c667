"""What of the safeguards has a date: evidence, inspections, corrections, permits, media, the plan's yearly check."""

from collections.abc import Callable, Iterator
from datetime import date

from django.db.models import F, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import periods
from privacy.lib.registries import deadlines
from privacy.lib.registries.deadlines import Deadline
from privacy.policies import rulebook
from privacy.policies.models import Officer
from privacy.safeguards.actions.applicability import filing_due
from privacy.safeguards.models import (
    ApplicabilityDecision,
    AreaPermit,
    Inspection,
    InspectionFinding,
    ManagementPlan,
    ManagementReport,
    Measure,
    MediaMovement,
    Meeting,
    YearFigures,
    next_look,
)
from privacy.safeguards.models.measures import STANDARD_NAMES


def evidence() -> QuerySet[Measure]:
    """The measures whose next evidence a person brings."""
    return Measure.objects.active().filter(is_automated=False)


def automated_checks() -> QuerySet[Measure]:
    """The measures that the portal checks itself: somebody is needed once it has stopped."""
    return Measure.objects.active().filter(is_automated=True)


def permits() -> QuerySet[AreaPermit]:
    """The permits to enter that nobody revoked."""
    return AreaPermit.objects.filter(revoked_at=None)


def _measure(name: str) -> object:
    return STANDARD_NAMES.get(name, name)


def plan_check(first: date, last: date) -> Iterator[Deadline]:
    """Yield the last day to check whether the management plan is carried out, unless a check is planned by then (S-30).

    The term counts from the last check held, or from the first plan in force where none was held yet.
    """
    checks = Inspection.objects.filter(kind=Inspection.Kind.IMPLEMENTATION)
    held = checks.filter(held_on__isnull=False).order_by("-held_on").values("held_on")[:1]
    planned = checks.filter(state=Inspection.State.PLANNED).order_by("planned_on").values("planned_on")[:1]
    plans = ManagementPlan.objects.filter(state__in=ManagementPlan.SEALED, effective_on__isnull=False)
    since = plans.annotate(since=Coalesce(Subquery(held), F("effective_on")), planned=Subquery(planned))
    since = since.annotate(term=rulebook.parameter_of_rows("plan.inspection.months", "since"))
    known = since.order_by("effective_on").values_list("since", "planned", "term").first()
    if known is None:
        return
    begun_on, planned_on, months = known
    due_on = periods.period_end(begun_on, months=months)
    if first <= due_on <= last and not (planned_on is not None and planned_on <= due_on):
        yield Deadline(due_on, due_on.isoformat(), path=reverse("admin:safeguards_inspection_changelist"))


def reports(kind: str) -> Callable[[date, date], Iterator[Deadline]]:
    """Return what finds the last day of the next report of a kind to representative or board (O-03, O-04).

    The term counts from the last one, or from the first management plan in force where there was none yet.
    """

    def find(first: date, last: date) -> Iterator[Deadline]:
        told = ManagementReport.objects.filter(kind=kind).order_by("-reported_on").values("reported_on")[:1]
        plans = ManagementPlan.objects.filter(state__in=ManagementPlan.SEALED, effective_on__isnull=False)
        since = plans.annotate(since=Coalesce(Subquery(told), F("effective_on")))
        since = since.annotate(term=rulebook.parameter_of_rows("representative.report.months", "since"))
        known = since.order_by("effective_on").values_list("since", "term").first()
        if known is None:
            return
        due_on = periods.period_end(known[0], months=known[1])
        if first <= due_on <= last:
            yield Deadline(due_on, due_on.isoformat(), path=reverse("admin:safeguards_managementreport_changelist"))

    return find


def applicability(first: date, last: date) -> Iterator[Deadline]:
    """Yield by when each decision whether a duty binds is looked at again: its term, new numbers or limits."""
    newest = YearFigures.objects.order_by("-recorded_at").first()
    for row in ApplicabilityDecision.objects.in_force().values():
        due_on = next_look(row, newest)
        if first <= due_on <= last:
            page = reverse("admin:safeguards_applicabilitydecision_change", args=[row.pk])
            yield Deadline(due_on, f"{row.pk}:{due_on}", str(row.duty.title), page)


def filings(first: date, last: date) -> Iterator[Deadline]:
    """Yield by when the board has resolved on a designation and it is filed with the PIPC, where that duty binds."""
    decided = ApplicabilityDecision.objects.in_force().get("officer")
    if decided is None or not decided.applies:
        return
    unfiled = Officer.objects.filter(filing=None, designated_from__gte=decided.duty.changes()[0])
    for officer in unfiled.order_by("designated_from"):
        due_on = filing_due(officer)
        if first <= due_on <= last:
            page = reverse("admin:safeguards_officerfiling_new")
            yield Deadline(due_on, f"{officer.pk}:{due_on}", officer.designated_from.isoformat(), page)


deadlines.add_source(
    "safeguards.regular-report",
    reports(ManagementReport.Kind.REGULAR),
    title=_("Report to the representative or the board"),
    permission="safeguards.view_managementreport",
)
deadlines.add_source(
    "safeguards.resources-report",
    reports(ManagementReport.Kind.RESOURCES),
    title=_("Report on staff and budget"),
    permission="safeguards.view_managementreport",
)
deadlines.add_query(
    "safeguards.signed-copy",
    ManagementReport.objects.unread,
    on="read_by",
    reference="reference",
    page="admin:safeguards_managementreport_change",
    title=_("Signed copy of a report:"),
    permission="safeguards.view_managementreport",
)
deadlines.add_source(
    "safeguards.applicability",
    applicability,
    title=_("Does the duty bind? Look again:"),
    permission="safeguards.view_applicabilitydecision",
    clocks=("safeguards.ApplicabilityDecision.again_on",),
)
deadlines.add_source(
    "safeguards.filing",
    filings,
    title=_("Designation of the officer to be filed with the PIPC:"),
    permission="safeguards.view_applicabilitydecision",
)
deadlines.add_query(
    "safeguards.evidence",
    evidence,
    on="due_on",
    reference=Coalesce(NullIf(F("title"), Value("")), F("code")),
    format_reference=_measure,
    page="admin:safeguards_measure_change",
    title=_("Evidence of a measure:"),
    permission="safeguards.view_measure",
)
deadlines.add_query(
    "safeguards.stopped-check",
    automated_checks,
    on="due_on",
    reference=Coalesce(NullIf(F("title"), Value("")), F("code")),
    format_reference=_measure,
    page="admin:safeguards_measure_change",
    title=_("Automatic check that has stopped:"),
    permission="safeguards.view_measure",
    only_overdue=True,
)
deadlines.add_query(
    "safeguards.inspection",
    Inspection.objects.open,
    on="planned_on",
    reference="reference",
    page="admin:safeguards_inspection_change",
    title=_("Inspection"),
    permission="safeguards.view_inspection",
)
deadlines.add_source(
    "safeguards.plan-check",
    plan_check,
    title=_("Check whether the management plan is carried out"),
    permission="safeguards.view_inspection",
)
deadlines.add_query(
    "safeguards.finding",
    InspectionFinding.objects.open,
    on="due_on",
    reference="reference",
    page="admin:safeguards_inspectionfinding_change",
    title=_("Correction of a finding"),
    permission="safeguards.view_inspectionfinding",
)
deadlines.add_query(
    "safeguards.permit",
    permits,
    on="valid_until",
    reference=Concat(F("person"), Value(" · "), F("area__title")),
    page="admin:safeguards_areapermit_change",
    title=_("Permit to enter ends:"),
    permission="safeguards.view_areapermit",
    owed=False,
)
deadlines.add_query(
    "safeguards.medium",
    MediaMovement.objects.outside,
    on="back_on",
    reference="reference",
    page="admin:safeguards_mediamovement_change",
    title=_("Medium due back:"),
    permission="safeguards.view_mediamovement",
)
deadlines.add_query(
    "safeguards.meeting",
    Meeting.objects.planned,
    on="planned_on",
    reference="reference",
    page="admin:safeguards_meeting_change",
    title=_("Meeting of the organisation"),
    permission="safeguards.view_meeting",
)
