"""Protected areas: permits, entries, media in and out (P8.11, law S-25)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.safeguards import staff_accounts
from privacy.safeguards.events import Event
from privacy.safeguards.models import Area, AreaEntry, AreaPermit, MediaMovement
from privacy.safeguards.refusals import DuplicateCode, Incomplete, NoPermit, SamePerson, WrongState

KEEP, LOG = "safeguards.keep_areas", "safeguards.log_entry"


def register_area(
    *, code: str, title: str, kind: str, place: str, lock: str, keeper: str, actor: Actor, at: datetime
) -> Area:
    """Register a protected area with how it is locked. Raises Incomplete, DuplicateCode, UnknownAccount."""
    require_permission(actor, KEEP)
    said = {"title": title.strip(), "place": place.strip(), "lock": lock.strip()}
    if empty := next((name for name, text in said.items() if not text), ""):
        raise Incomplete(_("State what the area is, where it is and how it is locked."), pointer=f"/{empty}")
    with transaction.atomic():
        if Area.objects.filter(code=code).exists():
            raise DuplicateCode(_("An area with the code %(code)s already exists.") % {"code": code}, pointer="/code")
        row = Area.objects.create(
            **said,
            code=code,
            kind=kind,
            keeper=staff_accounts.require_active(keeper),
            registered_at=at,
        )
        ledger.record(Event.AREA_REGISTERED, actor=actor, at=at, about=row, facts={"code": code, "kind": kind})
    return row


def permit_entry(
    area: Area,
    *,
    person: str,
    reason: str,
    valid_from: date,
    valid_until: date | None = None,
    actor: Actor,
    at: datetime,
) -> AreaPermit:
    """Let a person enter an area, for a reason and a period; the same permit again comes back.

    Raises SamePerson, UnknownAccount, Incomplete.
    """
    require_permission(actor, KEEP, about=area)
    if person == actor.ref:
        raise SamePerson(_("You can't approve your own permit: someone else must approve it."))
    # One that began before it was approved would say that somebody was let in when nobody had permitted it.
    if valid_from < clock.kst_date(at):
        raise Incomplete(_("A permit can't begin before today: nobody had approved it then."), pointer="/valid_from")
    if valid_until is not None and valid_until < valid_from:
        raise Incomplete(_("The permit ends before it begins."), pointer="/valid_until")
    with transaction.atomic():
        Area.objects.select_for_update().get(pk=area.pk)
        said = {"person": person, "reason": reason.strip(), "valid_from": valid_from, "valid_until": valid_until}
        if (known := area.permits.filter(**said, revoked_at=None).first()) is not None:
            return known  # the button was pressed twice
        staff_accounts.require_active(person)
        row = AreaPermit.objects.create(
            area=area,
            **said,
            approved_by=actor.ref,
            approved_at=at,
        )
        ledger.record(Event.PERMIT_GRANTED, actor=actor, at=at, about=row, facts={"area": area.code, "to": person})
    return row


def revoke_permit(permit: AreaPermit, *, actor: Actor, at: datetime) -> AreaPermit:
    """Take a permit back at once. Raises WrongState."""
    require_permission(actor, KEEP, about=permit)
    with transaction.atomic():
        row = AreaPermit.objects.select_for_update().get(pk=permit.pk)
        if row.revoked_at is not None:
            raise WrongState(_("The permit was already revoked."))
        row.revoked_at, row.revoked_by = at, actor.ref
        row.save(update_fields=["revoked_at", "revoked_by"])
        ledger.record(Event.PERMIT_REVOKED, actor=actor, at=at, about=row, facts={"to": row.person})
    return row


def record_entry(
    area: Area,
    *,
    purpose: str,
    entered_at: datetime,
    person: str = "",
    visitor_of: str = "",
    companion: str = "",
    left_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> AreaEntry:
    """Record who entered an area: an employee with a permit, or a visitor who goes along with such an employee.

    The same entry again comes back. Raises NoPermit, Incomplete.
    """
    require_permission(actor, LOG, about=area)
    if bool(person) == bool(visitor_of.strip()):
        raise Incomplete(_("Enter either an employee or a visitor's organisation."), pointer="/person")
    if visitor_of.strip() and not companion:
        raise Incomplete(_("A visitor must be accompanied. Enter who accompanies them."), pointer="/companion")
    if entered_at > at or (left_at is not None and not entered_at <= left_at <= at):
        raise Incomplete(
            _("Check the times: entry must be before exit, and neither can be in the future."), pointer="/entered_at"
        )
    with_permit = person or companion
    if not area.permits.held_at(entered_at).filter(person=with_permit).exists():
        raise NoPermit(
            _("%(person)s has no permit for %(area)s on that day. Approve one first, or report an incident.")
            % {"person": with_permit, "area": area}
        )
    with transaction.atomic():
        Area.objects.select_for_update().get(pk=area.pk)
        said = {
            "person": person,
            "visitor_of": visitor_of.strip(),
            "companion": companion,
            "purpose": purpose.strip(),
            "entered_at": entered_at,
        }
        if (known := AreaEntry.objects.filter(area=area, **said).first()) is not None:
            # The button was pressed twice, or the way out was not known yet when it was recorded.
            return known if left_at is None or known.left_at else _leave(known, left_at, actor=actor, at=at)
        row = AreaEntry.objects.create(
            area=area,
            **said,
            left_at=left_at,
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"area": area.code, "who": with_permit, "visitor": bool(visitor_of)}
        ledger.record(Event.ENTRY_RECORDED, actor=actor, at=at, about=row, facts=facts)
    return row


def end_entry(entry: AreaEntry, *, actor: Actor, at: datetime) -> AreaEntry:
    """Record that somebody has left an area. Raises WrongState."""
    require_permission(actor, LOG, about=entry)
    with transaction.atomic():
        row = AreaEntry.objects.select_for_update().get(pk=entry.pk)
        if row.left_at is not None:
            raise WrongState(_("The exit was already recorded."))
        return _leave(row, at, actor=actor, at=at)


def _leave(row: AreaEntry, left_at: datetime, *, actor: Actor, at: datetime) -> AreaEntry:
    row.left_at = left_at
    row.save(update_fields=["left_at"])
    ledger.record(Event.ENTRY_ENDED, actor=actor, at=at, about=row)
    return row


def move_medium(
    area: Area,
    *,
    medium: str,
    kind: str,
    direction: str,
    purpose: str,
    carried_by: str,
    encrypted: bool = False,
    back_on: date | None = None,
    actor: Actor,
    at: datetime,
) -> MediaMovement:
    """Approve and record that a medium is carried in or out. Out it goes encrypted, and comes back by a day (law S-21).

    Raises SamePerson, Incomplete, UnknownAccount, and WrongState for one that is outside already.
    """
    require_permission(actor, LOG, about=area)
    if carried_by == actor.ref:
        raise SamePerson(_("The person who moves a medium can't approve it. Someone else must record this."))
    going_out = direction == MediaMovement.Direction.OUT
    if going_out and not encrypted:
        raise Incomplete(_("A medium can leave an area only if it is encrypted."), pointer="/encrypted")
    if going_out and (back_on is None or back_on < clock.kst_date(at)):
        raise Incomplete(_("State when the medium will be back."), pointer="/back_on")
    with transaction.atomic():
        Area.objects.select_for_update().get(pk=area.pk)
        outside = MediaMovement.objects.filter(medium=medium.strip(), direction=MediaMovement.Direction.OUT)
        out = outside.filter(area=area, returned_at=None).first()
        if out is not None and going_out:
            raise WrongState(_("%(medium)s has already been taken out.") % {"medium": medium.strip()})
        if out is not None:
            raise WrongState(
                _("%(medium)s was taken out as %(reference)s. Record its return there.")
                % {"medium": medium.strip(), "reference": out.reference}
            )
        row = MediaMovement.objects.create(
            area=area,
            medium=medium.strip(),
            kind=kind.strip(),
            direction=direction,
            purpose=purpose.strip(),
            encrypted=encrypted,
            carried_by=staff_accounts.require_active(carried_by),
            approved_by=actor.ref,
            moved_at=at,
            back_on=back_on if going_out else None,
        )
        facts = {"area": area.code, "direction": direction, "by": carried_by}
        ledger.record(Event.MEDIUM_MOVED, actor=actor, at=at, about=row, facts=facts)
    return row


def return_medium(movement: MediaMovement, *, actor: Actor, at: datetime) -> MediaMovement:
    """Record that a medium has come back. Raises WrongState."""
    require_permission(actor, LOG, about=movement)
    with transaction.atomic():
        row = MediaMovement.objects.select_for_update().get(pk=movement.pk)
        if row.direction != MediaMovement.Direction.OUT or row.returned_at is not None:
            raise WrongState(_("This medium has not been taken out."))
        row.returned_at, row.returned_to = at, actor.ref
        row.save(update_fields=["returned_at", "returned_to"])
        ledger.record(Event.MEDIUM_RETURNED, actor=actor, at=at, about=row)
    return row
