"""Whom an incident concerns: named, found in what is held or in the access records, or from a list (B-02, B-06)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from privacy.incidents.actions.recording import RECORD, open_row
from privacy.incidents.events import Event
from privacy.incidents.models import Affected, Incident
from privacy.incidents.refusals import NobodyFound
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.ledger.models import Entry
from privacy.subjects import holdings
from privacy.subjects.models import Subject

SLICE = 2_000


@dataclass(frozen=True, slots=True)
class Added:
    """How many people were added now, and which lines of a list named nobody."""

    people: int
    unknown: tuple[str, ...] = ()


def add_named(
    incident: Incident, *, lines: Iterable[str], source: Affected.Source, actor: Actor, at: datetime
) -> Added:
    """Add people by reference or id, one a line, such as S-7F3K-92QX. Raises NotPermitted, Closed, NobodyFound."""
    require(actor, RECORD, about=incident)
    wanted = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    found: dict[str, UUID] = {}
    for start in range(0, len(wanted), SLICE):
        part = wanted[start : start + SLICE]
        by_id = [UUID(one) for one in part if _is_id(one)]
        rows = Subject.objects.filter(reference__in=[one.upper() for one in part]) | Subject.objects.filter(
            id__in=by_id
        )
        for pk, reference in rows.values_list("id", "reference"):
            found[reference], found[str(pk)] = pk, pk
    unknown = tuple(one for one in wanted if one.upper() not in found and one.lower() not in found)
    if not found:
        raise NobodyFound(_("No line names a data subject the portal knows."))
    return Added(_add(incident, sorted(set(found.values())), source, actor=actor, at=at), unknown)


def add_from_holdings(
    incident: Incident, *, category: str, actor: Actor, at: datetime, known: Sequence[UUID] | None = None
) -> Added:
    """Add everybody of whom something of a category is held. Raises NotPermitted, Closed, NobodyFound."""
    require(actor, RECORD, about=incident)
    ids: set[UUID] = set()
    for holding in holdings.for_category(category):
        ids |= set(holding.rows(known).values_list(holding.subject, flat=True).distinct())
    ids = set(Subject.objects.filter(id__in=ids).values_list("id", flat=True))
    return _found(incident, ids, Affected.Source.HOLDINGS, actor=actor, at=at)


def add_from_reads(
    incident: Incident, *, account: str, start: datetime, end: datetime, actor: Actor, at: datetime
) -> Added:
    """Add everybody whose data an account or gateway opened in a period. Raises as ``add_from_holdings``.

    Entries that handled very many people name their count only (ledger.md): those are found in what is held.
    """
    require(actor, RECORD, about=incident)
    names: set[str] = set()
    reads = Entry.objects.by(account).reads().between(start, end).exclude(subjects=None)
    for subjects in reads.values_list("subjects", flat=True).iterator(chunk_size=SLICE):
        names.update(subjects or [])
    by_id = [UUID(one) for one in names if _is_id(one)]
    rows = Subject.objects.filter(Q(reference__in=names) | Q(id__in=by_id))
    return _found(incident, set(rows.values_list("id", flat=True)), Affected.Source.READS, actor=actor, at=at)


def _found(incident: Incident, ids: set[UUID], source: Affected.Source, *, actor: Actor, at: datetime) -> Added:
    if not ids:
        raise NobodyFound(_("Nobody was found."))
    return Added(_add(incident, sorted(ids), source, actor=actor, at=at))


def _add(incident: Incident, ids: list[UUID], source: Affected.Source, *, actor: Actor, at: datetime) -> int:
    with transaction.atomic():
        row = open_row(incident)
        before = row.affected.count()
        for start in range(0, len(ids), SLICE):
            part = ids[start : start + SLICE]
            Affected.objects.bulk_create(
                (
                    Affected(incident=row, subject_id=one, source=source, added_at=at, added_by=actor.ref)
                    for one in part
                ),
                ignore_conflicts=True,
            )
        added = row.affected.count() - before
        facts = {"source": str(source), "added": added, "asked": len(ids)}
        ledger.record(Event.AFFECTED, actor=actor, at=at, about=row, subjects=ids, facts=facts)
    return added


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
