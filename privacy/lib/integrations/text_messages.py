"""Text messages (SMS and LMS): one message to one Korean mobile number by a provider, and what became of it.

``TEXT_MESSAGES_URL`` names the provider: ``https://:TOKEN@host/path`` one that speaks the small protocol of
docs/operations.md, ``solapi://KEY:SECRET@api.solapi.com`` Solapi. A repetition under the same key goes out once. That
a provider took a message is no proof that it arrived: its report is.
"""

import hashlib
import http.client
import json
import re
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, unquote, urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from privacy.lib.http.direct_requests import OPENER
from privacy.lib.integrations.text_replies import MESSAGE_NUMBER, Reply, read_replies

SOLAPI = "privacy.lib.integrations.solapi_provider.SolapiProvider"
SECONDS = 10.0
LONGEST_ANSWER = 262_144
# Providers that said that they take one message a call, as long as this process lives.
_ONE_A_CALL: set[str] = set()
# What a carrier takes as one short message and as one long one, in bytes of EUC-KR.
SMS_BYTES, LMS_BYTES = 90, 2_000
MOST_PARTS = 5
NUMBERING = "(%d/%d)\n"
REASON = re.compile(r"[\w.-]{1,40}", re.A)
PHONE_LIKE = re.compile(r"\d{7}")
MOBILE = re.compile(r"01[016789]\d{7,8}")
# Signs of typography that no phone's character set has.
PLAIN = str.maketrans({"–": "-", "—": "-", "…": "...", "\u00a0": " "})


class NotAccepted(Exception):
    """The provider does not take this message, now or later: the number, the sender or the text is wrong."""


class ProviderUnavailable(Exception):
    """The provider gave no usable answer: try again later."""


class State(StrEnum):
    ACCEPTED, DELIVERED, FAILED = "accepted", "delivered", "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of a message: on its way, on the phone at a moment, or not, with the provider's code for why."""

    state: State
    delivered_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KakaoMessage:
    """What goes by KakaoTalk: the code of an approved template, its variables, and the text that they make of it."""

    template: str
    variables: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to hand over."""

    to: str
    text: str
    key: str
    kakao: KakaoMessage | None = None


type Answer = str | NotAccepted | ProviderUnavailable


class Provider(Protocol):
    """Who takes text messages. ``send`` and ``report`` raise ProviderUnavailable."""

    def send(self, *, to: str, text: str, key: str, kakao: KakaoMessage | None = None) -> str:
        """Hand over a message, once for each ``key``; return its number there. Raises NotAccepted.

        With ``kakao`` it goes by KakaoTalk and by no other way: the portal itself takes the next one.
        """

    def report(self, message: str) -> DeliveryReport:
        """Say what became of a message."""

    def send_many(self, messages: Sequence[Outgoing]) -> Mapping[str, Answer]:
        """Hand over messages; return by key the number of each, or why it was not taken."""

    def reports(self, messages: Sequence[str]) -> Mapping[str, DeliveryReport]:
        """Say what became of messages; what nothing is known of is left out. Raises ProviderUnavailable."""

    def replies(self, *, after: str) -> Sequence[Reply]:
        """Return what people wrote after a reply, or from the first, the oldest first. Raises ProviderUnavailable."""


class OneByOne:
    """How a provider that takes one message a call is given several."""

    def send_many(self: Provider, messages: Sequence[Outgoing]) -> Mapping[str, Answer]:
        answers: dict[str, Answer] = {}
        for place, one in enumerate(messages):
            try:
                answers[one.key] = self.send(to=one.to, text=one.text, key=one.key, kakao=one.kakao)
            except NotAccepted as refused:
                answers[one.key] = refused
            except ProviderUnavailable as error:
                # The others wait for their next turn: each call may take its whole time.
                return answers | dict.fromkeys((left.key for left in messages[place:]), error)
        return answers

    def reports(self: Provider, messages: Sequence[str]) -> Mapping[str, DeliveryReport]:
        return {one: self.report(one) for one in messages}


def provider() -> Provider | None:
    """Return who sends text messages, or nothing where none is set."""
    if not settings.TEXT_MESSAGES_URL:
        return None
    url = urlsplit(settings.TEXT_MESSAGES_URL)
    # Solapi's library is read in only where it is used.
    kind = import_string(SOLAPI) if url.scheme == "solapi" else HttpProvider
    made: Provider = kind(url, sender=settings.TEXT_MESSAGES_FROM)
    return made


def are_sent() -> bool:
    """Whether this portal sends text messages: every process knows the sender's number, the worker alone the secret."""
    return bool(settings.TEXT_MESSAGES_FROM)


