"""What an item of a person is, wherever it lies: read through the register of holdings, by an open door only."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from privacy.lib import canonical
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.vault import actions as vault
from privacy.vault.door import Door


@dataclass(frozen=True)
class Content:
    """One value that was read: which item of which record."""

    item: str
    record_id: UUID
    value: Any


def read(
    door: Door, *, subject_id: UUID, category: str, items: Collection[str], record_id: UUID | None = None
) -> Iterator[Content]:
    """Yield every value of these items of one person; nothing for an item she has no value of."""
    for holding in holdings.for_category(category):
        wanted = {item: field for item, field in holding.items.items() if item in items}
        if not wanted:
            continue
        rows = holding.rows([subject_id])
        if record_id is not None:
            rows = rows.filter(pk=record_id)
        if holding.kind or holding.item_from:
            yield from _by_kind(door, holding, wanted, rows)
        else:
            yield from _by_row(door, wanted, rows)


def _by_row(door: Door, wanted: Mapping[str, str], rows: Any) -> Iterator[Content]:
    """Read a record's fields together: one access record for each row (law S-01)."""
    for row in rows:
        held = {item: field for item, field in wanted.items() if getattr(row, field) is not None}
        if held:
            values = door.reveal_items(row, list(held.values()))
            for item, field in held.items():
                yield Content(item, row.pk, values[field])


def _by_kind(door: Door, holding: Holding, wanted: Mapping[str, str], rows: Any) -> Iterator[Content]:
    """Read records that are told apart by their kind; the kind of an item is spelt with hyphens (doors.md)."""
    for item, field in wanted.items():
        of_kind = rows.filter(**{holding.kind or holding.item_from: item.replace("_", "-")})
        row: Model
        for row, value in door.reveal_many(of_kind, field):
            yield Content(item, row.pk, value)


def keyed_digest(values: Collection[Any]) -> bytes | None:
    """Return a keyed digest of an item's values: it tells equal from different, and can't be reversed by guessing."""
    return vault.blind_index("text", canonical.dumps(list(values))) if values else None
