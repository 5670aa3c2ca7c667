"""Requests that a token's or a device's key must sign (SEC-39): each is taken once, and a refusal is on record."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from devices import request_signatures
from devices.actions.registration import owned_device
from devices.actors import GatewayActor
from devices.events import Event
from devices.models import Device, GatewayToken, RequestNonce
from devices.request_signatures import BadSignature, SentRequest
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission

TAKE_NONCE_SQL = """
INSERT INTO devices_requestnonce (signer_id, nonce, at) VALUES (%s, %s, %s)
ON CONFLICT (signer_id, nonce) DO NOTHING
"""


def require_token_signature(
    sent: SentRequest, *, token_id: UUID, key: bytes, caller: GatewayActor, at: datetime
) -> None:
    """Take a request that a token's key signed, once. Raises BadSignature."""
    try:
        nonce = request_signatures.verify_token_signature(sent, key=key, at=at)
        _take_once(token_id, nonce, at=at)
    except BadSignature as refusal:
        _record_refusal(refusal, caller, GatewayToken.objects.get(pk=token_id), at=at)
        raise


def require_device_signature(
    device_id: UUID, *, sent: Callable[[], SentRequest], caller: GatewayActor, at: datetime
) -> bytes | None:
    """Take what a gateway says of its device that has a key of its own only with the device's signature, once.

    Return the key that signed. A device without one, another gateway's, and one that we don't know pass: what they need
    is asked later. Raises BadSignature.
    """
    own = Device.objects.filter(pk=device_id, gateway_id=caller.gateway_id, signing_key__isnull=False)
    device = own.only("id", "signing_key").first()
    if device is None:
        return None
    key = bytes(device.signing_key or b"")
    try:
        nonce = request_signatures.verify_device_signature(sent(), key=key, at=at)
        _take_once(device_id, nonce, at=at)
    except BadSignature as refusal:
        _record_refusal(refusal, caller, device, at=at)
        raise
    return key


def set_device_key(
    *, device_id: UUID, signing_key: str, signed_by: bytes | None, gateway: GatewayActor, at: datetime
) -> Device:
    """Keep the public half of a device's Ed25519 key (Base64), from then on needed for what is said of the device.

    To replace it, the present key signs the request as any other: ``signed_by``, compared once the device is locked, so
    that of two first keys one is set. Raises UnknownDevice, InvalidSigningKey, BadSignature.
    """
    owned_device(device_id, gateway)
    key = request_signatures.parse_public_key(signing_key)
    with transaction.atomic("personal"), transaction.atomic():
        device = Device.objects.select_for_update().get(pk=device_id)
        held = None if device.signing_key is None else bytes(device.signing_key)
        if held is not None and held not in {key, signed_by}:
            raise BadSignature(_("This device has a key of its own. Send its signature under the label “device”."))
        if held != key:
            device.signing_key = key
            device.save(update_fields=["signing_key"])
            ledger.record(Event.DEVICE_KEY_SET, actor=gateway, at=at, about=device, subjects=[device.subject_id])
    return device


def remove_device_key(device: Device, *, actor: Actor, at: datetime) -> None:
    """Let a device whose key is lost be spoken for by its gateway alone again. Raises NotPermitted."""
    require_permission(actor, "devices.keep_gateways", about=device)
    with transaction.atomic("personal"), transaction.atomic():
        row = Device.objects.select_for_update().get(pk=device.pk)
        if row.signing_key is not None:
            row.signing_key = None
            row.save(update_fields=["signing_key"])
            ledger.record(Event.DEVICE_KEY_REMOVED, actor=actor, at=at, about=row, subjects=[row.subject_id])


def delete_expired_nonces(*, at: datetime) -> int:
    """Remove the nonces of requests whose signature is too old to be taken. Return how many."""
    removed, _each = RequestNonce.objects.filter(
        at__lt=at - timedelta(seconds=2 * request_signatures.TOLERANCE_SECONDS)
    ).delete()
    return removed


def _take_once(signer_id: UUID, nonce: str, *, at: datetime) -> None:
    """Keep the nonce in one statement: the first of its signer is taken, however many come at once."""
    with connections["default"].cursor() as cursor:
        cursor.execute(TAKE_NONCE_SQL, [signer_id, nonce, at])
        if not cursor.rowcount:
            raise BadSignature(
                _("A request with this nonce has already been accepted. Sign each request with a new nonce.")
            )


def _record_refusal(refusal: BadSignature, caller: GatewayActor, about: Model, *, at: datetime) -> None:
    ledger.record_before(Event.SIGNATURE_REFUSED, actor=caller, at=at, about=about, facts={"why": refusal.code})
