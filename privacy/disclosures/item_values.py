"""What an item of a person is, wherever it lies: read through the register of holdings, by an open door only."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from privacy.lib.crypto import canonical_json
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.decryption_session import DecryptionSession


@dataclass(frozen=True)
class ItemValue:
    """One value that was read: which item of which record."""

    item: str
    record_id: UUID
    value: Any
    # The record's own number, where it has one that people are told.
    record: str = ""


def read_items(
    vault_session: DecryptionSession,
    *,
    subject_id: UUID,
    category: str,
    items: Collection[str],
    record_id: UUID | None = None,
) -> Iterator[ItemValue]:
    """Yield every value of these items of one person; nothing for an item she has no value of."""
    for holding in holdings.for_category(category):
        wanted = {item: field for item, field in holding.items.items() if item in items}
        if not wanted:
            continue
        rows = holding.rows([subject_id])
        if record_id is not None:
            rows = rows.filter(pk=record_id)
        if holding.kind or holding.item_from:
            yield from _by_kind(vault_session, holding, wanted, rows)
        else:
            yield from _by_row(vault_session, wanted, rows)


def _by_row(vault_session: DecryptionSession, wanted: Mapping[str, str], rows: Any) -> Iterator[ItemValue]:
    """Read a record's fields together: one access record for each row (law S-01)."""
    for row in rows:
        held = {item: field for item, field in wanted.items() if getattr(row, field) is not None}
        if held:
            values = vault_session.decrypt_fields(row, list(held.values()))
            for item, field in held.items():
                yield ItemValue(item, row.pk, values[field], getattr(row, "reference", ""))


def _by_kind(
    vault_session: DecryptionSession, holding: Holding, wanted: Mapping[str, str], rows: Any
) -> Iterator[ItemValue]:
    """Read records that are told apart by their kind; the kind of an item is spelt with hyphens in the API."""
    for item, field in wanted.items():
        of_kind = rows.filter(**{holding.kind or holding.item_from: item.replace("_", "-")})
        row: Model
        for row, value in vault_session.decrypt_many(of_kind, field):
            yield ItemValue(item, row.pk, value, getattr(row, "reference", ""))


def references_of(subject_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return by which number the office and its recipients call each of these people."""
    known = dict(Subject.objects.filter(id__in=subject_ids).values_list("id", "reference"))
    return {subject_id: known.get(subject_id, str(subject_id)) for subject_id in subject_ids}


def keyed_digest(values: Collection[Any]) -> bytes | None:
    """Return a keyed digest of an item's values: it tells equal from different, and can't be reversed by guessing."""
    return vault.blind_index("text", canonical_json.dumps(list(values))) if values else None
