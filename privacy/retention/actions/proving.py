"""Read-back, register entry and certificate: they come together, in one transaction, or not at all (P7.1)."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import batched
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import canonical, clock
from privacy.policies import rulebook
from privacy.retention import locks, readback, signing, statements
from privacy.retention.actions import removing
from privacy.retention.events import Event
from privacy.retention.models import Certificate, DestructionLine, DestructionList, RegisterEntry
from privacy.retention.readback import Report
from privacy.subjects import actions as subjects
from privacy.vault.models import SubjectKey

State = DestructionList.State


def prove(destruction_list: DestructionList, *, actor: Actor, at: datetime, in_time: Callable[[], bool]) -> bool:
    """Read back, then certify; what is found left goes onto the ledger and is removed again. Return whether done."""
    if _nothing_was_destroyed(destruction_list):
        _give_up(destruction_list, actor=actor, at=at)
        return False
    report = readback.read_back(destruction_list)
    if not report.is_sound:
        _note_residue(destruction_list, report, actor=actor, at=at)
        return False
    for part in _finished_people(destruction_list):
        subjects.mark_destroyed(part, certificate=destruction_list.certificate_number, actor=actor, at=at)
    with transaction.atomic():
        row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
        if row.state == State.DONE:
            return True
        row.read_back = report.facts()
        row.state, row.step, row.done_at = State.DONE, DestructionList.Step.PROVEN, at
        row.save(update_fields=["read_back", "state", "step", "done_at"])
        certificate = _certify(row, at=at)
        entry = enter(statements.register_fields(row, certificate.digest, at=at), destruction_list=row)
        facts = {
            "certificate": certificate.number,
            "digest": certificate.digest,
            "register": entry.number,
            "people": report.people,
            "keys": row.keys_destroyed,
            "rows": row.rows_removed,
            "archived": row.archived,
            "attempts": report.attempts,
        }
        ledger.record(Event.CERTIFIED, actor=actor, at=at, about=row, facts=facts)
    return True


def _certify(row: DestructionList, *, at: datetime) -> Certificate:
    body = canonical.dumps(statements.destruction(row, at=at))
    return Certificate.objects.create(
        number=row.certificate_number,
        list=row,
        kind=Certificate.Kind.DESTRUCTION,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        signature=signing.sign(body),
        public_key=signing.public_key(),
        issued_at=at,
    )


def enter(fields: dict, *, destruction_list: DestructionList | None = None, paper: object = None) -> RegisterEntry:  # type: ignore[type-arg]
    """Enter one row into the destruction register with the next number; the caller's transaction holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [locks.SPACE, locks.REGISTER])
    number = (RegisterEntry.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return RegisterEntry.objects.create(number=number, list=destruction_list, paper=paper, **fields)  # type: ignore[misc]


def _nothing_was_destroyed(row: DestructionList) -> bool:
    """Whether everything on the list was passed over: then there is nothing to certify."""
    return not row.keys_destroyed and not any(row.rows_removed.values()) and not _destroyed_lines(row).exists()


def _destroyed_lines(row: DestructionList):  # type: ignore[no-untyped-def]
    return DestructionLine.objects.filter(list=row).exclude(state__in=DestructionLine.PASSED_OVER)


@transaction.atomic
def _give_up(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> None:
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    row.state, row.aborted_by, row.aborted_at = State.ABORTED, actor.ref, at
    row.abort_reason = statements.ALL_PASSED_OVER
    row.save(update_fields=["state", "aborted_by", "aborted_at", "abort_reason"])
    ledger.record(Event.LIST_ABORTED, actor=actor, at=at, about=row, facts={"because": "all-passed-over"})


@transaction.atomic
def _note_residue(destruction_list: DestructionList, report: Report, *, actor: Actor, at: datetime) -> None:
    """Put what is left on the ledger and let the removal run again: no certificate while anything is there."""
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    row.state, row.read_back = State.RESIDUE, report.facts()
    row.save(update_fields=["state", "read_back"])
    removing.count_again(row, report.rows_left + report.keys_left + report.opened)
    ledger.record(Event.RESIDUE_FOUND, actor=actor, at=at, about=row, facts=report.facts())


def _finished_people(destruction_list: DestructionList) -> list[Sequence[UUID]]:
    """Return, in slices, the people of the list of whom no key of the policy's categories is left."""
    if destruction_list.unit != DestructionList.Unit.PEOPLE:
        return []
    known = list(rulebook.in_force(clock.kst_date(destruction_list.proposed_at)).categories)
    if destruction_list.category not in known:
        return []
    finished: list[Sequence[UUID]] = []
    people = _destroyed_lines(destruction_list).values_list("subject_id", flat=True)
    for part in batched(people.iterator(chunk_size=1_000), 1_000):
        living = SubjectKey.objects.filter(subject_id__in=part, category__in=known)
        alive = set(living.values_list("subject_id", flat=True))
        finished.append([subject_id for subject_id in part if subject_id not in alive])
    return [part for part in finished if part]
