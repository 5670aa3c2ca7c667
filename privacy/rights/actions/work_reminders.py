"""Reminding whoever a case is assigned to."""

from datetime import datetime

from django.db import transaction

from privacy.accounts.actions.work_reminders import queue_work_reminder
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.rights.actions.cases import lock_case, must_be_in_state, record
from privacy.rights.events import Event
from privacy.rights.models import Request


def remind_assignee(request: Request, *, path: str, actor: Actor, at: datetime) -> None:
    """Remind whom an open case is assigned to, once a day. Raises WrongState, NobodyToRemind, AlreadyReminded.

    ``path`` is the page of the case.
    """
    require_permission(actor, "rights.assign_request", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, Request.OPEN)
        queue_work_reminder(
            case, name=case.number, to=case.assigned_to, due_on=case.due_on, path=path, actor_ref=actor.ref, at=at
        )
        record(case, Event.REMINDED, actor=actor, at=at, facts={"to": case.assigned_to})
