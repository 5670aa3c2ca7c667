"""Who is acting, from where, and in which request: a context of our own, because headers can be forged.

The web's middleware, the API's authentication, the job runner and commands set it; the ledger reads it. Nothing of
it comes from a client: the request id is made here, the address is the right-most hop that is not our own proxy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor


@dataclass(frozen=True, slots=True)
class AuditContext:
    """One act's surroundings.

    ``address`` is where the person is (law S-01: access place), ``peer`` the host that connected to us, ``door`` one
    of public, staff, office, api, job, command, shell.
    """

    address: str = ""
    peer: str = ""
    request_id: str = ""
    door: str = ""
    actor: Actor | None = None
    # The nonce of the first read that this request put on record: one page needs one record.
    reads: list[str] = field(default_factory=list, compare=False, repr=False)
    # What this request of a person or machine has looked up once; ``None`` where an act may last for days.
    lookups: dict[object, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def who(self) -> tuple[str, str]:
        """Kind and reference of who acts. Never empty: an act outside any door belongs to the running program."""
        if self.actor is None:
            return "system", f"system:{_program()}"
        return self.actor.kind, self.actor.ref


# Under this name a web request's META holds its id, also once the request is over; no header can be called so.
REQUEST_ID = "portal.request_id"
_current: ContextVar[AuditContext | None] = ContextVar("acting", default=None)


def current() -> AuditContext:
    """Return the surroundings of the running act; outside every door, those of this process."""
    return _current.get() or _process_context(os.getpid())


@contextmanager
def override(**changes: Any) -> Iterator[AuditContext]:
    """Act with other surroundings inside the ``with`` block: fields of ``AuditContext``.

    Without a ``request_id`` of its own, an act inside another keeps the outer one's, and an act outside gets a new one.
    """
    outer = _current.get()
    if "request_id" in changes or outer is None:
        changes["reads"] = []
    acting = replace(outer or AuditContext(), **changes)
    if not acting.request_id:
        acting = replace(acting, request_id=new_request_id())
    token = _current.set(acting)
    try:
        yield acting
    finally:
        _current.reset(token)


@contextmanager
def resume(context: AuditContext) -> Iterator[None]:
    """Act on with the surroundings of an act that began before, inside the ``with`` block."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def set_actor(actor: Actor) -> None:
    """Name who acts for the rest of the running act, once a token or a password has been checked."""
    _current.set(replace(current(), actor=actor))


def remember_read(nonce: str) -> None:
    """Remember that the running request has put a read on record."""
    reads = current().reads
    if not reads:
        reads.append(nonce)


def looked_up_once[Found](key: object, find: Callable[[], Found]) -> Found:
    """Return what ``find`` finds, asked once in a web request and each time outside one.

    For what is shown, never for what decides: the request itself may change it.
    """
    lookups = current().lookups
    if lookups is None:
        return find()
    if key not in lookups:
        lookups[key] = find()
    found: Found = lookups[key]
    return found


def new_request_id() -> str:
    """Return a request id: 128 random bits, made by the server."""
    return token_urlsafe(16)


@lru_cache(maxsize=1)
def _process_context(pid: int) -> AuditContext:
    return AuditContext(request_id=new_request_id(), door="shell")


def _program() -> str:
    command = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    if command == "manage.py" and len(sys.argv) > 1:
        return sys.argv[1][:40]
    return command[:40] or "python"
