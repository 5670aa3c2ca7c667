"""Freezing and unfreezing: what is frozen is neither used nor provided, everywhere, from the commit on."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, SystemActor
from privacy.vault import keys
from privacy.vault.category_declarations import declared_items
from privacy.vault.events import Event
from privacy.vault.models import Freeze
from privacy.vault.refusals import UnknownItem


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
    record_id: UUID | None = None,
) -> Freeze:
    """Freeze an item, a category (``item`` empty) or the whole subject (both empty) for a case, at once (R-20, R-21).

    ``record_id`` narrows it to the one record that is disputed. ``until`` ends it by itself while nobody has verified
    the case. Freezing again for the same case returns the freeze there is. Raises ``UnknownItem`` for an item that the
    category does not have.
    """
    if item and item not in declared_items(category, at):
        raise UnknownItem(category, item)
    # Nobody goes on after a failure in here, so the caller's transaction needs no savepoint for it.
    with transaction.atomic(savepoint=False):
        covered = {
            "case": case, "subject_id": subject_id, "category": category, "item": item, "record_id": record_id,
            "lifted_at": None,
        }  # fmt: skip
        begun = {"cause": Freeze.Cause(cause), "frozen_at": at, "until": until}
        made, new = Freeze.objects.get_or_create(**covered, defaults=begun)
        if made.until is not None and made.until <= at:
            # Its end has passed and the worker has not lifted it yet: it holds nothing, so another one is placed.
            _lift(
                list(Freeze.objects.select_for_update().expired(at).filter(pk=made.pk)),
                Event.FREEZE_EXPIRED, actor=SystemActor("vault"), at=at,
            )  # fmt: skip
            made, new = Freeze.objects.get_or_create(**covered, defaults=begun)
        if new:
            ledger.record(
                Event.FREEZE_PLACED, actor=actor, at=at, about=made, subjects=[subject_id], facts=_facts(made)
            )
            keys.clear_cache_on_commit()
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


def unfreeze(
    *, case: str, keep: Collection[str] = (), keep_subjects: Collection[UUID] = (), actor: Actor, at: datetime
) -> int:
    """Lift every freeze of a case, because it was corrected, resumed, refused or withdrawn; return how many.

    Those of the categories to ``keep``, or of the people to keep, stay.
    """
    with transaction.atomic():
        placed = Freeze.objects.select_for_update().filter(case=case, lifted_at=None).exclude(category__in=keep)
        held = list(placed.exclude(subject_id__in=keep_subjects))
        _lift(held, Event.FREEZE_LIFTED, actor=actor, at=at)
    return len(held)


def expire_freezes(*, at: datetime) -> int:
    """Lift the freezes whose case nobody verified in time; return how many."""
    with transaction.atomic():
        held = list(Freeze.objects.select_for_update(skip_locked=True).expired(at)[:500])
        _lift(held, Event.FREEZE_EXPIRED, actor=SystemActor("vault"), at=at)
    return len(held)


def active_freezes(
    subject_id: UUID,
    category: str,
    items: Collection[str] | None = None,
    *,
    record_id: UUID | None = None,
    at: datetime | None = None,
) -> list[Freeze]:
    """Return the freezes that hold now (or at ``at``) over these items; ``items=None`` asks about any item.

    A freeze of a single record counts only where that ``record_id`` is asked about.

    It always asks the database, so a freeze committed anywhere counts at once.
    """
    return list(Freeze.objects.active(Now() if at is None else at).covering(subject_id, category, items, record_id))


def active_freezes_by_subject(subject_ids: Iterable[UUID], *, at: datetime | None = None) -> dict[UUID, list[Freeze]]:
    """Return the freezes that hold over each of many subjects, in one query: for batches and lists.

    Those of single records are left out.
    """
    found: dict[UUID, list[Freeze]] = {}
    active = Freeze.objects.active(Now() if at is None else at).filter(record_id=None)
    for one in active.filter(subject_id__in=list(subject_ids)):
        found.setdefault(one.subject_id, []).append(one)
    return found


def _lift(held: list[Freeze], word: Event, *, actor: Actor, at: datetime) -> None:
    for one in held:
        one.lifted_at = max(at, one.frozen_at)
        one.save(update_fields=["lifted_at"])
        ledger.record(word, actor=actor, at=at, about=one, subjects=[one.subject_id], facts=_facts(one))


def _facts(one: Freeze) -> dict[str, str]:
    facts = {"case": one.case, "cause": one.cause, "category": one.category, "item": one.item}
    if one.record_id is not None:
        facts["record"] = str(one.record_id)
    if one.until is not None:
        facts["until"] = one.until.isoformat()
    return {name: value for name, value in facts.items() if value}
