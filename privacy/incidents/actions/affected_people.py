"""Whom an incident concerns: named, found in what is held or in the access records, or from a list (B-02, B-06)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.campaigns import recipients
from privacy.incidents import breach_scope
from privacy.incidents.actions.incidents import RECORD, lock_open_incident, note_new_facts
from privacy.incidents.events import Event
from privacy.incidents.models import AffectedPerson, Incident
from privacy.incidents.refusals import NobodyFound
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.models import Entry, EntryPeople

BATCH_SIZE = 2_000


@dataclass(frozen=True, slots=True)
class AddedPeople:
    """How many people were added now, which lines of a list named nobody, and how many openings name only a number."""

    people: int
    unknown: tuple[str, ...] = ()
    unnamed: int = 0


def add_named(
    incident: Incident, *, lines: Iterable[str], source: AffectedPerson.Source, actor: Actor, at: datetime
) -> AddedPeople:
    """Add people by reference or id, one a line: data subjects, requesters, complainants, employees.

    Raises NotPermitted, Closed, NobodyFound.
    """
    require_permission(actor, RECORD, about=incident)
    wanted = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    found: dict[str, UUID] = {}
    for start in range(0, len(wanted), BATCH_SIZE):
        found |= recipients.find_by_reference(wanted[start : start + BATCH_SIZE])
    unknown = tuple(one for one in wanted if one not in found)
    if not found:
        raise NobodyFound(_("No line matches a person in the portal."))
    return AddedPeople(_add(incident, sorted(set(found.values())), source, actor=actor, at=at), unknown)


def add_from_holdings(incident: Incident, *, held: str, actor: Actor, at: datetime) -> AddedPeople:
    """Add everybody of whom this is held, by the register of holdings. Raises NotPermitted, Closed, NobodyFound."""
    require_permission(actor, RECORD, about=incident)
    return _found(incident, breach_scope.people_held(held), AffectedPerson.Source.HOLDINGS, actor=actor, at=at)


def add_from_reads(
    incident: Incident, *, account: str, start: datetime, end: datetime, actor: Actor, at: datetime
) -> AddedPeople:
    """Add everybody whose data an account or gateway opened in a period. Raises as ``add_from_holdings``.

    Whom an entry doesn't name stands in the list beside it (ledger.md). It is returned how many have a number of people
    and no list, for those people are found in what is held.
    """
    require_permission(actor, RECORD, about=incident)
    names: set[str] = set()
    reads = Entry.objects.by(account).reads().between(start, end)
    for subjects in reads.exclude(subjects=None).values_list("subjects", flat=True).iterator(chunk_size=BATCH_SIZE):
        names.update(subjects or [])
    many = reads.filter(subjects=None, payload__contains='"count":')
    lists = EntryPeople.objects.filter(entry_id__in=many.values("id"))
    for people in lists.values_list("people", flat=True).iterator(chunk_size=1):
        names.update(people)
    has_list = Exists(EntryPeople.objects.filter(entry_id=OuterRef("id")))
    # Who searched and found nobody opened nothing.
    unnamed = many.exclude(has_list).exclude(payload__contains='"count":0,').count()
    ids: set[UUID] = set()
    listed = sorted(names)
    for first in range(0, len(listed), BATCH_SIZE):
        ids.update(recipients.find_by_reference(listed[first : first + BATCH_SIZE]).values())
    if unnamed and not ids:
        raise NobodyFound(
            ngettext(
                "%(count)d opening involved so many people that the access records show only how many. Add those "
                "people by what is held about them.",
                "%(count)d openings involved so many people that the access records show only how many. Add those "
                "people by what is held about them.",
                unnamed,
            )
            % {"count": unnamed}
        )
    added = _found(incident, ids, AffectedPerson.Source.READS, actor=actor, at=at)
    return replace(added, unnamed=unnamed)


def _found(
    incident: Incident, ids: set[UUID], source: AffectedPerson.Source, *, actor: Actor, at: datetime
) -> AddedPeople:
    if not ids:
        raise NobodyFound(_("Nobody was found."))
    return AddedPeople(_add(incident, sorted(ids), source, actor=actor, at=at))


def _add(incident: Incident, ids: list[UUID], source: AffectedPerson.Source, *, actor: Actor, at: datetime) -> int:
    with transaction.atomic():
        row = lock_open_incident(incident)
        before = row.affected.count()
        for start in range(0, len(ids), BATCH_SIZE):
            part = ids[start : start + BATCH_SIZE]
            AffectedPerson.objects.bulk_create(
                (
                    AffectedPerson(incident=row, subject_id=one, source=source, added_at=at, added_by=actor.ref)
                    for one in part
                ),
                ignore_conflicts=True,
            )
        added = row.affected.count() - before
        if added:
            note_new_facts(row, ids, at)
            row.save(update_fields=["new_facts_at"])
        facts = {"source": str(source), "added": added, "asked": len(ids)}
        ledger.record(Event.AFFECTED, actor=actor, at=at, about=row, subjects=ids, facts=facts)
    return added
