"""The portal's side of the protocol, written anew from docs/connected-systems.md, with nothing of the connector's."""

import base64
import hashlib
import hmac
import http.client
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# A call of a verb with headers and a body: the answer's status, headers and bytes.
type Send = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]
SECRET = b"the shared secret of these tests"
COMMITMENT_KEY = "5a" * 32
MINA = {"reference": "A7", "email": "mina@example.org"}
HANA = {"reference": "A71", "email": "hana@example.org"}


@dataclass(frozen=True)
class Answered:
    """An answer: its status, its JSON, its bytes and its signature."""

    status: int
    told: dict[str, Any]
    raw: bytes
    signature: str

    @property
    def state(self) -> str:
        return str(self.told.get("state") or self.told.get("code"))


def commitment(item: str, value: str) -> str:
    return hmac.new(bytes.fromhex(COMMITMENT_KEY), f"{item}.{value}".encode(), hashlib.sha256).hexdigest()


class Portal:
    """Calls a system and believes no answer that the system didn't sign."""

    def __init__(self, send: Send, public: str, secret: bytes = SECRET):
        self.send, self.secret = send, secret
        self.public = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))

    def call(self, verb: str, items: list[str], *, person: Any = None, key: str = "", **more: Any) -> Answered:
        """One call; ``changes`` are headers that stand in place of the right ones."""
        changes = more.pop("changes", {})
        key, task = key or str(uuid4()), more.pop("task", "") or str(uuid4())
        told = {"task": task, "person": person or MINA, "items": items, "values": {}, "basis": "R-1", **more}
        if verb == "correct":
            told.setdefault("commitment_key", COMMITMENT_KEY)
        body = more.get("raw") or json.dumps(told).encode()
        stamp = str(int(time.time()) + changes.pop("late", 0))
        signed = hmac.new(self.secret, f"{stamp}.{verb}.{key}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json", "Idempotency-Key": key, "Portal-Timestamp": stamp,
            "Portal-Signature": f"v1={signed}", **changes,
        }  # fmt: skip
        status, answered, raw = self.send(verb, headers, body)
        signature = answered.get("Connector-Signature", "")
        if status == 200:
            base = f"v1.{key}.{verb}.{hashlib.sha256(body).hexdigest()}.".encode() + raw
            self.public.verify(base64.b64decode(signature.removeprefix("ed25519=")), base)
        return Answered(status, json.loads(raw), raw, signature)


def through_wsgi(application: Any) -> Send:
    """Return a way to call an application of this process."""

    def send(verb: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": f"/v1/{verb}", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers["Content-Type"], "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }  # fmt: skip
        raw = b"".join(application(environ, lambda *given: told.extend(given)))
        return int(told[0].split()[0]), dict(told[1]), raw

    return send


def through_http(port: int) -> Send:
    """Return a way to call a server of this machine. It raises OSError and HTTPException where no answer comes."""

    def send(verb: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", f"/v1/{verb}", body, headers)
            answer = connection.getresponse()
            if "Content-Length" not in answer.headers:
                raise http.client.IncompleteRead(b"")
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    return send
