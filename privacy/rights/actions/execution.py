"""Carrying out what was granted: begin (intent on the ledger), act in ``personal``, close (docs/architecture.md).

Each of the three commits alone. A crash between them is repaired by repeating: ``rights.tasks.resume`` calls
``go_on`` until the right is closed.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from privacy.accounts import actions as accounts
from privacy.accounts.approval_signatures import Approval, Signature
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.retention.destruction import signed_approvals
from privacy.retention.destruction.signed_approvals import Release
from privacy.retention.refusals import OnHold
from privacy.rights import portability
from privacy.rights.actions import (
    access_packages,
    corrections,
    deletions,
    destruction_waits,
    source_answers,
    suspensions,
)
from privacy.rights.actions.approval_digests import approval_digest, must_be_as_read
from privacy.rights.actions.cases import (
    lock_right,
    must_be_verified,
    particulars_of,
    people_of,
    record,
)
from privacy.rights.actions.letters import answer_if_done
from privacy.rights.actions.separation_of_duties import must_be_releasable_by
from privacy.rights.events import Event
from privacy.rights.models import AUTOMATED, Right, Step
from privacy.rights.refusals import ContentChanged, InProgress, WrongState
from privacy.rights.representation import must_be_represented

type Executor = Callable[..., dict[str, Any]]

# What each kind does between begin and close; idempotent, outside any transaction on ``default``.
EXECUTORS: dict[str, Executor] = {
    Right.Kind.ACCESS: access_packages.execute,
    Right.Kind.CORRECTION: corrections.execute,
    Right.Kind.DELETION: deletions.execute,
    Right.Kind.SUSPENSION: suspensions.execute,
    Right.Kind.CONSENT_WITHDRAWAL: deletions.withdraw_consent,
    Right.Kind.SOURCE: source_answers.execute,
    Right.Kind.PORTABILITY: portability.execute,
}
# What each kind does in the closing transaction, before the right is marked as carried out.
COMPLETIONS: dict[str, Executor] = {
    Right.Kind.CORRECTION: corrections.complete,
    Right.Kind.DELETION: deletions.complete,
}
COMPLETION_EVENTS = {
    Right.Kind.ACCESS: Event.PACKAGE_BUILT,
    Right.Kind.CORRECTION: Event.CORRECTED,
    Right.Kind.DELETION: Event.ERASED,
    Right.Kind.SUSPENSION: Event.SUSPENDED,
    Right.Kind.CONSENT_WITHDRAWAL: Event.CONSENT_WITHDRAWN,
    Right.Kind.SOURCE: Event.SOURCES_TOLD,
    Right.Kind.PORTABILITY: Event.TRANSMITTED,
    **dict.fromkeys(AUTOMATED, Event.DECISION_ANSWERED),
}


def carry_out(right: Right, *, read: str = "", signature: Signature | None = None, actor: Actor, at: datetime) -> Right:
    """Carry out a granted right to its end; a deletion waits first, and the worker ends it.

    ``read`` is the digest of the request as it was shown before the button was pressed, ``signature`` that of a
    deletion (``approvals_of``). Raises WrongState, NotVerified, MissingAuthority, ContentChanged, SamePerson,
    NotASecondPerson, NotSigned, and what the act raises.
    """
    require_permission(actor, "rights.carry_out_request", about=right)
    begun = begin_execution(right, read=read, signature=signature, actor=actor, at=at)
    if begun.is_waiting(at=at):
        return begun
    try:
        return continue_execution(right, actor=actor, at=at)
    except InProgress:
        if begun.kind != Right.Kind.DELETION:
            raise
        # It has begun, and the worker ends it.
        return Right.objects.get(pk=right.pk)


def begin_execution(
    right: Right,
    *,
    read: str = "",
    signature: Signature | None = None,
    is_answered: bool = False,
    actor: Actor,
    at: datetime,
) -> Right:
    """Commit the intent: from here on the right is carried out, by whoever repeats it.

    What is asked about an automated decision needs somebody's answer, which comes in the same transaction.
    """
    with transaction.atomic():
        row = lock_right(right)
        must_be_verified(row.request)
        must_be_represented(row.request, row.kind, at=at)
        if not row.is_granted:
            raise WrongState(_("Only what was granted can be carried out."))
        if row.carried_out_at is not None:
            raise WrongState(_("This right was already carried out."))
        if row.kind in AUTOMATED and row.request.subject_id is not None and not is_answered:
            raise WrongState(_("Someone has to answer about the automated decision. That carries it out."))
        must_be_as_read(row.request, read)
        released_by = must_be_releasable_by(row, actor=actor, at=at)
        if approval_digest(particulars_of(row.request), row) != row.approved_digest:
            raise ContentChanged(_("The request has changed since it was granted. Decide it again."))
        if row.kind == Right.Kind.ACCESS:
            access_packages.must_have_no_earlier_right(row)
        source_answers.must_be_told_first(row)
        if row.started_at is None:
            for approval in approvals_of(row, at=at):
                accounts.keep_signature(signature, approval, signer=actor, at=at)
            row.started_at = at
            row.started_by = released_by
            row.save(update_fields=["started_at", "started_by"])
            record(row.request, Event.BEGUN, actor=actor, at=at, right=row)
            destruction_waits.begin_wait(row, actor=actor, at=at)
    return row


def approvals_of(right: Right, *, at: datetime) -> list[Approval]:
    """Return what is signed when a right is released: whose data goes and of which categories; nothing is not signed.

    Only a deletion is signed, which finds somebody's data and was not released yet.
    """
    people = people_of(right.request)
    if right.kind != Right.Kind.DELETION or not people or right.started_at is not None:
        return []
    categories = deletions.categories_of(right, at=at)
    return [signed_approvals.release_approval(right.freeze_reference, [*map(str, people)], categories)]


def release_of(case: str) -> Release | None:
    """Return the release of the deletion of a case (``K7-…#1``)."""
    reference, _sign, position = case.partition("#")
    if not re.fullmatch("[0-9]{1,4}", position):
        return None
    right = Right.objects.filter(request__reference=reference, position=position, kind=Right.Kind.DELETION).first()
    if right is None or right.started_at is None:
        return None
    stops = Step.objects.filter(request=right.request_id, position=right.position, word=Event.DESTRUCTION_STOPPED)
    people = frozenset(map(str, people_of(right.request)))
    return Release(right.started_by, right.started_at, people, stops.aggregate(last=Max("at"))["last"])


def continue_execution(right: Right, *, actor: Actor, at: datetime) -> Right:
    """Do what is left of a begun right. Safe to repeat after a crash at any point.

    Raises what the act raises; why a right waits is kept with it.
    """
    with transaction.atomic():
        current = lock_right(right)
        if current.carried_out_at is not None:
            return current
        current.tried_at = at
        current.save(update_fields=["tried_at"])
    if current.request.subject_id is None:
        result: dict[str, Any] = {"nothing_held": True}
    else:
        try:
            if current.kind == Right.Kind.DELETION:
                destruction_waits.begin_destruction(current, actor=actor, at=at)
            result = EXECUTORS[current.kind](current, actor=actor, at=at)
        except Refusal as refusal:
            _record_waiting(current, refusal)
            raise
    return complete_execution(current, result, actor=actor, at=at)


def _record_waiting(right: Right, refusal: Refusal) -> None:
    """Keep why a right can't go on: what stands behind it may not have to wait for it."""
    with transaction.atomic():
        row = lock_right(right)
        if row.carried_out_at is None:
            if isinstance(refusal, OnHold):
                destruction_waits.put_back(row)
            row.trouble = refusal.code[:40]
            row.save(update_fields=["trouble"])


def complete_execution(right: Right, result: dict[str, Any], *, actor: Actor, at: datetime) -> Right:
    """Close a right whose act is done: freeze, notices, case and ledger agree from this commit on."""
    with transaction.atomic():
        row = lock_right(right)
        if row.carried_out_at is not None:
            return row
        closing = COMPLETIONS.get(row.kind)
        row.result = result
        if closing is not None and row.request.subject_id is not None:
            row.result = {**result, **closing(row, actor=actor, at=at)}
        row.carried_out_at = at
        row.trouble = ""
        row.save(update_fields=["carried_out_at", "result", "trouble"])
        if row.result.get("destroyed"):
            record(row.request, Event.OVERTAKEN, actor=actor, at=at, right=row)
        else:
            record(
                row.request, COMPLETION_EVENTS[Right.Kind(row.kind)], actor=actor, at=at, right=row, facts=row.result
            )
        answer_if_done(row.request, actor=actor, at=at)
    return row
