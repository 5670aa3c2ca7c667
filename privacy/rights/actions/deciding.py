"""Deciding each right of a case: granted, partly granted, refused on a coded ground, or access put off (P1.4)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.names import name_of
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, periods
from privacy.lib.badges import moment_text
from privacy.policies import rulebook
from privacy.rights.actions.answering import answer_if_done, queue_letter, write_explanation
from privacy.rights.actions.correcting import wanted_value
from privacy.rights.actions.intake import fingerprint
from privacy.rights.actions.records import must_be_possible
from privacy.rights.actions.timeline import move, must_be_at, must_be_verified, record, take, take_right, words_of
from privacy.rights.events import Event
from privacy.rights.models import GROUNDS_OF, GROUNDS_WITH_LAW, Letter, Postponement, Request, Right
from privacy.rights.refusals import AlreadyDecided, NoGround, NotPostponable
from privacy.vault import actions as vault

TO_DECIDE = (Request.State.VERIFIED, Request.State.IN_REVIEW, Request.State.DECIDED)


def assign(request: Request, *, to: str, actor: Actor, at: datetime) -> Request:
    """Give a case to somebody, by reference; a verified case goes into review."""
    require(actor, "rights.assign_request", about=request)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, Request.OPEN)
        case.assigned_to = to
        if case.state == Request.State.VERIFIED:
            case.state = Request.State.IN_REVIEW
        case.save(update_fields=["assigned_to", "state"])
        record(case, Event.ASSIGNED, actor=actor, at=at, facts={"to": to})
    return case


def set_fee(
    request: Request, *, fee_won: int, postage_won: int, cause_with_controller: bool, actor: Actor, at: datetime
) -> Request:
    """Set fee and postage at actual cost; nothing where the cause lies with the company (law R-28)."""
    require(actor, "rights.decide_request", about=request)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, Request.OPEN)
        case.fee_won = 0 if cause_with_controller else fee_won
        case.postage_won = 0 if cause_with_controller else postage_won
        case.cause_with_controller = cause_with_controller
        case.save(update_fields=["fee_won", "postage_won", "cause_with_controller"])
        record(case, Event.FEE_SET, actor=actor, at=at, facts={"fee": case.fee_won, "postage": case.postage_won})
    return case


def grant(right: Right, *, actor: Actor, at: datetime) -> Right:
    """Grant a right whole. What is granted is fixed by a digest and is what is carried out later.

    Where nothing is held, granting has nothing to carry out and the answer says so. Raises AlreadyDecided, NotVerified.
    """
    return _decide(right, Right.Decision.GRANTED, Event.GRANTED, actor=actor, at=at)


def grant_partly(
    right: Right,
    *,
    excluded: Sequence[str],
    ground: str,
    law: str = "",
    termination_asked: bool = False,
    explanation: str = "",
    actor: Actor,
    at: datetime,
) -> Right:
    """Grant a right but for the listed parts, which are refused on a ground (law R-11)."""
    if not excluded:
        raise NoGround(_("Name the parts that are left out."), pointer="/excluded")
    return _decide(
        right,
        Right.Decision.PARTLY_GRANTED,
        Event.PARTLY_GRANTED,
        excluded=excluded,
        ground=ground,
        law=law,
        termination_asked=termination_asked,
        explanation=explanation,
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
    actor: Actor,
    at: datetime,
) -> Right:
    """Refuse a right on a ground that its kind has, citing the law where it is the law (law R-12, R-15, R-22).

    A refused correction lifts its freeze. Raises NoGround, AlreadyDecided, NotVerified.
    """
    return _decide(
        right,
        Right.Decision.REFUSED,
        Event.REFUSED,
        ground=ground,
        law=law,
        termination_asked=termination_asked,
        explanation=explanation,
        actor=actor,
        at=at,
    )


def postpone(right: Right, *, reason: str, expected_on: date, actor: Actor, at: datetime) -> Postponement:
    """Put access off for a legitimate reason, told within the first ten days (law R-09). Raises NotPostponable."""
    require(actor, "rights.decide_request", about=right)
    with transaction.atomic():
        row = take_right(right)
        case = row.request
        must_be_verified(case)
        _must_be_undecided(row)
        if row.kind != Right.Kind.ACCESS:
            raise NotPostponable(_("Only access can be put off; the law knows no extension for the other rights."))
        if clock.kst_date(at) > case.due_on:
            raise NotPostponable(_("The term is over: access can be put off within it only."))
        if not reason.strip():
            raise NotPostponable(_("Give the reason; the requester is told it."), pointer="/reason")
        if expected_on <= clock.kst_date(at):
            raise NotPostponable(_("Say by which coming day the reason will have ended."), pointer="/expected_on")
        if Postponement.objects.filter(right=row).exists():
            raise NotPostponable(_("This access was put off already."))
        made = Postponement.objects.create(
            right=row, reason=reason.strip(), postponed_by=actor.ref, postponed_at=at, expected_on=expected_on
        )
        _move_due_date(case, row, expected_on)
        record(case, Event.POSTPONED, actor=actor, at=at, right=row, facts={"expected_on": expected_on.isoformat()})
        queue_letter(case, Letter.Kind.POSTPONED, about=made.id, actor=actor, at=at)
    return made


def end_postponement(postponement: Postponement, *, ended_on: date, actor: Actor, at: datetime) -> Postponement:
    """Note that the reason has ended: access is due without delay, within ten days (law R-10)."""
    require(actor, "rights.decide_request", about=postponement)
    with transaction.atomic():
        row = take_right(postponement.right)
        made = Postponement.objects.select_for_update().get(id=postponement.id)
        if made.ended_on is not None:
            raise NotPostponable(_("The end of the reason was noted already."))
        made.ended_on = ended_on
        days = rulebook.parameter("rights.postponed.answer.days", ended_on)
        made.due_on = periods.answer_due(ended_on, days=days)
        made.save(update_fields=["ended_on", "due_on"])
        _move_due_date(row.request, row, ended_on)
        record(row.request, Event.POSTPONEMENT_ENDED, actor=actor, at=at, right=row, facts={"due_on": str(made.due_on)})
    return made


def _move_due_date(case: Request, access: Right, reason_ends_on: date) -> None:
    """Let the case's term follow a postponed access, unless another right is still owed within the first ten days."""
    if case.rights.undecided().exclude(id=access.id).exists():
        return
    days = rulebook.parameter("rights.postponed.answer.days", reason_ends_on)
    case.due_on = periods.answer_due(reason_ends_on, days=days)
    case.target_on = periods.answer_target(reason_ends_on, days=days)
    case.save(update_fields=["due_on", "target_on"])


