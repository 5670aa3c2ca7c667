"""Credentials of the directory: asked for, approved by a second person, counted at each call, revoked at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from django.db import connections, transaction
from django.utils.translation import gettext as _

from devices.actors import token_digest
from privacy.accounts.models import User
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import require_permission
from privacy.scim.events import Event
from privacy.scim.models import ProvisioningCredential
from privacy.scim.refusals import IncompleteCredential, SamePerson, ScimError, WrongState

KEEP = "scim.keep_provisioning"
LIFETIME = timedelta(days=180)
LONGEST = timedelta(days=365)
TOKEN_PREFIX = "sc_"  # noqa: S105 - what every token begins with
COUNT_SQL = """
INSERT INTO scim_provisioninguse AS u (credential_id, last_used_at, minute, requests)
VALUES (%s, %s, date_trunc('minute', clock_timestamp()), 1)
ON CONFLICT (credential_id) DO UPDATE SET last_used_at = excluded.last_used_at, minute = excluded.minute,
    requests = CASE WHEN u.minute = excluded.minute THEN u.requests + 1 ELSE 1 END
RETURNING requests, 60 - extract(second FROM clock_timestamp())::int
"""


@dataclass(frozen=True)
class IssuedToken:
    """A token as it is shown, once; afterwards nobody can read it again."""

    token: str
    row: ProvisioningCredential


@dataclass(frozen=True)
class Directory(SystemActor):
    """The company's directory, by its credential: it opens and closes accounts, and can do nothing else."""

    name: str
    reference: str = ""

    def may(self, permission: str) -> bool:
        return permission == "accounts.keep_accounts"

    def may_open(self, category: str, purpose: str, on: object) -> bool:
        return False


def ask_credential(*, title: str, actor: User, at: datetime, lifetime: timedelta = LIFETIME) -> IssuedToken:
    """Make a token for the directory; it works once another person approves. Raises IncompleteCredential."""
    require_permission(actor, KEEP)
    if not title.strip():
        raise IncompleteCredential(_("State which directory it is."), pointer="/title")
    token = TOKEN_PREFIX + token_urlsafe(32)
    with transaction.atomic():
        row = ProvisioningCredential.objects.create(
            title=title.strip(), digest=token_digest(token), hint=token[:8], asked_by=actor.ref, asked_at=at,
            expires_at=at + min(lifetime, LONGEST),
        )  # fmt: skip
        _record(Event.CREDENTIAL_ASKED, row, actor=actor, at=at)
    return IssuedToken(token, row)


def approve_credential(credential: ProvisioningCredential, *, actor: User, at: datetime) -> ProvisioningCredential:
    """Let a credential work, as the second person. Raises SamePerson, WrongState."""
    require_permission(actor, KEEP, about=credential)
    with transaction.atomic():
        row = ProvisioningCredential.objects.select_for_update().get(pk=credential.pk)
        if not row.waits:
            raise WrongState(_("This credential is already approved or revoked."))
        if row.expires_at <= at:
            raise WrongState(_("This credential has expired. Revoke it and request another one."))
        same = SamePerson(_("You requested this credential, so another person must approve it."))
        row.approved_by = require_second_person(actor, asked_by=row.asked_by, about=row, same=same, at=at)
        row.approved_at = at
        row.save(update_fields=["approved_by", "approved_at"])
        _record(Event.CREDENTIAL_APPROVED, row, actor=actor, at=at)
    return row


def revoke_credential(credential: ProvisioningCredential, *, actor: User, at: datetime) -> ProvisioningCredential:
    """Stop a credential at once, approved or not. Raises WrongState."""
    require_permission(actor, KEEP, about=credential)
    with transaction.atomic():
        row = ProvisioningCredential.objects.select_for_update().get(pk=credential.pk)
        if row.revoked_at is not None:
            raise WrongState(_("This credential is already revoked."))
        row.revoked_at, row.revoked_by = at, actor.ref
        row.save(update_fields=["revoked_at", "revoked_by"])
        _record(Event.CREDENTIAL_REVOKED, row, actor=actor, at=at)
    return row


def authenticate(header: str, *, at: datetime) -> Directory:
    """Return the directory that shows a token, counting the call. Raises ScimError (401, 429)."""
    scheme, _space, token = header.partition(" ")
    token = token.strip()
    found: ProvisioningCredential | None = None
    if scheme.lower() == "bearer" and token.startswith(TOKEN_PREFIX) and len(token) < 100 and token.isascii():
        found = ProvisioningCredential.objects.filter(digest=token_digest(token)).first()
    if found is None or not found.is_usable(at=at):
        raise ScimError(401, "Send a valid token: Authorization: Bearer …", **{"WWW-Authenticate": "Bearer"})
    with connections["default"].cursor() as cursor:
        cursor.execute(COUNT_SQL, [found.pk, at])
        row = cursor.fetchone()
    assert row is not None
    if int(row[0]) > found.rate:
        raise ScimError(429, "Too many calls in this minute.", **{"Retry-After": str(max(1, int(row[1])))})
    return Directory("scim", found.reference)


def _record(event: Event, row: ProvisioningCredential, *, actor: User, at: datetime) -> None:
    facts = {"credential": row.reference, "expires_at": row.expires_at.isoformat()}
    ledger.record(event, actor=actor, at=at, about=row, facts=facts)
