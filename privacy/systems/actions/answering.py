"""The next call of a task, and what its answer proves: the only way by which a task of the protocol is confirmed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.crypto.commitments import commitment
from privacy.subjects.models import Subject
from privacy.systems import protocol, shared_secrets
from privacy.systems.actions import earlier_identifiers
from privacy.systems.actions.call_contents import person_named, right_values
from privacy.systems.actions.envelopes import remove_envelopes
from privacy.systems.actions.orders import task_id, wake_what_was_kept
from privacy.systems.connector_client import Call, Signed
from privacy.systems.events import Event
from privacy.systems.models import Act, Answer, ConnectedSystem, Connection, SystemTask
from privacy.systems.protocol import ACKNOWLEDGE, READ_BACK, Said
from privacy.systems.signals import task_ended

State = SystemTask.State
# What has to be over before: a correction is made under its freeze, and a freeze ends after the correction.
AFTER: Mapping[str, tuple[str, ...]] = {
    Act.CORRECT: (Act.FREEZE,), Act.RELEASE: (Act.FREEZE, Act.CORRECT, Act.DESTROY),
}  # fmt: skip
UNDER_WAY = (State.WAITING, State.SENT, State.ANSWERED)
# A person looks at it, and until then nothing comes into use again there.
IN_TROUBLE = (State.CONTRADICTED, State.FAILED)
# Verbs that name nobody, or need not: the task of the freeze says which one ends.
WITHOUT_PERSON = (ACKNOWLEDGE, Act.RELEASE)
KEPT_FOR_NOW = "kept-for-now"
# Why a call waits: for a task that goes on by itself, or for one that a person has to settle.
EARLIER, EARLIER_IN_TROUBLE = "earlier-task", "earlier-task-in-trouble"
# What was found by the right identifier is not all, perhaps: an earlier correction of it there was never proven.
LOST = "known-by-earlier"
# What is read back, for what a system says of itself proves nothing there.
READ_BACK_AFTER = (Act.CORRECT, Act.DESTROY)
# What is proven where a destruction was asked for under several sets of identifiers, by the gravest outcome.
STATE_OF: Mapping[str, State] = {
    protocol.KEPT: State.KEPT, protocol.DONE[Act.DESTROY]: State.CONFIRMED, protocol.REPORTED_DONE: State.CONFIRMED,
    protocol.NOT_HELD: State.NOT_HELD,
}  # fmt: skip
EVENT_OF: Mapping[str, Event] = {
    State.CONFIRMED: Event.CONFIRMED, State.NOT_HELD: Event.NOT_HELD, State.KEPT: Event.KEPT,
    State.CONTRADICTED: Event.CONTRADICTED, State.ANSWERED: Event.ANSWERED, State.DROPPED: Event.DROPPED,
    State.FAILED: Event.FAILED, State.GIVEN_UP: Event.GIVEN_UP, State.WAITING: Event.KEPT,
}  # fmt: skip


@dataclass(frozen=True)
class NextCall:
    """A call that is to be made for a task, or why there is none now: ``wait`` says that there will be one."""

    call: Call | None
    wait: str = ""


def connection_of(system: ConnectedSystem) -> Connection | None:
    """Return where a system answers: its newest approved connection."""
    return system.connections.filter(approved_at__isnull=False).order_by("-approved_at").first()


def next_call(task: SystemTask, *, actor: Actor, at: datetime) -> NextCall:
    """Return what a task asks next. Reading identifiers and values for it is on record, with its purpose."""
    connection = connection_of(task.system)
    verb = _verb(task)
    if not verb or task.is_by_hand or connection is None or task.trouble == "single-record":
        return NextCall(None)
    if verb == Act.FREEZE and _is_released(task):
        drop_freeze(task, actor=actor, at=at)
        return NextCall(None)
    # What is kept because of a freeze waits for that freeze's release, and must not hold it up.
    earlier = SystemTask.objects.filter(
        system=task.system, subject_id=task.subject_id, act__in=AFTER.get(task.act, ()), kept_because="",
        ordered_at__lte=task.ordered_at,
    )  # fmt: skip
    if earlier.filter(state__in=UNDER_WAY).exists():
        return NextCall(None, wait=EARLIER)
    if task.act == Act.RELEASE:
        # A correction of what is destroyed keeps nothing from coming into use again.
        settled = (Act.FREEZE, Act.CORRECT) if _is_destroyed(task) else (Act.FREEZE,)
        if earlier.exclude(act__in=settled).filter(state__in=IN_TROUBLE).exists():
            return NextCall(None, wait=EARLIER_IN_TROUBLE)
    key = call_key(task, verb)
    more_sets = False
    said: dict[str, Any] = {"task": str(task.id), "person": {}, "items": task.items, "values": {}, "basis": task.case}
    if verb != ACKNOWLEDGE:
        known, more_sets = person_named(task, verb, actor=actor, at=at)
        # What the register names and nobody knows of this person is said to be unknown.
        said["person"] = {kind: known.get(kind) for kind in task.system.identifiers}
        if not any(said["person"].values()) and verb in WITHOUT_PERSON:
            said["person"] = {}
        elif not any(said["person"].values()):
            _without_identifiers(task, "no-identifier", actor=actor, at=at)
            return NextCall(None)
    if verb in (READ_BACK, ACKNOWLEDGE):
        said["of"] = str(task.id)
    if verb == Act.FREEZE:
        said["why"] = task.why
    if verb == Act.RELEASE:
        said["of"] = str(_freeze_id(task))
    if task.act == Act.CORRECT and verb != ACKNOWLEDGE:
        said["commitment_key"] = shared_secrets.commitment_key(call_key(task, Act.CORRECT)).hex()
    if verb == Act.CORRECT:
        values = right_values(task, actor=actor, at=at)
        if set(values) != set(task.items):
            _without_identifiers(task, "no-value", actor=actor, at=at)
            return NextCall(None)
        said["values"] = {item: {"to": value} for item, value in values.items()}
    return NextCall(
        Call(
            address=connection.address,
            verb=verb,
            key=str(key),
            body=protocol.body_of(said),
            secret=shared_secrets.shared_secret(task.system),
            public_key=connection.public_key,
            more_sets=more_sets,
        )
    )


def call_key(task: SystemTask, verb: str) -> UUID:
    """Return the Idempotency-Key of a task's call: the same for every try of a round."""
    return uuid5(task.id, f"{verb}:{task.rounds}")


