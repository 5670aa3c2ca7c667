"""Deciding each right of a case: granted, partly granted, or refused on a coded ground (P1.4)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.display_names import name_with_reference
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.rights import grounds, portability, right_scope
from privacy.rights.actions import freezes
from privacy.rights.actions.approval_digests import approval_digest, must_be_as_read
from privacy.rights.actions.cases import (
    lock_case,
    lock_right,
    must_be_in_state,
    must_be_verified,
    particulars_of,
    record,
    set_state,
)
from privacy.rights.actions.corrections import wanted_value
from privacy.rights.actions.identity_documents import may_need_proof
from privacy.rights.actions.letters import answer_if_done, withdraw_unsent, write_explanation
from privacy.rights.actions.redactions import with_redactions
from privacy.rights.actions.report_corrections import must_be_correctable
from privacy.rights.actions.separation_of_duties import must_be_decidable_by
from privacy.rights.events import Event
from privacy.rights.models import GROUNDS_WITH_LAW, Letter, Request, Right
from privacy.rights.refusals import AlreadyDecided, NoGround, NoPostage, WrongState
from privacy.vault import actions as vault

# The steps at which an answer may be written already: it keeps the fee that it tells.
FIXED = (Request.State.DECIDED, Request.State.CARRIED_OUT)
TO_DECIDE = (Request.State.VERIFIED, Request.State.IN_REVIEW, Request.State.DECIDED)


def assign(request: Request, *, to: str, actor: Actor, at: datetime) -> Request:
    """Give a case to somebody, by reference; a verified case goes into review."""
    require_permission(actor, "rights.assign_request", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, Request.OPEN)
        case.assigned_to = to
        if case.state == Request.State.VERIFIED:
            case.state = Request.State.IN_REVIEW
        case.save(update_fields=["assigned_to", "state"])
        record(case, Event.ASSIGNED, actor=actor, at=at, facts={"to": to})
    return case


def set_fee(
    request: Request, *, fee_won: int, postage_won: int, cause_with_controller: bool, actor: Actor, at: datetime
) -> Request:
    """Set fee and postage at actual cost; nothing where the cause lies with the company (law R-28).

    Postage is that of what the person asked to get by post, and of nothing else. Raises NoPostage, WrongState.
    """
    require_permission(actor, "rights.decide_request", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, Request.UNANSWERED)
        if _states_fee(case):
            raise WrongState(_("The answer is already written and states the fee, so you can no longer change it."))
        if postage_won and not cause_with_controller and case.answer_by != Request.Answer.LETTER:
            raise NoPostage(
                _("Postage may be charged only where the person asked for the answer by post."), pointer="/postage_won"
            )
        case.fee_won = 0 if cause_with_controller else fee_won
        case.postage_won = 0 if cause_with_controller else postage_won
        case.cause_with_controller = cause_with_controller
        case.save(update_fields=["fee_won", "postage_won", "cause_with_controller"])
        record(case, Event.FEE_SET, actor=actor, at=at, facts={"fee": case.fee_won, "postage": case.postage_won})
    return case


def _states_fee(case: Request) -> bool:
    """Whether an answer states the fee already: the result or, of an access, an answer to that part."""
    access = list(case.rights.filter(kind=Right.Kind.ACCESS))
    parts = case.letters.filter(kind=Letter.Kind.PART)
    if any(letter.tells(right) for letter in parts for right in access):
        return True
    return case.state in FIXED and case.letters.filter(kind=Letter.Kind.RESULT).exists()


def grant(right: Right, *, read: str = "", actor: Actor, at: datetime) -> Right:
    """Grant a right whole, but for what it leaves out because it concerns other people (``redactions``).

    What is granted is fixed by a digest and is what is carried out later.

    ``read`` is the digest of the request as it was shown before the button was pressed. Where nothing is held, granting
    has nothing to carry out and the answer says so. Raises AlreadyDecided, NotVerified, ContentChanged, SamePerson,
    NotASecondPerson.
    """
    return _decide(right, Right.Decision.GRANTED, Event.GRANTED, read=read, actor=actor, at=at)


def grant_partly(
    right: Right,
    *,
    excluded: Sequence[str],
    ground: str,
    law: str = "",
    termination_asked: bool = False,
    explanation: str = "",
    read: str = "",
    actor: Actor,
    at: datetime,
) -> Right:
    """Grant a right but for the listed parts, which are refused on a ground (law R-11). ``read`` as with ``grant``."""
    if not excluded:
        raise NoGround(_("State which parts are left out."), pointer="/excluded")
    return _decide(
        right,
        Right.Decision.PARTLY_GRANTED,
        Event.PARTLY_GRANTED,
        excluded=excluded,
        ground=ground,
        law=law,
        termination_asked=termination_asked,
        explanation=explanation,
        read=read,
        actor=actor,
        at=at,
    )


def refuse(
    right: Right,
    *,
    ground: str,
    law: str = "",
    termination_asked: bool = False,
    explanation: str = "",
    read: str = "",
    actor: Actor,
    at: datetime,
) -> Right:
    """Refuse a right on a ground that its kind has, citing the law where it is the law (law R-12, R-15, R-22).

    A refused correction lifts its freeze, a suspension what an earlier decision on it had frozen. ``read`` as
    with ``grant``. Raises NoGround, AlreadyDecided, NotVerified, ContentChanged.
    """
    return _decide(
        right,
        Right.Decision.REFUSED,
        Event.REFUSED,
        ground=ground,
        law=law,
        termination_asked=termination_asked,
        explanation=explanation,
        read=read,
        actor=actor,
        at=at,
    )


def decide_together(
    case: Request,
    *,
    granted: Sequence[Right],
    refused: Sequence[tuple[Right, Mapping[str, Any]]],
    read: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Take several decisions of a case at once, on what was shown: all of them, or none where one is refused.

    ``refused`` has beside each right what ``refuse`` is told. Raises what ``grant`` and ``refuse`` raise.
    """
    with transaction.atomic(), transaction.atomic(using="personal"):
        must_be_as_read(lock_case(case), read)
        for right in granted:
            _take_decision(right, Right.Decision.GRANTED, Event.GRANTED, read="", actor=actor, at=at)
        for right, said in refused:
            _take_decision(right, Right.Decision.REFUSED, Event.REFUSED, **said, read="", actor=actor, at=at)
        # Once, so that one answer tells what was decided together.
        answer_if_done(lock_case(case), actor=actor, at=at)


