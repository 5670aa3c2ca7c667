"""``/api/v1/``: what gateways send and ask. Each call makes one verb's call and answers.

The calls are described for machines at ``/api/v1/openapi.json``. Reports, of which there are most, are read by a view
of their own (``views.py``), which stands in the same description.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query, Status
from ninja.security import HttpBearer

from consents import advertising
from devices import actions as devices
from devices import api_consents, api_contacts, api_messages, schemas
from devices.actors import GatewayActor
from devices.machine_api import MachineAPI, idempotent
from devices.openapi import describe
from devices.request_body import read_raw_body
from devices.request_signatures import SentRequest
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.identifiers.access_codes import new_form_nonce


class Token(HttpBearer):
    """A gateway's token. Counts the request; the answer to a bad token is always the same."""

    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Any:
        return authenticated_gateway(request)

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return authenticated_gateway(request)


def authenticated_gateway(request: HttpRequest) -> GatewayActor:
    """Return who sends a request. Raises Unauthenticated, TooManyRequests."""
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    shown = token.strip() if scheme.lower() == "bearer" else ""
    return devices.authenticate(shown, sent=partial(_as_sent, request), at=clock.now())


def _as_sent(request: HttpRequest) -> SentRequest:
    """Return what of a request is signed. Raises BodyTooLarge, Malformed."""
    return SentRequest(
        method=request.method or "",
        path=request.META.get("RAW_PATH") or request.path,
        query=request.META.get("QUERY_STRING", ""),
        body=read_raw_body(request),
        signature_input=request.headers.get("Signature-Input", ""),
        signature=request.headers.get("Signature", ""),
        content_digest=request.headers.get("Content-Digest", ""),
    )


api = MachineAPI(
    root="/api/v1/",
    describe=describe,
    title="Privacy portal: API for device gateways",
    version="1.0.0",
    description="Registration, licences, reports, consents, possession challenges, messages, advertising permission.",
    urls_namespace="api",
    auth=Token(),
)
Answers = dict[Any, Any]
REFUSALS: Answers = {frozenset({400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503}): schemas.ProblemOut}


def _require_scope(request: HttpRequest, scope: str, *, device: UUID | None = None) -> GatewayActor:
    """Return the caller, who may do this, of a device with its signature where it has a key of its own."""
    caller: GatewayActor = request.auth  # type: ignore[attr-defined]  # set by Ninja from Token
    require_permission(caller, f"devices.{scope}", missing_scope=scope)
    if device is not None:
        _device_key(request, caller, device)
    return caller


def _device_key(request: HttpRequest, caller: GatewayActor, device: UUID) -> bytes | None:
    """Return the device's key that signed a request. Raises BadSignature."""
    return devices.require_device_signature(device, sent=partial(_as_sent, request), caller=caller, at=clock.now())


def _idempotent(
    request: HttpRequest,
    caller: GatewayActor,
    write: Callable[[], tuple[int, Any]],
    *,
    complete: Callable[[Any], Any] = lambda body: body,
) -> Any:
    return idempotent(request, write, caller_id=caller.gateway_id, complete=complete, at=clock.now())


def _registration(body: schemas.Registration | schemas.Changes) -> dict[str, Any]:
    values = body.model_dump(exclude_none=True, exclude={"licence"})
    if body.licence is not None:
        values["licence"] = devices.LicenceTerms(body.licence.key, body.licence.starts_on, body.licence.ends_on)
    return values


def _told(done: devices.RegistrationResult) -> dict[str, Any]:
    return {"device": str(done.device.id), "reference": done.device.reference, "corrected": list(done.corrected)}


@api.put("/devices/{device}", response={200: schemas.DeviceOut, 201: schemas.DeviceOut, **REFUSALS}, tags=["devices"])
def register_device(request: HttpRequest, device: Path[UUID], body: schemas.Registration) -> Any:
    """Register a device under the client's own id, or send its registration again."""
    caller = _require_scope(request, "devices", device=device)

    def write() -> tuple[int, Any]:
        done = devices.register(device_id=device, registration=_registration(body), gateway=caller, at=clock.now())
        return 201 if done.made else 200, _told(done)

    return _idempotent(request, caller, write)


