"""Finding the record that a claim is about, through the register of holdings and blind indexes; only reads.

The same single question is asked for every claim, so that nobody learns from the time it takes who is known (SEC-16).
"""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist

from privacy.subjects import holdings
from privacy.subjects.holdings import Holding

# More than this many records with one serial number are a matter for the handler.
MOST = 3


@dataclass(frozen=True)
class Match:
    """A record whose identifier is the one claimed."""

    subject_id: UUID
    record_id: UUID


def find(kind: str, index: bytes) -> list[Match]:
    """Return the records whose item ``kind`` (imei, serial_number, adb_number) has this blind index."""
    found: list[Match] = []
    for holding, field in _indexed(kind):
        rows = holding.rows().filter(**{f"{field}_index": index}).order_by("pk")
        found += [Match(subject, record) for subject, record in rows.values_list(holding.subject, "pk")[:MOST]]
    return found


def by_reference(reference: str) -> Match | None:
    """Return the record that people call ``D-7F3K-92QX``; for a handler who names it."""
    for holding in holdings.all():
        try:
            holding.model._meta.get_field("reference")
        except FieldDoesNotExist:
            continue
        row = holding.rows().filter(reference=reference.strip().upper()).values_list(holding.subject, "pk").first()
        if row is not None:
            return Match(*row)
    return None


def correctable() -> dict[str, list[str]]:
    """Return the items that can be corrected, by category: values of a record, not reports of what happened."""
    found: dict[str, list[str]] = {}
    for holding in holdings.all():
        if holding.correct is not None and not holding.kind:
            found.setdefault(holding.category, []).extend(holding.items)
    return found


def correctable_records() -> dict[str, list[str]]:
    """Return the items of which single records can be corrected, by category: reports, told apart by their kind."""
    found: dict[str, list[str]] = {}
    for holding in holdings.all():
        if holding.correct is not None and not holding.duty and holding.kind:
            found.setdefault(holding.category, []).extend(holding.items)
    return found


def check_value(category: str, item: str, value: str) -> None:
    """Ask the holding of an item whether a value can be right at all. Raises what the holding refuses."""
    for holding in holdings.for_category(category):
        if holding.check is not None and item in holding.items:
            holding.check(item, value)


def _indexed(kind: str) -> list[tuple[Holding, str]]:
    pairs = []
    for holding in holdings.all():
        field = holding.items.get(kind)
        if field is None or holding.duty:
            continue
        try:
            holding.model._meta.get_field(f"{field}_index")
        except FieldDoesNotExist:
            continue
        pairs.append((holding, field))
    return pairs
