"""The nightly sweep: select what is due, carry out what may be carried out (P6.1 … P6.4, P7.1)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention.actions.clock_anomalies import check_clock, refuse_untrusted_clock
from privacy.retention.actions.destruction.execution import execute_ready
from privacy.retention.actions.destruction_lists import plan
from privacy.retention.events import Event
from privacy.retention.models import DestructionList, DestructionRun
from privacy.retention.restore_gate import gate
from privacy.retention.schedule.clock_reading import ClockReading


@dataclass(frozen=True)
class SweepResult:
    """What one sweep did."""

    run: DestructionRun
    executed: int
    to_approve: int


def sweep(*, as_of: date, reading: ClockReading, actor: Actor, at: datetime, seconds: float = 45.0) -> SweepResult:
    """Write the lists of what is due on ``as_of`` and carry out those whose time has come, for about ``seconds``.

    Raises ClockNotTrusted after a jump of the clock, GateClosed after a restore: then nothing is looked for.
    """
    if not check_clock(reading, actor=actor):
        with transaction.atomic():
            ledger.record(Event.SWEEP_REFUSED, actor=actor, at=at, facts={"because": "clock", "as_of": str(as_of)})
        refuse_untrusted_clock()
    gate.refuse_closed()
    run = plan(as_of=as_of, actor=actor, at=at)
    executed = execute_ready(actor=actor, at=at, seconds=seconds)
    return SweepResult(run, executed, DestructionList.objects.to_approve().count())
