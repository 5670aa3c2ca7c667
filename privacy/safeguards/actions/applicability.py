"""Which duties bind the company: numbers of a year recorded, decided on, and the officer's designation filed (O-05)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.models import Officer
from privacy.safeguards.events import Event
from privacy.safeguards.models import ApplicabilityDecision, Measure, OfficerFiling, YearFigures
from privacy.safeguards.refusals import Incomplete, WrongState
from privacy.safeguards.thresholds import THRESHOLDS

DECIDE = "safeguards.decide_applicability"


def record_figures(
    *,
    year: int,
    sales: int,
    average_sales: int,
    people: int,
    sensitive_people: int,
    users: int,
    is_small: bool,
    source: str,
    actor: Actor,
    at: datetime,
) -> YearFigures:
    """Record the numbers of a year that is over; a correction is another row. Raises Incomplete."""
    require_permission(actor, DECIDE)
    if not 2020 <= year < clock.kst_date(at).year:
        raise Incomplete(_("Enter a year that is over: the law counts by the year before."), pointer="/year")
    if not source.strip():
        raise Incomplete(_("State where the numbers come from."), pointer="/source")
    with transaction.atomic():
        row = YearFigures.objects.create(
            year=year,
            sales=sales,
            average_sales=average_sales,
            people=people,
            sensitive_people=sensitive_people,
            users=users,
            is_small=is_small,
            source=source.strip(),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"year": year, "people": people, "users": users}
        ledger.record(Event.FIGURES_RECORDED, actor=actor, at=at, about=row, facts=facts)
    return row


def decide_applicability(
    *, threshold: str, applies: bool, reasons: str, measure: Measure | None = None, actor: Actor, at: datetime
) -> ApplicabilityDecision:
    """Decide whether a duty binds, on the newest numbers of the year before; it is looked at again within the term.

    Where the duty binds, a measure of the register shows that it is carried out. Raises Incomplete where numbers,
    reasons or the measure are missing.
    """
    require_permission(actor, DECIDE)
    duty, today = THRESHOLDS[threshold], clock.kst_date(at)
    if not reasons.strip():
        raise Incomplete(_("Enter the reasons: what the decision is based on."), pointer="/reasons")
    if applies and duty.needs_measure and measure is None:
        raise Incomplete(
            _("The duty binds, so select the measure that shows it is carried out. Register it first."),
            pointer="/measure",
        )
    with transaction.atomic():
        figures = computed = None
        if duty.is_met is not None:
            figures = YearFigures.objects.filter(year=today.year - 1).order_by("-recorded_at", "-pk").first()
            if figures is None:
                words = {"year": today.year - 1}
                raise Incomplete(_("Record the numbers of %(year)s first: the duty depends on them.") % words)
            computed = duty.met_by(figures, today)
        months = rulebook.parameter("applicability.review.months", today)
        row = ApplicabilityDecision.objects.create(
            threshold=threshold,
            figures=figures,
            limits=duty.limits(today),
            computed=computed,
            applies=applies,
            reasons=reasons.strip(),
            measure=measure,
            decided_by=actor.ref,
            decided_at=at,
            decided_on=today,
            again_on=periods.period_end(today, months=months),
        )
        facts = {"duty": threshold, "applies": applies, "until": row.again_on.isoformat()}
        if computed is not None:
            facts["computed"] = computed
        ledger.record(Event.APPLICABILITY_DECIDED, actor=actor, at=at, about=row, facts=facts)
    return row


def record_filing(
    *,
    officer: Officer,
    qualification: str,
    resolved_on: date,
    resolution: str,
    filed_on: date,
    receipt: str,
    actor: Actor,
    at: datetime,
) -> OfficerFiling:
    """Record that a designation was resolved by the board and filed with the PIPC. Raises Incomplete, WrongState."""
    require_permission(actor, DECIDE)
    said = {"qualification": qualification.strip(), "resolution": resolution.strip(), "receipt": receipt.strip()}
    if empty := next((name for name, text in said.items() if not text), ""):
        raise Incomplete(_("The law asks for each of these items. Fill in this one too."), pointer=f"/{empty}")
    if not resolved_on <= filed_on <= clock.kst_date(at):
        raise Incomplete(_("The board resolves first, and the filing can't be in the future."), pointer="/filed_on")
    with transaction.atomic():
        held = Officer.objects.select_for_update().get(pk=officer.pk)
        if OfficerFiling.objects.filter(officer=held).exists():
            raise WrongState(_("This designation has already been filed."), pointer="/officer")
        row = OfficerFiling.objects.create(
            officer=held, resolved_on=resolved_on, filed_on=filed_on, recorded_by=actor.ref, recorded_at=at, **said
        )
        facts = {"day": filed_on.isoformat(), "late": filed_on > filing_due(held)}
        ledger.record(Event.OFFICER_FILED, actor=actor, at=at, about=row, facts=facts)
    return row


def filing_due(officer: Officer) -> date:
    """Return by when a designation is filed with the PIPC (Decree art. 32(4)).

    One from before the duty began counts from the day on which it did (Decree 36671, addenda art. 2).
    """
    months = rulebook.parameter("threshold.officer.filing.months", officer.designated_from)
    begins = THRESHOLDS["officer"].begins_on()
    since = officer.designated_from if begins is None else max(officer.designated_from, begins - timedelta(days=1))
    return periods.period_end(since, months=months)
