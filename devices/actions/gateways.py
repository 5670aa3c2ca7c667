"""Gateways and their tokens: registered, rotated without a gap, revoked; and the door that checks them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _

from devices import eligibility
from devices.actions.signed_requests import require_token_signature
from devices.actors import GatewayActor, token_digest
from devices.events import Event
from devices.models import Gateway, GatewayToken, Scope
from devices.request_signatures import SentRequest, parse_public_key
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.lib.postgres import invalidation, pipelined_connection
from privacy.vault.keys import INVALIDATION_TABLE

# A rotated token goes on for a week, so that every agent can be given the new one (no downtime).
ROTATION_OVERLAP = timedelta(days=7)
TOKEN_PREFIX = "gw_"  # noqa: S105 - what every token begins with

# One statement: who is this, how many requests has this token made in this minute, counting this one, and who was
# closed since this process last asked (for the gate of intake, which so needs no question of its own).
AUTHENTICATE_SQL = """
WITH known AS (
    SELECT t.id, t.gateway_id, g.reference, g.rate, t.scopes, t.signing_key
    FROM devices_gatewaytoken t JOIN devices_gateway g ON g.id = t.gateway_id
    WHERE t.digest = $1 AND t.approved_at IS NOT NULL AND t.revoked_at IS NULL AND t.expires_at > $2
      AND g.closed_at IS NULL
), counted AS (
    INSERT INTO devices_request_rate AS r (token_id, minute, requests)
    SELECT id, date_trunc('minute', clock_timestamp()), 1 FROM known
    ON CONFLICT (token_id, minute) DO UPDATE SET requests = r.requests + 1
    RETURNING requests
)
SELECT id, signing_key, gateway_id, reference, scopes::text, rate, requests,
       60 - extract(second FROM clock_timestamp())::int AS seconds_left, {news}
FROM known, counted
""".replace("{news}", invalidation.invalidated_since(INVALIDATION_TABLE, "$3"))


class GatewayClosed(Refusal):
    """A closed gateway gets no tokens."""

    code = "gateway-closed"


class TokenNotUsable(Refusal):
    """The token was revoked or has run out."""

    code = "token-not-usable"


class OwnToken(Refusal):
    """Who issued a token does not approve it."""

    code = "same-person"


class UnknownScope(Refusal):
    """A scope that doesn't exist, or none at all."""

    code = "unknown-scope"


class TitleTaken(Refusal):
    """Gateways are told apart by their titles."""

    code = "title-taken"


class Unauthenticated(Refusal):
    """No token, or none that is known and valid."""

    code = "unauthenticated"


class TooManyRequests(Refusal):
    """This minute's requests of the token are used up."""

    code = "rate"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = max(retry_after, 1)
        super().__init__(_("Too many requests. Wait %(seconds)d seconds.") % {"seconds": self.retry_after})


@dataclass(frozen=True)
class IssuedToken:
    """A token as it is shown, once; afterwards nobody can read it again."""

    token: str
    row: GatewayToken


@transaction.atomic
def register_gateway(
    *, title: str, actor: Actor, at: datetime, rate: int | None = None, users: str = Gateway.Users.STAFF
) -> Gateway:
    """Register a machine that speaks for devices. Raises NotPermitted, TitleTaken."""
    require_permission(actor, "devices.keep_gateways")
    if Gateway.objects.filter(title=title.strip()).exists():
        raise TitleTaken(_("There is already a gateway with this title."))
    values = {} if rate is None else {"rate": rate}
    gateway = Gateway.objects.create(title=title.strip(), users=users, created_at=at, **values)
    facts = {"gateway": gateway.reference, "device_users": users}
    ledger.record(Event.GATEWAY_REGISTERED, actor=actor, at=at, about=gateway, facts=facts)
    return gateway


