"""Signed requests: a strict part of HTTP Message Signatures (RFC 9421) with Ed25519 and Content-Digest (RFC 9530).

A token that was issued with a public key works only with its private key: whoever copies the token from a file or a log
can send nothing. Exactly these components are signed, in this order; a request without a body has no Content-Digest::

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
PARAMETERS = re.compile(
    r'(?P<components>\("@method" "@path" "@query"(?P<digest> "content-digest")?\))'
    r';created=(?P<created>[0-9]{1,12});nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})"',
    re.ASCII,
)


class BadSignature(Refusal):
    """The token needs a signed request, and this one is not signed, or not by its key, or not now."""

    code = "bad-signature"


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


def verify(sent: SentRequest, *, key: bytes, at: datetime) -> str:
    """Return the nonce of a request that the holder of the private key signed just now. Raises BadSignature."""
    label, _equals, parameters = sent.signature_input.partition("=")
    found = PARAMETERS.fullmatch(parameters)
    if found is None:
        raise BadSignature(
            _("This token takes signed requests only. Send Signature-Input, Signature and Content-Digest.")
        )
    if abs(at.timestamp() - int(found["created"])) > TOLERANCE_SECONDS:
        raise BadSignature(_("The signature's time is too far from ours. Set the clock, and sign again."))
    if not _is_digest_of(sent, signed=found["digest"] is not None):
        raise BadSignature(_("Content-Digest is missing, or is not the SHA-256 of the body as it was sent."))
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(_signature(sent, label), base_of(sent, parameters).encode())
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadSignature(_("The signature is not one of this token's key over this request.")) from None
    return found["nonce"]


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
    start, end = f"{label}=:", ":"
    if not sent.signature.startswith(start) or not sent.signature.endswith(end):
        raise ValueError("no signature of this label")
    return base64.b64decode(sent.signature[len(start) : -len(end)], validate=True)
