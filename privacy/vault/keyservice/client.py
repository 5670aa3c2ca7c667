"""How a process reaches whoever holds the keys: the key service's socket, or in ordinary tests this process itself."""

import math
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import local
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.utils.translation import get_language, gettext_lazy

from privacy.vault import crypto, key_providers
from privacy.vault.keyservice import messages
from privacy.vault.keyservice.ceilings import Ceilings
from privacy.vault.keyservice.circuit_breaker import CircuitBreaker
from privacy.vault.keyservice.custodian import KeyCustodian
from privacy.vault.keyservice.reading_policy import ANY_DAY, Connection, ReadingPolicy
from privacy.vault.keyservice.refusals import (
    CeilingReached,
    KeyServiceUnavailable,
    KeysRefused,
    SignaturesUnavailable,
    StillChecking,
    TrailUnsigned,
)
from privacy.vault.refusals import Destroyed, WrongKey

CONNECT_SECONDS, ANSWER_SECONDS = 0.5, 2.0
IN_PROCESS = "in-process"
# As which process a management command asks.
COMMANDS = "worker"
_held = local()


def ask(request: messages.Request) -> Any:
    """Return what the key service answers, of the type that belongs to the request.

    Raises KeyServiceUnavailable within 3 s where it does not answer, KeysRefused, CeilingReached, TrailUnsigned,
    Destroyed, WrongKey.
    """
    if settings.KEY_SERVICE == IN_PROCESS:
        name = str(database.settings_dict["NAME"])
        return _custodian(name).answer(request, _myself(name))
    breaker = _circuit_breaker(str(socket_path()))
    if breaker.is_waited_for(seconds=CONNECT_SECONDS + ANSWER_SECONDS):
        raise KeyServiceUnavailable
    try:
        said = _answer(messages.Call(get_language() or settings.LANGUAGE_CODE, request))
    except OSError as error:
        if isinstance(error, TimeoutError):
            breaker.trip()
        raise KeyServiceUnavailable from error
    breaker.reset()
    if isinstance(said, messages.Failure):
        raise _refusal(said)
    return messages.CONTENTS[type(request)].decode(said.content)


def ask_to_the_end(request: messages.Request, *, until: float = math.inf) -> Any:
    """Return the answer to what takes several questions. Raises StillChecking once it is ``until`` (monotonic), and
    otherwise like ``ask``.
    """
    while True:
        try:
            return ask(request)
        except StillChecking:
            if time.monotonic() > until:
                raise


@cache
def _circuit_breaker(_path: str) -> CircuitBreaker:
    return CircuitBreaker()


def _answer(call: messages.Call) -> messages.Answer | messages.Failure:
    until = time.monotonic() + ANSWER_SECONDS
    kept = _kept_connection()
    if kept is not None:
        # Where it was restarted since, what was asked is safe to ask again.
        with suppress(ConnectionError):
            return _exchange(kept, call)
    return _exchange(_connect(max(CONNECT_SECONDS, until - time.monotonic())), call)


def _exchange(connection: socket.socket, call: messages.Call) -> messages.Answer | messages.Failure:
    try:
        messages.send(connection, call)
        reply = messages.receive(connection)
        if not reply:
            raise ConnectionResetError
        return messages.REPLIES.decode(reply)
    except BaseException:
        # Also where a job's time is over: the answer that is on its way must not be taken for the next one's.
        forget_connection()
        raise


def _connect(seconds: float) -> socket.socket:
    forget_connection()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(CONNECT_SECONDS)
    try:
        made.connect(str(socket_path()))
    except OSError:
        made.close()
        raise
    made.settimeout(seconds)
    _held.connection = (os.getpid(), str(socket_path()), made)
    return made


def socket_path() -> Path:
    """Return the socket of this process at the key service."""
    return Path(settings.KEY_SERVICE_DIR) / f"{settings.PORTAL_PROCESS or COMMANDS}.sock"


def _kept_connection() -> socket.socket | None:
    held: tuple[int, str, socket.socket] | None = getattr(_held, "connection", None)
    # After a fork the connection is the parent's.
    return held[2] if held is not None and held[:2] == (os.getpid(), str(socket_path())) else None


def forget_connection() -> None:
    """Close this thread's connection; the next question opens another."""
    held = getattr(_held, "connection", None)
    if held is not None and held[0] == os.getpid():
        held[2].close()
    _held.connection = None


def _refusal(said: messages.Failure) -> Exception:
    if said.code == Destroyed.code:
        return Destroyed()
    known: dict[str, type[Exception]] = {
        refusal.code: refusal
        for refusal in (CeilingReached, KeyServiceUnavailable, StillChecking, TrailUnsigned, WrongKey)
    }
    if said.code in known:
        return known[said.code](said.message)
    return KeysRefused(said.message, code=said.code)


def index_check_value() -> bytes:
    """Return the check value of the key of the blind indexes: the service's is asked for once."""
    if settings.KEY_SERVICE == IN_PROCESS:
        return crypto.check_value(key_providers.index_key())
    return _service_index_check_value()


@cache
def _service_index_check_value() -> bytes:
    described: messages.Described = ask(messages.Describe())
    return described.index


@cache
def _custodian(name: str) -> KeyCustodian:
    """Return the custodian of this process for a database: the same policy, on Django's own connection."""

    def query(statement: str, values: Any) -> list[tuple[Any, ...]]:
        with database.cursor() as cursor:
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    policy = ReadingPolicy(query, lease_seconds=settings.KEY_LEASE_SECONDS, monotonic=time.monotonic, today=ANY_DAY)
    return KeyCustodian(query, policy, Ceilings({}), dated=False)


def _myself(name: str) -> Connection:
    """Return what stands for this thread's connection; tests talk to several databases, whose records are numbered
    alike.
    """
    held: dict[str, Connection] | None = getattr(_held, "myself", None)
    if held is None:
        held = _held.myself = {}
    return held.setdefault(name, Connection("all"))


class ServiceSigner:
    """Has documents signed by the key service; the public key is asked for once."""

    def __init__(self) -> None:
        self._public = ""

    def public_key(self) -> str:
        """Return the public key, base64 of 32 bytes. Raises SignaturesUnavailable."""
        if settings.KEY_SERVICE == IN_PROCESS:
            return str(ask(messages.PublicKey()))
        with _of_signatures():
            self._public = self._public or str(ask(messages.PublicKey()))
        return self._public

    def sign(self, body: str) -> str:
        """Return the signature over the body, base64. Raises SignaturesUnavailable, KeysRefused."""
        with _of_signatures():
            return str(ask_to_the_end(messages.Sign(body)))


@contextmanager
def _of_signatures() -> Iterator[None]:
    """Say of a key service that does not answer what was asked of it: no personal data."""
    try:
        yield
    except KeyServiceUnavailable as error:
        raise SignaturesUnavailable from error
    except KeysRefused as refusal:
        refusal.heading = gettext_lazy("The document was not signed")
        raise
