"""A system with an HTTP API of its own: each verb is mapped onto a call of it."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import quote, urlsplit

from exafe_connector.adapters.adapter import Counts, Person, Unsupported, Values
from exafe_connector.adapters.places import filled, names_in

MAX_ANSWER = 4 * 1024 * 1024
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class CallFailed(Exception):
    """The system answered otherwise than a call is answered that was carried out."""


@dataclass(frozen=True)
class Request:
    """One call: a method, an address with identifiers such as ``{reference}`` in it, and JSON to send.

    In ``body`` the text ``{item}`` is an item's value in ``correct``, and the code of the item elsewhere.
    """

    method: str
    url: str
    body: Any = None


@dataclass(frozen=True)
class Mapped:
    """How the verbs are said to the system.

    ``search`` answers JSON or 404; ``read_back`` is another search, best by another way. ``items``: item → JSON pointer
    in both answers; a pointer that leads to a list counts each of its entries. ``destroy``, ``correct``, ``freeze`` and
    ``release`` are sent once for each item; what isn't mapped can't be done.
    """

    search: Request
    read_back: Request
    items: Mapping[str, str]
    destroy: Request
    correct: Request | None = None
    freeze: Request | None = None
    release: Request | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any, **_options: Any) -> None:
        return None


class HttpSystem:
    """Another system, by its API. Redirects aren't followed; addresses are HTTPS but on this machine."""

    def __init__(self, mapped: Mapped, *, timeout: float = 20, context: ssl.SSLContext | None = None) -> None:
        self.mapped = mapped
        self.timeout = timeout
        self.items = frozenset(mapped.items)
        self.correctable = self.items if mapped.correct else frozenset()
        self.can_freeze = mapped.freeze is not None and mapped.release is not None
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _NoRedirects(), urllib.request.HTTPSHandler(context=context)
        )
        every = (mapped.search, mapped.read_back, mapped.destroy, mapped.correct, mapped.freeze, mapped.release)
        for request in filter(None, every):
            address = urlsplit(request.url)
            if address.scheme != "https" and address.hostname not in {"127.0.0.1", "localhost", "::1"}:
                raise ValueError(f"{request.url}: another machine is called by HTTPS.")

    def locate(self, person: Person, items: Collection[str]) -> Counts:
        """Count what the system's search shows."""
        return {item: len(found) for item, found in self._search(self.mapped.search, person, items).items()}

    def freeze(self, person: Person, items: Collection[str], *, frozen: bool) -> None:
        """Have the system freeze or release each item."""
        self._each(self.mapped.freeze if frozen else self.mapped.release, person, items)

    def unmark(self, person: Person, items: Collection[str], *, still: Collection[str]) -> None:
        """Have the system release each item; a call that names no item releases all, so none may be still frozen."""
        if not still or _names_item(self.mapped.release):
            self._each(self.mapped.release, person, items)

    def correct(self, person: Person, values: Mapping[str, str]) -> None:
        """Have the system write each value."""
        self._each(self.mapped.correct, person, values, values)

    def destroy(self, person: Person, items: Collection[str]) -> None:
        """Have the system destroy each item; what it no longer has is gone."""
        self._each(self.mapped.destroy, person, items, gone=True)

    def read_back(self, person: Person, items: Collection[str]) -> Values:
        """Search by the other way."""
        return self._search(self.mapped.read_back, person, items)

    def _search(self, request: Request, person: Person, items: Collection[str]) -> dict[str, list[str]]:
        status, told = self._call(request, person, {}, accepted=GONE)
        if status in GONE:
            return {}
        document = _json(told)
        return {item: list(_texts(document, self.mapped.items[item])) for item in items}

    def _each(
        self,
        request: Request | None,
        person: Person,
        items: Collection[str],
        values: Mapping[str, str] | None = None,
        *,
        gone: bool = False,
    ) -> None:
        if request is None:
            raise Unsupported("The mapping of this system has no call for that.", "")
        for item in items:
            self._call(request, person, {"item": values[item] if values else item, "code": item},
                       accepted=GONE if gone else ())  # fmt: skip

    def _call(
        self, request: Request, person: Person, words: Mapping[str, str], *, accepted: Collection[int] = ()
    ) -> tuple[int, bytes]:
        body = None if request.body is None else json.dumps(_filled(request.body, words)).encode()
        headers = {**self.mapped.headers, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(  # noqa: S310 - the schemes were looked at above
            _address(request.url, person, words), data=body, headers=headers, method=request.method
        )
        try:
            with self._opener.open(asked, timeout=self.timeout) as answer:
                return _status(answer.status), _all_of(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code in accepted:
                    return refusal.code, b""
            raise CallFailed(str(refusal.code)) from None


def _names_item(request: Request | None) -> bool:
    return request is not None and any(name in f"{request.url} {request.body}" for name in ("{item}", "{code}"))


def _status(status: int) -> int:
    # 202 has begun something and says nothing of its end; anything but 200 and 204 is no "done".
    if status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
        raise CallFailed(str(status))
    return status


def _all_of(answer: IO[bytes]) -> bytes:
    told = answer.read(MAX_ANSWER + 1)
    if len(told) > MAX_ANSWER:
        raise CallFailed("a longer answer than is read")
    return told


def _json(told: bytes) -> Any:
    try:
        return json.loads(told)
    except ValueError:
        raise CallFailed("no JSON") from None


def _address(template: str, person: Person, words: Mapping[str, str]) -> str:
    """Return an address with identifiers in it. Raises Unsupported for one that is missing, or no name in a path."""
    quoted: dict[str, str] = {}
    in_path = template.partition("?")[0]
    for name in names_in(template):
        value = words["code"] if name == "item" and "code" in words else person.get(name)
        # Many servers read a quoted slash as a slash, and dots as the folder above: another person's address.
        if value is None or (f"{{{name}}}" in in_path and (value in {".", ".."} or set(value) & set("/\\"))):
            raise Unsupported(f"This system finds people by {name}, as one step of an address.", "/person")
        quoted[name] = quote(value, safe="")
    return filled(template, quoted)


def _filled(body: Any, words: Mapping[str, str]) -> Any:
    if isinstance(body, str):
        return words.get("item", "") if body == "{item}" else words.get("code", "") if body == "{code}" else body
    if isinstance(body, Mapping):
        return {words.get("code", "") if name == "{code}" else name: _filled(one, words) for name, one in body.items()}
    return [_filled(one, words) for one in body] if isinstance(body, list) else body


def _texts(document: Any, pointer: str) -> Iterator[str]:
    """Yield the values at a JSON pointer; in a list on the way, ``*`` is each of its entries."""
    found = [document]
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = [inner for one in found for inner in _step(one, name)]
    for one in found:
        for value in one if isinstance(one, list) else [one]:
            if value is not None and value != "":
                yield value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _step(value: Any, name: str) -> list[Any]:
    if isinstance(value, Mapping):
        return [value[name]] if name in value else []
    if isinstance(value, list):
        if name == "*":
            return value
        return [value[int(name)]] if name.isdecimal() and int(name) < len(value) else []
    return []
