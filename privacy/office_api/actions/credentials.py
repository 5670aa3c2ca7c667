"""Credentials of programs: issued by their owner for themselves, revoked by them or an officer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from devices.actors import token_digest
from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.office_api.events import Event
from privacy.office_api.models import Credential, Scope

ISSUE, REVOKE = "office_api.issue_credential", "office_api.revoke_credential"
LIFETIME = timedelta(days=90)
LONGEST = timedelta(days=365)
TOKEN_PREFIX = "of_"  # noqa: S105 - what every token begins with


class UnknownScope(Refusal):
    """A scope that doesn't exist, or none at all."""

    code = "unknown-scope"


class ClientTaken(Refusal):
    """A client of the provider has one credential here."""

    code = "client-taken"


class NotYours(Refusal):
    """Only its owner or an officer revokes a credential."""

    code = "not-yours"


@dataclass(frozen=True)
class IssuedToken:
    """A token as it is shown, once; afterwards nobody can read it again."""

    token: str
    row: Credential


@transaction.atomic
def issue_token(
    *, title: str, scopes: Sequence[str], actor: User, at: datetime, lifetime: timedelta = LIFETIME
) -> IssuedToken:
    """Make a token that acts as the person who asks for it, and return it in clear, this once.

    ``lifetime`` is a year at most. Raises NotPermitted, UnknownScope.
    """
    token = TOKEN_PREFIX + token_urlsafe(32)
    of_its_kind = {"kind": Credential.Kind.TOKEN, "digest": token_digest(token), "hint": token[:8]}
    row = _make(title, scopes, actor=actor, at=at, lifetime=lifetime, **of_its_kind)
    _record(Event.TOKEN_ISSUED, row, actor=actor, at=at)
    return IssuedToken(token, row)


@transaction.atomic
def register_client(
    *, title: str, client_id: str, scopes: Sequence[str], actor: User, at: datetime, lifetime: timedelta = LIFETIME
) -> Credential:
    """Let a client of the company's identity provider act as the person who registers it.

    Raises NotPermitted, UnknownScope, ClientTaken.
    """
    if Credential.objects.filter(client_id=client_id.strip(), revoked_at=None).exists():
        raise ClientTaken(_("This client is already registered. Revoke that credential first."), pointer="/client_id")
    of_its_kind = {"kind": Credential.Kind.CLIENT, "client_id": client_id.strip()}
    row = _make(title, scopes, actor=actor, at=at, lifetime=lifetime, **of_its_kind)
    _record(Event.CLIENT_REGISTERED, row, actor=actor, at=at)
    return row


@transaction.atomic
def revoke(credential: Credential, *, actor: User, at: datetime) -> None:
    """Stop a credential at once. Raises NotYours, NotPermitted."""
    row = Credential.objects.select_for_update().get(pk=credential.pk)
    if row.owner_id == actor.pk:
        require_permission(actor, ISSUE, about=row)
    elif actor.may(ISSUE) and not actor.may(REVOKE):
        raise NotYours(_("This credential belongs to someone else. They or a protection officer can revoke it."))
    else:
        require_permission(actor, REVOKE, about=row)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = at, actor.ref
        row.save(update_fields=["revoked_at", "revoked_by"])
        ledger.record(Event.CREDENTIAL_REVOKED, actor=actor, at=at, about=row, facts={"credential": row.reference})


def revoke_all_of(owner: User, actor: Actor, at: datetime) -> int:
    """Revoke what acts as a person who leaves; return how many."""
    standing = list(Credential.objects.select_for_update().filter(owner=owner, revoked_at=None))
    for row in standing:
        row.revoked_at, row.revoked_by = at, actor.ref
        row.save(update_fields=["revoked_at", "revoked_by"])
        ledger.record(Event.CREDENTIAL_REVOKED, actor=actor, at=at, about=row, facts={"credential": row.reference})
    return len(standing)


def _make(
    title: str, scopes: Sequence[str], *, actor: User, at: datetime, lifetime: timedelta, **of_its_kind: Any
) -> Credential:
    require_permission(actor, ISSUE)
    if not scopes or set(scopes) - set(Scope.values):
        raise UnknownScope(_("Choose at least one scope."), pointer="/scopes")
    return Credential.objects.create(
        title=title.strip(),
        owner=actor,
        scopes=sorted(set(scopes)),
        issued_at=at,
        issued_by=actor.ref,
        expires_at=at + min(lifetime, LONGEST),
        **of_its_kind,
    )


def _record(event: Event, row: Credential, *, actor: User, at: datetime) -> None:
    facts = {"credential": row.reference, "scopes": row.scopes, "expires_at": row.expires_at.isoformat()}
    ledger.record(event, actor=actor, at=at, about=row, facts=facts)