def record_sent(task: SystemTask, *, at: datetime) -> None:
    """Note that a task went out, before it does: what happens there is not known from now on."""
    SystemTask.objects.filter(pk=task.pk, state__in=(State.WAITING, State.CONTRADICTED, State.FAILED)).update(
        state=State.SENT
    )
    SystemTask.objects.filter(pk=task.pk, sent_at=None).update(sent_at=at)


def record_failure(task: SystemTask, why: str, *, final: bool, actor: Actor, at: datetime) -> None:
    """Keep why a call gave no answer; ``final`` where asking again the same way is no use: a person looks."""
    with transaction.atomic():
        row = SystemTask.objects.select_for_update().get(pk=task.pk)
        if not row.is_open:
            return
        row.trouble = why[:60]
        row.save(update_fields=["trouble"])
        # What a person reported waits for another one, whether it can be searched there or not.
        reported = row.act == Act.DESTROY and row.state == State.ANSWERED and row.done_by
        if final and row.state != State.FAILED and not reported:
            _set(row, State.FAILED, {"because": row.trouble}, actor=actor, at=at)


def begin_anew(task: SystemTask, *, at: datetime) -> None:
    """Give the next call of a task a key of its own: the system knows this one with another body."""
    with transaction.atomic():
        row = SystemTask.objects.select_for_update().get(pk=task.pk)
        if row.is_open:
            begin_round(row)


def begin_round(row: SystemTask) -> None:
    """Have the next call of a locked task go out under a new key; what was answered is only read back again."""
    row.rounds += 1
    if row.state != State.ANSWERED:
        row.state = State.WAITING
    row.save(update_fields=["rounds", "state"])


def drop_freeze(task: SystemTask, *, actor: Actor, at: datetime) -> None:
    """End a freeze that is asked for no more: its release was ordered, or the system has ended it already."""
    with transaction.atomic():
        row = SystemTask.objects.select_for_update(of=("self",)).select_related("system").get(pk=task.pk)
        if row.is_open and row.act == Act.FREEZE:
            _set(row, State.DROPPED, {"because": "released"}, actor=actor, at=at)


def record_answer(task: SystemTask, made: Call, signed: Signed, *, actor: Actor, at: datetime) -> SystemTask:
    """Keep a signed answer as evidence, and with it what it proves, in one transaction. Raises WrongAnswer.

    An answer that came before changes nothing. The signature is verified here again: nothing unsigned is kept.
    """
    protocol.verify_answer(
        made.public_key, signed.signature, key=made.key, verb=made.verb, request_digest=made.request_digest,
        answer=signed.body,
    )  # fmt: skip
    said = protocol.read_answer(made.verb, signed.body, items=task.items)
    wanted = _expected(task, actor=actor, at=at) if (made.verb, task.act) == (READ_BACK, Act.CORRECT) else {}
    with transaction.atomic():
        row = SystemTask.objects.select_for_update(of=("self",)).select_related("system").get(pk=task.pk)
        known = Answer.objects.filter(pk=made.key).exists()
        if known or made.key != str(call_key(row, made.verb)) or made.verb != _verb(row):
            return row
        answer = Answer.objects.create(
            id=UUID(made.key), task=row, verb=made.verb, request_digest=made.request_digest,
            body=signed.body.decode(), signature=signed.signature, public_key=made.public_key, answered_at=at,
        )  # fmt: skip
        if made.verb != ACKNOWLEDGE:
            _conclude(row, answer, said, wanted, more_sets=made.more_sets, actor=actor, at=at)
    if not row.is_open:
        remove_envelopes([row.id], actor=actor, at=at)
    return row


