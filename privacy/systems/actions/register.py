"""Keeping the register of connected systems; where one answers and with which key changes with a second person."""

import base64
import binascii
from collections.abc import Collection, Mapping
from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT, OFFICE_ITEMS
from privacy.systems import connector_client, shared_secrets
from privacy.systems.actions.asked_changes import KEEP, let_count, lock_waiting, refuse_change
from privacy.systems.events import Event
from privacy.systems.models import Act, ConnectedSystem, Connection, Identifier, SystemTask
from privacy.systems.outgoing import enqueue_again
from privacy.systems.refusals import Incomplete, WrongState

SETTLED = gettext_lazy("This connection is already approved or refused.")
# Days in which each kind of task has to be confirmed where the register says nothing else; a freeze is asked at once.
TERMS: dict[str, int] = {Act.LOCATE: 5, Act.FREEZE: 1, Act.RELEASE: 3, Act.CORRECT: 5, Act.DESTROY: 5}
LONGEST_TERM = 90
TEXTS = ("name_ko", "name_en", "contact")


def register_system(
    *,
    code: str,
    name_ko: str,
    name_en: str,
    owner: str,
    contact: str,
    way: str,
    items: Mapping[str, Collection[str]],
    identifiers: Collection[str],
    begins_on: date,
    terms: Mapping[str, int] | None = None,
    actor: Actor,
    at: datetime,
) -> ConnectedSystem:
    """Enter a system that holds copies. One that answers by the protocol is called once its connection is approved.

    Raises Incomplete.
    """
    require_permission(actor, KEEP)
    if not code or ConnectedSystem.objects.filter(code=code).exists():
        raise Incomplete(_("Enter a code that no other system has."), pointer="/code")
    if way not in ConnectedSystem.Way.values:
        raise Incomplete(_("State how the system takes part."), pointer="/way")
    said = _checked(name_ko=name_ko, name_en=name_en, contact=contact, owner=owner, terms=terms)
    held, found = checked_scope(items, identifiers, at=at)
    with transaction.atomic():
        row = ConnectedSystem.objects.create(
            code=code, way=way, begins_on=begins_on, registered_by=actor.ref, registered_at=at, items=held,
            identifiers=found, **said,
        )  # fmt: skip
        _record(Event.REGISTERED, row, actor=actor, at=at, facts={"code": code, "way": way, **_said(row)})
    return row


def change_system(
    system: ConnectedSystem,
    *,
    name_ko: str,
    name_en: str,
    owner: str,
    contact: str,
    terms: Mapping[str, int] | None = None,
    actor: Actor,
    at: datetime,
) -> ConnectedSystem:
    """Change how a system is called, whose it is and its terms; tasks that exist keep theirs. Raises Incomplete."""
    require_permission(actor, KEEP, about=system)
    said = _checked(name_ko=name_ko, name_en=name_en, contact=contact, owner=owner, terms=terms)
    with transaction.atomic():
        row = running(system)
        for name, value in said.items():
            setattr(row, name, value)
        row.save(update_fields=list(said))
        _record(Event.CHANGED, row, actor=actor, at=at, facts=_said(row))
    return row


def ask_connection(
    system: ConnectedSystem, *, address: str, public_key: str, reason: str, actor: Actor, at: datetime
) -> Connection:
    """Ask that a system be called at an address and answer with a key; it counts once another person approves.

    Raises Incomplete, WrongState.
    """
    require_permission(actor, KEEP, about=system)
    if not connector_client.check_address(address.strip()):
        raise Incomplete(
            _("Enter the base address as https://host/path, without a user name or a query."), pointer="/address"
        )
    if not reason.strip():
        raise Incomplete(_("State who gave you the address and the key, and how."), pointer="/reason")
    key = _key(public_key)
    with transaction.atomic():
        row = running(system)
        if row.way != ConnectedSystem.Way.API:
            raise WrongState(_("This system has no API: a person carries its tasks out."))
        if row.connections.filter(approved_at=None, refused_at=None).exists():
            raise WrongState(_("A connection is already waiting for approval. Approve or refuse it first."))
        made = Connection.objects.create(
            system=row, address=address.strip(), public_key=key, reason=reason.strip(), asked_by=actor.ref, asked_at=at
        )
        facts = {"system": row.code, "address": made.address, "key": key}
        ledger.record(Event.CONNECTION_ASKED, actor=actor, at=at, about=made, facts=facts)
    return made