def is_our_number(number: str) -> bool:
    """Whether a number is the one that text messages come from."""
    return _national(number) == _national(settings.TEXT_MESSAGES_FROM)


def replies_origin() -> str:
    """Return a short name of the service and the number whose replies are read: ids of another's are others."""
    url = urlsplit(settings.TEXT_MESSAGES_URL)
    named = f"{url.hostname}:{url.port}{url.path}:{_national(settings.TEXT_MESSAGES_FROM)}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def are_sent_by_kakao() -> bool:
    """Whether the company has a channel for KakaoTalk notices at the provider of text messages."""
    return bool(settings.KAKAO_CHANNEL) and are_sent()


def mobile_number(value: str) -> str | None:
    """Return the digits of a Korean mobile number, or nothing: no other receives text messages."""
    digits = _national(value)
    return digits if MOBILE.fullmatch(digits) else None


def _national(value: str) -> str:
    digits = re.sub(r"\D", "", value.strip())
    if value.strip().startswith("+82") or digits.startswith("82"):
        digits = f"0{digits.removeprefix('82').removeprefix('0')}"
    return digits


def plain(text: str) -> str:
    """Return a text in the signs that every phone shows."""
    return "".join(
        sign if _is_known(sign) else unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or "?"
        for sign in text.translate(PLAIN)
    )


def parts_of(text: str) -> list[str]:
    """Return a text as the messages that carry all of it, numbered where there are several.

    Parted between lines, or between words where a line is too long. Empty where it takes more than MOST_PARTS.
    """
    said = plain(text.strip())
    if size(said) <= LMS_BYTES:
        return [said]
    room = LMS_BYTES - size(NUMBERING % (MOST_PARTS, MOST_PARTS))
    parts = [""]
    for piece in re.findall(r"\S+\s*|\s+", said):
        if size(piece) > room:
            return []
        if size((parts[-1] + piece).rstrip()) > room:
            parts.append("")
        parts[-1] += piece
    if len(parts) > MOST_PARTS:
        return []
    return [NUMBERING % (number, len(parts)) + part.strip() for number, part in enumerate(parts, 1)]


def size(text: str) -> int:
    """Return the bytes of a text as carriers count them."""
    return len(text.encode("cp949", "replace"))


def _is_known(sign: str) -> bool:
    try:
        sign.encode("cp949")
    except UnicodeEncodeError:
        return False
    return True


def message_number(said: object) -> str:
    """Return a message's number as a provider gives it. Raises ProviderUnavailable for what can't be one."""
    if not isinstance(said, str) or not MESSAGE_NUMBER.fullmatch(said):
        raise ProviderUnavailable("the answer has no usable number")
    return said


def reason_code(said: object) -> str:
    """Return a provider's code for why; words, and what may be a phone number, are kept nowhere."""
    text = str(said or "")
    return text if REASON.fullmatch(text) and not PHONE_LIKE.search(text) else State.FAILED.value


