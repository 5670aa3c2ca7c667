"""The protocol of connected systems: what is signed on either side, and what an answer may say.

It is described in docs/connected-systems.md. Nothing here asks a database: a call is made of what it is given, an
answer is checked by key and bytes alone.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privacy.lib.crypto import canonical_json

READ_BACK, ACKNOWLEDGE = "read-back", "acknowledge"
# What a person reports of a task that was carried out, whatever it asked for.
REPORTED_DONE = "done"
# What a verb's answer says when it was done.
DONE = {"freeze": "frozen", "release": "released", "correct": "corrected", "destroy": "destroyed"}
NOT_HELD, KEPT, ACCEPTED = "not-held", "kept", "accepted"
REASONS = ("law", "hold", "dispute")
SIGNATURE = re.compile(r"ed25519=([A-Za-z0-9+/]{86}==)")
LARGEST_COUNT = 10**9


class WrongAnswer(Exception):
    """The answer is none: not signed rightly, or not what the protocol says. The text is a code, never a body."""


@dataclass(frozen=True)
class Said:
    """What an answer says, in the protocol's own words; ``found`` is None where it doesn't say."""

    state: str = ""
    found: bool | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    commitments: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    items: tuple[str, ...] = ()
    backups_until: date | None = None


def body_of(said: Mapping[str, Any]) -> bytes:
    """Return the bytes of a call's body: the same content is always the same bytes."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def call_signature(secret: bytes, *, stamp: str, verb: str, key: str, body: bytes) -> str:
    """Return what a call carries in ``Portal-Signature``."""
    signed = f"{stamp}.{verb}.{key}.".encode() + body
    return f"v1={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


def signed_answer(*, key: str, verb: str, request_digest: str, answer: bytes) -> bytes:
    """Return the bytes that a system signs: its answer, bound to the one call that it answers."""
    return f"v1.{key}.{verb}.{request_digest}.".encode() + answer


def verify_answer(public_key: str, signature: str, *, key: str, verb: str, request_digest: str, answer: bytes) -> None:
    """Raise WrongAnswer unless the holder of a system's key has signed this answer to this call."""
    try:
        signer = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        given = base64.b64decode(signature, validate=True)
        signer.verify(given, signed_answer(key=key, verb=verb, request_digest=request_digest, answer=answer))
    except (InvalidSignature, ValueError, binascii.Error):
        raise WrongAnswer("wrong-signature") from None


def signature_of(header: str) -> str:
    """Return the base64 of a ``Connector-Signature`` header. Raises WrongAnswer."""
    found = SIGNATURE.fullmatch(header.strip())
    if found is None:
        raise WrongAnswer("not-signed")
    return found.group(1)


def read_answer(verb: str, body: bytes, *, items: Collection[str]) -> Said:
    """Return what an answer says; items that were not asked about are no answer. Raises WrongAnswer."""
    try:
        said = canonical_json.read(body)
        if not isinstance(said, dict):
            raise TypeError
        counts = _counts(said.get("counts", {}), items)
        commitments = {str(name): str(value) for name, value in dict(said.get("commitments") or {}).items()}
        until = said.get("backups_until")
        found = said.get("found")
        answer = Said(
            state=str(said.get("state", "")),
            found=found if isinstance(found, bool) else None,
            counts=counts,
            commitments=commitments,
            reason=str(said.get("reason", "")),
            items=tuple(str(item) for item in said.get("items") or ()),
            backups_until=date.fromisoformat(until) if until else None,
        )
    except (TypeError, ValueError, AttributeError, RecursionError):
        raise WrongAnswer("malformed-answer") from None
    if not _is_whole(verb, answer, items):
        raise WrongAnswer("unexpected-answer")
    return answer


def _counts(given: Any, items: Collection[str]) -> dict[str, int]:
    counts = dict(given or {})
    for item, count in counts.items():
        if item not in items or not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < LARGEST_COUNT:
            raise ValueError(item)
    return {item: count for item, count in counts.items() if count}


def _is_whole(verb: str, said: Said, items: Collection[str]) -> bool:
    if verb in ("locate", READ_BACK):
        return said.found is not None and (said.found or not said.counts)
    if verb == ACKNOWLEDGE:
        return said.state == "acknowledged"
    if said.state == NOT_HELD:
        return not said.counts
    if said.state == KEPT:
        return (
            verb in ("correct", "destroy")
            and said.reason in REASONS
            and bool(said.items)
            and set(said.items) <= set(items)
        )
    return said.state == DONE[verb]
