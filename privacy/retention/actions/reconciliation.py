"""The nightly comparison of the databases: each difference is a finding until it is gone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Min

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.record_labels import about_label
from privacy.retention import consistency_checks
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord, DestructionLine, DestructionList, Finding
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.subjects.models import Subject
from privacy.vault.models import SubjectKey, Tombstone

BATCH_SIZE = 5_000
LOOKBACK = timedelta(days=45)
STUCK_AFTER = timedelta(hours=24)
Kind = Finding.Kind
MAX_ABOUT_LENGTH = Finding._meta.get_field("about").max_length


def reconcile(*, actor: Actor, at: datetime) -> list[Finding]:
    """Compare both sides of every database boundary; open and close findings; return those that stand."""
    seen: dict[tuple[str, str], int] = {}
    for kind, about, count in _differences(at):
        if count:
            seen[kind, about] = seen.get((kind, about), 0) + count
    with transaction.atomic():
        standing = {(row.kind, row.about): row for row in Finding.objects.select_for_update().filter(closed_at=None)}
        for (kind, about), count in seen.items():
            row = standing.pop((kind, about), None)
            if row is None:
                made = Finding.objects.create(kind=kind, about=about, count=count, found_at=at, seen_at=at)
                facts = {"kind": kind, "about": about, "count": count}
                ledger.record(Event.FINDING_OPENED, actor=actor, at=at, about=made, facts=facts)
            else:
                row.count, row.seen_at = count, at
                row.save(update_fields=["count", "seen_at"])
        for row in standing.values():
            row.closed_at = at
            row.save(update_fields=["closed_at"])
            ledger.record(Event.FINDING_CLOSED, actor=actor, at=at, about=row, facts={"kind": row.kind})
    return list(Finding.objects.filter(closed_at=None))


def _differences(at: datetime) -> Iterator[tuple[str, str, int]]:
    since = _look_back_to(at)
    yield from _orphaned_records()
    yield from _undestroyed_records(since)
    yield from _certificates_against_the_ledger(since)
    yield from _archived_but_not_deleted(since)
    for code, agreement in consistency_checks.declared().items():
        for difference in agreement.compare(at):
            yield Kind.DECLARED, f"{code} {difference.about}"[:MAX_ABOUT_LENGTH], difference.count
    stuck = DestructionList.objects.filter(
        state__in=(DestructionList.State.EXECUTING, DestructionList.State.RESIDUE), begun_at__lt=at - STUCK_AFTER
    )
    for reference in stuck.values_list("reference", flat=True):
        yield Kind.STUCK, reference, 1


def _look_back_to(at: datetime) -> datetime:
    """Return from when on destructions are compared: as far back as the oldest finding that stands needs it.

    A finding is closed when its difference is gone, never because it has grown old.
    """
    oldest = Finding.objects.filter(closed_at=None).aggregate(first=Min("found_at"))["first"]
    return min(at, oldest or at) - LOOKBACK


def _orphaned_records() -> Iterator[tuple[str, str, int]]:
    """Records whose person isn't registered or has no key, in the tables with few rows for each person."""
    for holding in holdings.all_holdings():
        if holding.month or holding.using != "personal" or holding.duty:
            continue
        people = holding.rows().order_by(holding.subject).values_list(holding.subject, flat=True).distinct()
        for part in batched(people.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
            ids = list(part)
            known = set(Subject.objects.filter(id__in=ids).values_list("id", flat=True))
            keyed = set(
                SubjectKey.objects.filter(subject_id__in=ids, category=holding.category).values_list(
                    "subject_id", flat=True
                )
            )
            yield Kind.ORPHAN, holding.label, len(set(ids) - known)
            keyless = _outside_of_destructions(holding, (set(ids) & known) - keyed)
            yield Kind.KEYLESS, f"{holding.label} {holding.category}", len(keyless)


def _outside_of_destructions(holding: Holding, people: set[UUID]) -> set[UUID]:
    """Return those of ``people``, found with rows and without a key, whom no destruction is just dealing with.

    Between the keys and the rows of a list everybody on it is without a key. Lists are asked after the rows were seen,
    and the rows once more after the lists: one that began or ended meanwhile is no difference.
    """
    if not people:
        return people
    going = DestructionLine.objects.filter(subject_id__in=people, category=holding.category, is_open=True)
    left = people - set(going.values_list("subject_id", flat=True))
    if not left:
        return left
    rows = holding.rows(sorted(left)).order_by()
    return set(rows.values_list(holding.subject, flat=True).distinct())


def _undestroyed_records(since: datetime) -> Iterator[tuple[str, str, int]]:
    """Rows of people whose keys were destroyed lately, outside of destructions that are still going on."""
    stones = Tombstone.objects.filter(destroyed_at__gte=since, subject_id__isnull=False)
    for category in holdings.categories():
        people = stones.filter(category__in=("", category)).values_list("subject_id", flat=True)
        for part in batched(people.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
            ids: list[UUID] = [subject_id for subject_id in part if subject_id is not None]
            for holding in holdings.for_category(category):
                if holding.using != "archive":
                    rows = holding.rows(ids).order_by().values_list(holding.subject, flat=True)
                    back = _outside_of_destructions(holding, set(rows.distinct()))
                    if back:
                        yield Kind.NOT_DESTROYED, f"{holding.label} {category}", holding.rows(sorted(back)).count()


def _certificates_against_the_ledger(since: datetime) -> Iterator[tuple[str, str, int]]:
    """Each certificate's counts equal what the ledger says of its list (I7)."""
    # Of entries that are past their own term nothing can be compared.
    since = max(since, Entry.objects.kept_since() or since)
    recent = DestructionList.objects.filter(state=DestructionList.State.DONE, done_at__gte=since)
    for row in recent.iterator():
        said = {"keys": 0, "rows": 0}
        for entry in Entry.objects.about(f"{about_label(row)}:{row.pk}").filter(
            word__in=(Event.KEYS_DESTROYED, Event.ROWS_REMOVED, Event.PEOPLE_SKIPPED)
        ):
            facts = facts_of(entry)
            said["keys"] += facts.get("keys", len(facts.get("epochs", ())))
            said["rows"] += sum(facts.get("rows", {}).values())
        if said["keys"] != row.keys_destroyed or said["rows"] != sum(row.rows_removed.values()):
            yield Kind.COUNTS, row.reference, 1


def facts_of(entry: Entry) -> dict:  # type: ignore[type-arg]
    """Return the facts that an entry of the ledger carries."""
    return facts_in(entry.payload)


def _archived_but_not_deleted(since: datetime) -> Iterator[tuple[str, str, int]]:
    """People whose records were archived by a finished list and whose key of the same category still lives."""
    done = dict(
        DestructionList.objects.filter(
            state=DestructionList.State.DONE, done_at__gte=since, archived__gt=0, unit="people"
        ).values_list("reference", "category")
    )
    for reference, category in done.items():
        people = ArchivedRecord.objects.filter(list=reference).values_list("subject_id", flat=True).distinct()
        for part in batched(people.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
            living = SubjectKey.objects.filter(subject_id__in=part, category=category).count()
            yield Kind.NOT_DELETED, reference, living