@api.patch("/devices/{device}", response={200: schemas.DeviceOut, **REFUSALS}, tags=["devices"])
def update_device(request: HttpRequest, device: Path[UUID], body: schemas.Changes) -> Any:
    """Change items of a device or its licence; an item that is being corrected is refused as frozen."""
    caller = _require_scope(request, "devices", device=device)

    def write() -> tuple[int, Any]:
        return 200, _told(devices.update(device_id=device, changes=_registration(body), gateway=caller, at=clock.now()))

    return _idempotent(request, caller, write)


@api.post("/devices/{device}/end-of-service", response={200: schemas.DeviceOut, **REFUSALS}, tags=["devices"])
def end_service(request: HttpRequest, device: Path[UUID], body: schemas.EndOfService) -> Any:
    """Say that the service of a device has ended."""
    caller = _require_scope(request, "devices", device=device)

    def write() -> tuple[int, Any]:
        row = devices.end_service(device_id=device, ended_on=body.ended_on, gateway=caller, at=clock.now())
        return 200, {"device": str(device), "reference": row.reference}

    return _idempotent(request, caller, write)


@api.post("/devices/{device}/errors-settled", response={200: schemas.SettledOut, **REFUSALS}, tags=["reports"])
def settle_errors(request: HttpRequest, device: Path[UUID], body: schemas.ErrorsSettled) -> Any:
    """Say that the errors of a device are settled up to a moment: its app logs until then are removed at once."""
    caller = _require_scope(request, "reports", device=device)

    def write() -> tuple[int, Any]:
        row = devices.settle_errors(device_id=device, until=body.until, actor=caller, at=clock.now())
        return 200, {"device": str(device), "settled_until": row.settled_until.isoformat()}

    return _idempotent(request, caller, write)


@api.put("/devices/{device}/signing-key", response={200: schemas.DeviceOut, **REFUSALS}, tags=["devices"])
def set_device_key(request: HttpRequest, device: Path[UUID], body: schemas.DeviceKey) -> Any:
    """Give a device an Ed25519 key of its own: from then on each call below its address needs its signature too."""
    caller = _require_scope(request, "devices")
    signed_by = _device_key(request, caller, device)

    def write() -> tuple[int, Any]:
        row = devices.set_device_key(
            device_id=device, signing_key=body.signing_key, signed_by=signed_by, gateway=caller, at=clock.now()
        )
        return 200, {"device": str(device), "reference": row.reference}

    return _idempotent(request, caller, write)


@api.put("/devices/{device}/consents/{agreement}", response={200: schemas.ReceiptOut, **REFUSALS}, tags=["consents"])
def decide(request: HttpRequest, device: Path[UUID], agreement: Path[str], body: schemas.Decision) -> Any:
    """Record a decision of the device's user about one agreement, and get its receipt and its consent code.

    Show both on the device. The code opens the user's consent pages and is sent once: a repeated decision gets none,
    unless the call is repeated with its Idempotency-Key because the answer was lost. Where `stands` is false, a later
    decision is on record and this one has no effect: tell the user, who can decide again.
    """
    caller = _require_scope(request, "consents", device=device)
    mark = request.headers.get("Idempotency-Key", "") or new_form_nonce()

    def write() -> tuple[int, Any]:
        return 200, api_consents.decide(device, agreement, body, caller=caller, at=clock.now())

    def complete(body: Any) -> Any:
        return body | api_consents.state_of(body["receipt"], mark=mark, caller=caller, at=clock.now())

    return _idempotent(request, caller, write, complete=complete)


