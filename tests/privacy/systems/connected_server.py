"""A connected system over HTTP: it speaks the protocol honestly, or misbehaves in the one way that it is told.

It shares no code with the portal: what it signs and checks is written down here once more, from the document.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class ConnectedServer:
    """Rows by e-mail address, how it behaves (``mood``), and what was asked of it."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.secret = b""
        self.mood = "honest"
        self.rows: dict[str, dict[str, str]] = {}
        self.frozen: set[str] = set()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.known: dict[str, tuple[bytes, bytes]] = {}
        self.refused = 0
        # The most letters that the headers of a call had.
        self.longest = 0
        self.address = ""

    @property
    def public_key(self) -> str:
        return base64.b64encode(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _said in self.calls]

    def answer(self, verb: str, said: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked, as far as the mood allows; people are found by e-mail address or IMEI."""
        named = set(said["person"].values())
        mine = [name for name, row in self.rows.items() if named & set(row.values())]
        held = {
            name: {item: self.rows[name][item] for item in said["items"] if item in self.rows[name]} for name in mine
        }
        counts: dict[str, int] = {}
        for row in held.values():
            for item in row:
                counts[item] = counts.get(item, 0) + 1
        if verb == "acknowledge":
            return {"state": "acknowledged"}
        if verb in ("locate", "read-back"):
            key = bytes.fromhex(said.get("commitment_key", ""))
            commitments = {
                item: hmac.new(key, f"{item}.{value}".encode(), hashlib.sha256).hexdigest()
                for row in held.values()
                for item, value in row.items()
            }
            return {"found": bool(counts), "counts": counts, "commitments": commitments if key else {}}
        if verb == "release":
            self.frozen.difference_update(mine)
            return {"state": "released"}
        if not counts and self.mood != "liar":
            return {"state": "not-held"}
        if verb == "freeze":
            self.frozen.update(mine)
            return {"state": "frozen", "counts": counts, "since": "2026-11-28T09:00:00Z"}
        if verb == "correct":
            for name in mine if self.mood != "liar" else ():
                for item, change in said["values"].items():
                    self.rows[name][item] = change["to"]
            return {"state": "corrected", "counts": counts, "commitments": {}}
        if self.mood in ("keeps", "disputes"):
            reason = "law" if self.mood == "keeps" else "dispute"
            return {"state": "kept", "reason": reason, "items": list(said["items"])}
        for name in mine if self.mood != "liar" else ():
            for item in held[name]:
                del self.rows[name][item]
        return {"state": "destroyed", "counts": counts, "backups_until": "2026-12-28"}

    def sign(self, key: str, verb: str, body: bytes, answer: bytes) -> str:
        signer = Ed25519PrivateKey.generate() if self.mood == "forged" else self.key
        signed = f"v1.{key}.{verb}.{hashlib.sha256(body).hexdigest()}.".encode() + answer
        return "ed25519=" + base64.b64encode(signer.sign(signed)).decode()


@contextmanager
def connected_server() -> Iterator[ConnectedServer]:
    """Run a system in a thread, at an address of its own."""
    told = ConnectedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.longest = max(told.longest, sum(len(name) + len(value) for name, value in self.headers.items()))
            verb, key = self.path.rpartition("/")[2], self.headers["Idempotency-Key"]
            stamp = self.headers["Portal-Timestamp"]
            signed = f"{stamp}.{verb}.{key}.".encode() + body
            right = "v1=" + hmac.new(told.secret, signed, hashlib.sha256).hexdigest()
            if self.headers["Portal-Signature"] != right:
                told.refused += 1
                return self.send(401, b"{}")
            told.calls.append((verb, json.loads(body)))
            if told.mood == "accepts":
                return self.send(202, b'{"state": "accepted", "retry_after": 1}')
            if told.mood == "down":
                return self.send(503, b"{}")
            if told.mood == "unable":
                return self.send(422, b"{}")
            if told.mood == "slow":
                for _step in range(100):
                    time.sleep(0.05)
                    if told.mood != "slow":
                        break
            known = told.known.get(key)
            if known is not None and known[0] != body:
                return self.send(409, b"{}")
            answer = known[1] if known else json.dumps(told.answer(verb, json.loads(body))).encode()
            told.known[key] = (body, answer)
            if told.mood == "double":
                # One reader takes the first of two names, another the last; signed rightly.
                answer = b'{"state": "kept", ' + answer[1:]
            return self.send(200, answer, told.sign(key, verb, body, answer))

        def send(self, status: int, body: bytes, signature: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if signature:
                self.send_header("Connector-Signature", signature)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_port}/portal"
    try:
        yield told
    finally:
        told.mood = "honest" if told.mood == "slow" else told.mood
        server.shutdown()
        thread.join()
        server.server_close()
