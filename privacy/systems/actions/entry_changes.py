"""What a system is asked for, by what it finds people, and its end: two people change it (decision 0418)."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.systems.actions.asked_changes import KEEP, let_count, lock_waiting, refuse_change
from privacy.systems.actions.register import checked_scope, running
from privacy.systems.events import Event
from privacy.systems.models import ConnectedSystem, EntryChange, SystemTask
from privacy.systems.refusals import Incomplete, WrongState

SETTLED = gettext_lazy("This change is already approved or refused.")


def ask_scope(
    system: ConnectedSystem,
    *,
    items: Mapping[str, Collection[str]],
    identifiers: Collection[str],
    reason: str,
    actor: Actor,
    at: datetime,
) -> EntryChange:
    """Ask that a system hold other items, or find people by something else. Raises Incomplete, WrongState."""
    require_permission(actor, KEEP, about=system)
    held, found = checked_scope(items, identifiers, at=at)
    with transaction.atomic():
        row = running(system)
        if (held, found) == (row.items, row.identifiers):
            raise Incomplete(_("This is what the register says already."), pointer="/items")
        return _ask(row, items=held, identifiers=found, ended_on=None, reason=reason, actor=actor, at=at)


def ask_end(system: ConnectedSystem, *, ended_on: date, reason: str, actor: Actor, at: datetime) -> EntryChange:
    """Ask to record that a system holds no copies any more. Raises Incomplete, WrongState."""
    require_permission(actor, KEEP, about=system)
    with transaction.atomic():
        row = running(system)
        _must_be_over(row, ended_on, at=at)
        return _ask(
            row, items=row.items, identifiers=row.identifiers, ended_on=ended_on, reason=reason, actor=actor, at=at
        )


def approve_entry_change(change: EntryChange, *, actor: Actor, at: datetime) -> EntryChange:
    """Let a change count, as the second person: from now on the register says so. Raises SamePerson, WrongState."""
    require_permission(actor, KEEP, about=change)
    with transaction.atomic():
        row = lock_waiting(change, settled=str(SETTLED))
        system = running(row.system)
        facts = _facts(row)
        own = _("You requested this change, so another person must approve it.")
        let_count(row, Event.CHANGE_APPROVED, facts, own=own, actor=actor, at=at)
        if row.ended_on is None:
            system.items, system.identifiers = checked_scope(row.items, row.identifiers, at=at)
            system.save(update_fields=["items", "identifiers"])
            ledger.record(Event.CHANGED, actor=actor, at=at, about=system, facts=facts)
        else:
            _must_be_over(system, row.ended_on, at=at)
            system.ended_on, system.end_reason, system.ended_by = row.ended_on, row.reason, row.asked_by
            system.save(update_fields=["ended_on", "end_reason", "ended_by"])
            until = {"until": row.ended_on.isoformat()}
            ledger.record(Event.ENDED, actor=actor, at=at, about=system, facts=until)
    return row


def refuse_entry_change(change: EntryChange, *, actor: Actor, at: datetime) -> EntryChange:
    """Refuse a change that waits; whoever asked may take it back so. Raises WrongState."""
    return refuse_change(change, Event.CHANGE_REFUSED, settled=str(SETTLED), actor=actor, at=at)


def _ask(
    system: ConnectedSystem,
    *,
    items: dict[str, list[str]],
    identifiers: list[str],
    ended_on: date | None,
    reason: str,
    actor: Actor,
    at: datetime,
) -> EntryChange:
    if not reason.strip():
        wanted = _("State why.") if ended_on is None else _("State why, and what became of the copies.")
        raise Incomplete(wanted, pointer="/reason")
    if system.entry_changes.filter(approved_at=None, refused_at=None).exists():
        raise WrongState(_("A change to this system is already waiting for approval. Approve or refuse it first."))
    made = EntryChange.objects.create(
        system=system, items=items, identifiers=identifiers, ended_on=ended_on, reason=reason.strip(),
        asked_by=actor.ref, asked_at=at,
    )  # fmt: skip
    ledger.record(Event.CHANGE_ASKED, actor=actor, at=at, about=made, facts=_facts(made))
    return made


def _must_be_over(system: ConnectedSystem, ended_on: date, *, at: datetime) -> None:
    """Raise Incomplete for a day that can't be the last one, and WrongState while tasks are open."""
    if not system.begins_on <= ended_on <= clock.kst_date(at):
        raise Incomplete(_("Enter a last day between the beginning and today."), pointer="/ended_on")
    if SystemTask.objects.open().filter(system=system).exists():
        raise WrongState(_("Tasks of this system are still open. Complete them or give them up first."))


def _facts(row: EntryChange) -> dict[str, object]:
    facts: dict[str, object] = {"system": row.system.code, "items": row.items, "identifiers": row.identifiers}
    return facts if row.ended_on is None else {**facts, "until": row.ended_on.isoformat()}
