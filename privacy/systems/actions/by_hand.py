"""What people do where a system has no API or can't: reported with evidence, and of a destruction looked at twice."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import DESTRUCTION_EVIDENCE
from privacy.systems import protocol
from privacy.systems.actions import answering, earlier_identifiers
from privacy.systems.actions.answering import STATE_OF
from privacy.systems.actions.envelopes import remove_envelopes
from privacy.systems.events import Event
from privacy.systems.models import Act, SystemTask
from privacy.systems.outgoing import enqueue_again
from privacy.systems.refusals import Incomplete, SamePerson, WrongState
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose

CARRY_OUT = "systems.carry_out_tasks"
State = SystemTask.State
DONE, NOT_HELD, KEPT = OUTCOMES = protocol.REPORTED_DONE, protocol.NOT_HELD, protocol.KEPT


def report_done(
    task: SystemTask,
    *,
    outcome: str,
    note: str,
    name: str,
    content: bytes,
    kept_because: str = "",
    backups_until: date | None = None,
    actor: Actor,
    at: datetime,
) -> SystemTask:
    """Report what the owner of a system did, with evidence; a destruction counts once another person has looked.

    ``outcome`` is ``done``, ``not-held`` or, of a destruction, ``kept``. Raises Incomplete, WrongState, InvalidUpload.
    """
    require_permission(actor, CARRY_OUT, about=task)
    if outcome not in OUTCOMES or (outcome == KEPT and task.act != Act.DESTROY):
        raise Incomplete(_("State what became of it."), pointer="/outcome")
    if (outcome == KEPT) != (kept_because in SystemTask.Kept.values):
        raise Incomplete(_("Select a reason only if the data is kept."), pointer="/kept_because")
    if not note.strip():
        raise Incomplete(_("State how it was done and how it was checked."), pointer="/note")
    if not content:
        raise Incomplete(_("Attach the evidence."), pointer="/file")
    file = vault.receive_file(
        subject_id=new_id(), category=DESTRUCTION_EVIDENCE, case=task.reference, name=name, content=content,
        actor=actor, at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row = _lock(task)
            if row.waits_for_second:
                raise WrongState(_("It has already been reported as done. Another person is checking it now."))
            row.done_by, row.done_at, row.done_as = actor.ref, at, outcome
            row.note, row.file_id, row.file_digest = note.strip(), file.id, hashlib.sha256(content).hexdigest()
            row.backups_until = backups_until
            # What a law keeps there under an earlier identifier stays said, whatever is reported of the rest.
            if row.done_before != KEPT:
                row.kept_because, row.kept_items = kept_because, list(row.items) if outcome == KEPT else []
            elif outcome == KEPT:
                row.kept_because = kept_because
            row.trouble = ""
            row.save(
                update_fields=[
                    "done_by", "done_at", "done_as", "note", "file_id", "file_digest", "kept_because", "backups_until",
                    "kept_items", "trouble",
                ]
            )  # fmt: skip
            facts = {"outcome": outcome, "evidence": row.file_digest}
            _record(row, Event.DONE_BY_HAND, facts, actor=actor, at=at)
            if row.act == Act.DESTROY:
                row.state = State.ANSWERED
                row.save(update_fields=["state"])
            else:
                answering.end_by_hand(row, STATE_OF[outcome], {"evidence": row.file_digest}, actor=actor, at=at)
    except Refusal:
        with suppress(vault.UnderHold):
            vault.delete_file(file, actor=actor, at=at)
        raise
    if not row.is_open:
        remove_envelopes([row.id], actor=actor, at=at)
    return row


def second(task: SystemTask, *, agrees: bool, read: str = "", actor: Actor, at: datetime) -> SystemTask:
    """Look a second time at what was reported as destroyed: confirm it or send it back.

    ``read`` is the digest of the evidence that was read. What is kept for a hold or a dispute stays open. Raises
    SamePerson, NotASecondPerson, WrongState.
    """
    require_permission(actor, CARRY_OUT, about=task)
    with transaction.atomic():
        row = _lock(task)
        if not row.waits_for_second or row.done_as not in OUTCOMES:
            raise WrongState(_("Nobody has reported this destruction yet."))
        same = SamePerson(_("You reported this yourself, so another person must look at it."))
        if read and read != row.file_digest:
            raise WrongState(_("The evidence has changed since you opened this page. Read it again."))
        by = require_second_person(actor, asked_by=row.done_by, about=row, same=same, at=at)
        if not agrees:
            digest = row.file_digest
            row.state, row.done_by, row.done_at, row.done_as = State.WAITING, "", None, ""
            row.file_id, row.file_digest, row.backups_until = None, "", None
            if row.done_before == KEPT:
                row.kept_because = SystemTask.Kept.LAW
            else:
                row.kept_because, row.kept_items = "", []
            row.save(
                update_fields=[
                    "state", "done_by", "done_at", "done_as", "kept_because", "file_id", "file_digest", "kept_items",
                    "backups_until",
                ]
            )  # fmt: skip
            _record(row, Event.ASKED_AGAIN, {"evidence": digest}, actor=actor, at=at)
            if not row.is_by_hand:
                # Under a key of its own: under the one before, the system says again what it said then.
                answering.begin_round(row)
                enqueue_again(row.id, row.system, row.act, mark=row.rounds)
            return row
        if row.done_as == KEPT and row.kept_because != SystemTask.Kept.LAW:
            facts = {"outcome": KEPT, "evidence": row.file_digest, "reported_by": row.done_by}
            answering.keep_for_now(row, facts, actor=actor, at=at)
            return row
        if row.done_as == KEPT:
            row.kept_items = list(row.items)
        row.seconded_by, row.seconded_at = by, at
        row.save(update_fields=["seconded_by", "seconded_at", "kept_items"])
        state = STATE_OF[earlier_identifiers.graver(row.done_before, row.done_as)]
        answering.end_by_hand(row, state, {"evidence": row.file_digest}, actor=actor, at=at)
    remove_envelopes([row.id], actor=actor, at=at)
    return row


def ask_again(task: SystemTask, *, actor: Actor, at: datetime) -> SystemTask:
    """Have a system asked anew now, under a key of its own. Raises WrongState."""
    require_permission(actor, CARRY_OUT, about=task)
    with transaction.atomic():
        row = _lock(task)
        if row.is_by_hand or row.trouble == "single-record":
            raise WrongState(_("A person carries this task out. Report what was done."))
        answering.begin_round(row)
        _record(row, Event.ASKED_AGAIN, {"round": row.rounds}, actor=actor, at=at)
        enqueue_again(row.id, row.system, row.act, mark=row.rounds)
    return row


def give_up(task: SystemTask, *, reason: str, actor: Actor, at: datetime) -> SystemTask:
    """End a task without proof, with the reason: it is told everywhere as not confirmed. Raises Incomplete."""
    require_permission(actor, "systems.keep_systems", about=task)
    if not reason.strip():
        raise Incomplete(_("State why nothing more is asked of this system."), pointer="/reason")
    with transaction.atomic():
        row = _lock(task)
        row.reason = reason.strip()
        row.kept_because, row.kept_items, row.done_as = "", [], ""
        row.save(update_fields=["reason", "kept_because", "kept_items", "done_as"])
        answering.end_by_hand(row, State.GIVEN_UP, {}, actor=actor, at=at)
    remove_envelopes([row.id], actor=actor, at=at)
    return row


def open_evidence(task: SystemTask, *, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open what a person attached to a task, on record; return it with its media type. Raises Incomplete."""
    require_permission(actor, CARRY_OUT, about=task)
    file = EncryptedFile.objects.filter(id=task.file_id).first() if task.file_id else None
    if file is None:
        raise Incomplete(_("No file is kept with this record."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task=Event.EVIDENCE_SHOWN, actor=actor, at=at, reason=task.reference
    ) as session:
        content: bytes = session.decrypt(file, "content")
    return content, file.media_type


def _lock(task: SystemTask) -> SystemTask:
    row = SystemTask.objects.select_for_update(of=("self",)).select_related("system").get(pk=task.pk)
    if not row.is_open:
        raise WrongState(_("This task has already ended."))
    return row


def _record(row: SystemTask, event: Event, facts: Mapping[str, object], *, actor: Actor, at: datetime) -> None:
    people = [row.subject_id] if row.subject_id else ()
    said = {"system": row.system.code, "act": row.act, "case": row.case, **facts}
    ledger.record(event, actor=actor, at=at, about=row, subjects=people, facts=said)
