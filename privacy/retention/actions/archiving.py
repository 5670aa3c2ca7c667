"""Moving to the archive: copy, verify; the removal follows with the rest of the category (law D-04).

Three work at a time: the personal database puts the next people's records together, this process seals the present
ones again, and the archive commits and reads back those before and writes them.
"""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from functools import partial
from itertools import batched
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import acting, touches
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock, periods
from privacy.lib.ids import as_array, new_ids
from privacy.retention import archive, bundles, plans
from privacy.retention.archive import Covered
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord, DestructionList
from privacy.retention.refusals import Residue
from privacy.vault import actions as vault

# So many people at a time: their sealed records fit into memory, and the ledger names each of them.
PEOPLE = 50
AHEAD = 2
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


class Slice(NamedTuple):
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
    for covered in archive.covered(destruction_list.category, clock.kst_date(at)):
        # Most lists hold nothing that is young enough: asked once, by the index.
        if bundles.are_any(covered.holding, sorted(covered.rules), people=subject_ids, since=covered.since):
            copied += _copy(destruction_list, covered, batched(subject_ids, PEOPLE), actor=actor, at=at)
    return copied


def copy_month(destruction_list: DestructionList, covered: Covered, month: date, *, actor: Actor, at: datetime) -> int:
    """Copy what a law preserves of a whole month, like ``copy_people``."""
    if clock.midnight(archive.month_after(month)) <= covered.since:
        return 0
    holding = covered.holding
    rows = plans.in_month(holding, month).filter(**{f"{holding.kind}__in": sorted(covered.rules)})
    people = list(rows.order_by(holding.subject).values_list(holding.subject, flat=True).distinct())
    return _copy(destruction_list, covered, batched(people, PEOPLE), actor=actor, at=at, month=month)


def _copy(
    destruction_list: DestructionList,
    covered: Covered,
    slices: Iterable[Sequence[UUID]],
    *,
    actor: Actor,
    at: datetime,
    month: date | None = None,
) -> int:
    """Copy slice by slice; what one transaction wrote is read back in the next, and the last at the end."""
    since, until = covered.since, None
    if month is not None:
        since, until = max(since, clock.midnight(month)), clock.midnight(archive.month_after(month))
    personal = bundles.connection_of(covered.holding.using)
    kinds = sorted(covered.rules)
    read = partial(bundles.read, personal, covered.holding, kinds, since=since, until=until)
    raw = bundles.connection_of("archive")
    copied = 0
    waiting: tuple[Slice, Future[None]] | None = None
    with (
        _no_collector(),
        Shelf(raw) as shelf,
        ThreadPoolExecutor(max_workers=1) as reader,
        ThreadPoolExecutor(max_workers=1) as writer,
    ):
        for people, groups in _read_ahead(reader, read, slices):
            one = _sealed_again(destruction_list, covered, people, groups, actor=actor, at=at)
            _record(waiting, actor=actor, at=at)
            waiting = one, writer.submit(shelf.put, one, acting.current().request_id)
            copied += one.records
        _record(waiting, actor=actor, at=at)
        shelf.close()
    return copied


def _read_ahead(
    reader: ThreadPoolExecutor,
    read: Callable[..., list[bundles.Group]],
    slices: Iterable[Sequence[UUID]],
) -> Iterator[tuple[Sequence[UUID], list[bundles.Group]]]:
    """Yield each slice's records; the next two are read meanwhile."""
    coming: deque[tuple[Sequence[UUID], Future[list[bundles.Group]]]] = deque()
    for people in slices:
        coming.append((people, reader.submit(read, people=people)))
        if len(coming) > AHEAD:
            ready, groups = coming.popleft()
            yield ready, groups.result()
    for ready, groups in coming:
        yield ready, groups.result()


@contextmanager
def _no_collector() -> Iterator[None]:
    """Work without Python's collector of cycles: none are made here, and it would walk over a million boxes again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _record(waiting: tuple[Slice, Future[None]] | None, *, actor: Actor, at: datetime) -> None:
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


def _sealed_again(
    destruction_list: DestructionList,
    covered: Covered,
    people: Sequence[UUID],
    groups: Sequence[bundles.Group],
    *,
    actor: Actor,
    at: datetime,
) -> Slice:
    """Seal the records of some people again under the archive's keys."""
    holding = covered.holding
    kept = list(_kept(covered, groups, clock.kst_date(at)))
    boxes = vault.transcribe(
        [
            vault.Bundle(row, group.subject_id, archive.keyring(rule), ends_on, group.heads, group.boxes)
            for row, group, rule, ends_on in kept
        ],
        source=vault.Place(holding.model._meta.label, bundles.sealed_field(holding), holding.category),
        target=vault.Place(ArchivedRecord._meta.label, "body", ""),
        task="retention.records.archived",
        reason="P6.4",
        actor=actor,
        at=at,
    )
    reference, source = destruction_list.reference, holding.label
    rows = [
        (
            row, reference, source, group.subject_id, rule, archive.keyring(rule), holding.category,
            group.kind, group.recorded_on, ends_on, len(group.boxes), box, at,
        )
        for (row, group, rule, ends_on), box in zip(kept, boxes, strict=True)
    ]  # fmt: skip
    records = sum(len(group.boxes) for _row, group, _rule, _ends_on in kept)
    return Slice(reference, source, people, rows, records)


def _kept(
    covered: Covered, groups: Sequence[bundles.Group], today: date
) -> Iterator[tuple[UUID, bundles.Group, str, date]]:
    """Yield what a rule still preserves today: the id of its new row, the group, the rule and the last day."""
    ends: dict[tuple[date, str], date] = {}
    for group, row in zip(groups, new_ids(len(groups)), strict=True):
        rule = covered.rules[group.kind]
        ends_on = ends.get((group.recorded_on, group.kind))
        if ends_on is None:
            ends_on = periods.period_end(group.recorded_on, months=rule.months)
            ends[group.recorded_on, group.kind] = ends_on
        if ends_on >= today:
            yield row, group, rule.code, ends_on


class Shelf:
    """Where slices are written, on the archive's connection itself, beside the sealing of the next ones.

    A slice is committed by the next ``put``, or by ``close``, once its move is on the ledger, and read back then. Used
    as a block: an error in it undoes what was put and not yet committed.
    """

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._raw = raw
        self._open = ExitStack()
        self._put: Slice | None = None

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def put(self, one: Slice, request: str) -> None:
        """Commit and read back the slice before; write this one in place of an earlier copy of it."""
        self.close()
        self._open.enter_context(self._raw.transaction())
        self._put = one
        with psycopg.Cursor(self._raw) as cursor:
            cursor.execute(bundles.IN_MEMORY)
            cursor.execute(touches.MARK, [request])
            cursor.execute(DELETE_EARLIER, [one.list, one.source, as_array(one.people)])
            if one.rows:
                with cursor.copy(COPY_IN) as copy:
                    copy.set_types(TYPES)
                    for row in one.rows:
                        copy.write_row(row)

    def close(self) -> None:
        """Commit what was put, and read it again: every copy is there, byte for byte, and nothing else of the list."""
        self._open.close()
        one, self._put = self._put, None
        if one is None:
            return
        row_id, box = COLUMNS.index("id"), COLUMNS.index("body")
        with psycopg.Cursor(self._raw) as cursor:
            cursor.execute(READ_BACK, [one.list, one.source, as_array(one.people)], binary=True)
            there = dict(cursor)
        if there != {row[row_id].bytes: row[box] for row in one.rows}:
            raise Residue(_("The copy in the archive is not what was written: nothing is removed."), code="archive")
