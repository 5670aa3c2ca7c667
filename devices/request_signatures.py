"""Signed requests: a strict part of HTTP Message Signatures (RFC 9421) with Ed25519 and Content-Digest (RFC 9530).

A token that was issued with a public key works only with its private key: whoever copies the token from a file or a log
can send nothing. A device may have a key of its own: then what its gateway says of it needs the device's signature,
under the label ``device``, beside the token's or alone. Exactly these components are signed, in this order; a request
without a body has no Content-Digest::

    Signature-Input: sig=("@method" "@path" "@query" "content-digest");created=1764150000;nonce="…"
    Signature: sig=:<base64 of the signature>:
    Content-Digest: sha-256=:<base64 of the SHA-256 of the body as it is sent>:
"""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils.translation import gettext as _

from privacy.lib.errors.refusals import Refusal

# By how many seconds the clocks of gateway and portal may differ.
TOLERANCE_SECONDS = 300
DEVICE_LABEL = "device"
PARAMETERS = re.compile(
    r'(?P<components>\("@method" "@path" "@query"(?P<digest> "content-digest")?\))'
    r';created=(?P<created>[0-9]{1,12});nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})"',
    re.ASCII,
)


class BadSignature(Refusal):
    """The token needs a signed request, and this one is not signed, or not by its key, or not now."""

    code = "bad-signature"


class InvalidSigningKey(Refusal):
    """The key is no Ed25519 public key in Base64."""

    code = "bad-key"


@dataclass(frozen=True)
class SentRequest:
    """What of a request is signed, as it came."""

    method: str
    path: str
    query: str
    body: bytes
    signature_input: str
    signature: str
    content_digest: str


def verify_token_signature(sent: SentRequest, *, key: bytes, at: datetime) -> str:
    """Return the nonce of a request that the holder of the token's private key signed just now. Raises BadSignature."""
    label = next((name for name in _members(sent.signature_input) if name != DEVICE_LABEL), "")
    return _verify(
        sent, label, key=key, at=at,
        missing=_("This token accepts signed requests only. Send Signature-Input, Signature and Content-Digest."),
        wrong=_("The signature was not made with this token's key over this request."),
    )  # fmt: skip


def verify_device_signature(sent: SentRequest, *, key: bytes, at: datetime) -> str:
    """Return the nonce of a request that the device signed just now with its own key. Raises BadSignature."""
    return _verify(
        sent, DEVICE_LABEL, key=key, at=at,
        missing=_("This device has a key of its own. Send its signature under the label “device”."),
        wrong=_("The signature was not made with this device's key over this request."),
    )  # fmt: skip


def _members(header: str) -> dict[str, str]:
    """Return the members of a header by label (a dictionary of RFC 8941; no value of ours holds a comma)."""
    parts = (part.strip(" ").partition("=") for part in header.split(","))
    return {label: value for label, _equals, value in parts}


def _verify(sent: SentRequest, label: str, *, key: bytes, at: datetime, missing: str, wrong: str) -> str:
    parameters = _members(sent.signature_input).get(label, "")
    found = PARAMETERS.fullmatch(parameters)
    if found is None:
        raise BadSignature(missing)
    if abs(at.timestamp() - int(found["created"])) > TOLERANCE_SECONDS:
        raise BadSignature(_("The signature's time is too far from ours. Set the clock, and sign again."))
    if not _is_digest_of(sent, signed=found["digest"] is not None):
        raise BadSignature(_("Content-Digest is missing, or is not the SHA-256 of the body as it was sent."))
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(_signature(sent, label), base_of(sent, parameters).encode())
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadSignature(wrong) from None
    return found["nonce"]


def parse_public_key(text: str) -> bytes:
    """Return a public key of 32 bytes from its Base64. Raises InvalidSigningKey."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        raise InvalidSigningKey(
            _("Enter the public Ed25519 key in Base64: 44 characters for 32 bytes."), pointer="/signing_key"
        ) from None
    return key


def base_of(sent: SentRequest, parameters: str) -> str:
    """Return the signature base (RFC 9421, 2.5) for the parameters of Signature-Input."""
    lines = [f'"@method": {sent.method}', f'"@path": {sent.path}', f'"@query": ?{sent.query}']
    if '"content-digest"' in parameters:
        lines.append(f'"content-digest": {sent.content_digest}')
    return "\n".join([*lines, f'"@signature-params": {parameters}'])


def content_digest(body: bytes) -> str:
    """Return the value of Content-Digest for a body."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def _is_digest_of(sent: SentRequest, *, signed: bool) -> bool:
    if not signed:
        return not sent.body and not sent.content_digest
    return hmac.compare_digest(sent.content_digest.encode(), content_digest(sent.body).encode())


def _signature(sent: SentRequest, label: str) -> bytes:
    value = _members(sent.signature).get(label, "")
    if len(value) < 2 or value[0] + value[-1] != "::":
        raise ValueError("no signature of this label")
    return base64.b64decode(value[1:-1], validate=True)