def _decide(right: Right, decision: str, word: Event, *, actor: Actor, at: datetime, **said: Any) -> Right:
    with transaction.atomic():
        row = _take_decision(right, decision, word, actor=actor, at=at, **said)
        answer_if_done(row.request, actor=actor, at=at)
    return row


def _take_decision(
    right: Right,
    decision: str,
    word: Event,
    *,
    read: str,
    actor: Actor,
    at: datetime,
    excluded: Sequence[str] = (),
    ground: str = "",
    law: str = "",
    termination_asked: bool = False,
    explanation: str = "",
) -> Right:
    require_permission(actor, "rights.decide_request", about=right)
    with transaction.atomic():
        row = lock_right(right)
        case = row.request
        must_be_verified(case)
        must_be_undecided(row)
        decider = must_be_decidable_by(case, actor=actor, at=at)
        must_be_in_state(case, TO_DECIDE)
        must_be_as_read(case, read)
        if decision != Right.Decision.GRANTED:
            _ground_must_fit(row, ground, law, termination_asked, on=clock.kst_date(at))
        portability.must_fit(row, decision, ground)
        if decision != Right.Decision.REFUSED and portability.lacks_copy(row):
            # It was asked for before the company decided that the duty binds it.
            Right.objects.create(
                request=case, position=case.rights.count() + 1, kind=Right.Kind.ACCESS, scope=[Right.Scope.ITEMS.value]
            )
        if excluded:
            _parts_must_fit(row, excluded, on=clock.kst_date(at))
        if decision != Right.Decision.REFUSED:
            if row.kind == Right.Kind.CORRECTION and case.subject_id is not None:
                wanted = wanted_value(row, actor=actor, at=at) if row.record_id is not None else ""
                must_be_correctable(row, wanted, actor=actor, at=at)
            row.approved_digest = approval_digest(particulars_of(case), row)
        apply_decision(row, decision, excluded=excluded, ground=ground, law=law, termination_asked=termination_asked)
        if decision != Right.Decision.REFUSED:
            word = Event.PARTLY_GRANTED if row.excluded else Event.GRANTED
        row.decided_by = decider
        row.decided_at = at
        row.save(
            update_fields=[
                "decision", "excluded", "ground", "law", "termination_asked", "decided_by", "decided_at",
                "approved_digest",
            ]
        )  # fmt: skip
        if decision == Right.Decision.REFUSED and row.kind in freezes.FREEZING:
            vault.unfreeze(case=row.freeze_reference, actor=actor, at=at)
        record(
            case,
            word,
            actor=actor,
            at=at,
            right=row,
            facts={"ground": row.ground, "law": row.law} if row.ground else None,
        )
        set_state(case, Request.State.IN_REVIEW if case.rights.undecided().exists() else Request.State.DECIDED)
        if explanation.strip():
            write_explanation(case, explanation.strip(), of=row.event_id, at=at)
        if not may_need_proof(case):
            withdraw_unsent(case, Letter.Kind.PROOF, actor=actor, at=at)
    return row


