"""What a call says of a person: by what the system finds them, and the right values; each reading is on record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.ledger.actors import Actor
from privacy.subjects import holdings
from privacy.systems import identifiers, protocol
from privacy.systems.actions import earlier_identifiers
from privacy.systems.models import Act, Envelope, SystemTask
from privacy.systems.protocol import READ_BACK
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

State = SystemTask.State
SENT = "systems.identifiers.sent"
PURPOSES: Mapping[str, Purpose] = {
    "destruction": Purpose.LEGAL_DUTY, "hold": Purpose.LEGAL_DUTY,
}  # fmt: skip


def person_named(task: SystemTask, verb: str, *, actor: Actor, at: datetime) -> tuple[dict[str, str], bool]:
    """Return by what the system finds the person, what its register names and no more, and whether more is asked after.

    Of what is destroyed or corrected it is what was held before; a correction is read back under what is right now.
    """
    assert task.subject_id is not None
    is_right = task.act == Act.CORRECT and verb == READ_BACK and task.done_as != protocol.NOT_HELD
    known, more_sets = ({}, False) if is_right else _sealed(task, actor=actor, at=at)
    if known or task.act == Act.DESTROY:
        return known, more_sets
    found = identifiers.read_identifiers(
        [task.subject_id], task.system.identifiers, purpose=_purpose(task), task=SENT, reason=task.case, actor=actor,
        at=at,
    )  # fmt: skip
    return found[task.subject_id], False


def _sealed(task: SystemTask, *, actor: Actor, at: datetime) -> tuple[dict[str, Any], bool]:
    """Return what was sealed for a task, and whether it is asked for under more after that.

    Of a task without, it is what was sealed for the oldest correction that is open there.
    """
    ids = [task.id]
    if task.act not in (Act.CORRECT, Act.DESTROY) and task.subject_id is not None:
        before = earlier_identifiers.open_corrections([task.system_id], [task.subject_id])
        ids = [one.id for one in before if one.state != State.ANSWERED][:1]
    envelope = Envelope.objects.filter(id__in=ids).first()
    if envelope is None:
        return {}, False
    with vault.opened(purpose=_purpose(task), task=SENT, actor=actor, at=at, reason=task.case) as session:
        known: dict[str, Any] = session.decrypt(envelope, "identifiers") or {}
    return earlier_identifiers.in_turn(known, task.sets_done)


def _purpose(task: SystemTask) -> Purpose:
    return PURPOSES.get(task.why, Purpose.RIGHTS)


def right_values(task: SystemTask, *, actor: Actor, at: datetime) -> dict[str, str]:
    """Return the right values of what is corrected, as they are held here now."""
    assert task.subject_id is not None
    found: dict[str, str] = {}
    for holding in holdings.for_category(task.category):
        columns = {item: column for item, column in holding.items.items() if item in task.items}
        if columns and not holding.kind:
            read = identifiers.read_columns(
                holding, columns, [task.subject_id], purpose=_purpose(task), task="systems.values.sent",
                reason=task.case, actor=actor, at=at,
            )  # fmt: skip
            found |= read[task.subject_id]
    return found
