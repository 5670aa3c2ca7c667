"""Reading back: code other than the deleter searches for what should be gone (P7.1).

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
from django.db.models import Q

from privacy.ledger.actors import SystemActor
from privacy.lib.dates.clock import midnight
from privacy.lib.dates.periods import first_of_next_month
from privacy.policies.categories import ARCHIVE
from privacy.retention.models import DestructionLine, DestructionList
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.vault import actions as vault
from privacy.vault.encryption_options import encrypted_fields
from privacy.vault.purposes import Purpose

BATCH_SIZE = 1_000
READER = SystemActor("read-back")


@dataclass
class SearchedTable:
    """One holding that was searched: where, and how many rows were left."""

    database: str
    table: str
    left: int = 0


@dataclass
class ReadbackReport:
    """What the search found. Sound only when nothing is left, and something was tried and could not be opened."""

    searched: list[SearchedTable] = field(default_factory=list)
    people: int = 0
    keys_left: int = 0
    keys_kept: int = 0
    tombstones_missing: int = 0
    attempts: int = 0
    opened: int = 0

    @property
    def rows_left(self) -> int:
        return sum(place.left for place in self.searched)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found that should be gone: without this there is no certificate."""
        return not (self.rows_left or self.keys_left or self.tombstones_missing or self.opened)

    @property
    def is_sound(self) -> bool:
        """Whether the search found nothing and the keys were put to the test. Without an attempt nothing is proven."""
        return self.is_empty and self.attempts > 0

    def facts(self) -> dict[str, Any]:
        """What goes onto the certificate and the ledger: names of tables and counts."""
        return {**asdict(self), "rows_left": self.rows_left, "nothing_left": self.is_empty, "sound": self.is_sound}


def attempt_decryption(category: str, subject_ids: Sequence[UUID], *, at: datetime) -> dict[str, int]:
    """Try to open what is still in the tables of these people, whose keys are gone; nothing may open."""
    return _attempt([(holding, holding.rows(subject_ids)[:100]) for holding in holdings.for_category(category)], at=at)


def attempt_decryption_of_month(category: str, month: date, *, at: datetime) -> dict[str, int]:
    """Try to open a sample of a month whose epoch key is gone; nothing may open."""
    start, end = _bounds(month)
    rows = [
        (holding, holding.rows().filter(**{f"{holding.month}__gte": start, f"{holding.month}__lt": end})[:100])
        for holding in holdings.for_category(category)
        if holding.month
    ]
    return _attempt(rows, at=at)


def attempt_decryption_of_archive(epochs: Sequence[Sequence[str]], *, at: datetime) -> dict[str, int]:
    """Try to open archived records of months whose key is gone; nothing may open."""
    (holding,) = holdings.for_category(ARCHIVE)
    gone = Q(pk__in=[])
    for ring, month in epochs:
        first = date.fromisoformat(month)
        gone |= Q(keyring=ring, ends_on__gte=first, ends_on__lt=first_of_next_month(first))
    return _attempt([(holding, holding.rows().filter(gone)[:100])], at=at)


def _attempt(samples: Sequence[tuple[Holding, Any]], *, at: datetime) -> dict[str, int]:
    attempts = opened = 0
    for holding, sample in samples:
        fields = [found.name for found in encrypted_fields(holding.model)]
        rows = [row for row in sample if any(getattr(row, name) is not None for name in fields)]
        if not rows:
            continue
        attempts += len(rows)
        with vault.opened(
            purpose=Purpose.DESTRUCTION, task="retention.destruction.read-back", actor=READER, at=at, reason="P7.1"
        ) as vault_session:
            try:
                opened += sum(1 for _row, _values in vault_session.decrypt_many_fields(rows, fields))
            except vault.Destroyed:
                continue
    return {"attempts": attempts, "opened": opened}


def search_people(destruction_list: DestructionList) -> ReadbackReport:
    """Search every declared holding of the list's category for the people of the list."""
    report = _begin_report(destruction_list)
    category = destruction_list.category
    places = [(holding, SearchedTable(holding.using, _table(holding))) for holding in holdings.for_category(category)]
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
    return report


def search_month(destruction_list: DestructionList) -> ReadbackReport:
    """Search every declared holding of the list's category for the list's month."""
    report = _begin_report(destruction_list)
    category, month = destruction_list.category, destruction_list.month
    assert month is not None
    kept = list(
        DestructionLine.objects.filter(list=destruction_list, state__in=DestructionLine.SKIPPED).values_list(
            "subject_id", flat=True
        )
    )
    counted = destruction_list.people_removed
    report.people = destruction_list.people if counted is None else counted
    for holding in holdings.for_category(category):
        if not holding.month:
            continue
        place = SearchedTable(holding.using, _table(holding))
        moment = _column(holding, holding.month)
        place.left = _count(
            holding.using,
            f"{place.table} WHERE {moment} >= %s AND {moment} < %s"
            f" AND NOT ({_column(holding, holding.subject)} = ANY(%s)){_scope(holding)}",
            [*_bounds(month), kept, *holding.scope.values()],
        )
        report.searched.append(place)
    named = [category, month]
    standing = _count("default", "vault_monthkey WHERE category = %s AND month = %s", named)
    if destruction_list.key_kept:
        report.keys_kept = standing
    else:
        report.keys_left = standing
        stones = _count("default", "vault_tombstone WHERE category = %s AND month = %s", named)
        report.tombstones_missing = 0 if stones else 1
    return report


def search_archive(destruction_list: DestructionList) -> ReadbackReport:
    """Search the archive for records past their term."""
    report = _begin_report(destruction_list)
    place = SearchedTable("archive", "retention_archivedrecord")
    held = list(
        DestructionLine.objects.filter(list=destruction_list, state__in=DestructionLine.SKIPPED).values_list(
            "subject_id", flat=True
        )
    )
    report.people = destruction_list.lines.exclude(state__in=DestructionLine.SKIPPED).count()
    place.left = _count(
        "archive",
        "retention_archivedrecord WHERE ends_on < %s AND NOT (subject_id = ANY(%s))",
        [destruction_list.run.as_of, held],
    )
    report.searched = [place]
    for ring, month in destruction_list.epochs:
        named = [ring, date.fromisoformat(month)]
        report.keys_left += _count("default", "vault_monthkey WHERE category = %s AND month = %s", named)
    return report


def _begin_report(destruction_list: DestructionList) -> ReadbackReport:
    tried = destruction_list.attempts
    return ReadbackReport(attempts=tried.get("attempts", 0), opened=tried.get("opened", 0))


def _destroyed_people(destruction_list: DestructionList) -> Iterator[list[UUID]]:
    lines = DestructionLine.objects.filter(list=destruction_list).exclude(state__in=DestructionLine.SKIPPED)
    for part in batched(lines.values_list("subject_id", flat=True).iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
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
    return midnight(month), midnight(first_of_next_month(month))
