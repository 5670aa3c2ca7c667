"""Suspending processing, and resuming it when the person says so (P1.1, P1.7, law R-21)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.policies import rulebook
from privacy.rights.actions.timeline import record, take_right
from privacy.rights.events import Event
from privacy.rights.models import Right
from privacy.rights.refusals import WrongState
from privacy.vault import actions as vault


def act(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Freeze a category, or everything of the person, until processing is resumed; parts left out stay in use."""
    case = right.request
    assert case.subject_id is not None
    for category in _categories(right, at=at):
        vault.freeze(
            subject_id=case.subject_id,
            category=category,
            cause="suspension",
            case=right.freeze_case,
            actor=actor,
            at=at,
        )
    return {"categories": _categories(right, at=at)}


def resume_processing(right: Right, *, actor: Actor, at: datetime) -> Right:
    """Lift a suspension at the person's wish. Raises WrongState where nothing is suspended."""
    require(actor, "rights.carry_out_request", about=right)
    with transaction.atomic():
        row = take_right(right)
        if row.kind != Right.Kind.SUSPENSION or row.carried_out_at is None or row.resumed_at is not None:
            raise WrongState(_("Nothing is suspended by this right."))
        vault.thaw(case=row.freeze_case, actor=actor, at=at)
        row.resumed_at = at
        row.save(update_fields=["resumed_at"])
        record(row.request, Event.RESUMED, actor=actor, at=at, right=row)
    return row


def _categories(right: Right, *, at: datetime) -> list[str]:
    """The whole person is one freeze of everything; with parts left out, the other categories one by one."""
    if right.category:
        return [right.category]
    if not right.excluded:
        return [""]
    return sorted(set(rulebook.in_force(clock.kst_date(at)).categories) - set(right.excluded))
