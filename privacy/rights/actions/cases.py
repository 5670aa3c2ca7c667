"""The shared beats of every verb: take the case, check its step, append to its timeline and to the ledger."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text
from privacy.rights.models import COVERED_BY, Particulars, Request, Right, Step
from privacy.rights.refusals import MissingAuthority, NotVerified, ParticularsGone, WrongState


def lock_case(request: Request | UUID) -> Request:
    """Return the case, locked until the transaction ends. All verbs lock the case first, so they never cross."""
    identifier = request.id if isinstance(request, Request) else request
    return Request.objects.select_for_update().get(id=identifier)


def lock_right(right: Right) -> Right:
    """Return the right with its case locked."""
    case = lock_case(right.request_id)
    row = Right.objects.select_for_update().get(id=right.id)
    row.request = case
    return row


def particulars_of(case: Request) -> Particulars:
    """Return the sealed words of a case. Raises ParticularsGone where there are none."""
    found = Particulars.objects.filter(about_id=case.id).first()
    if found is None:
        raise ParticularsGone(
            _("What the requester wrote is missing: it never arrived, or its retention period is over.")
        )
    return found


def people_of(case: Request) -> list[UUID]:
    """Return every record that a verified case is about, in a fixed order; none where nothing is held."""
    if case.subject_id is None:
        return []
    return list(case.people.order_by("subject_id").values_list("subject_id", flat=True))


def holders_of(case: Request) -> list[UUID]:
    """Return under whom everything of a verified case is held: its records; the case itself where there are none."""
    return people_of(case) or [case.holder_id]


def must_be_in_state(case: Request, states: Collection[str]) -> None:
    """Raise WrongState unless the case is at one of these steps."""
    if case.state not in states:
        raise WrongState(
            _("This case is “%(state)s”; this step is not possible now.") % {"state": case.get_state_display()}
        )


def must_be_verified(case: Request) -> None:
    """Raise NotVerified before the identity is (law R-06)."""
    if not case.is_verified:
        raise NotVerified(_("Verify the requester's identity first. Nothing can be decided or carried out until then."))


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
    until = case.authority_until
    if until is not None and not is_in_force(until, at=at):
        raise MissingAuthority(
            _("Your mandate ended on %(day)s. Submit proof of one that is still valid, then try again.")
            % {"day": date_text(until)}
        )
    if not is_covered(case, Right.Kind.ACCESS):
        raise MissingAuthority(
            _("The power of attorney that we have does not cover access. Submit one that does, then try again.")
        )


def record(
    case: Request,
    word: StrEnum,
    *,
    actor: Actor,
    at: datetime,
    right: Right | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Step:
    """Append a step to the case's timeline and an entry to the ledger, in the caller's transaction."""
    told = dict(facts or {})
    if right is not None:
        told = {"right": right.position, "kind": right.kind, **told}
    step = Step.objects.create(
        request=case, word=word, at=at, by=actor.ref, position=right.position if right else None, facts=told
    )
    people = people_of(case) or ([case.matched_subject_id] if case.matched_subject_id else [])
    ledger.record(
        word,
        actor=actor,
        at=at,
        about=case,
        subjects=people,
        facts={"case": case.reference, **told},
    )
    return step


def set_state(case: Request, state: str) -> None:
    """Set the state of a locked case."""
    case.state = state
    case.save(update_fields=["state"])
