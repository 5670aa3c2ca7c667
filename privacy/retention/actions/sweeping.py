"""The nightly sweep: select what is due, carry out what may be carried out (P6.1 … P6.4, P7.1)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention import gate
from privacy.retention.actions.executing import carry_out_ready
from privacy.retention.actions.planning import plan
from privacy.retention.actions.watching import note_clock, refuse_doubt
from privacy.retention.clockface import Look
from privacy.retention.events import Event
from privacy.retention.models import DestructionList, DestructionRun


@dataclass(frozen=True)
class Swept:
    """What one sweep did."""

    run: DestructionRun
    carried_out: int
    to_approve: int


def sweep(*, as_of: date, look: Look, actor: Actor, at: datetime, seconds: float = 45.0) -> Swept:
    """Write the lists of what is due on ``as_of`` and carry out those whose time has come, for about ``seconds``.

    Raises ClockDoubted after a jump of the clock, GateClosed after a restore: then nothing is looked for.
    """
    if not note_clock(look, actor=actor):
        with transaction.atomic():
            ledger.record(Event.SWEEP_REFUSED, actor=actor, at=at, facts={"because": "clock", "as_of": str(as_of)})
        refuse_doubt()
    gate.refuse_closed()
    run = plan(as_of=as_of, actor=actor, at=at)
    carried_out = carry_out_ready(actor=actor, at=at, seconds=seconds)
    return Swept(run, carried_out, DestructionList.objects.to_approve().count())
