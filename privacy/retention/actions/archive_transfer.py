"""Moving to the archive: copy, verify; the removal follows with the rest of the category (law D-04).

Three work at a time: the personal database puts the next people's records together, this process seals the present
ones again, and the archive commits and reads back those before and writes them.
"""

import gc
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from functools import partial
from itertools import batched
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger import request_context, write_capture
from privacy.ledger.actors import Actor
from privacy.ledger.captured_tables import MOST_NAMED
from privacy.lib.dates import clock, periods
from privacy.lib.identifiers.ids import new_ids, uuid_array_literal
from privacy.lib.record_labels import record_label
from privacy.retention.archive import preservation, record_groups
from privacy.retention.archive.preservation import PreservationScope
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord, DestructionList
from privacy.retention.refusals import ResidualData
from privacy.retention.schedule import selection
from privacy.vault import actions as vault

# So many people at a time: their sealed records fit into memory, and the ledger names each of them.
PEOPLE_PER_BATCH = 50
BATCHES_READ_AHEAD = 2
COLUMNS = (
    "id", "list", "source", "subject_id", "rule", "keyring", "category", "kind", "recorded_on", "ends_on", "records",
    "body", "archived_at",
)  # fmt: skip
TYPES = [
    "uuid", "varchar", "varchar", "uuid", "varchar", "varchar", "varchar", "varchar", "date", "date", "int4", "bytea",
    "timestamptz",
]  # fmt: skip
COPY_IN = f"COPY retention_archivedrecord ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"
DELETE_EARLIER = "DELETE FROM retention_archivedrecord WHERE list = %s AND source = %s AND subject_id = ANY(%s::uuid[])"
READ_BACK = (
    "SELECT uuid_send(id), body FROM retention_archivedrecord"
    " WHERE list = %s AND source = %s AND subject_id = ANY(%s::uuid[])"
)


class ArchiveBatch(NamedTuple):
    """What is archived of some people in one transaction: the rows to write, and how many records are in them."""

    list: str
    source: str
    people: Sequence[UUID]
    rows: Sequence[tuple[Any, ...]]
    records: int


def copy_people(destruction_list: DestructionList, subject_ids: Sequence[UUID], *, actor: Actor, at: datetime) -> int:
    """Copy what a law preserves of these people to the archive and verify it there; return the records.

    Repeating it for the same list replaces the earlier copy, so nothing is archived twice; nothing is removed here.
    """
    copied = 0
    for covered in preservation.preservation_scopes(destruction_list.category, clock.kst_date(at)):
        # Most lists hold nothing that is young enough: asked once, by the index.
        if record_groups.any_records(covered.holding, sorted(covered.rules), people=subject_ids, since=covered.since):
            copied += _copy(destruction_list, covered, batched(subject_ids, PEOPLE_PER_BATCH), actor=actor, at=at)
    return copied


def copy_month(
    destruction_list: DestructionList, covered: PreservationScope, month: date, *, actor: Actor, at: datetime
) -> int:
    """Copy what a law preserves of a whole month, like ``copy_people``."""
    if clock.midnight(periods.first_of_next_month(month)) <= covered.since:
        return 0
    holding = covered.holding
    rows = selection.rows_in_month(holding, month).filter(**{f"{holding.kind}__in": sorted(covered.rules)})
    people = list(rows.order_by(holding.subject).values_list(holding.subject, flat=True).distinct())
    return _copy(destruction_list, covered, batched(people, PEOPLE_PER_BATCH), actor=actor, at=at, month=month)


def delete_copies(destruction_list: DestructionList, people: Collection[UUID], *, actor: Actor, at: datetime) -> int:
    """Remove the copies of people who are left out of a list after all: their records stay where they are in use.

    Returns how many records that were. Safe to repeat.
    """
    deleted = 0
    for part in batched(sorted(people), MOST_NAMED):
        copies = ArchivedRecord.objects.filter(list=destruction_list.reference, subject_id__in=part)
        with transaction.atomic(using="archive"):
            records = copies.aggregate(total=Sum("records"))["total"] or 0
            if records:
                with transaction.atomic():
                    facts = {"list": destruction_list.reference, "records": -records}
                    ledger.record(Event.ARCHIVED, actor=actor, at=at, subjects=part, facts=facts)
                copies.delete()
        deleted += records
    return deleted


def _copy(
    destruction_list: DestructionList,
    covered: PreservationScope,
    slices: Iterable[Sequence[UUID]],
    *,
    actor: Actor,
    at: datetime,
    month: date | None = None,
) -> int:
    """Copy slice by slice; what one transaction wrote is read back in the next, and the last at the end."""
    since, until = covered.since, None
    if month is not None:
        since, until = max(since, clock.midnight(month)), clock.midnight(periods.first_of_next_month(month))
    personal = record_groups.raw_connection(covered.holding.using)
    kinds = sorted(covered.rules)
    read = partial(record_groups.read_groups, personal, covered.holding, kinds, since=since, until=until)
    raw = record_groups.raw_connection("archive")
    copied = 0
    waiting: tuple[ArchiveBatch, Future[None]] | None = None
    with (
        _gc_disabled(),
        ArchiveWriter(raw) as archive_writer,
        ThreadPoolExecutor(max_workers=1) as reader,
        ThreadPoolExecutor(max_workers=1) as writer,
    ):
        for people, groups in _read_ahead(reader, read, slices):
            one = _reencrypt(destruction_list, covered, people, groups, actor=actor, at=at)
            _record_move(waiting, actor=actor, at=at)
            waiting = one, writer.submit(archive_writer.write, one, request_context.current().request_id)
            copied += one.records
        _record_move(waiting, actor=actor, at=at)
        archive_writer.close()
    return copied


