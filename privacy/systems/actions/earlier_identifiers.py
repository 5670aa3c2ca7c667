"""By what a system finds somebody whose identifier was corrected here, while nobody knows whether it was there.

Until the correction is read back, the system may hold either value. What is destroyed then is asked for under each, in
the order in which they were held; anything else is asked for under what the system held before. Once somebody gives the
correction up, or a law keeps what was wrong, what was held before is forgotten here: what the right value finds there
proves nothing any more, and a person asks the owner.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from privacy.ledger.actors import SystemActor
from privacy.systems.models import Act, ConnectedSystem, Envelope, SystemTask
from privacy.systems.protocol import DONE, KEPT, NOT_HELD, REPORTED_DONE
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

# In a sealed set of identifiers: the sets that are asked for after it.
LATER = "later"
SEALED = "systems.identifiers.sealed"
# From the gravest; the last: nothing was concluded yet.
OUTCOMES = (KEPT, DONE[Act.DESTROY], REPORTED_DONE, NOT_HELD, "")
# It goes from one seal to the next: whoever orders a destruction sees nothing of it.
SEALER = SystemActor("systems")


def in_order(known: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return sets of identifiers, sealed ones among them, as one to seal: the first, behind it those that differ."""
    apart: list[dict[str, Any]] = []
    for one in known:
        for part in ({kind: value for kind, value in one.items() if kind != LATER}, *one.get(LATER, ())):
            if not any(part.items() <= other.items() for other in apart):
                apart.append(part)
    return {} if not apart else apart[0] | ({LATER: apart[1:]} if apart[1:] else {})


def in_turn(known: Mapping[str, Any], done: int) -> tuple[dict[str, Any], bool]:
    """Return which of the sealed sets is asked for, after so many that are done, and whether more follow."""
    sets = [{kind: value for kind, value in known.items() if kind != LATER}, *known.get(LATER, ())]
    place = min(done, len(sets) - 1)
    return sets[place], place < len(sets) - 1


def graver(one: str, other: str) -> str:
    """Return the outcome that counts of two sets of identifiers: what is kept there, what was destroyed, nothing."""
    return min(one, other, key=OUTCOMES.index)


def identifiers_before(
    wanted: Collection[tuple[ConnectedSystem, UUID]], *, case: str, at: datetime
) -> dict[tuple[UUID, UUID], list[dict[str, Any]]]:
    """Return by system and person what is sealed of them there, the oldest first: it is removed when nobody needs it.

    A correction is sealed before it is made, and its tasks are there after that: in between, too, it is found.
    """
    found: dict[tuple[UUID, UUID], list[dict[str, Any]]] = {}
    systems, people = {system.id for system, _subject in wanted}, {subject for _system, subject in wanted}
    rows = list(Envelope.objects.filter(system_id__in=systems, subject_id__in=people).order_by("sealed_at", "id"))
    if not rows:
        return found
    with vault.opened(purpose=Purpose.LEGAL_DUTY, task=SEALED, actor=SEALER, at=at, reason=case) as session:
        for row, known in session.decrypt_many(rows, "identifiers"):
            found.setdefault((row.system_id, row.subject_id), []).append(known or {})
    return found


def sealed_too_early(envelopes: Collection[Envelope]) -> set[UUID]:
    """Return which of these were sealed before a correction there: a destruction that waited is asked for anew."""
    people = {row.subject_id for row in envelopes}
    tasks = SystemTask.objects.filter(act=Act.CORRECT, subject_id__in=people).values_list(
        "system_id", "subject_id", "ordered_at"
    )
    ordered = [(system, subject, moment) for system, subject, moment in tasks]
    return {
        row.id for row in envelopes
        if any((row.system_id, row.subject_id) == (system, subject) and moment >= row.sealed_at
               for system, subject, moment in ordered)
    }  # fmt: skip


def open_corrections(systems: Collection[UUID], subject_ids: Collection[UUID]) -> list[SystemTask]:
    """Return the corrections of people that are open in systems, the oldest first."""
    tasks = SystemTask.objects.open().filter(act=Act.CORRECT, system_id__in=systems, subject_id__in=subject_ids)
    return list(tasks.order_by("ordered_at", "id"))


def undecided(task: SystemTask) -> list[SystemTask]:
    """Return the corrections that went there before this was asked for, of which nobody knows what became of them."""
    assert task.subject_id is not None
    before = open_corrections([task.system_id], [task.subject_id])
    return [one for one in before if one.sent_at is not None and one.ordered_at < task.ordered_at]


def is_lost(task: SystemTask) -> bool:
    """Return whether a system may know somebody by what was corrected here, and is asked for that no more.

    A later correction of the same identifier that is proven there ends it. What a destruction is asked by was sealed
    before it was ordered, so a correction that was open until then is among it.
    """
    corrections = SystemTask.objects.filter(
        act=Act.CORRECT, system_id=task.system_id, subject_id=task.subject_id, ordered_at__lte=task.ordered_at,
    ).exclude(pk=task.pk)  # fmt: skip
    if task.act == Act.DESTROY:
        corrections = corrections.filter(ended_at__lte=task.ordered_at)
    lost: set[str] = set()
    for one in corrections.order_by("ordered_at", "id"):
        of_person = set(one.items) & set(task.system.identifiers)
        if one.state in (SystemTask.State.GIVEN_UP, SystemTask.State.KEPT):
            lost |= of_person
        elif one.state == SystemTask.State.CONFIRMED:
            lost -= of_person
    return bool(lost)
