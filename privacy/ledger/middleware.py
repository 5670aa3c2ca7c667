"""Every request gets surroundings that no client chose: an id, an address, a door (ledger.md, Writing)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string

from privacy.ledger import actions, request_context
from privacy.ledger.actions import LedgerUnavailable
from privacy.ledger.events import Event
from privacy.lib.errors.refusals import Unavailable
from privacy.lib.http.machine_paths import MACHINE_PATHS

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network
RETRY_AFTER = "5"
# A forwarded chain longer than this is nobody's honest chain; the rest of it is not read.
MAX_HOPS = 20
_LANGUAGE = "^/(?:" + "|".join(re.escape(code) for code, _name in settings.LANGUAGES) + ")/"


class RequestActor:
    """Who a web request acts for: the signed-in user, looked at only when something is put on record."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def _user(self) -> object | None:
        user = getattr(self._request, "user", None)
        return user if getattr(user, "is_authenticated", False) else None

    @property
    def kind(self) -> str:
        return str(getattr(self._user(), "kind", "anonymous"))

    @property
    def ref(self) -> str:
        return str(getattr(self._user(), "ref", "anonymous"))

    def may(self, permission: str) -> bool:
        user = self._user()
        return bool(user is not None and user.may(permission))  # type: ignore[attr-defined]

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        user = self._user()
        return bool(user is not None and user.may_open(category, purpose, on))  # type: ignore[attr-defined]


def _within_request(context: request_context.AuditContext, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what an answer sends piece by piece: what is put on record meanwhile was done in the same request."""
    while True:
        with request_context.resume(context):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


class RequestContextMiddleware:
    """Set the acting context, answer with the request's id, and turn a shut ledger or vault into 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse | StreamingHttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        peer = request.META.get("REMOTE_ADDR", "")
        address = client_address(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""))
        with request_context.override(
            address=address,
            peer=_text(_parse(peer)),
            request_id=request_context.new_request_id(),
            door=access_channel(request.path),
            actor=RequestActor(request),
            lookups={},
        ) as context:
            request.META[request_context.REQUEST_ID] = context.request_id
            response = self.get_response(request)
            response.headers["X-Request-ID"] = context.request_id
            # A file of the disk puts nothing on record, and the server may send it by itself.
            if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
                pieces = cast("Iterator[bytes]", response.streaming_content)
                response.streaming_content = _within_request(request_context.current(), pieces)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Unavailable):
            return answer_unavailable(request, exception)
        if isinstance(exception, PermissionDenied):
            return record_denial(request)
        return None


def record_denial(request: HttpRequest) -> HttpResponse | None:
    """Put on record that somebody signed in asked for a page that their account may not see (law S-01)."""
    actor = RequestActor(request)
    if actor.kind == "anonymous" or request.resolver_match is None:
        return None
    try:
        actions.record_before(
            Event.DENIED, actor=actor, at=None, task=request.resolver_match.view_name, result="denied"
        )
    except LedgerUnavailable as away:
        return answer_unavailable(request, away)
    return None


def answer_unavailable(request: HttpRequest, refusal: Unavailable) -> HttpResponse:
    """Answer 503 without a byte of the page that was asked for: a problem document for machines, a page for people."""
    if access_channel(request.path) == "api":
        body = json.dumps(
            {
                "type": "about:blank",
                "title": "Service Unavailable",
                "status": 503,
                "detail": str(refusal),
                "code": refusal.code,
            },
            ensure_ascii=False,
        )
        response = HttpResponse(body, status=503, content_type="application/problem+json")
    else:
        context = {"refusal": refusal, "was_sent": request.method not in ("GET", "HEAD")}
        response = HttpResponse(render_to_string("ledger/unavailable.html", context), status=503)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def access_channel(path: str) -> str:
    """Return which audience's address a path belongs to, in whichever language it is opened."""
    path = re.sub(_LANGUAGE, "/", path)
    for prefix, door in (*((one, "api") for one in MACHINE_PATHS), ("/office/", "office"), ("/staff/", "staff")):
        if path.startswith(prefix):
            return door
    return "public"


def client_address(peer: str, forwarded: str) -> str:
    """Return the right-most hop that isn't one of our own proxies; only what a trusted hop says is believed.

    A peer that isn't ours, or a hop that isn't an address, ends the walk: what stands left of it is a claim.
    """
    trusted = _trusted(tuple(str(network) for network in settings.TRUSTED_PROXIES))
    best = _parse(peer)
    if best is None or not _within(best, trusted):
        return _text(best)
    for hop in reversed(forwarded.split(",")[-MAX_HOPS:]):
        address = _parse(hop)
        if address is None:
            break
        best = address
        if not _within(address, trusted):
            break
    return _text(best)


def is_in_networks(address: str, networks: Iterable[str]) -> bool:
    """Whether an address belongs to one of these networks; what is no address belongs to none."""
    parsed = _parse(address)
    return parsed is not None and _within(parsed, _trusted(tuple(networks)))


@lru_cache(maxsize=8)
def _trusted(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network, strict=False) for network in networks)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _text(address: Address | None) -> str:
    return str(address) if address is not None else ""