def approve_connection(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Let a connection count, as the second person; what waited for one is sent. Raises SamePerson, WrongState."""
    require_permission(actor, KEEP, about=connection)
    with transaction.atomic():
        row = lock_waiting(connection, settled=str(SETTLED))
        facts = {"system": row.system.code, "address": row.address, "key": row.public_key}
        own = _("You requested this connection, so another person must approve it.")
        let_count(row, Event.CONNECTION_APPROVED, facts, own=own, actor=actor, at=at)
        waiting = SystemTask.objects.open().filter(system=row.system, subject_id__isnull=False)
        waiting = waiting.exclude(trouble="single-record")
        # What failed is asked under a key of its own: under the one before, the system says again what it said then.
        failed = waiting.filter(state=SystemTask.State.FAILED)
        failed.update(rounds=F("rounds") + 1, state=SystemTask.State.WAITING)
        for task_id, act in waiting.values_list("id", "act"):
            enqueue_again(task_id, row.system, act, mark=row.id)
    return row


def refuse_connection(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Refuse a connection that waits; whoever asked may take it back so. Raises WrongState."""
    return refuse_change(connection, Event.CONNECTION_REFUSED, settled=str(SETTLED), actor=actor, at=at)


def show_secret(system: ConnectedSystem, *, actor: Actor, at: datetime) -> str:
    """Return the shared secret, as text, for the owner who sets the system up; it is on record. Raises WrongState."""
    require_permission(actor, "systems.show_secret", about=system)
    with transaction.atomic():
        row = running(system)
        if row.way != ConnectedSystem.Way.API:
            raise WrongState(_("This system has no API: a person carries its tasks out."))
        _record(Event.SECRET_SHOWN, row, actor=actor, at=at, facts={"generation": row.secret_generation})
    return shared_secrets.shared_secret(row).decode()


def renew_secret(system: ConnectedSystem, *, actor: Actor, at: datetime) -> ConnectedSystem:
    """Replace the shared secret; the system refuses our calls until its owner has entered the new one."""
    require_permission(actor, KEEP, about=system)
    with transaction.atomic():
        row = running(system)
        row.secret_generation += 1
        row.save(update_fields=["secret_generation"])
        _record(Event.CHANGED, row, actor=actor, at=at, facts={"secret": row.secret_generation})
    return row


def checked_scope(
    items: Mapping[str, Collection[str]], identifiers: Collection[str], *, at: datetime
) -> tuple[dict[str, list[str]], list[str]]:
    """Return what a system holds and how it finds people, as the register keeps both. Raises Incomplete."""
    book = rulebook.in_force(clock.kst_date(at))
    named = {category: sorted(set(codes)) for category, codes in items.items() if codes}
    for category, codes in named.items():
        known = OFFICE_ITEMS[CONTACT] if category == CONTACT else (
            book.items(category) if category in book.categories else frozenset()
        )  # fmt: skip
        if not set(codes) <= set(known):
            raise Incomplete(_("Name items of the policy in force, or contacts."), pointer="/items")
    if not named:
        raise Incomplete(_("Name what the system holds."), pointer="/items")
    if not identifiers or not set(identifiers) <= set(Identifier.values):
        raise Incomplete(_("Select how the system finds a person."), pointer="/identifiers")
    return named, sorted(set(identifiers))


def running(system: ConnectedSystem) -> ConnectedSystem:
    """Return the row of a system that has not ended, locked. Raises WrongState."""
    row = ConnectedSystem.objects.select_for_update().get(pk=system.pk)
    if row.ended_on is not None:
        raise WrongState(_("The end of this system is already recorded."))
    return row


def _checked(*, terms: Mapping[str, int] | None, owner: str, **texts: str) -> dict[str, object]:
    for name in TEXTS:
        if not texts[name].strip():
            raise Incomplete(_("Enter the names, and how the owner is reached."), pointer=f"/{name}")
    if not User.objects.filter(reference=owner, is_active=True).exists():
        raise Incomplete(_("The owner must be an active account."), pointer="/owner")
    given = {**TERMS, **(terms or {})}
    if set(given) != set(TERMS) or not all(1 <= days <= LONGEST_TERM for days in given.values()):
        raise Incomplete(_("Each deadline is between 1 and %(days)d days.") % {"days": LONGEST_TERM}, pointer="/terms")
    return {
        **{name: text.strip() for name, text in texts.items()},
        "owner": owner,
        "terms": {str(act): days for act, days in given.items()},
    }


def _key(given: str) -> str:
    """Return a public key as 44 characters of base64. Raises Incomplete."""
    try:
        raw = base64.b64decode(given.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error):
        raise Incomplete(
            _("Enter the system’s Ed25519 public key: 32 bytes as base64, 44 characters."), pointer="/public_key"
        ) from None
    return base64.b64encode(raw).decode()


def _said(row: ConnectedSystem) -> dict[str, object]:
    return {"owner": row.owner, "items": row.items, "identifiers": row.identifiers, "terms": row.terms}


def _record(event: Event, row: ConnectedSystem, *, actor: Actor, at: datetime, facts: Mapping[str, object]) -> None:
    ledger.record(event, actor=actor, at=at, about=row, facts=dict(facts))
