"""Who asks: nothing is disclosed or carried out before this is settled (law R-06, R-26, R-27)."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from devices import actions as devices
from devices.models import Challenge
from privacy.ledger.actors import Actor, require
from privacy.rights.actions import evidence
from privacy.rights.actions.answering import finish_particulars, queue_letter
from privacy.rights.actions.timeline import move, must_be_at, record, take
from privacy.rights.events import Event
from privacy.rights.models import Letter, Request, Right
from privacy.rights.refusals import MissingAuthority, NotConfirmed, WrongState
from privacy.vault import actions as vault


def challenge(request: Request, *, actor: Actor, at: datetime) -> Challenge | None:
    """Ask the device whether its holder made this request: the page shows a code, the agent confirms it.

    Where no device matches the claim the case takes the same steps and shows a code too, so that the page tells
    nobody who is known (SEC-16).
    """
    with transaction.atomic():
        case = take(request)
        must_be_at(case, Request.BEFORE_IDENTITY)
        asked = None
        if case.matched_record_id is not None:
            asked = devices.challenge(device_id=case.matched_record_id, case=case.reference, actor=actor, at=at)
        move(case, Request.State.IDENTITY_PENDING)
        record(case, Event.CHALLENGED, actor=actor, at=at)
    return asked


def confirmed_by_device(case: Request) -> bool:
    """Whether the device that matches the claim has confirmed a challenge of this case."""
    device = case.matched_record_id
    confirmed = Challenge.objects.filter(case=case.reference, state=Challenge.State.CONFIRMED)
    return device is not None and confirmed.filter(device_id=device).exists()


def ask_evidence(request: Request, *, actor: Actor, at: datetime) -> Request:
    """Ask the requester for documents. The term goes on running (law R-07, R-17)."""
    require(actor, "rights.verify_identity", about=request)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, Request.BEFORE_IDENTITY)
        case.state = Request.State.IDENTITY_PENDING
        case.evidence_asked_at = at
        case.save(update_fields=["state", "evidence_asked_at"])
        record(case, Event.EVIDENCE_ASKED, actor=actor, at=at)
    return case


def verify(
    request: Request,
    *,
    method: str,
    actor: Actor,
    at: datetime,
    subject_id: UUID | None = None,
    record_id: UUID | None = None,
    authority: str = "",
    authority_until: date | None = None,
) -> Request:
    """Settle who asks, and about whose record: by default the one that matches the claim, else the one named.

    A case without any record is verified too: that nothing is held is an answer for the verified only. The freezes
    of its corrections hold from now on until the case decides them.
    Raises NotConfirmed (method ``device`` without confirmation), MissingAuthority, WrongState.
    """
    require(actor, "rights.verify_identity", about=request)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, Request.BEFORE_IDENTITY)
        if method == Request.IdentityMethod.DEVICE and not confirmed_by_device(case):
            raise NotConfirmed(_("The device has not confirmed this request yet."))
        if case.requester != Request.Requester.SELF and not authority:
            raise MissingAuthority(
                _("A representative proves authority: family certificate, power of attorney or court decision.")
            )
        case.subject_id = subject_id or case.matched_subject_id
        case.matched_record_id = record_id or (case.matched_record_id if not subject_id else None)
        case.identity_method = method
        case.verified_by = actor.ref
        case.verified_at = at
        case.authority = authority if case.requester != Request.Requester.SELF else ""
        case.authority_until = authority_until
        case.state = Request.State.VERIFIED
        case.save(
            update_fields=[
                "subject_id", "matched_record_id", "identity_method", "verified_by", "verified_at", "authority",
                "authority_until", "state",
            ]
        )  # fmt: skip
        _hold_freezes(case, actor=actor, at=at)
        record(case, Event.VERIFIED, actor=actor, at=at, facts={"method": method, "authority": case.authority})
        queue_letter(case, Letter.Kind.ACCEPTED, actor=actor, at=at)
    return case


def reject_identity(request: Request, *, actor: Actor, at: datetime) -> Request:
    """End a case whose requester is not who they claim to be; its freezes end with it."""
    require(actor, "rights.verify_identity", about=request)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, Request.BEFORE_IDENTITY)
        case.state = Request.State.IDENTITY_REJECTED
        case.closed_at = at
        case.save(update_fields=["state", "closed_at"])
        thaw_all(case, actor=actor, at=at)
        record(case, Event.IDENTITY_REJECTED, actor=actor, at=at)
        queue_letter(case, Letter.Kind.IDENTITY_REJECTED, actor=actor, at=at)
    finish_particulars(case, at=at)
    evidence.destroy(case, actor=actor, at=at)
    return case


def withdraw(request: Request, *, actor: Actor, at: datetime) -> Request:
    """The requester takes the request back, as long as nothing was decided; its freezes end with it."""
    with transaction.atomic():
        case = take(request)
        must_be_at(case, (*Request.BEFORE_IDENTITY, Request.State.VERIFIED, Request.State.IN_REVIEW))
        if case.rights.exclude(decision=Right.Decision.PENDING).exists():
            raise WrongState(_("A part of this request is already decided; it can't be withdrawn any more."))
        case.state = Request.State.WITHDRAWN
        case.closed_at = at
        case.save(update_fields=["state", "closed_at"])
        thaw_all(case, actor=actor, at=at)
        record(case, Event.WITHDRAWN, actor=actor, at=at)
    finish_particulars(case, at=at)
    evidence.destroy(case, actor=actor, at=at)
    return case


def thaw_all(case: Request, *, actor: Actor, at: datetime) -> None:
    """Lift the freezes of every correction of a case that ends without one."""
    for right in case.rights.filter(kind=Right.Kind.CORRECTION):
        right.request = case
        vault.thaw(case=right.freeze_case, actor=actor, at=at)


def _hold_freezes(case: Request, *, actor: Actor, at: datetime) -> None:
    """Let the corrections' freezes hold until they are decided; place those that ended or stood elsewhere."""
    if case.subject_id is None:
        return
    for right in case.rights.filter(kind=Right.Kind.CORRECTION):
        right.request = case
        vault.confirm_freeze(case=right.freeze_case, actor=actor, at=at)
        vault.freeze(
            subject_id=case.subject_id,
            category=right.category,
            item=right.item,
            cause="correction",
            case=right.freeze_case,
            actor=actor,
            at=at,
        )
