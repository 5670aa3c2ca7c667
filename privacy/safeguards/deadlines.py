"""What of the safeguards has a date: evidence, inspections, corrections, permits, media, the plan's yearly check."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat, Greatest, NullIf, TruncDate
from django.utils.translation import gettext_lazy as _

from privacy.campaigns.models import Campaign
from privacy.lib.dates import clock
from privacy.lib.dates.period_expressions import PeriodEnd
from privacy.lib.registries import deadlines
from privacy.policies import rulebook
from privacy.policies.models import Officer, Parameter
from privacy.safeguards import outputs
from privacy.safeguards.models import (
    ApplicabilityDecision,
    AreaPermit,
    CopyRecord,
    Exposure,
    Inspection,
    InspectionFinding,
    ManagementPlan,
    ManagementReport,
    Measure,
    MediaMovement,
    Meeting,
    Printout,
)
from privacy.safeguards.models.measures import STANDARD_NAMES
from privacy.safeguards.thresholds import THRESHOLDS


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


def first_plan() -> QuerySet[ManagementPlan]:
    """The first management plan in force, from which terms count until something was held."""
    plans = ManagementPlan.objects.filter(state__in=ManagementPlan.SEALED, effective_on__isnull=False)
    return ManagementPlan.objects.filter(pk__in=plans.order_by("effective_on").values("pk")[:1])


def plan_check() -> QuerySet[ManagementPlan]:
    """The last day to check whether the plan is carried out (``due_on``), unless a check is planned by then (S-30).

    The term counts from the last check held, or from the first plan in force where none was held yet.
    """
    checks = Inspection.objects.filter(kind=Inspection.Kind.IMPLEMENTATION)
    held = checks.filter(held_on__isnull=False).order_by("-held_on").values("held_on")[:1]
    planned = checks.filter(state=Inspection.State.PLANNED).order_by("planned_on").values("planned_on")[:1]
    since = first_plan().annotate(since=Coalesce(Subquery(held), F("effective_on")), planned=Subquery(planned))
    due = since.annotate(due_on=PeriodEnd(F("since"), rulebook.parameter_of_rows("plan.inspection.months", "since")))
    return due.filter(Q(planned=None) | Q(planned__gt=F("due_on")))


def reports(kind: str) -> Callable[[], QuerySet[ManagementPlan]]:
    """Return what finds the last day of the next report of a kind to representative or board (O-03, O-04).

    The term counts from the last one, or from the first management plan in force where there was none yet.
    """

    def rows() -> QuerySet[ManagementPlan]:
        told = ManagementReport.objects.filter(kind=kind).order_by("-reported_on").values("reported_on")[:1]
        since = first_plan().annotate(since=Coalesce(Subquery(told), F("effective_on")))
        term = rulebook.parameter_of_rows("representative.report.months", "since")
        return since.annotate(due_on=PeriodEnd(F("since"), term))

    return rows


def unfiled() -> QuerySet[Officer]:
    """The designations not yet filed with the PIPC, where that duty binds, with the last day for it (``due_on``).

    One that was in force when the duty began is filed within the months from that day (Decree 36671, addenda art. 2).
    """
    duty = THRESHOLDS["officer"]
    binds = ApplicabilityDecision.objects.newest_of_each().filter(threshold=duty.code, applies=True)
    begun = Parameter.objects.filter(code__in=duty.parameters()).order_by("effective_on").values("effective_on")[:1]
    begins = Subquery(begun)
    # The day on which it began counts, for it began with its first moment (Civil Act 157).
    since = Greatest(F("designated_from"), Cast(begins - timedelta(days=1), DateField()))
    term = rulebook.parameter_of_rows("threshold.officer.filing.months", "designated_from")
    held = Q(designated_until=None) | Q(designated_until__gte=begins)
    return Officer.objects.filter(held, Exists(binds), filing=None).annotate(due_on=PeriodEnd(since, term))


def use_notices() -> QuerySet[ApplicabilityDecision]:
    """The last day of the next yearly notice of use and provision (``due_on``), where that duty binds (C-22).

    The term counts from the start of the last one, or, where there was none yet, from the decision since which the
    duty has bound without a break: to decide the same again puts nothing off.
    """
    decided = ApplicabilityDecision.objects.filter(threshold="use-notice")
    binds = ApplicabilityDecision.objects.newest_of_each().filter(threshold="use-notice", applies=True)
    ended = decided.filter(applies=False, decided_at__gt=OuterRef("decided_at"))
    first = decided.filter(applies=True).exclude(Exists(ended)).order_by("decided_at").values("decided_on")[:1]
    told = Campaign.objects.filter(kind=Campaign.Kind.USE).order_by("-started_at")
    last = told.annotate(day=TruncDate("started_at", tzinfo=clock.KST)).values("day")[:1]
    since = binds.annotate(since=Coalesce(Subquery(last), Subquery(first)))
    return since.annotate(due_on=PeriodEnd(F("since"), rulebook.parameter_of_rows("use.notice.months", "since")))


for _code, _kind, _title in (
    ("regular-report", ManagementReport.Kind.REGULAR, _("Report to the representative or the board")),
    ("resources-report", ManagementReport.Kind.RESOURCES, _("Report on staff and budget")),
):
    deadlines.add_query(
        f"safeguards.{_code}",
        reports(_kind),
        on="due_on",
        page="admin:safeguards_managementreport_changelist",
        page_key="",
        title=_title,
        permission="safeguards.view_managementreport",
        clocks=("safeguards.ManagementReport.reported_on",),
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
deadlines.add_query(
    "safeguards.applicability",
    ApplicabilityDecision.objects.newest_of_each,
    on="look_on",
    reference="threshold",
    format_reference=lambda code: THRESHOLDS[code].title,
    page="admin:safeguards_applicabilitydecision_change",
    title=_("Does the duty bind? Look again:"),
    permission="safeguards.view_applicabilitydecision",
    clocks=("safeguards.ApplicabilityDecision.again_on",),
)
deadlines.add_query(
    "safeguards.use-notice",
    use_notices,
    on="due_on",
    page="admin:campaigns_campaign_use",
    page_key="",
    title=_("Yearly notice of use and provision"),
    permission="campaigns.start_campaign",
    clocks=("safeguards.ApplicabilityDecision.decided_on",),
)
deadlines.add_query(
    "safeguards.filing",
    unfiled,
    on="due_on",
    reference="designated_from",
    page="admin:safeguards_officerfiling_new",
    page_key="",
    title=_("Designation of the officer to be filed with the PIPC:"),
    permission="safeguards.view_applicabilitydecision",
    clocks=("policies.Officer.designated_from",),
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
    Inspection.objects.planned,
    on="planned_on",
    reference="reference",
    page="admin:safeguards_inspection_change",
    title=_("Inspection"),
    permission="safeguards.view_inspection",
)
deadlines.add_query(
    "safeguards.plan-check",
    plan_check,
    on="due_on",
    page="admin:safeguards_inspection_changelist",
    page_key="",
    title=_("Check whether the management plan is carried out"),
    permission="safeguards.view_inspection",
    clocks=("safeguards.Inspection.planned_on",),
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
deadlines.add_query(
    "safeguards.copies-untold",
    Printout.objects.untold,
    on="made_on",
    reference=outputs.number_and_payload(),
    format_reference=outputs.named,
    page="admin:safeguards_printout_change",
    title=_("Print or copy: who keeps it?"),
    permission="safeguards.view_printout",
    clocks=("ledger.Entry.time",),
)
deadlines.add_query(
    "safeguards.exposure",
    Exposure.objects.open,  # PIPA art. 34-2(2)
    at="due_at",
    reference="reference",
    page="admin:safeguards_exposure_change",
    title=_("Exposed data to be erased or blocked:"),
    permission="safeguards.view_exposure",
)
deadlines.add_query(
    "safeguards.exposure-unconfirmed",
    Exposure.objects.to_confirm,
    at="ended_at",
    reference="reference",
    page="admin:safeguards_exposure_change",
    title=_("Check that exposed data is gone:"),
    permission="safeguards.view_exposure",
)
deadlines.add_query(
    "safeguards.copies",
    CopyRecord.objects.open,
    on="due_on",
    reference=outputs.number_and_payload("entry__"),
    format_reference=outputs.named,
    page="admin:safeguards_printout_change",
    page_key="entry_id",
    title=_("Copies to be destroyed or returned:"),
    permission="safeguards.view_printout",
)