def keep_for_now(row: SystemTask, facts: Mapping[str, Any], *, actor: Actor, at: datetime) -> None:
    """Leave a task open whose data is kept for a hold or a dispute: it is asked for again when that ends.

    What was reported on it is settled with this; a new report says what became of it then.
    """
    row.trouble, row.done_by, row.done_at, row.done_as = KEPT_FOR_NOW, "", None, ""
    row.file_id, row.file_digest = None, ""
    row.rounds += 1
    row.save(update_fields=["trouble", "done_by", "done_at", "done_as", "file_id", "file_digest", "rounds"])
    _set(row, State.WAITING, facts, actor=actor, at=at)


def end_by_hand(row: SystemTask, state: State, facts: Mapping[str, Any], *, actor: Actor, at: datetime) -> None:
    """End a task that a person carried out or gave up, in the caller's transaction."""
    _set(row, state, facts, actor=actor, at=at)


def _verb(task: SystemTask) -> str:
    """Return what a task asks next; nothing where it is over."""
    if task.state == State.ANSWERED:
        # That a system keeps something, or has nothing of somebody it may know by another identifier, is said by a
        # person and another one: a search can't show it.
        unseen = task.done_by and (
            task.done_as == protocol.KEPT or (task.act == Act.DESTROY and earlier_identifiers.is_lost(task))
        )
        return "" if unseen else READ_BACK
    if task.is_open:
        return str(task.act)
    told = task.act in READ_BACK_AFTER and task.state in SystemTask.PROVEN and task.proof_id is not None
    return ACKNOWLEDGE if told and not task.answers.filter(verb=ACKNOWLEDGE).exists() else ""


def _conclude(
    row: SystemTask,
    answer: Answer,
    said: Said,
    wanted: Mapping[str, str],
    *,
    more_sets: bool = False,
    actor: Actor,
    at: datetime,
) -> None:
    facts: dict[str, Any] = {
        "verb": answer.verb, "call": str(answer.id), "request": answer.request_digest,
        "answer": hashlib.sha256(answer.body.encode()).hexdigest(),
    }  # fmt: skip
    row.trouble, event = "", None
    row.found = dict(said.counts)
    is_kept_before = row.done_before == protocol.KEPT
    if answer.verb == READ_BACK:
        state = _read_back(row, said, wanted)
        if state == State.CONTRADICTED:
            row.contradictions += 1
            row.rounds += 1
            row.done_as = ""
            if not row.sets_done:
                row.kept_because, row.kept_items, row.backups_until = "", [], None
            # What a person reported is refuted with it.
            row.done_by, row.done_at, row.file_id, row.file_digest = "", None, None, ""
        elif state == State.KEPT and row.kept_because != SystemTask.Kept.LAW:
            # A hold or a dispute ends one day: the system is asked again then, under what was sealed for it.
            state, row.trouble = State.WAITING, KEPT_FOR_NOW
            row.rounds += 1
        elif more_sets and row.act == Act.DESTROY:
            # It is over under what it held before a correction; it is asked for under what came after, too.
            row.done_before, row.sets_done = earlier_identifiers.graver(row.done_before, row.done_as), row.sets_done + 1
            state, row.done_as, event = State.WAITING, "", Event.ASKED_AGAIN
            row.done_by, row.done_at, row.file_id, row.file_digest = "", None, None, ""
            row.rounds += 1
        else:
            if row.sets_done:
                state = STATE_OF[earlier_identifiers.graver(row.done_before, row.done_as)]
            row.proof_id = answer.id
    elif answer.verb in READ_BACK_AFTER:
        state = State.ANSWERED
        row.done_as = said.state
        # Of each set of identifiers: what is kept under one stays kept, and the last day of all backups counts.
        days = [said.backups_until, *([row.backups_until] if row.sets_done else [])]
        row.backups_until = max((day for day in days if day), default=None)
        before = row.kept_items if is_kept_before else []
        if said.state == protocol.KEPT:
            row.kept_because, row.kept_items = said.reason, sorted({*said.items, *before})
        else:
            row.kept_because, row.kept_items = (SystemTask.Kept.LAW, before) if is_kept_before else ("", [])
    else:
        held = said.found if answer.verb == Act.LOCATE else said.state != protocol.NOT_HELD
        state = State.CONFIRMED if held else State.NOT_HELD
        row.proof_id = answer.id
        undecided = earlier_identifiers.undecided(row) if not held and row.act == Act.FREEZE else []
        if undecided:
            # It may be held under another identifier by now: once that is known, it is asked for again.
            state, row.proof_id, event = State.WAITING, None, Event.ASKED_AGAIN
            is_stuck = any(one.state in IN_TROUBLE for one in undecided)
            row.trouble = EARLIER_IN_TROUBLE if is_stuck else EARLIER
            row.rounds += 1
    is_over = state == State.NOT_HELD or (row.act, state) == (Act.DESTROY, State.CONFIRMED)
    if is_over and earlier_identifiers.is_lost(row):
        state, row.proof_id, row.done_as, row.trouble = State.FAILED, None, "", LOST
        facts["because"] = LOST
    row.save(
        update_fields=[
            "trouble", "found", "contradictions", "rounds", "kept_because", "kept_items", "done_as", "backups_until",
            "done_by", "done_at", "file_id", "file_digest", "sets_done", "done_before",
        ]
    )  # fmt: skip
    _set(row, state, facts, event=event, actor=actor, at=at)