@transaction.atomic
def close_gateway(gateway: Gateway, *, actor: Actor, at: datetime) -> None:
    """Close a gateway: none of its tokens works any more. Raises NotPermitted."""
    require_permission(actor, "devices.keep_gateways", about=gateway)
    row = Gateway.objects.select_for_update().get(pk=gateway.pk)
    if row.closed_at is None:
        row.closed_at = at
        row.save(update_fields=["closed_at"])
        ledger.record(Event.GATEWAY_CLOSED, actor=actor, at=at, about=row, facts={"gateway": row.reference})


@transaction.atomic
def issue_token(
    gateway: Gateway,
    *,
    scopes: Sequence[str],
    actor: Actor,
    at: datetime,
    lifetime: timedelta = GatewayToken.LIFETIME,
    signing_key: str = "",
) -> IssuedToken:
    """Make a token and return it in clear, this once. One that an account issues works once another approved it.

    ``signing_key`` is an Ed25519 public key in Base64 (32 bytes): with it the token works for signed requests alone.
    Raises NotPermitted, GatewayClosed, UnknownScope, InvalidSigningKey.
    """
    require_permission(actor, "devices.keep_gateways", about=gateway)
    key = parse_public_key(signing_key) if signing_key.strip() else None
    made = _issue(gateway, scopes=scopes, signing_key=key, actor=actor, at=at, lifetime=lifetime)
    facts = {
        "gateway": gateway.reference,
        "scopes": made.row.scopes,
        "expires_at": made.row.expires_at.isoformat(),
        "signed": key is not None,
    }
    ledger.record(Event.TOKEN_ISSUED, actor=actor, at=at, about=made.row, facts=facts)
    return made


@transaction.atomic
def rotate_token(
    token: GatewayToken, *, actor: Actor, at: datetime, overlap: timedelta = ROTATION_OVERLAP
) -> IssuedToken:
    """Make a token with the same scopes; the old one goes on for ``overlap``, or until it expires.

    The new one works once another than its issuer approved it, as every token that an account issues.
    Raises NotPermitted, TokenNotUsable, GatewayClosed.
    """
    require_permission(actor, "devices.keep_gateways", about=token)
    old = GatewayToken.objects.select_for_update().select_related("gateway").get(pk=token.pk)
    if old.revoked_at is not None or old.expires_at <= at:
        raise TokenNotUsable(_("This token no longer works. Issue a new one."))
    if old.approved_at is None:
        raise TokenNotUsable(_("This token has not worked yet. Another officer must approve it first."))
    lifetime = old.expires_at - old.issued_at
    made = _issue(
        old.gateway,
        scopes=old.scopes,
        signing_key=bytes(old.signing_key) if old.signing_key is not None else None,
        actor=actor,
        at=at,
        lifetime=max(lifetime, timedelta(hours=1)),
    )
    old.expires_at = min(old.expires_at, at + overlap)
    old.save(update_fields=["expires_at"])
    facts = {"gateway": old.gateway.reference, "old": str(old.id), "old_until": old.expires_at.isoformat()}
    ledger.record(Event.TOKEN_ROTATED, actor=actor, at=at, about=made.row, facts=facts)
    return made


@transaction.atomic
def approve_token(token: GatewayToken, *, actor: Actor, at: datetime) -> GatewayToken:
    """Let a token work, as the second person; it is not shown again.

    Raises NotPermitted, TokenNotUsable, OwnToken, NotASecondPerson.
    """
    require_permission(actor, "devices.keep_gateways", about=token)
    row = GatewayToken.objects.select_for_update(of=("self",)).select_related("gateway").get(pk=token.pk)
    if not row.waits_for_approval(at=at):
        raise TokenNotUsable(_("This token was already approved or revoked, or has expired."))
    same = OwnToken(_("You issued this token, so another officer must approve it."))
    row.approved_by = require_second_person(actor, asked_by=row.issued_by, about=row, same=same, at=at)
    row.approved_at = at
    row.save(update_fields=["approved_by", "approved_at"])
    facts = {"gateway": row.gateway.reference, "scopes": row.scopes}
    ledger.record(Event.TOKEN_APPROVED, actor=actor, at=at, about=row, facts=facts)
    return row


