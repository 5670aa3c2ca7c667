"""Reading back: code other than the deleter searches for what should be gone (P7.1, lifecycle.md).

It asks the tables in plain SQL, built from the declarations alone; it calls no verb of the apps that deleted. What it
finds is printed on the certificate, and anything left stops it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connections

from privacy.ledger.actors import System
from privacy.lib.clock import midnight
from privacy.retention.models import DestructionLine, DestructionList
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.vault import actions as vault
from privacy.vault.declarations import sealed_fields
from privacy.vault.purposes import Purpose

SLICE = 1_000
READER = System("read-back")


@dataclass
class Searched:
    """One holding that was searched: where, and how many rows were left."""

    database: str
    table: str
    left: int = 0


@dataclass
class Report:
    """What the search found. Sound only when nothing is left and nothing could be opened."""

    searched: list[Searched] = field(default_factory=list)
    people: int = 0
    keys_left: int = 0
    tombstones_missing: int = 0
    attempts: int = 0
    opened: int = 0

    @property
    def rows_left(self) -> int:
        return sum(place.left for place in self.searched)

    @property
    def is_sound(self) -> bool:
        return not (self.rows_left or self.keys_left or self.tombstones_missing or self.opened)

    def facts(self) -> dict[str, Any]:
        """What goes onto the certificate and the ledger: names of tables and counts."""
        return {**asdict(self), "rows_left": self.rows_left, "sound": self.is_sound}


def read_back(destruction_list: DestructionList) -> Report:
    """Search every declared holding of the list's category for what the list destroyed."""
    report = Report(
        attempts=destruction_list.attempts.get("attempts", 0), opened=destruction_list.attempts.get("opened", 0)
    )
    if destruction_list.unit == DestructionList.Unit.MONTH:
        _search_month(destruction_list, report)
    elif destruction_list.unit == DestructionList.Unit.ARCHIVE:
        _search_archive(destruction_list, report)
    else:
        _search_people(destruction_list, report)
    return report


def try_to_open(category: str, subject_ids: Sequence[UUID], *, at: datetime) -> dict[str, int]:
    """Try to open what is still in the tables of these people, whose keys are gone; nothing may open."""
    return _try([(holding, holding.rows(subject_ids)[:100]) for holding in holdings.for_category(category)], at=at)


def try_to_open_month(category: str, month: date, *, at: datetime) -> dict[str, int]:
    """Try to open a sample of a month whose epoch key is gone; nothing may open."""
    start, end = _bounds(month)
    rows = [
        (holding, holding.rows().filter(**{f"{holding.month}__gte": start, f"{holding.month}__lt": end})[:100])
        for holding in holdings.for_category(category)
        if holding.month
    ]
    return _try(rows, at=at)


def _try(samples: Sequence[tuple[Holding, Any]], *, at: datetime) -> dict[str, int]:
    attempts = opened = 0
    for holding, sample in samples:
        fields = [found.name for found in sealed_fields(holding.model)]
        rows = [row for row in sample if any(getattr(row, name) is not None for name in fields)]
        if not rows:
            continue
        attempts += len(rows)
        with vault.opened(
            purpose=Purpose.DESTRUCTION, task="retention.destruction.read-back", actor=READER, at=at, reason="P7.1"
        ) as door:
            try:
                opened += sum(1 for _row, _values in door.reveal_many_items(rows, fields))
            except vault.Destroyed:
                continue
    return {"attempts": attempts, "opened": opened}


def _search_people(destruction_list: DestructionList, report: Report) -> None:
    category = destruction_list.category
    places = [(holding, Searched(holding.using, _table(holding))) for holding in holdings.for_category(category)]
    for ids in _destroyed_people(destruction_list):
        report.people += len(ids)
        for holding, place in places:
            place.left += _count(
                holding.using,
                f"{place.table} WHERE {_column(holding, holding.subject)} = ANY(%s){_scope(holding)}",
                [ids, *holding.scope.values()],
            )
        report.keys_left += _count(
            "default",
            "vault_subjectkey WHERE subject_id = ANY(%s) AND category = %s",
            [ids, category],
        )
        report.tombstones_missing += len(ids) - _count(
            "default",
            "(SELECT DISTINCT subject_id FROM vault_tombstone WHERE subject_id = ANY(%s) AND category IN ('', %s)) t",
            [ids, category],
        )
    report.searched = [place for _holding, place in places]


def _search_month(destruction_list: DestructionList, report: Report) -> None:
    category, month = destruction_list.category, destruction_list.month
    assert month is not None
    kept = list(
        DestructionLine.objects.filter(list=destruction_list, state__in=DestructionLine.PASSED_OVER).values_list(
            "subject_id", flat=True
        )
    )
    report.people = destruction_list.people - len(kept)
    for holding in holdings.for_category(category):
        if not holding.month:
            continue
        place = Searched(holding.using, _table(holding))
        moment = _column(holding, holding.month)
        place.left = _count(
            holding.using,
            f"{place.table} WHERE {moment} >= %s AND {moment} < %s"
            f" AND NOT ({_column(holding, holding.subject)} = ANY(%s)){_scope(holding)}",
            [*_bounds(month), kept, *holding.scope.values()],
        )
        report.searched.append(place)
    if not kept:
        named = [category, month]
        report.keys_left = _count("default", "vault_epochkey WHERE category = %s AND month = %s", named)
        stones = _count("default", "vault_tombstone WHERE category = %s AND month = %s", named)
        report.tombstones_missing = 0 if stones else 1


def _search_archive(destruction_list: DestructionList, report: Report) -> None:
    place = Searched("archive", "retention_archivedrecord")
    held = list(
        DestructionLine.objects.filter(list=destruction_list, state__in=DestructionLine.PASSED_OVER).values_list(
            "subject_id", flat=True
        )
    )
    report.people = destruction_list.lines.exclude(state__in=DestructionLine.PASSED_OVER).count()
    place.left = _count(
        "archive",
        "retention_archivedrecord WHERE ends_on < %s AND NOT (subject_id = ANY(%s))",
        [destruction_list.run.as_of, held],
    )
    report.searched = [place]
    for ring, month in destruction_list.epochs:
        named = [ring, date.fromisoformat(month)]
        report.keys_left += _count("default", "vault_epochkey WHERE category = %s AND month = %s", named)


def _destroyed_people(destruction_list: DestructionList) -> Iterator[list[UUID]]:
    lines = DestructionLine.objects.filter(list=destruction_list).exclude(state__in=DestructionLine.PASSED_OVER)
    for part in batched(lines.values_list("subject_id", flat=True).iterator(chunk_size=SLICE), SLICE):
        yield list(part)


def _count(using: str, where: str, values: list[Any]) -> int:
    """Count in plain SQL: ``where`` is a table and a condition, built from declarations, never from input."""
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {where}", values)  # noqa: S608 - see above
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _table(holding: Holding) -> str:
    return holding.model._meta.db_table


def _column(holding: Holding, name: str) -> str:
    fields = holding.model._meta.concrete_fields
    return str(next(field.column for field in fields if name in (field.name, field.attname)))


def _scope(holding: Holding) -> str:
    return "".join(f" AND {_column(holding, name)} = %s" for name in holding.scope)


def _bounds(month: date) -> tuple[datetime, datetime]:
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return midnight(month), midnight(after)
