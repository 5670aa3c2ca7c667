"""Carrying out a list, step by step; every step commits, and every step may be repeated (docs/architecture.md).

intent on the ledger → keys destroyed → rows removed → read back by other code → register entry and certificate.
"""

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.integrity import registers
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_reference
from privacy.retention import locks
from privacy.retention.actions import restore_replay
from privacy.retention.actions.clock_anomalies import refuse_untrusted_clock
from privacy.retention.actions.destruction import strategy_choice
from privacy.retention.destruction import signed_approvals
from privacy.retention.events import Event
from privacy.retention.models import DestructionList
from privacy.retention.refusals import AlreadyDecided, AlreadyRunning, PlanAltered, WaitingPeriodNotOver
from privacy.retention.restore_gate import gate
from privacy.retention.schedule import due_recheck, selection
from privacy.vault.refusals import InvalidCiphertext, WrongKey

log = logging.getLogger("portal.retention")
State, Step = DestructionList.State, DestructionList.Step


def execute(
    destruction_list: DestructionList, *, actor: Actor, at: datetime, seconds: float = 45.0, patience: float = 0.0
) -> bool:
    """Destroy what is on an approved list, or go on where an earlier call ended; return whether all is done.

    A call works for about ``seconds`` and returns; the next goes on. It waits at most ``patience`` seconds for a
    process that is destroying. Raises AlreadyRunning, ClockNotTrusted, GateClosed, AlreadyDecided,
    WaitingPeriodNotOver, PlanAltered, NotDue, NotSigned.
    """
    refuse_untrusted_clock()
    gate.refuse_closed()
    with locks.single_runner(patience=patience) as alone:
        if not alone:
            raise AlreadyRunning(_("Another process is currently destroying data. It will continue with this list."))
        restore_replay.void_uncommitted_lines(at=at)
        return _execute(destruction_list, actor=actor, at=at, until=time.monotonic() + seconds)


def execute_ready(*, actor: Actor, at: datetime, seconds: float = 45.0) -> int:
    """Carry out every list whose time has come, oldest first; return how many were finished. Never two at once.

    A list that refuses is left where it is and the next is carried out. Raises ClockNotTrusted, GateClosed,
    WrongKey.
    """
    refuse_untrusted_clock()
    gate.refuse_closed()
    end = time.monotonic() + seconds
    finished, began = 0, time.monotonic()
    with locks.single_runner() as alone:
        if not alone:
            return 0
        restore_replay.void_uncommitted_lines(at=at)
        for destruction_list in DestructionList.objects.ready(at).order_by("not_before", "id"):
            if time.monotonic() >= end:
                break
            now = at + timedelta(seconds=time.monotonic() - began)
            try:
                finished += _execute(destruction_list, actor=actor, at=now, until=end)
            except WrongKey as refusal:
                # Without the right master key nothing goes on; one record that was altered stops its own list alone.
                if not isinstance(refusal, InvalidCiphertext):
                    raise
                log.error("%s was not carried out: a record does not open", destruction_list.reference)
            except Refusal as refusal:
                # One list that can't be carried out keeps nobody behind it from being destroyed in time (law D-02).
                log.error("%s was not carried out: %s", destruction_list.reference, refusal.code)
    return finished


def _execute(destruction_list: DestructionList, *, actor: Actor, at: datetime, until: float) -> bool:
    begun = begin(destruction_list, actor=actor, at=at)

    def in_time() -> bool:
        return time.monotonic() < until

    strategy = strategy_choice.for_list(begun, actor=actor, at=at)
    for before, act in (
        (Step.INTENT, strategy.destroy_keys),
        (Step.KEYS, strategy.delete_rows),
        (Step.ROWS, strategy.verify),
    ):
        begun.refresh_from_db()
        if begun.step == before and not act(in_time):
            return False
    begun.refresh_from_db()
    return begun.state == State.DONE


@transaction.atomic
def begin(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> DestructionList:
    """Put the intent on the ledger, once, before anything is destroyed; check that the list is what was approved.

    Raises AlreadyDecided, WaitingPeriodNotOver, PlanAltered, NotDue, NotSigned.
    """
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    if row.state in (State.EXECUTING, State.RESIDUE) and row.step != Step.NONE:
        return row
    if row.state != State.APPROVED or row.not_before is None:
        raise AlreadyDecided(_("This list is not approved."))
    if row.not_before > at:
        raise WaitingPeriodNotOver(_("The waiting period in which this list can be aborted is not over."))
    if selection.list_digest(row) != row.plan or registers.altered_rows(DestructionList, [row.pk]):
        raise PlanAltered(
            _("This list no longer matches what was approved. Abort it, and the next sweep will make a new one.")
        )
    due_recheck.refuse_early(row, today=clock.kst_date(at))
    signed_approvals.refuse_unsigned(row)
    row.state, row.step = State.EXECUTING, Step.INTENT
    row.certificate_number = new_reference("C")
    row.executed_by, row.begun_at = actor.ref, at
    row.save(update_fields=["state", "step", "certificate_number", "executed_by", "begun_at"])
    ledger.record(
        Event.BEGUN,
        actor=actor,
        at=at,
        about=row,
        facts={
            "category": row.category,
            "month": str(row.month or ""),
            "people": row.people,
            "plan": row.plan,
            "certificate": row.certificate_number,
            "cause": row.run.cause,
            "case": row.run.case,
        },
    )
    return row