@transaction.atomic
def revoke_token(token: GatewayToken, *, actor: Actor, at: datetime) -> None:
    """Stop a token at once. Raises NotPermitted."""
    require_permission(actor, "devices.keep_gateways", about=token)
    row = GatewayToken.objects.select_for_update().select_related("gateway").get(pk=token.pk)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = at, actor.ref
        row.save(update_fields=["revoked_at", "revoked_by"])
        ledger.record(Event.TOKEN_REVOKED, actor=actor, at=at, about=row, facts={"gateway": row.gateway.reference})


def authenticate(token: str, *, sent: Callable[[], SentRequest], at: datetime) -> GatewayActor:
    """Return who shows this token, counting the request. Raises Unauthenticated, TooManyRequests, BadSignature.

    ``sent`` is asked for the request as it came where the token has a key.
    """
    row: tuple[Any, ...] | None = None
    if token.startswith(TOKEN_PREFIX) and len(token) < 100:
        watch = eligibility.consent_cache().watch
        look = watch.look()
        asked = [pipelined_connection.bytea_literal(token_digest(token)), at.isoformat().encode(), look.since]
        row = next(iter(pipelined_connection.fetch("default", AUTHENTICATE_SQL, asked)), None)
    if row is None:
        raise Unauthenticated(_why_not(token, at=at))
    token_id, key, gateway_id, reference, scopes, rate, requests, seconds_left, *news = row
    heard = watch.apply(look, *news)
    if int.from_bytes(requests) > int.from_bytes(rate):
        raise TooManyRequests(int.from_bytes(seconds_left, signed=True))
    caller = GatewayActor(UUID(bytes=gateway_id), reference.decode(), frozenset(json.loads(scopes)), heard=heard)
    if key is not None:
        require_token_signature(sent(), token_id=UUID(bytes=token_id), key=key, caller=caller, at=at)
    return caller


def _why_not(token: str, *, at: datetime) -> str:
    """Say what is wrong with a token. More than "not valid" learns only who holds one that was issued."""
    held = GatewayToken.objects.filter(digest=token_digest(token)).first() if token.startswith(TOKEN_PREFIX) else None
    if held is None:
        return _("Send a valid gateway token: Authorization: Bearer …")
    if held.revoked_at is not None:
        return _("This token was revoked. Ask the protection officer for a new one.")
    if held.expires_at <= at:
        return _("This token has expired. Ask the protection officer for a new one.")
    if held.approved_at is None:
        return _("This token works once another officer has approved it, under Settings → Gateway tokens.")
    return _("The gateway of this token was closed.")


def delete_expired_rates(*, at: datetime) -> int:
    """Remove the counts of minutes that are over. Return how many."""
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM devices_request_rate WHERE minute < %s", [at - timedelta(minutes=2)])
        return int(cursor.rowcount)


def _issue(
    gateway: Gateway,
    *,
    scopes: Sequence[str],
    signing_key: bytes | None,
    actor: Actor,
    at: datetime,
    lifetime: timedelta,
) -> IssuedToken:
    if Gateway.objects.select_for_update().get(pk=gateway.pk).closed_at is not None:
        raise GatewayClosed(_("This gateway is closed."))
    unknown = set(scopes) - set(Scope.values)
    if unknown or not scopes:
        raise UnknownScope(
            _("A token needs at least one of these scopes: %(scopes)s.") % {"scopes": ", ".join(Scope.values)}
        )
    token = TOKEN_PREFIX + token_urlsafe(32)
    by_host = actor.kind != "user"
    row = GatewayToken.objects.create(
        gateway=gateway,
        digest=token_digest(token),
        hint=token[:8],
        scopes=sorted(scopes),
        issued_at=at,
        issued_by=actor.ref,
        approved_by=actor.ref if by_host else "",
        approved_at=at if by_host else None,
        expires_at=at + lifetime,
        signing_key=signing_key,
    )
    return IssuedToken(token, row)
