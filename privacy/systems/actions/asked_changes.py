"""What one person asked for and another settles: a connection, or a change of what the register says of a system."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.systems.events import Event
from privacy.systems.models import AskedChange
from privacy.systems.refusals import SamePerson, WrongState

KEEP = "systems.keep_systems"


def lock_waiting[Asked: AskedChange](asked: Asked, *, settled: str) -> Asked:
    """Return the row of what waits, locked, with its system. Raises WrongState with ``settled`` where nothing waits."""
    rows = type(asked)._default_manager.select_for_update(of=("self",)).select_related("system")
    row: Asked = rows.get(pk=asked.pk)
    if not row.waits:
        raise WrongState(settled)
    return row


def let_count(
    row: AskedChange, event: Event, facts: Mapping[str, object], *, own: str, actor: Actor, at: datetime
) -> None:  # fmt: skip
    """Let a locked row count, as the second person. Raises SamePerson with ``own`` for who asked."""
    row.approved_by = require_second_person(actor, asked_by=row.asked_by, about=row, same=SamePerson(own), at=at)
    row.approved_at = at
    row.save(update_fields=["approved_by", "approved_at"])
    ledger.record(event, actor=actor, at=at, about=row, facts=facts)


def refuse_change[Asked: AskedChange](asked: Asked, event: Event, *, settled: str, actor: Actor, at: datetime) -> Asked:
    """Refuse what waits; whoever asked may take it back so. Raises WrongState."""
    require_permission(actor, KEEP, about=asked)
    with transaction.atomic():
        row = lock_waiting(asked, settled=settled)
        row.refused_by, row.refused_at = actor.ref, at
        row.save(update_fields=["refused_by", "refused_at"])
        ledger.record(event, actor=actor, at=at, about=row, facts={"system": row.system.code})
    return row
