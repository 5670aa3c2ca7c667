"""Signed requests: the part of HTTP Message Signatures (RFC 9421) that the portal asks for."""

import base64
import secrets
from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# The label of the token's signature, and of a device's with a key of its own.
TOKEN = "sig"  # noqa: S105 - a label
DEVICE = "device"


def content_digest(body: bytes) -> str:
    """Return ``Content-Digest`` (RFC 9530) of a body as it is sent."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def signed_headers(
    method: str, path: str, query: str, body: bytes, *, keys: Mapping[str, Ed25519PrivateKey], created: int
) -> dict[str, str]:
    """Return the headers that sign a request under each label, at a moment in Unix seconds of the portal's clock."""
    if not keys:
        return {}
    headers = {"Content-Digest": content_digest(body)} if body else {}
    parts = '"@method" "@path" "@query"' + (' "content-digest"' if body else "")
    inputs, signatures = [], []
    for label, key in keys.items():
        parameters = f'({parts});created={created};nonce="{secrets.token_urlsafe(18)}"'
        lines = [f'"@method": {method}', f'"@path": {path}', f'"@query": ?{query}']
        lines += [f'"content-digest": {value}' for value in headers.values()]
        base = "\n".join([*lines, f'"@signature-params": {parameters}'])
        inputs.append(f"{label}={parameters}")
        signatures.append(f"{label}=:{base64.b64encode(key.sign(base.encode())).decode()}:")
    return {**headers, "Signature-Input": ", ".join(inputs), "Signature": ", ".join(signatures)}


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public half in Base64, as the portal takes it."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()
