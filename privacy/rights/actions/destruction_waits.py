"""The wait of a deletion that was released: the data is closed, people are told, and any officer can stop it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.retention import actions as retention
from privacy.rights.actions import deletions
from privacy.rights.actions.cases import lock_right, people_of, record
from privacy.rights.actions.letters import queue_letter
from privacy.rights.actions.notes import write_note
from privacy.rights.actions.objections import open_again
from privacy.rights.events import Event
from privacy.rights.models import Letter, Right
from privacy.rights.refusals import MissingReason, WrongState

# A withdrawal ends the processing at once; what rested on it waits in its own app.
WAITING = (Right.Kind.DELETION,)


def begin_wait(right: Right, *, actor: Actor, at: datetime) -> None:
    """Close what is to be destroyed and tell the person and every officer, in the transaction that releases it."""
    people = people_of(right.request)
    until = retention.end_of_wait(at)
    if right.kind not in WAITING or not people or until <= at:
        return
    right.waits_until = until
    right.save(update_fields=["waits_until"])
    case = right.freeze_reference
    retention.close_data(people, deletions.categories_of(right, at=at), case=case, actor=actor, at=at)
    record(
        right.request, Event.DESTRUCTION_ANNOUNCED, actor=actor, at=at, right=right, facts={"until": until.isoformat()}
    )
    queue_letter(right.request, Letter.Kind.DESTRUCTION, about=right.event_id, actor=actor, at=at)
    page = f"/office/rights/request/{right.request_id}/change/"
    retention.announce(people, case=case, page=page, until=until, at=at)


def stop_destruction(right: Right, *, reason: str, actor: Actor, at: datetime) -> Right:
    """Stop a released deletion while it waits: the data is open again, and the right is to be decided anew.

    The reason is kept as a note, sealed. Raises MissingReason, and WrongState where nothing waits any more.
    """
    require_permission(actor, "rights.decide_request", about=right)
    if not reason.strip():
        raise MissingReason(_("State why it is stopped."), pointer="/reason")
    with transaction.atomic():
        row = lock_right(right)
        if row.is_being_destroyed or not row.is_waiting(at=at):
            raise WrongState(_("This can no longer be stopped: it is not waiting, or the waiting time is over."))
        write_note(row.request, text=reason, actor=actor, at=at)
        retention.reopen_data(case=row.freeze_reference, actor=actor, at=at)
        record(row.request, Event.DESTRUCTION_STOPPED, actor=actor, at=at, right=row)
        open_again(row)
    return row
