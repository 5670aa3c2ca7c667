"""Joining a request that was sent twice with the earlier one: one answer, and no freeze that outlives it (R-20)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.rights import duplicates, matching
from privacy.rights.actions import freezes, identity_documents
from privacy.rights.actions.cases import lock_case, must_be_in_state, record
from privacy.rights.actions.corrections import wanted_value
from privacy.rights.actions.letters import queue_letter, sync_particulars_closure
from privacy.rights.events import Event
from privacy.rights.models import Letter, Request, Right
from privacy.rights.refusals import NotDuplicate

JOINABLE = (*Request.BEFORE_IDENTITY, Request.State.VERIFIED, Request.State.IN_REVIEW)


def join(request: Request, *, to: Request, actor: Actor, at: datetime) -> Request:
    """End a case because an earlier open one asks for all of it; its freezes end, those of the earlier one hold.

    Where the earlier one ends without an answer, this one goes on by itself (``go_on_apart``, decision 0083).
    Raises NotDuplicate where the earlier one is later, about something else, by somebody else, or asks for less;
    WrongState once something of the case is decided.
    """
    require_permission(actor, "rights.decide_request", about=request)
    wanted = {
        right.position: (wanted_value(right, actor=actor, at=at), _wanted(right, to, actor=actor, at=at))
        for right in request.rights.filter(kind=Right.Kind.CORRECTION).select_related("request")
    }
    with transaction.atomic():
        first, second = (lock_case(one) for one in sorted((request.id, to.id)))
        case, kept = (first, second) if first.id == request.id else (second, first)
        must_be_in_state(case, JOINABLE)
        must_be_in_state(kept, Request.UNANSWERED)
        _must_be_the_same(case, kept, wanted)
        case.state = Request.State.JOINED
        case.joined_to = kept
        case.closed_at = at
        case.save(update_fields=["state", "joined_to", "closed_at"])
        freezes.lift_freezes(case, actor=actor, at=at)
        step = record(case, Event.JOINED, actor=actor, at=at, facts={"to": kept.reference})
        record(kept, Event.JOINED, actor=actor, at=at, facts={"from": case.reference})
        queue_letter(case, Letter.Kind.JOINED, about=step.id, actor=actor, at=at)
    sync_particulars_closure(case.id)
    identity_documents.destroy_documents(case, actor=actor, at=at)
    return case


def part(request: Request, *, actor: Actor, at: datetime) -> Request:
    """Answer a joined request by itself after all: it was somebody else's, or the answer does not reach its requester.

    Its own term holds. Raises NotPermitted, and WrongState for a case that is not joined.
    """
    require_permission(actor, "rights.decide_request", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, [Request.State.JOINED])
        _go_on(case, actor=actor, at=at)
    sync_particulars_closure(case.id)
    return case


def take_with_joined(request: Request) -> tuple[Request, list[Request]]:
    """Return a case and those joined with it, locked in the order in which ``join`` locks two."""
    joined = Request.objects.filter(joined_to=request.id)
    taken = {one: lock_case(one) for one in sorted({request.id, *joined.values_list("id", flat=True)})}
    # From here on nothing more is joined with it: that takes its lock.
    taken |= {one: lock_case(one) for one in sorted(joined.values_list("id", flat=True)) if one not in taken}
    case = taken.pop(request.id)
    return case, [one for one in taken.values() if one.joined_to_id == case.id]


def go_on_apart(joined: Sequence[Request], *, actor: Actor, at: datetime) -> None:
    """Go on with the locked cases of an earlier one that ends without an answer: nothing answers them any more."""
    for case in joined:
        _go_on(case, actor=actor, at=at)


def _go_on(case: Request, *, actor: Actor, at: datetime) -> None:
    case.joined_to = case.closed_at = None
    if not case.is_verified:
        case.state = Request.State.RECEIVED if case.evidence_asked_at is None else Request.State.IDENTITY_PENDING
    else:
        case.state = Request.State.IN_REVIEW if case.assigned_to else Request.State.VERIFIED
    case.save(update_fields=["state", "joined_to", "closed_at"])
    if case.is_verified:
        freezes.confirm_freezes(case, actor=actor, at=at)
    else:
        matches = matching.find_records(case.target_kind, bytes(case.target_index))
        freezes.place_freezes(case, list(case.rights.all()), matches, actor=actor, at=at)
    step = record(case, Event.PARTED, actor=actor, at=at)
    queue_letter(case, Letter.Kind.PARTED, about=step.id, actor=actor, at=at)


def _must_be_the_same(case: Request, kept: Request, wanted: dict[int, tuple[str, str]]) -> None:
    if not duplicates.earlier_duplicates(case).filter(pk=kept.pk).exists():
        raise NotDuplicate(
            _("You can join a request only with an earlier open request about the same person and the same right.")
        )
    if case.requester != kept.requester:
        raise NotDuplicate(_("These requests come from different people. Answer each of them."))
    if case.is_verified and not kept.is_verified:
        # Its freezes and its requester's place at the desk would end with an identity that may never be confirmed.
        raise NotDuplicate(
            _("The identity of the earlier requester is not confirmed. Verify it first, or answer both.")
        )
    if case.rights.exclude(decision=Right.Decision.PENDING).exists():
        raise NotDuplicate(_("Part of this request has already been decided, so answer it separately."))
    if any(duplicates.covering_right(right, kept) is None for right in case.rights.all()):
        raise NotDuplicate(_("This request asks for something that the earlier one doesn't. Answer each of them."))
    if any(one.split() != other.split() for one, other in wanted.values()):
        raise NotDuplicate(_("The two requests ask for different values. Answer each of them."))


def _wanted(right: Right, to: Request, *, actor: Actor, at: datetime) -> str:
    covering = duplicates.covering_right(right, to)
    return wanted_value(covering, actor=actor, at=at) if covering is not None else ""
