"""Carrying out what was granted: begin (intent on the ledger), act in ``personal``, close (lifecycle.md).

Each of the three commits alone. A crash between them is repaired by repeating: ``rights.tasks.resume`` calls
``go_on`` until the right is closed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, require
from privacy.rights.actions import accessing, correcting, erasing, suspending
from privacy.rights.actions.answering import answer_if_done
from privacy.rights.actions.intake import fingerprint
from privacy.rights.actions.timeline import must_be_verified, record, take_right, words_of
from privacy.rights.events import Event
from privacy.rights.models import Right
from privacy.rights.refusals import Changed, WrongState

type Act = Callable[..., dict[str, Any]]

# What each kind does between begin and close; idempotent, outside any transaction on ``default``.
ACTS: dict[str, Act] = {
    Right.Kind.ACCESS: accessing.act,
    Right.Kind.CORRECTION: correcting.act,
    Right.Kind.DELETION: erasing.act,
    Right.Kind.SUSPENSION: suspending.act,
    Right.Kind.CONSENT_WITHDRAWAL: erasing.withdraw_consent,
}
# What each kind does in the closing transaction, before the right is marked as carried out.
CLOSES: dict[str, Act] = {
    Right.Kind.CORRECTION: correcting.close,
    Right.Kind.DELETION: erasing.close,
    Right.Kind.CONSENT_WITHDRAWAL: erasing.close,
}
WORDS = {
    Right.Kind.ACCESS: Event.PACKAGE_BUILT,
    Right.Kind.CORRECTION: Event.CORRECTED,
    Right.Kind.DELETION: Event.ERASED,
    Right.Kind.SUSPENSION: Event.SUSPENDED,
    Right.Kind.CONSENT_WITHDRAWAL: Event.CONSENT_WITHDRAWN,
}


def carry_out(right: Right, *, actor: Actor, at: datetime) -> Right:
    """Carry out a granted right to its end. Raises WrongState, NotVerified, Changed, and what the act raises."""
    require(actor, "rights.carry_out_request", about=right)
    begin(right, actor=actor, at=at)
    return go_on(right, actor=actor, at=at)


def begin(right: Right, *, actor: Actor, at: datetime) -> Right:
    """Commit the intent: from here on the right is carried out, by whoever repeats it."""
    with transaction.atomic():
        row = take_right(right)
        must_be_verified(row.request)
        if not row.is_granted:
            raise WrongState(_("Only what was granted can be carried out."))
        if row.carried_out_at is not None:
            raise WrongState(_("This right was already carried out."))
        if fingerprint(words_of(row.request), row) != row.approved_digest:
            raise Changed(_("What stands in the request now is not what was granted. Decide it again."))
        if row.started_at is None:
            row.started_at = at
            row.started_by = actor.ref
            row.save(update_fields=["started_at", "started_by"])
            record(row.request, Event.BEGUN, actor=actor, at=at, right=row)
    return row


def go_on(right: Right, *, actor: Actor, at: datetime) -> Right:
    """Do what is left of a begun right. Safe to repeat after a crash at any point."""
    current = Right.objects.select_related("request").get(id=right.id)
    if current.carried_out_at is not None:
        return current
    if current.request.subject_id is None:
        result: dict[str, Any] = {"nothing_held": True}
    else:
        result = ACTS[current.kind](current, actor=actor, at=at)
    return close(current, result, actor=actor, at=at)


def close(right: Right, result: dict[str, Any], *, actor: Actor, at: datetime) -> Right:
    """Close a right whose act is done: freeze, notices, case and ledger agree from this commit on."""
    with transaction.atomic():
        row = take_right(right)
        if row.carried_out_at is not None:
            return row
        closing = CLOSES.get(row.kind)
        if closing is not None and row.request.subject_id is not None:
            result = {**result, **closing(row, actor=actor, at=at)}
        row.carried_out_at = at
        row.result = result
        row.save(update_fields=["carried_out_at", "result"])
        record(row.request, WORDS[Right.Kind(row.kind)], actor=actor, at=at, right=row, facts=result)
        answer_if_done(row.request, actor=actor, at=at)
    return row