def _decide(
    right: Right,
    decision: str,
    word: Event,
    *,
    actor: Actor,
    at: datetime,
    excluded: Sequence[str] = (),
    ground: str = "",
    law: str = "",
    termination_asked: bool = False,
    explanation: str = "",
) -> Right:
    require(actor, "rights.decide_request", about=right)
    with transaction.atomic():
        row = take_right(right)
        case = row.request
        must_be_verified(case)
        _must_be_undecided(row)
        must_be_at(case, TO_DECIDE)
        if decision != Right.Decision.GRANTED:
            _ground_must_fit(row, ground, law, termination_asked)
        if decision != Right.Decision.REFUSED:
            if row.kind == Right.Kind.CORRECTION and case.subject_id is not None:
                wanted = wanted_value(row, actor=actor, at=at) if row.record_id is not None else ""
                must_be_possible(row, wanted, actor=actor, at=at)
            row.approved_digest = fingerprint(words_of(case), row)
        row.decision = decision
        row.excluded = sorted(excluded)
        row.ground = ground
        row.law = law.strip()
        row.termination_asked = termination_asked
        row.decided_by = actor.ref
        row.decided_at = at
        row.save(
            update_fields=[
                "decision", "excluded", "ground", "law", "termination_asked", "decided_by", "decided_at",
                "approved_digest",
            ]
        )  # fmt: skip
        if decision == Right.Decision.REFUSED and row.kind == Right.Kind.CORRECTION:
            vault.thaw(case=row.freeze_case, actor=actor, at=at)
        record(case, word, actor=actor, at=at, right=row, facts={"ground": ground, "law": row.law} if ground else None)
        move(case, Request.State.IN_REVIEW if case.rights.undecided().exists() else Request.State.DECIDED)
        if explanation.strip():
            write_explanation(case, explanation.strip(), of=row.event_id, at=at)
        answer_if_done(case, actor=actor, at=at)
    return row


def _must_be_undecided(right: Right) -> None:
    """Exactly one decision for each right: the second officer learns who was first, and when (SEC-08)."""
    if right.is_decided and right.decided_at is not None:
        raise AlreadyDecided(
            _("This right was already decided: %(decision)s, by %(who)s, %(when)s.")
            % {
                "decision": right.get_decision_display(),
                "who": name_of(right.decided_by),
                "when": moment_text(right.decided_at),
            }
        )


def _ground_must_fit(right: Right, ground: str, law: str, termination_asked: bool) -> None:
    if ground not in GROUNDS_OF[right.kind]:
        offered = ", ".join(f"“{one.label}”" for one in GROUNDS_OF[right.kind])
        raise NoGround(
            _("A refusal needs a ground of the law. For this right: %(grounds)s.") % {"grounds": offered},
            pointer="/ground",
        )
    if ground in GROUNDS_WITH_LAW and not law.strip():
        raise NoGround(_("Cite the law and its article."), pointer="/law")
    if ground == Right.Ground.CONTRACT and not termination_asked:
        raise NoGround(
            _("This ground holds only when the person was asked whether the contract ends, and did not say so."),
            pointer="/termination_asked",
        )
