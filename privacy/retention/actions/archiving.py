"""Moving to the archive: copy, verify; the removal follows with the rest of the category (law D-04)."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from functools import partial
from itertools import batched
from typing import NamedTuple
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock, periods
from privacy.lib.ids import new_ids
from privacy.retention import archive, bundles, plans
from privacy.retention.archive import Covered
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord, DestructionList
from privacy.retention.refusals import Residue
from privacy.vault import actions as vault

# So many people at a time: their sealed records fit into memory, and the ledger names each of them.
PEOPLE = 50
BUNDLES = 2_000
COLUMNS = (
    "id", "list", "source", "subject_id", "rule", "keyring", "category", "kind", "recorded_on", "ends_on", "records",
    "body", "archived_at",
)  # fmt: skip
TYPES = [
    "uuid", "varchar", "varchar", "uuid", "varchar", "varchar", "varchar", "varchar", "date", "date", "int4", "bytea",
    "timestamptz",
]  # fmt: skip
COPY_IN = f"COPY retention_archivedrecord ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"


class Kept(NamedTuple):
    """One bundle on its way: the group that was read, its rule, its end, and the id of its new row."""

    row: UUID
    group: bundles.Group
    rule: str
    ends_on: date


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
    """Copy slice by slice: while one is sealed and written, the database puts the next together."""
    since, until = covered.since, None
    if month is not None:
        since, until = max(since, clock.midnight(month)), clock.midnight(archive.month_after(month))
    raw = bundles.connection_of(covered.holding)
    read = partial(bundles.read, raw, covered.holding, sorted(covered.rules), since=since, until=until)
    copied = 0
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming: tuple[Sequence[UUID], Future[list[bundles.Group]]] | None = None
        for people in (*slices, None):
            arrived = coming
            coming = None if people is None else (people, reader.submit(read, people=people))
            if arrived is not None:
                copied += _store(destruction_list, covered, arrived[0], arrived[1].result(), actor=actor, at=at)
    return copied


def _store(
    destruction_list: DestructionList,
    covered: Covered,
    people: Sequence[UUID],
    groups: Sequence[bundles.Group],
    *,
    actor: Actor,
    at: datetime,
) -> int:
    kept = list(_kept(covered, groups, clock.kst_date(at)))
    records = sum(len(bundle.group.boxes) for bundle in kept)
    source = covered.holding.label
    earlier = ArchivedRecord.objects.filter(list=destruction_list.reference, source=source, subject_id__in=people)
    written: dict[UUID, bytes] = {}
    with transaction.atomic(using="archive"):
        earlier.delete()
        for part in batched(kept, BUNDLES):
            written |= _write(destruction_list, covered, part, actor=actor, at=at)
        if records:
            with transaction.atomic():
                facts = {"list": destruction_list.reference, "source": source, "records": records}
                ledger.record(Event.ARCHIVED, actor=actor, at=at, subjects=people, facts=facts)
    _verify(written)
    return records


def _kept(covered: Covered, groups: Sequence[bundles.Group], today: date) -> Iterator[Kept]:
    ends: dict[tuple[date, str], date] = {}
    for group, row in zip(groups, new_ids(len(groups)), strict=True):
        rule = covered.rules[group.kind]
        ends_on = ends.get((group.recorded_on, group.kind))
        if ends_on is None:
            ends_on = periods.period_end(group.recorded_on, months=rule.months)
            ends[group.recorded_on, group.kind] = ends_on
        if ends_on >= today:
            yield Kept(row, group, rule.code, ends_on)


def _write(
    destruction_list: DestructionList, covered: Covered, part: Sequence[Kept], *, actor: Actor, at: datetime
) -> dict[UUID, bytes]:
    """Seal a part again under the archive's keys and write it; return the digest of each box."""
    holding = covered.holding
    boxes = vault.transcribe(
        [
            vault.Bundle(
                row=kept.row,
                subject=kept.group.subject_id,
                keyring=archive.keyring(kept.rule),
                month=kept.ends_on,
                heads=kept.group.heads,
                boxes=kept.group.boxes,
            )
            for kept in part
        ],
        source=vault.Place(holding.model._meta.label, bundles.sealed_field(holding), holding.category),
        target=vault.Place(ArchivedRecord._meta.label, "body", ""),
        task="retention.records.archived",
        reason="P6.4",
        actor=actor,
        at=at,
    )
    with connections["archive"].cursor() as cursor, cursor.copy(COPY_IN) as copy:
        copy.set_types(TYPES)
        for kept, box in zip(part, boxes, strict=True):
            group = kept.group
            copy.write_row(
                (
                    kept.row, destruction_list.reference, holding.label, group.subject_id, kept.rule,
                    archive.keyring(kept.rule), holding.category, group.kind, group.recorded_on, kept.ends_on,
                    len(group.boxes), box, at,
                )
            )  # fmt: skip
    return {kept.row: hashlib.sha256(box).digest() for kept, box in zip(part, boxes, strict=True)}


def _verify(written: dict[UUID, bytes]) -> None:
    """Read the archive again after its commit: every copy is there, byte for byte, before anything is removed."""
    for part in batched(written, BUNDLES):
        with connections["archive"].cursor() as cursor:
            cursor.execute("SELECT id, sha256(body) FROM retention_archivedrecord WHERE id = ANY(%s)", [list(part)])
            there = {row_id: bytes(digest) for row_id, digest in cursor.fetchall()}
        if any(there.get(row_id) != written[row_id] for row_id in part):
            raise Residue(_("The copy in the archive is not what was written: nothing is removed."), code="archive")