def _read_ahead(
    reader: ThreadPoolExecutor,
    read: Callable[..., list[record_groups.RecordGroup]],
    slices: Iterable[Sequence[UUID]],
) -> Iterator[tuple[Sequence[UUID], list[record_groups.RecordGroup]]]:
    """Yield each slice's records; the next two are read meanwhile."""
    coming: deque[tuple[Sequence[UUID], Future[list[record_groups.RecordGroup]]]] = deque()
    for people in slices:
        coming.append((people, reader.submit(read, people=people)))
        if len(coming) > BATCHES_READ_AHEAD:
            ready, groups = coming.popleft()
            yield ready, groups.result()
    for ready, groups in coming:
        yield ready, groups.result()


@contextmanager
def _gc_disabled() -> Iterator[None]:
    """Work without Python's collector of cycles: none are made here, and it would walk over all ciphertexts again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _record_move(waiting: tuple[ArchiveBatch, Future[None]] | None, *, actor: Actor, at: datetime) -> None:
    """Once a slice is written, put its move on the ledger, before the archive commits it."""
    if waiting is None:
        return
    one, written = waiting
    written.result()
    if not one.records:
        return
    with transaction.atomic():
        facts = {"list": one.list, "source": one.source, "records": one.records}
        ledger.record(Event.ARCHIVED, actor=actor, at=at, subjects=one.people, facts=facts)


def _reencrypt(
    destruction_list: DestructionList,
    covered: PreservationScope,
    people: Sequence[UUID],
    groups: Sequence[record_groups.RecordGroup],
    *,
    actor: Actor,
    at: datetime,
) -> ArchiveBatch:
    """Seal the records of some people again under the archive's keys."""
    holding = covered.holding
    kept = list(_still_preserved(covered, groups, clock.kst_date(at)))
    ciphertexts = vault.reencrypt(
        [
            vault.ReencryptionInput(
                row, group.subject_id, preservation.keyring(rule), ends_on, group.headers, group.ciphertexts
            )
            for row, group, rule, ends_on in kept
        ],
        source=vault.CiphertextLocation(
            record_label(holding.model), record_groups.sealed_field(holding).sealed_as, holding.category
        ),
        target=vault.CiphertextLocation(record_label(ArchivedRecord), "body", ""),
        task="retention.records.archived",
        reason="P6.4",
        actor=actor,
        at=at,
    )
    reference, source = destruction_list.reference, holding.label
    rows = [
        (
            row, reference, source, group.subject_id, rule, preservation.keyring(rule), holding.category,
            group.kind, group.recorded_on, ends_on, len(group.ciphertexts), ciphertext, at,
        )
        for (row, group, rule, ends_on), ciphertext in zip(kept, ciphertexts, strict=True)
    ]  # fmt: skip
    records = sum(len(group.ciphertexts) for _row, group, _rule, _ends_on in kept)
    return ArchiveBatch(reference, source, people, rows, records)


def _still_preserved(
    covered: PreservationScope, groups: Sequence[record_groups.RecordGroup], today: date
) -> Iterator[tuple[UUID, record_groups.RecordGroup, str, date]]:
    """Yield what a rule still preserves today: the id of its new row, the group, the rule and the last day."""
    ends: dict[tuple[date, str], date] = {}
    for group, row in zip(groups, new_ids(len(groups)), strict=True):
        rule = covered.rules[group.kind]
        ends_on = ends.get((group.recorded_on, group.kind))
        if ends_on is None:
            ends_on = preservation.preservation_end(group.recorded_on, rule)
            ends[group.recorded_on, group.kind] = ends_on
        if ends_on >= today:
            yield row, group, rule.code, ends_on


class ArchiveWriter:
    """Where slices are written, on the archive's connection itself, beside the sealing of the next ones.

    A slice is committed by the next ``write``, or by ``close``, once its move is on the ledger, and read back then.
    Used as a block: an error in it undoes what was written and not yet committed.
    """

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._raw = raw
        self._open = ExitStack()
        self._written: ArchiveBatch | None = None

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def write(self, one: ArchiveBatch, request: str) -> None:
        """Commit and read back the slice before; write this one in place of an earlier copy of it."""
        self.close()
        self._open.enter_context(self._raw.transaction())
        self._written = one
        with psycopg.Cursor(self._raw) as cursor:
            cursor.execute(record_groups.HASH_AGGREGATE_SETTINGS)
            cursor.execute(write_capture.SET_REQUEST_ID, [request])
            cursor.execute(DELETE_EARLIER, [one.list, one.source, uuid_array_literal(one.people)])
            if one.rows:
                with cursor.copy(COPY_IN) as copy:
                    copy.set_types(TYPES)
                    for row in one.rows:
                        copy.write_row(row)

    def close(self) -> None:
        """Commit what was written, and read it again: every copy is there, byte for byte, and no more of the list."""
        self._open.close()
        one, self._written = self._written, None
        if one is None:
            return
        row_id, body = COLUMNS.index("id"), COLUMNS.index("body")
        with psycopg.Cursor(self._raw) as cursor:
            cursor.execute(READ_BACK, [one.list, one.source, uuid_array_literal(one.people)], binary=True)
            there = dict(cursor)
        if there != {row[row_id].bytes: row[body] for row in one.rows}:
            raise ResidualData(
                _("The copy in the archive differs from what was written, so nothing is removed."), code="archive"
            )