def apply_decision(
    right: Right,
    decision: str,
    *,
    excluded: Sequence[str] = (),
    ground: str = "",
    law: str = "",
    termination_asked: bool = False,
) -> None:
    """Let a right say how it is decided, unsaved: as the decision keeps it, and as its letter is shown before."""
    right.decision = decision
    right.excluded = sorted(excluded)
    right.ground = ground
    right.law = law.strip()
    right.termination_asked = termination_asked
    if decision != Right.Decision.REFUSED:
        with_redactions(right)


def must_be_undecided(right: Right) -> None:
    """Exactly one decision for each right: the second officer learns who was first, and when (SEC-08)."""
    if right.is_decided and right.decided_at is not None:
        raise AlreadyDecided(
            _("This right has already been decided: %(decision)s (%(who)s, %(when)s).")
            % {
                "decision": right.get_decision_display(),
                "who": name_with_reference(right.decided_by),
                "when": datetime_text(right.decided_at),
            }
        )


def _parts_must_fit(right: Right, excluded: Sequence[str], *, on: date) -> None:
    """Raise NoGround unless what is left out is a part of the right, and something of it remains to be carried out."""
    separable = right_scope.excludable_parts(right, on=on)
    if not separable:
        raise NoGround(_("This right can't be granted in part. Grant it or refuse it as a whole."), pointer="/excluded")
    if not set(excluded) <= set(separable):
        offered = ", ".join(f"“{right_scope.part_name(right, part, on=on)}”" for part in separable)
        told = _("Only these parts of this right can be left out: %(parts)s.") % {"parts": offered}
        raise NoGround(told, pointer="/excluded")
    if right.kind == Right.Kind.CONSENT_WITHDRAWAL and not right_scope.can_withdraw_without(excluded):
        raise NoGround(
            _("Withdrawing a required consent destroys all data. Leave out all the other required consents too."),
            pointer="/excluded",
        )
    if set(excluded) >= set(separable) - {right_scope.AUTHORITIES}:
        raise NoGround(_("Nothing would be left to grant. Refuse the whole right."), pointer="/excluded")


def _ground_must_fit(right: Right, ground: str, law: str, termination_asked: bool, *, on: date) -> None:
    if ground not in (held := grounds.offered(right.kind, on)):
        offered = ", ".join(f"“{one.label}”" for one in held)
        raise NoGround(
            _("A refusal needs a legal ground. For this right: %(grounds)s.") % {"grounds": offered},
            pointer="/ground",
        )
    if ground in GROUNDS_WITH_LAW and not law.strip():
        raise NoGround(_("Cite the law and its article."), pointer="/law")
    if ground == Right.Ground.CONTRACT and not termination_asked:
        raise NoGround(
            _("This ground applies only if the person was asked whether the contract is terminated and didn't say."),
            pointer="/termination_asked",
        )
