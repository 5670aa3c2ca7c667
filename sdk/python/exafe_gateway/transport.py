"""One call of the portal: signed, sent again until there is an answer, at the pace that the portal asks for."""

import http.client
import json
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exafe_gateway import signing
from exafe_gateway.problems import Problem, UnexpectedAnswer, Unreachable, problem_of

HERE = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_ANSWER = 16 * 1024 * 1024
# A signature is made anew where the portal's clock turns out to be so many seconds from what was signed.
CLOCK_MATTERS = 30
SLOWEST_WAIT = 60.0
AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Answer:
    """An answer without a problem: its status and its JSON, None where there is none."""

    status: int
    told: Any


class Transport:
    """The way to one portal under one token.

    ``signing_key``: where the token was issued with a key. ``tries``: how often a call is sent in all.
    ``longest_wait``: seconds; a portal that asks for more patience is left to the caller (``TryLater``). ``language``:
    of the sentences in refusals and answers, ``ko`` or ``en``. ``sleep`` and ``clock`` are those of ``time``.
    """

    def __init__(
        self,
        portal: str,
        token: str,
        *,
        signing_key: Ed25519PrivateKey | None = None,
        timeout: float = 30,
        tries: int = 6,
        longest_wait: float = 120,
        context: ssl.SSLContext | None = None,
        language: Literal["ko", "en"] = "ko",
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        address = urlsplit(portal)
        if address.scheme not in {"https", "http"} or not address.hostname:
            raise ValueError("The portal's address begins with https://.")
        if address.scheme == "http" and address.hostname not in HERE:
            raise ValueError("A portal on another machine is called by HTTPS.")
        if not token.isascii() or not token.isprintable() or not token:
            raise ValueError("The token isn't one.")
        self._address = address
        self._token = token
        self._language = language
        self._keys = {} if signing_key is None else {signing.TOKEN: signing_key}
        self._context = context or (ssl.create_default_context() if address.scheme == "https" else None)
        self._timeout = timeout
        self._tries = tries
        self._longest_wait = longest_wait
        self._sleep = sleep
        self._clock = clock
        # By how many seconds the portal's clock is ahead of ours, as its last answer showed.
        self.clock_offset = 0.0

    def now(self) -> float:
        """Return this moment in Unix seconds, by the portal's clock as far as it is known."""
        return self._clock() + self.clock_offset

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: str = "",
        key: str = "",
        packed: bool = False,
        device_key: Ed25519PrivateKey | None = None,
    ) -> Answer:
        """Make a call below ``/api/v1`` until it is answered. Raises Problem, Unreachable, UnexpectedAnswer.

        ``key`` is its Idempotency-Key: with it, or where the call itself is the same each time, trying again is safe.
        """
        keys = self._keys | ({} if device_key is None else {signing.DEVICE: device_key})
        plain = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        plain["Accept-Language"] = self._language
        if body:
            plain["Content-Type"] = "application/json"
        if packed:
            plain["Content-Encoding"] = "gzip"
        if key:
            plain["Idempotency-Key"] = key
        path = f"{self._address.path.rstrip('/')}/api/v1{path}"
        set_right = False
        for number in range(1, self._tries + 1):
            created = int(self.now())
            headers = plain | signing.signed_headers(method, path, query, body, keys=keys, created=created)
            try:
                return self._send(method, path + (f"?{query}" if query else ""), body, headers)
            except Problem as problem:
                if problem.code == "bad-signature" and abs(self.now() - created) > CLOCK_MATTERS and not set_right:
                    set_right = True
                    continue
                wait = problem.retry_after
                retried = problem.status in AGAIN or problem.code == "under-way"
                if not retried or number == self._tries or (wait or 0) > self._longest_wait:
                    raise
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise UnexpectedAnswer("the portal's certificate isn't valid") from error
                wait = None
                if number == self._tries:
                    raise Unreachable(f"no answer: {type(error).__name__}") from error
            self._sleep(back_off(number) if wait is None else wait)
        raise Unreachable("no answer after the clock was set right")

    def _send(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        host, port = self._address.hostname or "", self._address.port
        if self._context is not None:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self._timeout, context=self._context
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._timeout)
        try:
            sent = self._clock()
            connection.request(method, target, body or None, dict(headers))
            answer = connection.getresponse()
            raw = answer.read(MAX_ANSWER + 1)
            self._learn_clock(answer.headers.get("Date", ""), sent)
        finally:
            connection.close()
        if len(raw) > MAX_ANSWER:
            raise UnexpectedAnswer("an answer longer than the portal's are")
        told = _json(raw, answer.headers.get("Content-Type", ""))
        if answer.status in {200, 201}:
            if told is None:
                raise UnexpectedAnswer(f"status {answer.status} without JSON")
            return Answer(answer.status, told)
        if answer.status == 204:
            return Answer(204, None)
        retry_after = _seconds(answer.headers.get("Retry-After", ""), self.now())
        if not isinstance(told, dict) and answer.status in AGAIN:
            # A proxy before the portal has no problem documents.
            told = {"code": "unavailable", "detail": "The portal is not reached at the moment.", "errors": []}
        raise problem_of(answer.status, told if isinstance(told, dict) else {}, retry_after)

    def _learn_clock(self, date: str, sent: float) -> None:
        try:
            shown = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return
        # Shown in whole seconds, at some moment between sending and reading.
        between = (sent + self._clock()) / 2
        if abs(shown + 0.5 - between) > 1 + (self._clock() - sent) / 2:
            self.clock_offset = shown + 0.5 - between
        else:
            self.clock_offset = 0.0


def back_off(number: int) -> float:
    """Return how many seconds to wait after a try: twice as long each time, and not all gateways at once."""
    return min(SLOWEST_WAIT, 0.5 * 2.0 ** (number - 1)) * (0.5 + secrets.randbelow(1_000) / 1_000)


def _json(raw: bytes, media: str) -> Any:
    if not raw or "json" not in media:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        # Cut off on the way: it says nothing.
        raise http.client.IncompleteRead(raw) from None


def _seconds(given: str, now: float) -> float | None:
    if given.isascii() and given.isdecimal():
        return float(given[:9])
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - now)
    except (TypeError, ValueError):
        return None