def _read_back(row: SystemTask, said: Said, wanted: Mapping[str, str]) -> State:
    """Return what a read-back proves of what the system said before."""
    if row.done_as == protocol.NOT_HELD:
        return State.CONTRADICTED if said.found else State.NOT_HELD
    if row.act == Act.CORRECT and row.done_as == protocol.KEPT:
        return State.KEPT
    if row.act == Act.CORRECT:
        right = said.found and bool(wanted) and all(said.commitments.get(item) == one for item, one in wanted.items())
        return State.CONFIRMED if right else State.CONTRADICTED
    if row.done_as == protocol.KEPT:
        return State.KEPT if set(said.counts) <= set(row.kept_items) else State.CONTRADICTED
    return State.CONTRADICTED if said.found else State.CONFIRMED


def _set(
    row: SystemTask, state: State, facts: Mapping[str, Any], *, event: Event | None = None, actor: Actor, at: datetime
) -> None:  # fmt: skip
    """Move a task to a state, on record; whoever waits for its end is told in the same transaction."""
    row.state = state
    row.ended_at = at if state in SystemTask.ENDED else None
    row.save(update_fields=["state", "ended_at", "proof_id"])
    ledger.record(
        event or EVENT_OF[state],
        actor=actor,
        at=at,
        about=row,
        subjects=[row.subject_id] if row.subject_id else (),
        facts={"system": row.system.code, "act": row.act, "case": row.case, **facts},
    )
    if not row.is_open:
        task_ended.send(SystemTask, task=row, at=at)
        if row.act == Act.RELEASE:
            wake_what_was_kept(row)


def _without_identifiers(task: SystemTask, why: str, *, actor: Actor, at: datetime) -> None:
    """Nothing is left to ask by: a freeze or correction of what is destroyed is over, else a person looks."""
    with transaction.atomic():
        row = SystemTask.objects.select_for_update(of=("self",)).select_related("system").get(pk=task.pk)
        if not row.is_open:
            return
        gone = _is_destroyed(row)
        row.trouble = why
        row.save(update_fields=["trouble"])
        moot = gone and row.act != Act.DESTROY
        _set(row, State.DROPPED if moot else State.FAILED, {"because": row.trouble}, actor=actor, at=at)


def _is_destroyed(task: SystemTask) -> bool:
    """Return whether what a task is about is destroyed here: with the keys, its end elsewhere was ordered."""
    if task.subject_id is None:
        return False
    ordered = SystemTask.objects.filter(
        act=Act.DESTROY, system_id=task.system_id, subject_id=task.subject_id, category=task.category
    )
    gone = Subject.objects.filter(pk=task.subject_id, state=Subject.State.DESTROYED)
    return ordered.exists() or gone.exists()


def _freeze_id(task: SystemTask) -> UUID:
    return task_id(task.system_id, Act.FREEZE, task.cause_id, task.subject_id, task.category)


def _is_released(task: SystemTask) -> bool:
    released = task_id(task.system_id, Act.RELEASE, task.cause_id, task.subject_id, task.category)
    return SystemTask.objects.filter(pk=released).exists()


def _expected(task: SystemTask, *, actor: Actor, at: datetime) -> dict[str, str]:
    """Return the commitments that show that a system holds the right values."""
    key = shared_secrets.commitment_key(call_key(task, Act.CORRECT))
    values = right_values(task, actor=actor, at=at)
    return {item: commitment(key, item, value) for item, value in values.items()}
