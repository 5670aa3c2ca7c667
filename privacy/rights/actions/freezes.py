"""The freezes of corrections: placed at receipt, held once verified, lifted where the case ends (P1.5, law R-20)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from privacy.ledger.actors import Actor
from privacy.lib.postgres import advisory_locks
from privacy.rights import matching, unverified_freezes
from privacy.rights.actions.cases import people_of, record
from privacy.rights.events import Event
from privacy.rights.matching import Match
from privacy.rights.models import Request, Right
from privacy.vault import actions as vault

# What freezes: a correction until it is decided, a suspension until processing is resumed.
FREEZING = (Right.Kind.CORRECTION, Right.Kind.SUSPENSION)


def place_freezes(
    case: Request, rights: Sequence[Right], matches: Sequence[Match], *, actor: Actor, at: datetime
) -> None:
    """Freeze what is to be corrected, at once and before anybody's identity is known (P1.5, law R-20).

    An unknown target freezes the case's own pseudo-subject: the same work, the same answer, nothing held. A device
    that strangers froze too often lately is not frozen again before the identity is verified, and of reports only the
    one that is named is frozen, where it is held.
    """
    corrections = [right for right in rights if right.kind == Right.Kind.CORRECTION]
    if not corrections:
        return
    until = unverified_freezes.end_of_unverified_freeze(case, at=at)
    named = sorted({match.subject_id for match in matches}) or [case.holder_id]
    for subject_id in named:
        # Two at once about one device: the second counts the first.
        advisory_locks.lock_in_transaction(f"unverified freezes {subject_id}")
    subjects = [one for one in named if not unverified_freezes.is_exhausted(case, one, at=at)] or [case.holder_id]
    for right in corrections:
        for subject_id in _holding(right, subjects) or [case.holder_id]:
            _freeze(right, subject_id, actor=actor, at=at, until=until)
        record(case, Event.FROZEN, actor=actor, at=at, right=right, facts={"until": until.isoformat()})


def lift_freezes(case: Request, *, actor: Actor, at: datetime) -> None:
    """Lift the freezes of a case that ends without a decision: of its corrections, and of a suspension decided anew."""
    for right in case.rights.filter(kind__in=FREEZING):
        right.request = case
        vault.unfreeze(case=right.freeze_reference, actor=actor, at=at)


def confirm_freezes(case: Request, *, actor: Actor, at: datetime) -> None:
    """Let the corrections' freezes hold until they are decided; place those that ended or stood elsewhere.

    Those of records that matched the claim and are not the requester's end: nobody else's data waits for this case,
    nor what was destroyed since, which other systems keep as long as it is disputed.
    """
    people = people_of(case)
    for right in case.rights.filter(kind=Right.Kind.CORRECTION):
        right.request = case
        vault.unfreeze(case=right.freeze_reference, keep_subjects=people, actor=actor, at=at)
        freeze_until_decided(right, actor=actor, at=at)


def freeze_until_decided(right: Right, *, actor: Actor, at: datetime) -> None:
    """Freeze what a correction disputes until it is decided: once verified, and when an objection is upheld (P1.5)."""
    if right.kind != Right.Kind.CORRECTION:
        return
    vault.confirm_freeze(case=right.freeze_reference, actor=actor, at=at)
    for subject_id in _holding(right, people_of(right.request)):
        _freeze(right, subject_id, actor=actor, at=at)


def _freeze(right: Right, subject_id: UUID, *, actor: Actor, at: datetime, until: datetime | None = None) -> None:
    vault.freeze(
        subject_id=subject_id,
        category=right.category,
        item=right.item,
        record_id=right.record_id,
        cause="correction",
        case=right.freeze_reference,
        actor=actor,
        at=at,
        until=until,
    )


def _holding(right: Right, subjects: Sequence[UUID]) -> list[UUID]:
    """Return whose item is disputed: of a single report, whoever it is about; nobody where there is no such report."""
    if right.record_id is None:
        return list(subjects)
    held = matching.holders_of_record(right.category, right.item, right.record_id)
    return [one for one in subjects if one in held]