@api.get("/devices/{device}/consents", response={200: schemas.ConsentsOut, **REFUSALS}, tags=["consents"])
def consents_of(request: HttpRequest, device: Path[UUID]) -> Any:
    """Get the current decisions, and the agreements about which the user must be asked, with their texts."""
    caller = _require_scope(request, "consents", device=device)
    return Status(200, api_consents.current_consents(device, caller=caller, at=clock.now()))


@api.put("/devices/{device}/contacts", response={200: schemas.ContactsOut, **REFUSALS}, tags=["devices"])
def record_contacts(request: HttpRequest, device: Path[UUID], body: schemas.Contacts) -> Any:
    """Record the contacts that the device's user gave, and get which are used; values are never sent back.

    We mail a code to a new e-mail address, and tell the earlier one that it was replaced.
    """
    caller = _require_scope(request, "devices", device=device)

    def write() -> tuple[int, Any]:
        return 200, api_contacts.record(device, body, caller=caller, at=clock.now())

    return _idempotent(request, caller, write)


@api.get("/devices/{device}/messages", response={200: schemas.MessagesOut, **REFUSALS}, tags=["messages"])
def messages_for(request: HttpRequest, device: Path[UUID]) -> Any:
    """Get what the device has to show to its user. Show each once, in their language, and say that it was shown."""
    caller = _require_scope(request, "messages", device=device)
    return Status(200, api_messages.pending(device, caller=caller))


@api.put("/devices/{device}/messages/{message}/shown", response={200: schemas.ShownOut, **REFUSALS}, tags=["messages"])
def message_shown(request: HttpRequest, device: Path[UUID], message: Path[UUID], body: schemas.MessageShown) -> Any:
    """Report that the device showed a message, and when. The first time counts; the same call again changes nothing."""
    caller = _require_scope(request, "messages", device=device)

    def write() -> tuple[int, Any]:
        return 200, api_messages.shown(device, message, body.shown_at, caller=caller, at=clock.now())

    return _idempotent(request, caller, write)


@api.get(
    "/devices/{device}/challenge",
    response={200: schemas.ChallengeOut, 204: None, **REFUSALS},
    tags=["challenges"],
)
def waiting_challenge(request: HttpRequest, device: Path[UUID]) -> Any:
    """Get the challenge that waits for this device, if there is one; the code is shown on the portal only."""
    row = devices.pending_challenge(
        device, gateway=_require_scope(request, "challenges", device=device), at=clock.now()
    )
    if row is None:
        return Status(204, None)
    return Status(200, {"challenge": row.id, "expires_at": row.expires_at})


@api.post("/devices/{device}/challenge", response={200: schemas.ChallengeDone, **REFUSALS}, tags=["challenges"])
def answer_challenge(request: HttpRequest, device: Path[UUID], body: schemas.ChallengeAnswer) -> Any:
    """Say what the holder of the device answered: ``confirm`` with the code typed on the device, or ``deny``."""
    caller = _require_scope(request, "challenges", device=device)

    def write() -> tuple[int, Any]:
        row = devices.answer_challenge(
            device_id=device,
            challenge_id=body.challenge,
            confirmed=body.response == "confirm",
            code=body.code,
            gateway=caller,
            at=clock.now(),
        )
        return 200, {"challenge": str(row.id), "state": row.state}

    return _idempotent(request, caller, write)


@api.get("/advertising/permission", response={200: schemas.PermissionOut, **REFUSALS}, tags=["advertising"])
def advertising_permission(
    request: HttpRequest, device: Query[UUID], channel: Query[schemas.Channel], at: Query[schemas.Moment | None] = None
) -> Any:
    """May this channel be used for advertising to this person at this moment, and why?"""
    devices.owned_device(device, _require_scope(request, "advertising"))
    found = advertising.permission(device, channel, at or clock.now())
    return Status(
        200,
        {
            "allowed": found.allowed,
            "because": [{"code": reason.code, "message": reason.message} for reason in found.because],
            "consent": found.consent and found.consent.reference,
            "confirm_by": found.confirm_by,
        },
    )
