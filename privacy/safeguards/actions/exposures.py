"""Exposed data: recorded with its term, erased or blocked, and looked at by another person (PIPA art. 34-2)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.safeguards.events import Event
from privacy.safeguards.models import Exposure
from privacy.safeguards.refusals import Incomplete, SamePerson, WrongState

KEEP = "safeguards.keep_exposures"


def record_exposure(
    *,
    found: str,
    what: str,
    where: str,
    known_at: datetime,
    due_at: datetime,
    document: str = "",
    actor: Actor,
    at: datetime,
) -> Exposure:
    """Record that data is exposed and by when it has to be erased or blocked. Raises Incomplete."""
    require_permission(actor, KEEP)
    if not where.strip():
        raise Incomplete(_("State where the data can be seen."), pointer="/where")
    if found != Exposure.Found.OWN and not document.strip():
        raise Incomplete(_("Enter the number of the authority's request."), pointer="/document")
    if known_at > at or due_at < known_at:
        raise Incomplete(_("It became known in the past, and the deadline comes after that."), pointer="/due_at")
    with transaction.atomic():
        row = Exposure.objects.create(
            found=found, what=what, where=where.strip(), document=document.strip(), known_at=known_at, due_at=due_at,
            recorded_by=actor.ref, recorded_at=at,
        )  # fmt: skip
        facts = {"found": found, "kind": what, "due_at": due_at.isoformat()}
        ledger.record(Event.EXPOSURE_RECORDED, actor=actor, at=at, about=row, facts=facts)
    return row


def end_exposure(
    exposure: Exposure, *, measure: str, how: str, answered_on: date | None = None, actor: Actor, at: datetime
) -> Exposure:
    """Record that exposed data was erased or blocked, and when the authority was answered.

    Raises WrongState; Incomplete, also without an answer where an authority asked.
    """
    require_permission(actor, KEEP, about=exposure)
    if measure not in Exposure.Measure.values or not how.strip():
        raise Incomplete(_("State what was done and how."), pointer="/how")
    with transaction.atomic():
        row = Exposure.objects.select_for_update().get(pk=exposure.pk)
        if row.ended_at is not None:
            raise WrongState(_("It is already recorded what was done about it."))
        if row.found != Exposure.Found.OWN and answered_on is None:
            raise Incomplete(_("Enter the day on which the authority was told."), pointer="/answered_on")
        if answered_on is not None and answered_on > clock.kst_date(at):
            raise Incomplete(_("The authority can't have been told in the future."), pointer="/answered_on")
        row.measure, row.how, row.answered_on = measure, how.strip(), answered_on
        row.ended_at, row.ended_by = at, actor.ref
        row.save(update_fields=["measure", "how", "ended_at", "ended_by", "answered_on"])
        facts = {"measure": measure, "late": at > row.due_at}
        ledger.record(Event.EXPOSURE_ENDED, actor=actor, at=at, about=row, facts=facts)
    return row


def confirm_exposure_gone(exposure: Exposure, *, actor: Actor, at: datetime) -> Exposure:
    """Confirm, as another person, that the public can no longer see the data. Raises WrongState, SamePerson."""
    require_permission(actor, KEEP, about=exposure)
    with transaction.atomic():
        row = Exposure.objects.select_for_update().get(pk=exposure.pk)
        if row.ended_at is None or row.confirmed_at is not None:
            raise WrongState(_("It has not been erased or blocked yet, or it has already been confirmed."))
        same = SamePerson(_("You recorded the measure, so another person must check whether the data is gone."))
        require_second_person(actor, asked_by=row.ended_by, same=same, at=at)
        row.confirmed_by, row.confirmed_at = actor.ref, at
        row.save(update_fields=["confirmed_by", "confirmed_at"])
        ledger.record(Event.EXPOSURE_CONFIRMED, actor=actor, at=at, about=row)
    return row
