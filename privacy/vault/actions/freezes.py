"""Freezing and thawing: what is frozen is neither used nor provided, everywhere, from the commit on."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, System
from privacy.vault import keys
from privacy.vault.events import Event
from privacy.vault.models import Freeze
from privacy.vault.refusals import NothingToFreeze
from privacy.vault.terms import declared_items


def freeze(
    *,
    subject_id: UUID,
    category: str = "",
    item: str = "",
    cause: str,
    case: str,
    actor: Actor,
    at: datetime,
    until: datetime | None = None,
) -> Freeze:
    """Freeze an item, a category (``item`` empty) or the whole subject (both empty) for a case, at once (R-20, R-21).

    ``until`` ends it by itself while nobody has verified the case. Freezing again for the same case returns the freeze
    there is. Raises ``NothingToFreeze`` for an item that the category does not have.
    """
    if item and item not in declared_items(category, at):
        raise NothingToFreeze(category, item)
    # Nobody goes on after a failure in here, so the caller's transaction needs no savepoint for it.
    with transaction.atomic(savepoint=False):
        made, new = Freeze.objects.get_or_create(
            case=case,
            subject_id=subject_id,
            category=category,
            item=item,
            lifted_at=None,
            defaults={"cause": Freeze.Cause(cause), "frozen_at": at, "until": until},
        )
        if new:
            ledger.record(
                Event.FREEZE_PLACED, actor=actor, at=at, about=made, subjects=[subject_id], facts=_facts(made)
            )
            keys.forget()
    return made


def confirm_freeze(*, case: str, actor: Actor, at: datetime) -> int:
    """Let the freezes of a verified case hold until it is closed; return how many."""
    with transaction.atomic():
        held = list(Freeze.objects.select_for_update().active(at).filter(case=case, until__isnull=False))
        for one in held:
            one.until = None
            one.save(update_fields=["until"])
            ledger.record(
                Event.FREEZE_CONFIRMED, actor=actor, at=at, about=one, subjects=[one.subject_id], facts=_facts(one)
            )
    return len(held)


def thaw(*, case: str, actor: Actor, at: datetime) -> int:
    """Lift every freeze of a case, because it was corrected, resumed, refused or withdrawn; return how many."""
    with transaction.atomic():
        held = list(Freeze.objects.select_for_update().filter(case=case, lifted_at=None))
        _lift(held, Event.FREEZE_LIFTED, actor=actor, at=at)
    return len(held)


def expire_freezes(*, at: datetime) -> int:
    """Lift the freezes whose case nobody verified in time (lifecycle.md, Rights requests); return how many."""
    with transaction.atomic():
        held = list(Freeze.objects.select_for_update(skip_locked=True).expired(at)[:500])
        _lift(held, Event.FREEZE_EXPIRED, actor=System("vault"), at=at)
    return len(held)


def frozen(
    subject_id: UUID, category: str, items: Collection[str] | None = None, *, at: datetime | None = None
) -> list[Freeze]:
    """Return the freezes that hold now (or at ``at``) over these items; ``items=None`` asks about any item.

    It always asks the database, so a freeze committed anywhere counts at once.
    """
    return list(Freeze.objects.active(Now() if at is None else at).covering(subject_id, category, items))


def frozen_subjects(subject_ids: Iterable[UUID], *, at: datetime | None = None) -> dict[UUID, list[Freeze]]:
    """Return the freezes that hold over each of many subjects, in one query: for batches and lists."""
    found: dict[UUID, list[Freeze]] = {}
    for one in Freeze.objects.active(Now() if at is None else at).filter(subject_id__in=list(subject_ids)):
        found.setdefault(one.subject_id, []).append(one)
    return found


def _lift(held: list[Freeze], word: Event, *, actor: Actor, at: datetime) -> None:
    for one in held:
        one.lifted_at = max(at, one.frozen_at)
        one.save(update_fields=["lifted_at"])
        ledger.record(word, actor=actor, at=at, about=one, subjects=[one.subject_id], facts=_facts(one))


def _facts(one: Freeze) -> dict[str, str]:
    facts = {"case": one.case, "cause": one.cause, "category": one.category, "item": one.item}
    if one.until is not None:
        facts["until"] = one.until.isoformat()
    return {name: value for name, value in facts.items() if value}
