"""Calling a connected system: signed, by the portal's one guarded client, and its answer taken only if it is signed.

Connected systems usually live in the company's own network: ``OUTBOUND_NETWORKS`` names what may be called there.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from privacy.lib.integrations import outbound_http
from privacy.lib.integrations.outbound_http import OutboundFailed
from privacy.systems import protocol
from privacy.systems.protocol import WrongAnswer

# For the whole call, in seconds; three of them fit into the lease of an outbox's row.
CALL_SECONDS = 20


class SystemUnreachable(Exception):
    """The system gave no answer that can be used: the call is made again. The text is a code, never a body."""


class AskAgain(Exception):
    """The system has taken the call and asks for time."""

    def __init__(self, seconds: float) -> None:
        super().__init__("accepted")
        self.seconds = seconds


class CannotDo(Exception):
    """The system refuses the call for good (422), or knows its key with another body (409, ``conflict``)."""

    def __init__(self, why: str, *, conflict: bool = False) -> None:
        super().__init__(why)
        self.conflict = conflict


class FreezeEnded(CannotDo):
    """The freeze was released there before it came; any other 409 is a key with another body."""


@dataclass(frozen=True)
class Call:
    """One call: to which address, with which secret, what it says; ``key`` is its Idempotency-Key."""

    address: str
    verb: str
    key: str
    body: bytes
    secret: bytes
    public_key: str
    # Whether the same is asked under other identifiers after this.
    more_sets: bool = False

    @property
    def request_digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Signed:
    """An answer whose signature was right."""

    body: bytes
    signature: str


def check_address(address: str) -> bool:
    """Whether an address is one that can be called at all."""
    try:
        parts, _host, _port = outbound_http.parse(address, allowed_networks=settings.OUTBOUND_NETWORKS)
    except OutboundFailed:
        return False
    return not (parts.query or parts.fragment)


def call(made: Call, *, at: datetime) -> Signed:
    """POST a call and return its signed answer. Raises SystemUnreachable, AskAgain, CannotDo, WrongAnswer."""
    stamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": made.key,
        "Portal-Timestamp": stamp,
        "Portal-Signature": protocol.call_signature(
            made.secret, stamp=stamp, verb=made.verb, key=made.key, body=made.body
        ),
    }
    try:
        answer = outbound_http.post(
            f"{made.address.rstrip('/')}/v1/{made.verb}", made.body, headers, timeout=CALL_SECONDS,
            allowed_networks=settings.OUTBOUND_NETWORKS,
        )  # fmt: skip
    except OutboundFailed as error:
        raise SystemUnreachable(str(error)) from None
    status, body = answer.status, answer.body
    if status == 202:
        raise AskAgain(_retry_after(body))
    if status == 409:
        if _code_of(body) == "freeze-ended":
            raise FreezeEnded("freeze-ended")
        raise CannotDo("status-409", conflict=True)
    if status in (400, 404, 405, 422):
        raise CannotDo(f"status-{status}")
    if status != 200:
        raise SystemUnreachable(f"status-{status}")
    signature = protocol.signature_of(answer.headers.get("connector-signature", ""))
    protocol.verify_answer(
        made.public_key, signature, key=made.key, verb=made.verb, request_digest=made.request_digest, answer=body
    )
    try:
        body.decode()
    except UnicodeDecodeError:
        raise WrongAnswer("malformed-answer") from None
    return Signed(body, signature)


def _code_of(body: bytes) -> str:
    with suppress(ValueError, AttributeError, RecursionError):
        return str(json.loads(body).get("code", ""))
    return ""


def _retry_after(body: bytes) -> float:
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        return min(max(float(json.loads(body).get("retry_after", 60)), 1), 3_600)
    return 60
