"""Carrying out a list, step by step; every step commits, and every step may be repeated (lifecycle.md, Destroy).

intent on the ledger → keys destroyed → rows removed → read back by other code → register entry and certificate.
"""

import time
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.ids import new_reference
from privacy.retention import gate, locks, plans
from privacy.retention.actions import keying, proving, removing, replaying
from privacy.retention.actions.watching import refuse_doubt
from privacy.retention.events import Event
from privacy.retention.models import DestructionList
from privacy.retention.refusals import AnotherRunner, NotOpen, PlanAltered, TooEarly

State, Step = DestructionList.State, DestructionList.Step


def carry_out(destruction_list: DestructionList, *, actor: Actor, at: datetime, seconds: float = 45.0) -> bool:
    """Destroy what is on an approved list, or go on where an earlier call ended; return whether all is done.

    A call works for about ``seconds`` and returns; the next goes on. Raises AnotherRunner, ClockDoubted, GateClosed,
    NotOpen, TooEarly, PlanAltered; Residue when the read-back finds something that should be gone.
    """
    refuse_doubt()
    gate.refuse_closed()
    with locks.one_runner() as alone:
        if not alone:
            raise AnotherRunner(_("Another process is destroying at the moment; it will go on with this list too."))
        replaying.void_orphans(at=at)
        return _carry_out(destruction_list, actor=actor, at=at, until=time.monotonic() + seconds)


def carry_out_ready(*, actor: Actor, at: datetime, seconds: float = 45.0) -> int:
    """Carry out every list whose time has come, oldest first; return how many were finished. Never two at once."""
    refuse_doubt()
    gate.refuse_closed()
    end = time.monotonic() + seconds
    finished = 0
    with locks.one_runner() as alone:
        if not alone:
            return 0
        replaying.void_orphans(at=at)
        for destruction_list in DestructionList.objects.ready(at).order_by("not_before", "id"):
            if time.monotonic() >= end:
                break
            finished += _carry_out(destruction_list, actor=actor, at=at, until=end)
    return finished


def _carry_out(destruction_list: DestructionList, *, actor: Actor, at: datetime, until: float) -> bool:
    begun = begin(destruction_list, actor=actor, at=at)

    def in_time() -> bool:
        return time.monotonic() < until

    acts: dict[str, Callable[..., bool]] = {
        Step.INTENT: keying.destroy_keys,
        Step.KEYS: removing.remove_rows,
        Step.ROWS: proving.prove,
    }
    for before, act in acts.items():
        begun.refresh_from_db()
        if begun.step == before and not act(begun, actor=actor, at=at, in_time=in_time):
            return False
    begun.refresh_from_db()
    return begun.state == State.DONE


@transaction.atomic
def begin(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> DestructionList:
    """Put the intent on the ledger, once, before anything is destroyed; check that the list is what was approved."""
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    if row.state in (State.EXECUTING, State.RESIDUE) and row.step != Step.NONE:
        return row
    if row.state != State.APPROVED or row.not_before is None:
        raise NotOpen(_("This list is not approved."))
    if row.not_before > at:
        raise TooEarly(_("The waiting time to abort this list is not over."))
    if plans.digest(row) != row.plan:
        raise PlanAltered(_("This list is no longer what was approved: abort it; the next sweep makes it anew."))
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