class HttpProvider(OneByOne):
    """A provider that speaks the protocol of docs/operations.md: several messages a call where it knows that."""

    def __init__(self, url: SplitResult, *, sender: str) -> None:
        host = url.netloc.rpartition("@")[2]
        self.base = f"{url.scheme}://{host}{url.path.rstrip('/')}"
        self.token = unquote(url.password or "")
        self.sender = sender

    def send(self, *, to: str, text: str, key: str, kakao: KakaoMessage | None = None) -> str:
        said = self._ask("POST", "/messages", self._said(to, text, kakao), key=key)
        return message_number(said["id"])

    def report(self, message: str) -> DeliveryReport:
        said = self._ask("GET", f"/messages/{message}")
        return _report(said)

    def send_many(self, messages: Sequence[Outgoing]) -> Mapping[str, Answer]:
        asked = [{"key": one.key, **self._said(one.to, one.text, one.kakao)} for one in messages]
        try:
            said = self._ask_many("/messages/several", {"messages": asked}, "messages")
        except ProviderUnavailable as error:
            return dict.fromkeys((one.key for one in messages), error)
        if said is None:
            return super().send_many(messages)
        answers: dict[str, Answer] = {}
        for one in said:
            try:
                refused = one.get("id") is None and one.get("error") is not None
                answers[str(one.get("key"))] = (
                    NotAccepted(reason_code(one["error"])) if refused else message_number(one.get("id"))
                )
            except ProviderUnavailable as error:
                answers[str(one.get("key"))] = error
        return answers

    def reports(self, messages: Sequence[str]) -> Mapping[str, DeliveryReport]:
        said = self._ask_many("/reports", {"ids": list(messages)}, "reports")
        if said is None:
            return super().reports(messages)
        found: dict[str, DeliveryReport] = {}
        for one in said:
            with suppress(ProviderUnavailable):
                found[str(one.get("id"))] = _report(one)
        return found

    def replies(self, *, after: str) -> Sequence[Reply]:
        try:
            said = self._ask("GET", f"/replies?after={quote(after, safe='', errors='replace')}").get("replies")
        except ProviderUnavailable as error:
            if str(error) == "status 404":
                return ()
            raise
        if not isinstance(said, list):
            raise ProviderUnavailable("the answer is not readable")
        return read_replies(said)

    def _said(self, to: str, text: str, kakao: KakaoMessage | None) -> dict[str, Any]:
        said: dict[str, Any] = {"to": to, "from": self.sender, "text": text}
        if kakao is not None:
            channel = settings.KAKAO_CHANNEL
            said["kakao"] = {"channel": channel, "template": kakao.template, "variables": dict(kakao.variables)}
        return said

    def _ask_many(self, path: str, body: dict[str, Any], name: str) -> list[dict[str, Any]] | None:
        """Return what it says of several messages; nothing where it takes one a call. Raises ProviderUnavailable."""
        if self.base in _ONE_A_CALL:
            return None
        try:
            said = self._ask("POST", path, body, answers=name).get(name)
        except NotAccepted as refused:
            raise ProviderUnavailable(str(refused)) from None
        except ProviderUnavailable as error:
            if str(error) in {"status 404", "status 405", "status 501"}:
                _ONE_A_CALL.add(self.base)
                return None
            raise
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            raise ProviderUnavailable("the answer is not readable")
        return said

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str = "", answers: str = "id"
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(  # noqa: S310 - an address of the operator's, refused unless it is HTTP
            f"{self.base}{path}", data=content, headers=headers, method=method
        )
        try:
            with OPENER.open(request, timeout=SECONDS) as answer:
                said = json.loads(answer.read(LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            error.close()
            # Bodies may repeat the number or the text: the status says enough.
            if error.code in {400, 409, 422} and method == "POST":
                raise NotAccepted(f"status {error.code}") from None
            raise ProviderUnavailable(f"status {error.code}") from None
        except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
            raise ProviderUnavailable(type(error).__name__) from None
        if not isinstance(said, dict) or (method == "POST" and not said.get(answers)):
            raise ProviderUnavailable("the answer is not readable")
        return said


def _report(said: Mapping[str, Any]) -> DeliveryReport:
    try:
        state = State(said["state"])
        arrived = datetime.fromisoformat(said["delivered_at"]) if state == State.DELIVERED else None
    except (KeyError, ValueError, TypeError):
        raise ProviderUnavailable("the report is not readable") from None
    if arrived is not None and arrived.tzinfo is None:
        raise ProviderUnavailable("the report names no time zone")
    return DeliveryReport(state, arrived, reason_code(said.get("reason")) if state == State.FAILED else "")
