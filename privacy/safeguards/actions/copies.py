"""Prints and copies: where they are, and that they are gone (form F-17, law S-27)."""

from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import account_relations
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.postgres import advisory_locks
from privacy.safeguards import outputs
from privacy.safeguards.events import Event
from privacy.safeguards.models import CopyRecord, Printout
from privacy.safeguards.refusals import Incomplete, SamePerson, WrongState

KEEP = "safeguards.keep_copies"


def record_copies(
    printout: Printout,
    *,
    copies: int,
    holder: str,
    due_on: date,
    taken_out: bool = False,
    purpose: str = "",
    actor: Actor,
    at: datetime,
) -> CopyRecord:
    """Say how many copies of an output there are, who holds them, and until when.

    The purpose is that of the trail; where none was asked for when it was made, it is said here. Raises Incomplete,
    WrongState.
    """
    require_permission(actor, KEEP)
    if copies < 1 or not holder.strip():
        raise Incomplete(_("Enter how many copies there are and who keeps them."), pointer="/holder")
    if not (purpose.strip() or outputs.stated_purpose(printout)):
        raise Incomplete(_("State the purpose: none was recorded when it was made."), pointer="/purpose")
    if due_on < clock.kst_date(printout.time):
        raise Incomplete(_("Enter a day on or after the day on which it was made."), pointer="/due_on")
    if due_on > periods.period_end(clock.kst_date(printout.time), months=settings.LEDGER_KEEP_MONTHS):
        raise Incomplete(
            _("Copies must be gone before their entry on the audit trail is removed: within %(months)d months.")
            % {"months": settings.LEDGER_KEEP_MONTHS},
            pointer="/due_on",
        )
    with transaction.atomic():
        advisory_locks.lock_in_transaction(f"safeguards.copies:{printout.pk}")
        if CopyRecord.objects.filter(entry_id=printout.pk).exists():
            raise WrongState(_("It is already recorded who keeps these copies."))
        row = CopyRecord.objects.create(
            entry_id=printout.pk,
            purpose=purpose.strip(),
            copies=copies,
            holder=holder.strip(),
            taken_out=taken_out,
            due_on=due_on,
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"entry": printout.pk, "copies": copies, "due_on": due_on.isoformat()}
        ledger.record(Event.COPIES_RECORDED, actor=actor, at=at, about=printout, facts=facts)
    return row


def confirm_copies_gone(
    copy: CopyRecord, *, outcome: str, method: str, ended_on: date, actor: Actor, at: datetime
) -> CopyRecord:
    """Confirm that copies are destroyed, returned or handed over: by another than who made or recorded them.

    Raises Incomplete, SamePerson, WrongState.
    """
    require_permission(actor, KEEP, about=copy)
    if outcome not in CopyRecord.Outcome.values or not method.strip():
        raise Incomplete(_("State what became of the copies and how."), pointer="/method")
    made = Printout.objects.get(pk=copy.entry_id)
    if not clock.kst_date(made.time) <= ended_on <= clock.kst_date(at):
        raise Incomplete(_("Enter a day between the day on which it was made and today."), pointer="/ended_on")
    if not all(account_relations.are_two_people(actor.ref, one, at) for one in (copy.recorded_by, made.actor)):
        raise SamePerson(_("Whoever made or recorded the copies can't confirm this: another person must."))
    with transaction.atomic():
        row = CopyRecord.objects.select_for_update().get(pk=copy.pk)
        if row.ended_on is not None:
            raise WrongState(_("It is already recorded what became of these copies."))
        row.outcome, row.method, row.ended_on = outcome, method.strip(), ended_on
        row.confirmed_by, row.confirmed_at = actor.ref, at
        row.save(update_fields=["outcome", "method", "ended_on", "confirmed_by", "confirmed_at"])
        facts = {"entry": row.entry_id, "how": outcome, "day": ended_on.isoformat(), "late": ended_on > row.due_on}
        ledger.record(Event.COPIES_GONE, actor=actor, at=at, about=made, facts=facts)
    return row
