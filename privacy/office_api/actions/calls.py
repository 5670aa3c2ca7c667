"""The door of the API: who calls, how often, and the access record that each call leaves before it is answered."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from devices.actions import TooManyRequests, Unauthenticated
from devices.actors import token_digest
from privacy.accounts import access_tokens
from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.authorization import require_permission
from privacy.ledger.events import Event as LedgerEvent
from privacy.ledger.middleware import is_in_networks
from privacy.office_api.actions.credentials import TOKEN_PREFIX
from privacy.office_api.actors import ApiCaller
from privacy.office_api.events import Event
from privacy.office_api.models import Credential
from privacy.office_api.refusals import Elsewhere

AUDIENCE_PATH = "/api/office/v1/"
LONGEST_TOKEN = 8_192
COUNT_SQL = """
INSERT INTO office_api_credentialuse AS u (credential_id, last_used_at, minute, requests)
VALUES (%s, %s, date_trunc('minute', clock_timestamp()), 1)
ON CONFLICT (credential_id) DO UPDATE SET last_used_at = excluded.last_used_at, minute = excluded.minute,
    requests = CASE WHEN u.minute = excluded.minute THEN u.requests + 1 ELSE 1 END
RETURNING requests, 60 - extract(second FROM clock_timestamp())::int
"""


def audience() -> str:
    """Return what an access token of the provider must be made for: the address of this API."""
    return settings.PORTAL_URL.rstrip("/") + AUDIENCE_PATH


def authenticate(shown: str, *, request: HttpRequest, at: datetime) -> ApiCaller:
    """Return who shows a token, counting the call. Raises Unauthenticated, TooManyRequests."""
    found: Credential | None = None
    granted: frozenset[str] | None = None
    held = Credential.objects.select_related("owner")
    if shown.startswith(TOKEN_PREFIX) and len(shown) < 100:
        found = held.filter(digest=token_digest(shown)).first()
    elif settings.OIDC_ISSUER and len(shown) < LONGEST_TOKEN and shown.isascii() and shown.count(".") == 2:
        try:
            client = access_tokens.verify(shown, request=request, audience=audience())
        except access_tokens.InvalidAccessToken:
            client = None
        if client is not None:
            found = held.filter(client_id=client.client_id, revoked_at=None).first()
            granted = client.scopes
    if found is None or not found.is_usable(at=at):
        raise Unauthenticated(_("Send a valid token of the office's API: Authorization: Bearer …"))
    requests, seconds_left = _count(found.id, at)
    if requests > found.rate:
        raise TooManyRequests(seconds_left)
    _must_be_near(found, at=at)
    scopes = frozenset(found.scopes) if granted is None else granted & frozenset(found.scopes)
    caller = ApiCaller(found.owner, found.id, found.reference, scopes)
    request_context.set_actor(caller)
    return caller


def record_call(
    caller: ApiCaller,
    scope: str,
    *,
    call: str,
    at: datetime,
    task: str,
    needs: Iterable[str] = (),
    about: Model | tuple[str, object] | None = None,
    subjects: Iterable[str | UUID] = (),
    purpose: str = "",
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Let a call go on if its scope and its owner's permissions allow it, with its access record written first.

    Raises NotPermitted, which is on record too, and LedgerUnavailable.
    """
    must_be_permitted(caller, scope, needs=needs, about=about)
    ledger.record_before(
        Event.CALLED,
        actor=caller,
        at=at,
        subjects=list(subjects),
        about=about,
        task=task,
        purpose=purpose,
        reason=reason,
        facts={"credential": caller.reference, "call": call, **(facts or {})},
    )


def must_be_permitted(
    caller: ApiCaller, scope: str, *, needs: Iterable[str] = (), about: Model | tuple[str, object] | None = None
) -> None:
    """Raise NotPermitted, which is on record, if the scope or the owner's permissions do not allow a call."""
    facts = {"credential": caller.reference}
    require_permission(caller, f"office_api.{scope}", about=about, facts=facts, missing_scope=scope)
    for permission in needs:
        require_permission(caller, permission, about=about, facts=facts)


def _must_be_near(found: Credential, *, at: datetime) -> None:
    """Refuse a call from where the console does not open; the try is on record (law S-16). Raises Elsewhere."""
    address = request_context.current().address
    if not settings.OFFICE_NETWORKS or is_in_networks(address, settings.OFFICE_NETWORKS):
        return
    ledger.record_before(
        LedgerEvent.DENIED, actor=found.owner, at=at, about=found, task="office_api.network", result="denied",
        facts={"credential": found.reference},
    )  # fmt: skip
    raise Elsewhere(_("This API opens from the networks of the office alone."))


def _count(credential: UUID, at: datetime) -> tuple[int, int]:
    with connections["default"].cursor() as cursor:
        cursor.execute(COUNT_SQL, [credential, at])
        row = cursor.fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
