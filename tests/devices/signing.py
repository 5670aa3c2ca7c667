"""Requests as gateways and devices sign them (RFC 9421)."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.request_signatures import SentRequest, base_of, content_digest


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signed_headers(
    method: str,
    path: str,
    content: bytes = b"",
    *,
    keys: Mapping[str, Ed25519PrivateKey],
    now: datetime,
    **changes: Any,
) -> dict[str, str]:
    """The headers of a request signed under each label, with what ``changes`` says otherwise."""
    created = int(now.timestamp()) + changes.get("late", 0)
    digest = content_digest(changes.get("digest_of", content)) if content else ""
    parts = '"@method" "@path" "@query"' + (' "content-digest"' if content else "")
    where, _mark, query = f"/api/v1{path}".partition("?")
    sent = SentRequest(method, where, query, content, "", "", digest)
    inputs, signatures = [], []
    for label, key in keys.items():
        nonce = changes.get("nonce") or secrets.token_urlsafe(16)
        parameters = f'({parts});created={created};nonce="{nonce}"'
        signature = base64.b64encode(key.sign(base_of(sent, parameters).encode())).decode()
        inputs.append(f"{label}={parameters}")
        signatures.append(f"{label}=:{signature}:")
    headers = {"Signature-Input": ", ".join(inputs), "Signature": ", ".join(signatures)}
    return headers | ({"Content-Digest": digest} if content else {})
