"""The server's side of the protocol as a WSGI application: any server runs it."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWorking
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from exafe_connector import wire
from exafe_connector.adapters.adapter import Unsupported
from exafe_connector.calls import Call, MalformedCall, read_call
from exafe_connector.keys import Keys
from exafe_connector.store import Answer, FreezeEnded, KeyReused
from exafe_connector.verbs import Blind, NotDone, System, call_mark

logger = logging.getLogger("exafe_connector")
MAX_BODY = 256 * 1024
RETRY_AFTER = 60
ADDRESS = re.compile(r"/v1/([a-z-]{1,20})", re.ASCII)


class StartResponse(Protocol):
    """WSGI's ``start_response``."""

    def __call__(self, status: str, headers: list[tuple[str, str]], /) -> Any: ...


class Problem(Exception):
    """A problem document (RFC 9457); none of its texts repeats what was sent of a person."""

    def __init__(
        self, status: int, code: str, detail: str, *, pointer: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = list(headers)
        document = {"type": f"urn:exafe-connector:problem:{code}", "title": HTTPStatus(status).phrase,
                    "status": status, "code": code, "detail": detail}  # fmt: skip
        if pointer:
            document["errors"] = [{"pointer": pointer, "code": code}]
        self.body = json.dumps(document, ensure_ascii=False).encode()


class Connector:
    """A system behind the protocol.

    ``secrets``: shared with the portal, the newest first. ``wait``: after how many seconds a call that still runs is
    answered 202; its work goes on, and the same call gets the result. ``clock`` tells this moment.
    """

    def __init__(
        self,
        system: System,
        *,
        keys: Keys,
        secrets: Sequence[bytes],
        wait: float = 10,
        workers: int = 32,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not secrets or not all(len(secret) >= 32 for secret in secrets):
            raise ValueError("A shared secret has at least 32 bytes.")
        self.system = system
        self.keys = keys
        self.secrets = list(secrets)
        self.wait = wait
        self.clock = clock
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="connector")
        self._running: dict[str, Future[Answer]] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except Problem as problem:
            return _send(start_response, problem.status, problem.body, "application/problem+json", problem.headers)
        if answer is None:
            body = json.dumps({"state": "accepted", "retry_after": RETRY_AFTER}).encode()
            return _send(start_response, 202, body, "application/json", [("Retry-After", str(RETRY_AFTER))])
        signed = [("Connector-Signature", answer.signature)]
        return _send(start_response, 200, answer.body, "application/json", signed)

    def close(self) -> None:
        """Wait for the calls at work, and take no more."""
        self._pool.shutdown(wait=True)

    def _answer(self, environ: dict[str, Any]) -> Answer | None:
        # Read before anything is refused: an answer over a body that waits is a connection that breaks.
        body = _body(environ)
        verb = self._verb(environ)
        key = environ.get("HTTP_IDEMPOTENCY_KEY", "")
        if not wire.is_signed_call(
            self.secrets,
            timestamp=environ.get("HTTP_PORTAL_TIMESTAMP", ""),
            verb=verb,
            key=key,
            body=body,
            signature=environ.get("HTTP_PORTAL_SIGNATURE", ""),
            now=self.clock().timestamp(),
        ):
            raise Problem(401, "not-signed", "The call isn't signed with the shared secret, or not now.")
        if not wire.UUID.fullmatch(key):
            raise Problem(400, "malformed", "Idempotency-Key is a UUID in small letters.")
        try:
            call = read_call(key, verb, body, known=self.system.adapter.items)
            before = self.system.store.answer_before(key=key, verb=verb, body=body)
            return before or self._carried_out(call, wire.digest_of(body), body)
        except MalformedCall as refusal:
            raise Problem(400, "malformed", str(refusal), pointer=refusal.pointer) from None
        except Unsupported as refusal:
            raise Problem(422, "unsupported", str(refusal), pointer=refusal.pointer) from None
        except KeyReused:
            raise Problem(409, "key-reused", "This Idempotency-Key came with another call.") from None
        except FreezeEnded:
            raise Problem(409, "freeze-ended", "This freeze was released before.") from None
        except Blind:
            logger.error("%s: the canary isn't found", call_mark(verb, key))
            raise Problem(500, "blind", "The system's search finds nobody. Ask again.") from None
        except NotDone:
            logger.error("%s: the read-back found otherwise", call_mark(verb, key))
            raise Problem(500, "not-done", "The system's own read-back found otherwise. Ask again.") from None
        except Exception as error:  # noqa: BLE001 - whatever a system raises; its words may hold values, its name doesn't
            logger.error("%s: %s", call_mark(verb, key), type(error).__name__)
            raise Problem(
                503, "unavailable", "The system didn't do it. Ask again.", headers=[("Retry-After", str(RETRY_AFTER))]
            ) from None

    def _carried_out(self, call: Call, request_digest: str, body: bytes) -> Answer | None:
        """Return the answer, or None while the call still runs."""
        with self._lock:
            running = self._running.get(call.key)
            if running is None:
                running = self._running[call.key] = self._pool.submit(self._work, call, request_digest, body)
                running.add_done_callback(lambda _done: self._running.pop(call.key, None))
        try:
            return running.result(timeout=self.wait)
        except StillWorking:
            if running.done():
                raise
            return None

    def _work(self, call: Call, request_digest: str, body: bytes) -> Answer:
        with self.system.alone_with(call.person):
            # Another process may have answered it while this one waited.
            before = self.system.store.answer_before(key=call.key, verb=call.verb, body=body)
            if before is not None:
                return before
            result = self.system.carry_out(call, at=self.clock())
            answer = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
            signature = wire.sign_answer(
                self.keys.signing, key=call.key, verb=call.verb, request_digest=request_digest, answer=answer
            )
            signed = Answer(answer, signature)
            self.system.store.keep_answer(call.key, signed)
            return signed

    def _verb(self, environ: dict[str, Any]) -> str:
        found = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if found is None or found[1] not in wire.VERBS:
            raise Problem(404, "not-found", "There is nothing at this address.")
        if environ.get("REQUEST_METHOD") != "POST":
            raise Problem(405, "method", "A call is a POST.", headers=[("Allow", "POST")])
        return found[1]


def _body(environ: dict[str, Any]) -> bytes:
    given = environ.get("CONTENT_LENGTH") or ""
    if not (given.isascii() and given.isdecimal()):
        raise Problem(411, "length", "A call says its Content-Length.")
    if int(given[:12]) > MAX_BODY:
        raise Problem(413, "too-large", f"A call has at most {MAX_BODY} bytes.")
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "media-type", "Send application/json.")
    body: bytes = environ["wsgi.input"].read(int(given))
    if len(body) < int(given):
        raise Problem(400, "malformed", "The call was cut off.")
    return body


def _send(
    start_response: StartResponse, status: int, body: bytes, media: str, headers: list[tuple[str, str]]
) -> list[bytes]:
    fixed = [("Content-Type", media), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(f"{status} {HTTPStatus(status).phrase}", fixed + headers)
    return [body]
