"""What both sides of the protocol sign, and how (docs/connected-systems.md)."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERBS = ("locate", "freeze", "release", "correct", "destroy", "read-back", "acknowledge")
# By how many seconds the clocks of portal and system may differ.
TOLERANCE_SECONDS = 300
TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
COMMITMENT_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)


def sign_call(secret: bytes, *, timestamp: str, verb: str, key: str, body: bytes) -> str:
    """Return ``Portal-Signature`` of a call."""
    mac = hmac.digest(secret, f"{timestamp}.{verb}.{key}.".encode() + body, "sha256")
    return f"v1={mac.hex()}"


def is_signed_call(
    secrets: Iterable[bytes], *, timestamp: str, verb: str, key: str, body: bytes, signature: str, now: float
) -> bool:
    """Return whether one of the secrets signed a call just now; two are in force while one is replaced by the other."""
    if not TIMESTAMP.fullmatch(timestamp) or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    given = signature.encode()
    expected = [
        sign_call(secret, timestamp=timestamp, verb=verb, key=key, body=body).encode() for secret in secrets if secret
    ]
    return any(hmac.compare_digest(one, given) for one in expected)


def answer_base(*, key: str, verb: str, request_digest: str, answer: bytes) -> bytes:
    """Return what the signature of an answer is over; ``request_digest`` is the body's SHA-256 in hex."""
    return f"v1.{key}.{verb}.{request_digest}.".encode() + answer


def sign_answer(private: Ed25519PrivateKey, *, key: str, verb: str, request_digest: str, answer: bytes) -> str:
    """Return ``Connector-Signature`` of an answer."""
    signature = private.sign(answer_base(key=key, verb=verb, request_digest=request_digest, answer=answer))
    return f"ed25519={base64.b64encode(signature).decode()}"


def is_signed_answer(
    public: bytes, *, key: str, verb: str, request_digest: str, answer: bytes, signature: str
) -> bool:  # fmt: skip
    """Return whether the system with this public key (32 bytes) gave this answer to this call."""
    name, _equals, value = signature.partition("=")
    if name != "ed25519":
        return False
    base = answer_base(key=key, verb=verb, request_digest=request_digest, answer=answer)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(value, validate=True), base)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of a body, in hex."""
    return sha256(body).hexdigest()


def commitment(commitment_key: str, item: str, values: Iterable[str]) -> str:
    """Return the commitment (hex) over an item's value; ``commitment_key`` is 64 hex digits.

    Values that differ from each other are taken together, sorted, a line each: the result is that of no single value.
    """
    text = "\n".join(sorted(set(values)))
    return hmac.digest(bytes.fromhex(commitment_key), f"{item}.{text}".encode(), "sha256").hex()
