"""Whether who acts for another still may: until which day, for what, and what is missing (law R-26, decision 0386)."""

from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text
from privacy.rights.events import Event
from privacy.rights.models import COVERED_BY, Package, Request, Right
from privacy.rights.models.rights import RightQuerySet
from privacy.rights.refusals import MissingAuthority


def is_represented(case: Request, kind: str, *, at: datetime) -> bool:
    """Whether whoever acts for another still may, and for a right of this kind (law R-26).

    Always for who acts for themselves; a legal representative is bound to no kind.
    """
    return is_in_force(case.authority_until, at=at) and is_covered(case, kind)


def is_in_force(until: date | None, *, at: datetime) -> bool:
    """Whether a mandate that ends on this day, or with its case, holds."""
    return until is None or until >= clock.kst_date(at)


def is_covered(case: Request, kind: str) -> bool:
    """Whether the mandate of an agent covers a right of this kind; nobody else needs one.

    One of before its scope was asked for covers what was carried out under it: what was given stays given.
    """
    if case.requester != Request.Requester.AGENT or COVERED_BY[kind] in case.mandate_covers:
        return True
    granted = case.rights.filter(kind=kind).exclude(decision=Right.Decision.REFUSED)
    done = list(granted.values_list("carried_out_at", flat=True))
    return case.mandate_given_on is None and done != [] and None not in done


def has_mandate(case: Request, *, at: datetime) -> bool:
    """Whether a representative's mandate can be recorded again: while a case is open, or its copy can be fetched."""
    if not case.is_verified or case.requester == Request.Requester.SELF:
        return False
    return case.closed_at is None or _has_copy(case, at=at)


def lacks_mandate(case: Request, *, at: datetime) -> bool:
    """Whether another mandate is needed and can come: the one of before has ended, or does not cover what is left."""
    return has_mandate(case, at=at) and without_mandate(case, at=at) != []


def without_mandate(case: Request, *, at: datetime) -> list[str]:
    """Return the kinds of rights that are left to decide, to carry out or to hand over, and have no mandate."""
    left = list(rights_left(case).values_list("kind", flat=True))
    left += [Right.Kind.ACCESS] if _has_copy(case, at=at) else []
    return [kind for kind in dict.fromkeys(left) if not is_represented(case, kind, at=at)]


def rights_left(case: Request) -> RightQuerySet:
    """Return the rights of a case for which a mandate is still needed.

    What was released under one is carried out without another; a copy is handed over after that.
    """
    left = case.rights.exclude(decision=Right.Decision.REFUSED).filter(carried_out_at=None)
    return left.filter(Q(started_at=None) | Q(kind=Right.Kind.ACCESS))


def proven_at(case: Request) -> datetime:
    """Return when the authority of a verified case was last proven: what proves it anew came later."""
    steps = case.steps.filter(word__in=(Event.VERIFIED, Event.AUTHORITY_RENEWED)).order_by("at")
    return steps.values_list("at", flat=True).last() or case.received_at


def renewed_by(case: Request) -> list[str]:
    """Return who recorded that the authority was proven anew, oldest first."""
    steps = case.steps.filter(word=Event.AUTHORITY_RENEWED).order_by("at", "id")
    return list(steps.values_list("by", flat=True))


def what_is_missing(case: Request, *, at: datetime) -> str:
    """Return why a representative must prove their authority again, in words for them; nothing where they need not."""
    if not lacks_mandate(case, at=at):
        return ""
    if case.authority_until is not None and not is_in_force(case.authority_until, at=at):
        return _(
            "Your mandate ended on %(day)s. Send proof of one that is still valid. Until we have checked it, we carry "
            "out nothing more for you and give you no copy of the data."
        ) % {"day": date_text(case.authority_until)}
    rights = ", ".join(str(Right.Kind(kind).label) for kind in without_mandate(case, at=at))
    return _(
        "The power of attorney that we have does not cover everything that is left. Not covered: %(rights)s. Send "
        "one that covers it. Until we have checked it, we don't carry out or hand over what is not covered."
    ) % {"rights": rights}


def must_be_represented(case: Request, kind: str, *, at: datetime) -> None:
    """Raise MissingAuthority when the mandate has ended since it was verified, or does not cover this (law R-26)."""
    until = case.authority_until
    if until is not None and not is_in_force(until, at=at):
        raise MissingAuthority(
            _("The representative's mandate ended on %(day)s. Request one that is still valid.")
            % {"day": date_text(until)}
        )
    if not is_covered(case, kind):
        raise MissingAuthority(
            _("The power of attorney on record does not cover “%(right)s”. Request one that does.")
            % {"right": Right.Kind(kind).label}
        )


def must_be_received_by_right(case: Request, *, at: datetime) -> None:
    """Raise MissingAuthority, in words for who asks, to a representative who may not get what access gives."""
    if is_represented(case, Right.Kind.ACCESS, at=at):
        return
    until = case.authority_until
    why = _("The power of attorney that we have does not cover access.")
    if until is not None and not is_in_force(until, at=at):
        why = _("Your mandate ended on %(day)s.") % {"day": date_text(until)}
    way = _("To get access, make a new request, with proof of a mandate that is valid and covers access.")
    if lacks_mandate(case, at=at):
        way = _("Send proof of one that is valid and covers access, under “What we need from you”, then try again.")
    raise MissingAuthority(f"{why} {way}")


def _has_copy(case: Request, *, at: datetime) -> bool:
    copies = Package.objects.filter(right__request=case, removed_at=None).select_related("right")
    return any(copy.can_be_downloaded(at=at) for copy in copies)
