"""By what a connected system finds a person: read from what is held, on record, and no more than is registered."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from privacy.ledger.actors import Actor
from privacy.policies.categories import CONTACT, DEVICE_REGISTRATION
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.subjects.models import Subject
from privacy.systems.models import Identifier
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed

CATEGORY_OF = {
    **dict.fromkeys(
        (Identifier.IMEI, Identifier.SERIAL_NUMBER, Identifier.ADB_NUMBER, Identifier.LICENCE_KEY), DEVICE_REGISTRATION
    ),
    **dict.fromkeys((Identifier.EMAIL, Identifier.PHONE), CONTACT),
}


def read_identifiers(
    subject_ids: Sequence[UUID],
    kinds: Collection[str],
    *,
    purpose: Purpose,
    task: str,
    reason: str,
    actor: Actor,
    at: datetime,
) -> dict[UUID, dict[str, str]]:
    """Return by person what is held of these identifiers; who has none is left out but for the reference.

    Each reading is on record with its purpose. Raises what an opening raises, but for what was destroyed.
    """
    found: dict[UUID, dict[str, str]] = {subject_id: {} for subject_id in subject_ids}
    if Identifier.REFERENCE in kinds:
        for subject_id, reference in Subject.objects.filter(id__in=subject_ids).values_list("id", "reference"):
            found[subject_id][Identifier.REFERENCE.value] = reference
    for category in sorted({CATEGORY_OF[kind] for kind in map(Identifier, kinds) if kind in CATEGORY_OF}):
        wanted = {kind.value for kind in map(Identifier, kinds) if CATEGORY_OF.get(kind) == category}
        for holding in holdings.for_category(category):
            columns = {item: column for item, column in holding.items.items() if item in wanted}
            if columns:
                read = read_columns(
                    holding, columns, subject_ids, purpose=purpose, task=task, reason=reason, actor=actor, at=at
                )
                for subject_id, values in read.items():
                    found[subject_id] |= values
    return found


def read_columns(
    holding: Holding,
    columns: Mapping[str, str],
    subject_ids: Sequence[UUID],
    *,
    purpose: Purpose,
    task: str,
    reason: str,
    actor: Actor,
    at: datetime,
) -> dict[UUID, dict[str, str]]:
    """Return by person the values of a holding's items, by item; ``columns`` names the field of each, as it does."""
    found: dict[UUID, dict[str, str]] = {subject_id: {} for subject_id in subject_ids}
    rows = holding.rows(list(subject_ids)).filter(**holding.correctable)
    if holding.item_from:
        rows = rows.filter(**{f"{holding.item_from}__in": list(columns)})
    fields = sorted(set(columns.values()))
    with vault.opened(purpose=purpose, task=task, actor=actor, at=at, reason=reason) as session:
        try:
            for row, values in session.decrypt_many_fields(rows.order_by("pk"), fields):
                subject_id = getattr(row, holding.subject)
                named = [getattr(row, holding.item_from)] if holding.item_from else list(columns)
                for item in named:
                    if (value := values[columns[item]]) is not None:
                        # The first of several stays: a person has one device, and of contacts the one in use.
                        found[subject_id].setdefault(item, str(value))
        except Destroyed:
            return found
    return found
