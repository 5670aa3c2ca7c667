"""A call of the portal, read strictly."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exafe_connector.adapters.adapter import Person, Unsupported
from exafe_connector.wire import COMMITMENT_KEY, UUID

MAX_TEXT = 2_000
MAX_ITEMS = 200
WHYS = frozenset({"correction", "suspension", "hold"})
NEED_OF = frozenset({"release", "read-back", "acknowledge"})
# These name a task, and so need name nobody: the person may be gone from the portal by then.
WITHOUT_PERSON = frozenset({"release", "acknowledge"})
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MalformedCall(Exception):
    """The body isn't what a call is: a problem of status 400 whose ``pointer`` says where."""

    def __init__(self, said: str, pointer: str = "") -> None:
        super().__init__(said)
        self.pointer = pointer


@dataclass(frozen=True)
class Call:
    """What the portal asks. ``of`` is the task that it is about, ``commitment_key`` 64 hex digits or empty."""

    key: str
    verb: str
    task: str
    person: Person
    items: tuple[str, ...]
    values: Mapping[str, str]
    basis: str
    why: str
    of: str
    commitment_key: str


def read_call(key: str, verb: str, body: bytes, *, known: frozenset[str]) -> Call:
    """Return a call. Raises MalformedCall, and Unsupported for an item that the system doesn't have."""
    told = _read_json(body)
    items = told.get("items")
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items) or len(items) > MAX_ITEMS:
        raise MalformedCall("items is a list of codes.", "/items")
    if len(set(items)) < len(items) or (not items and verb not in {"release", "acknowledge"}):
        raise MalformedCall("items names at least one item, each once.", "/items")
    for place, item in enumerate(items):
        if item not in known:
            raise Unsupported(f"This system has no item {item[:64]!r}.", f"/items/{place}")
    call = Call(
        key=key,
        verb=verb,
        task=_uuid(told, "task"),
        person={} if verb in WITHOUT_PERSON and told.get("person") == {} else _person(told.get("person")),
        items=tuple(items),
        values=_values(told.get("values", {}), items) if verb == "correct" else {},
        basis=_text(told.get("basis", ""), "/basis"),
        why=_text(told.get("why", ""), "/why"),
        of=_uuid(told, "of") if verb in NEED_OF else "",
        commitment_key=_text(told.get("commitment_key", ""), "/commitment_key"),
    )
    if verb == "freeze" and call.why not in WHYS:
        raise MalformedCall("why is correction, suspension or hold.", "/why")
    if (call.commitment_key or verb == "correct") and not COMMITMENT_KEY.fullmatch(call.commitment_key):
        raise MalformedCall("commitment_key has 64 hex digits.", "/commitment_key")
    return call


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise MalformedCall("The body is no JSON text in UTF-8, or a name stands twice in it.") from None
    if not isinstance(told, dict):
        raise MalformedCall("The body is an object.")
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a name stands twice")
    return told


def _person(told: Any) -> Person:
    if not isinstance(told, dict) or not told:
        raise MalformedCall("person is an object of identifiers.", "/person")
    for name, value in told.items():
        if value is not None and not _text(value, "/person"):
            raise MalformedCall(f"An identifier is null or a text that isn't empty; {name[:64]!r} is.", "/person")
    if not any(told.values()):
        raise MalformedCall("person has at least one identifier that isn't null.", "/person")
    return told


def _values(told: Any, items: list[str]) -> Mapping[str, str]:
    if not isinstance(told, dict) or set(told) != set(items):
        raise MalformedCall("values has each of the items, and no other.", "/values")
    read: dict[str, str] = {}
    for item, value in told.items():
        if not isinstance(value, dict) or set(value) != {"to"}:
            raise MalformedCall('A value is {"to": "…"}.', "/values")
        read[item] = _text(value["to"], "/values")
    return read


def _text(told: Any, pointer: str) -> str:
    if not isinstance(told, str) or len(told) > MAX_TEXT or CONTROL.search(told):
        raise MalformedCall("This is a text without control characters.", pointer)
    try:
        told.encode()
    except UnicodeEncodeError:
        raise MalformedCall("This is no text.", pointer) from None
    return told


def _uuid(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not UUID.fullmatch(value):
        raise MalformedCall(f"{name} is a UUID in small letters.", f"/{name}")
    return value
