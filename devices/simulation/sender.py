"""Sending a fleet to the portal: registrations, decisions, packed batches, and again when the portal asks to wait."""

import gzip
import http.client
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from devices.simulation.fleet import Device

BATCH = 500
TIMEOUT = 30
TRIES = 5


class RequestRefused(Exception):
    """The portal refused what a gateway in order sends."""


@dataclass
class Totals:
    """What was sent and what became of it."""

    devices: int = 0
    decisions: int = 0
    batches: int = 0
    stored: int = 0
    refused: int = 0
    lock: Lock = field(default_factory=Lock)

    def add(self, **numbers: int) -> None:
        """Add to the totals; several threads do."""
        with self.lock:
            for name, number in numbers.items():
                setattr(self, name, getattr(self, name) + number)


class Connection:
    """One connection to the API that stays open."""

    def __init__(self, base: str, token: str) -> None:
        parts = urlsplit(base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname or "localhost", parts.port, timeout=TIMEOUT)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any, *, packed: bool = False) -> Any:
        """Make a call; one that got lost or was told to wait is made again. Raises RequestRefused."""
        content = json.dumps(body).encode()
        headers = dict(self.headers)
        if packed:
            content, headers["Content-Encoding"] = gzip.compress(content, 5), "gzip"
        for attempt in range(TRIES):
            try:
                self.connection.request(method, f"/api/v1{path}", content, headers)
                response = self.connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                self.connection.close()
                time.sleep(0.2 * 2**attempt)
                continue
            if response.status in {429, 503}:
                time.sleep(float(response.headers.get("Retry-After", "1")))
                continue
            if response.status >= 400:
                raise RequestRefused(f"{method} {path}: {response.status} {answer.decode(errors='replace')[:500]}")
            return json.loads(answer) if answer else None
        raise RequestRefused(f"{method} {path}: no answer after {TRIES} tries")


class Sender:
    """Sends with a few connections at once."""

    def __init__(self, base: str, token: str, *, connections: int = 4) -> None:
        self.base = base
        self.token = token
        self.connections = connections
        self.totals = Totals()

    def register(self, fleet: Iterable[Device], *, at: datetime) -> None:
        """Register devices and send what their people decided about the texts in force."""
        self._each(fleet, lambda connection, device: self._register(connection, device, at))

    def send(self, reports: Iterable[dict[str, Any]]) -> Iterator[Totals]:
        """Send reports in packed batches; yield the totals from time to time."""
        bodies = ({"batch": str(uuid4()), "reports": list(part)} for part in batched(reports, BATCH))
        for some in batched(bodies, 16):
            self._each(some, self._send)
            yield self.totals

    def _register(self, connection: Connection, device: Device, at: datetime) -> None:
        connection.call("PUT", f"/devices/{device.id}", device.registration)
        held = connection.call("GET", f"/devices/{device.id}/consents", None)
        decided = 0
        for text in held["needed"]:
            choice = device.consents.get(text["agreement"])
            if choice is not None:
                decision = {
                    "decision": choice, "version": text["version"], "decided_at": at.isoformat(), "method": "app",
                    "language": "ko",
                }  # fmt: skip
                connection.call("PUT", f"/devices/{device.id}/consents/{text['agreement']}", decision)
                decided += 1
        self.totals.add(devices=1, decisions=decided)

    def _send(self, connection: Connection, body: dict[str, Any]) -> None:
        answer = connection.call("POST", "/reports", body, packed=True)
        self.totals.add(batches=1, stored=answer["stored"], refused=len(answer["refused"]))

    def _each(self, items: Iterable[Any], call: Any) -> None:
        waiting, lock = iter(items), Lock()

        def work(_number: int) -> None:
            connection = Connection(self.base, self.token)
            while True:
                with lock:
                    item = next(waiting, None)
                if item is None:
                    connection.connection.close()
                    return
                call(connection, item)

        with ThreadPoolExecutor(self.connections) as pool:
            list(pool.map(work, range(self.connections)))
