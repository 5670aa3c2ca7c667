"""Hostile requests, made from good ones: other types, other sizes, other characters, other bytes, other headers."""

import copy
import gzip
import json
import random
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from devices.models import Device
from tests import factory
from tests.devices.resident_numbers import resident_number

TEXTS = (
    "", " ", "0", "null", "a" * 300, "a" * 9_000, "\x00", "a\x00b", "\x1b[31m", "\u202e", "\ufeff",
    "\ud800", "é",
    "e\u0301",     "한글", "😀" * 50, "<script>alert(1)</script>", "'; DROP TABLE devices_device; --",
    "{{7*7}}", "%s%n%d", "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "\r\nX-Injected: 1", "1e999", "NaN", "-0", "2026-02-30", "0000-00-00", "9999-12-31T23:59:60Z",
    "2026-11-24T10:00:00", "2026-11-24T10:00:00+99:99", "１２３", "٣", resident_number("900101", "123456"),
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**400, 1.5, -1.5e308, [], {}, [[]],
    {"": ""}, {"a": {"b": {}}},
    [1, "a", None], {"type": "health"}, {"$ref": "#/"}, [{}] * 50,
)  # fmt: skip
NAMES = (
    "",
    "kind",
    "religion",
    "주민등록번호",
    "__proto__",
    "constructor",
    "a" * 500,
    "\x00",
    "0",
    "body",
    "device",
    "Kind",
    "\ud83d",
)
HEADERS = (
    {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}, {"Content-Encoding": "\x80"},
    {"Content-Type": "text/xml"},
    {"Content-Type": "application/json; charset=utf-16"}, {"Idempotency-Key": "\x01"},
    {"Idempotency-Key": "k" * 200},
    {"Idempotency-Key": "same"}, {"Authorization": "Bearer x"}, {"Authorization": ""},
    {"Content-Length": "abc"},
    {"Accept": "text/html"}, {"Accept-Language": "\x00"}, {"X-Forwarded-For": "a, b, c"}, {"Host": "localhost"},
)  # fmt: skip


@dataclass
class Hostile:
    """One request to try."""

    method: str
    path: str
    content: bytes
    headers: dict[str, str]


def request(source: random.Random, device: Device, now: str) -> Hostile:
    """Return a request made from a good one by one to four changes."""
    return bent(source, *_good(source, device, now))


def bent(source: random.Random, method: str, path: str, body: Any) -> Hostile:
    """Return a request made from this good one by one to four changes."""
    headers: dict[str, str] = {}
    for _change in range(source.randint(1, 4)):
        match source.randrange(10):
            case 0 | 1 | 2 | 3:
                body = _changed(source, body)
            case 4 | 5:
                body = _widened(source, body)
            case 6:
                path = _bent(source, path)
            case 7:
                headers.update(source.choice(HEADERS))
            case 8:
                method = source.choice(
                    ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"]
                )
            case _:
                body = source.choice(VALUES)
    content = b"" if body is NOTHING else json.dumps(body, allow_nan=True).encode("utf-8", "surrogatepass")
    if source.random() < 0.2:
        content = _garbled(source, content)
    if headers.get("Content-Encoding") == "gzip" and source.random() < 0.7:
        content = gzip.compress(content)
    return Hostile(method, path, content, headers)


NOTHING = object()


def _good(source: random.Random, device: Device, now: str) -> tuple[str, str, Any]:
    base = f"/devices/{device.id}"
    decision = {"decision": "agree", "version": 1, "decided_at": now, "method": "app", "language": "ko"}
    reports = [factory.make_report(device, source.choice(list(factory.BODIES)), occurred_at=now) for _each in range(3)]
    return source.choice(
        [
            ("PUT", f"/devices/{uuid4()}", factory.registration(source.randrange(10_000))),
            ("PUT", base, factory.registration(1)),
            ("PATCH", base, {"os_version": "17", "licence": factory.registration()["licence"]}),
            ("POST", f"{base}/end-of-service", {"ended_on": "2030-01-01"}),
            ("PUT", f"{base}/consents/app-log", decision),
            ("GET", f"{base}/consents", NOTHING),
            ("GET", f"{base}/challenge", NOTHING),
            ("POST", f"{base}/challenge", {"challenge": str(uuid4()), "response": "confirm", "code": "7K2QX9"}),
            ("GET", f"/advertising/permission?device={device.id}&channel=sms&at={now}", NOTHING),
            ("POST", "/reports", {"batch": str(uuid4()), "reports": reports}),
            ("POST", "/reports", {"batch": str(uuid4()), "reports": reports}),
            ("POST", "/reports", {"batch": str(uuid4()), "reports": reports}),
        ]
    )


def _places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(body, dict):
        return [path, *(place for name, inner in body.items() for place in _places(inner, (*path, name)))]
    if isinstance(body, list):
        return [path, *(place for number, inner in enumerate(body) for place in _places(inner, (*path, number)))]
    return [path]


def _changed(source: random.Random, body: Any) -> Any:
    """Put something else in one place, or take it away."""
    if body is NOTHING:
        return body
    made = copy.deepcopy(body)
    place = source.choice(_places(made))
    if not place:
        return source.choice((*VALUES, *TEXTS))
    inside = made
    for step in place[:-1]:
        inside = inside[step]
    if source.random() < 0.2:
        del inside[place[-1]]
    else:
        inside[place[-1]] = source.choice((*VALUES, *TEXTS))
    return made


def _widened(source: random.Random, body: Any) -> Any:
    """Add an item somewhere that nobody declared."""
    if body is NOTHING or not isinstance(body, dict | list):
        return body
    made = copy.deepcopy(body)
    inside = made
    for step in source.choice(_places(made)):
        if not isinstance(inside[step], dict | list):
            break
        inside = inside[step]
    value = source.choice((*VALUES, *TEXTS))
    if isinstance(inside, dict):
        inside[source.choice(NAMES)] = value
    else:
        inside.append(value)
    return made


def _bent(source: random.Random, path: str) -> str:
    return source.choice(
        [
            path + "/", path + "?x=%00", path.replace("-", "", 1), path.replace("devices",
    "device"), path.upper(),
            path[: source.randint(1, len(path))], path + "/%2e%2e/%2e%2e", path.replace("sms", "%F0%28%8C%BC"),
            "/devices/" + "9" * 300, "/devices/../reports", path + "&at=" + "1" * 500, "/" + "a" * 3000,
        ]
    )  # fmt: skip


def _garbled(source: random.Random, content: bytes) -> bytes:
    if not content:
        return bytes(source.randrange(256) for _each in range(20))
    made = bytearray(content)
    for _each in range(source.randint(1, 5)):
        place = source.randrange(len(made))
        match source.randrange(3):
            case 0:
                made[place] = source.randrange(256)
            case 1:
                del made[place : place + source.randrange(1, 10)]
            case _:
                made[place:place] = source.choice([b'"', b"{", b"}", b"\\", b"\xff", b"\x00", b",", b"[" * 40])
        if not made:
            break
    return bytes(made)
