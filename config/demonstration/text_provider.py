"""A provider of text messages for demonstrations and tests: takes messages, delivers them later, and fails as one does.

It speaks the protocol of docs/operations.md and, under ``/messages/v4``, what the portal uses of Solapi's. Numbers that
end in 0000 are on no phone, ones that end in 9999 are not taken; ``trouble`` makes the next calls fail.
"""

import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from privacy.lib.identifiers.ids import new_id
from privacy.lib.integrations.text_replies import MOST_REPLIES

DEMONSTRATION_TOKEN = "demonstration"  # noqa: S105 - of a server that only this machine reaches
NO_SUCH_PHONE, NOT_TAKEN = "0000", "9999"
# By KakaoTalk: people who don't use it, and people who blocked the channel.
NO_KAKAO_USER, BLOCKED = "1111", "2222"
# Solapi's codes of what Kakao says.
SOLAPI_CODES = {"not-kakao-user": "3104", "blocked": "3103", "template-mismatch": "3105"}
VARIABLE = re.compile(r"#\{([^{}]*)\}")


@dataclass
class Taken:
    """One message that the provider took."""

    id: str
    key: str
    to: str
    sender: str
    text: str
    at: datetime
    # Why a message by KakaoTalk does not arrive; the template's code of one that does.
    kakao: str = ""
    trouble: str = ""

    def is_settled(self, delay: timedelta) -> bool:
        return datetime.now(UTC) >= self.at + delay

    @property
    def reason(self) -> str:
        """Why it does not arrive."""
        return self.trouble or ("no-such-phone" if self.to.endswith(NO_SUCH_PHONE) else "")


@dataclass
class Written:
    """What somebody wrote to the number that messages come from, as it is given to whoever asks."""

    id: str
    said: dict[str, Any]


@dataclass
class TextProvider:
    """The server on this machine: ``url`` is what TEXT_MESSAGES_URL names, ``taken`` what it was given, in order.

    ``delay`` passes until a message counts as delivered. ``trouble`` holds statuses with which the next calls are
    answered; 0 does what was asked and breaks the connection off, -1 leaves a call in peace. With ``folder`` each
    message is kept as a file.

    ``kakao_templates`` are the texts that Kakao approved, by their code; None: any code will do.
    ``written`` is what people wrote, the oldest first; None: this provider has no replies.
    """

    token: str = DEMONSTRATION_TOKEN
    delay: timedelta = timedelta(0)
    folder: Path | None = None
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    trouble: deque[int] = field(default_factory=deque)
    calls: int = 0
    kakao_templates: dict[str, str] | None = None
    written: list[Written] | None = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, Taken] = {}
        self._by_id: dict[str, Taken] = {}
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        provider = self

        class Handler(_Handler):
            box = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://:{self.token}@127.0.0.1:{self.port}"

    @property
    def solapi_url(self) -> str:
        return f"solapi://key:{self.token}@127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "TextProvider":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def take(
        self, *, key: str, to: str, sender: str, text: str, kakao: dict[str, Any] | None = None, is_idempotent: bool
    ) -> Taken:
        with self._lock:
            known = self._by_key.get(key) if key and is_idempotent else None
            if known is not None:
                return known
            now = datetime.now(UTC)
            made = Taken(new_id().hex, key, to, sender, text, now)
            if kakao:
                made.kakao, made.trouble = str(kakao.get("template")), self._trouble_with(kakao, to, text)
            self.taken.append(made)
            self._by_key[key] = self._by_id[made.id] = made
        if self.folder is not None:
            partial = self.folder / f".{made.id}"
            partial.write_text(f"To: {to}\nFrom: {sender}\n\n{text}\n", encoding="utf-8")
            partial.rename(self.folder / f"{made.id}.txt")
        return made

    def _trouble_with(self, kakao: dict[str, Any], to: str, text: str) -> str:
        """Return why Kakao does not deliver a message: the person, or a text that is not the approved one."""
        said = {str(name).removeprefix("#{").removesuffix("}"): value for name, value in kakao["variables"].items()}
        approved = None if self.kakao_templates is None else self.kakao_templates.get(kakao["template"], "")
        if approved is not None and (not approved or VARIABLE.sub(lambda one: said.get(one[1], ""), approved) != text):
            return "template-mismatch"
        return "not-kakao-user" if to.endswith(NO_KAKAO_USER) else "blocked" if to.endswith(BLOCKED) else ""

    def write(self, sender: str, text: str, **said: Any) -> str:
        """Let somebody write to the number that messages come from; ``said`` is said of it instead of what is true."""
        made = str(said.get("id", new_id().hex))
        moment = datetime.now(UTC).isoformat()
        with self._lock:
            self.written = self.written or []
            self.written.append(
                Written(made, {"id": made, "from": sender, "text": text, "received_at": moment} | said)
            )  # fmt: skip
        return made

    def replies_after(self, last: str) -> list[dict[str, Any]]:
        """Return a page of what people wrote after a reply; from the first, where that is not known."""
        with self._lock:
            written = self.written or []
            place = next((place for place, one in enumerate(written, 1) if one.id == last), 0)
            return [one.said for one in written[place : place + MOST_REPLIES]]

    def find(self, message: str) -> Taken | None:
        with self._lock:
            return self._by_id.get(message)

    def sent_to(self, number: str) -> list[Taken]:
        with self._lock:
            return [one for one in self.taken if one.to == number]


class _Handler(BaseHTTPRequestHandler):
    box: TextProvider

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a line would hold the number."""

    def _answer(self) -> None:
        box = self.box
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        box.calls += 1
        status = box.trouble.popleft() if box.trouble else None
        if status is not None and status > 0:
            self._say(status, {"errorCode": "Trouble", "errorMessage": "made to fail"})
            return
        url = urlsplit(self.path)
        given = self.headers.get("Authorization", "")
        if url.path.startswith("/messages/v4"):
            said = (
                self._solapi(url.path, parse_qs(url.query), body) if given.startswith("HMAC-SHA256 ApiKey=") else None
            )
        else:
            said = self._own(url.path, parse_qs(url.query), body) if given == f"Bearer {box.token}" else None
        if status == 0:
            # What was asked for is done; whoever asked never hears of it.
            self.close_connection = True
            self.connection.close()
            return
        if said is None:
            self._say(401, {"errorCode": "Unauthorized", "errorMessage": "who is this?"})
        else:
            self._say(*said)

    def _own(self, path: str, asked: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if path == "/replies":
            if self.box.written is None:
                return 404, {"error": "this provider has no replies"}
            return 200, {"replies": self.box.replies_after(asked.get("after", [""])[0])}
        if path == "/messages/several":
            return 200, {
                "messages": [{"key": one["key"], **self._take(one, one["key"])[1]} for one in body["messages"]]
            }
        if path == "/reports":
            return 200, {"reports": [self._report(one)[1] for one in body["ids"]]}
        if self.command == "POST":
            return self._take(body, self.headers.get("Idempotency-Key", ""))
        return self._report(path.rpartition("/")[2])

    def _take(self, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        if str(body.get("to", "")).endswith(NOT_TAKEN) or not body.get("from"):
            return 422, {"error": "not-a-number-that-takes-messages"}
        made = self.box.take(
            key=key, to=body["to"], sender=body["from"], text=body["text"], kakao=body.get("kakao"), is_idempotent=True
        )
        return 201, {"id": made.id, "state": "accepted"}

    def _report(self, message: str) -> tuple[int, dict[str, Any]]:
        found = self.box.find(message)
        if found is None:
            return 404, {"error": "no such message"}
        said = {"id": found.id, "state": "accepted"}
        if found.is_settled(self.box.delay):
            failed = {"state": "failed", "reason": found.reason}
            delivered = {"state": "delivered", "delivered_at": (found.at + self.box.delay).isoformat()}
            said |= failed if found.reason else delivered
        return 200, said

    def _solapi(self, path: str, asked: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.command == "POST":
            [message] = body["messages"]
            about = {"to": message["to"], "from": message["from"], "type": "LMS", "country": "82", "accountId": "1"}
            if message["to"].endswith(NOT_TAKEN):
                failed = {**about, "messageId": "M0", "statusCode": "1062", "statusMessage": "number not registered"}
                return 200, {"failedMessageList": [failed], "groupInfo": _group(failed=1), "messageList": []}
            made = self.box.take(
                key=message.get("customFields", {}).get("key", ""), to=message["to"], sender=message["from"],
                text=message["text"], kakao=_kakao_of(message), is_idempotent=False,
            )  # fmt: skip
            taken = {"messageId": made.id, "statusCode": "2000", "statusMessage": "accepted"}
            return 200, {"failedMessageList": [], "groupInfo": _group(failed=0), "messageList": [taken]}
        wanted = asked.get("messageId", [""])[0]
        found = [self.box.find(wanted)] if wanted else list(self.box.sent_to(asked.get("to", [""])[0]))
        return 200, {"limit": 500, "messageList": {one.id: self._listed(one) for one in found if one is not None}}

    def _listed(self, one: Taken) -> dict[str, Any]:
        code = "2000"
        if one.is_settled(self.box.delay):
            code = SOLAPI_CODES.get(one.reason, "3058") if one.reason else "4000"
        moment = (one.at + self.box.delay).isoformat()
        return {
            "messageId": one.id, "to": one.to, "from": one.sender, "text": one.text, "type": "LMS", "statusCode": code,
            "customFields": {"key": one.key}, "dateCreated": one.at.isoformat(), "dateUpdated": moment,
        }  # fmt: skip

    def _say(self, status: int, said: dict[str, Any]) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _kakao_of(message: dict[str, Any]) -> dict[str, Any] | None:
    said = message.get("kakaoOptions")
    return said and {"template": said["templateId"], "variables": said.get("variables") or {}}


def _group(*, failed: int) -> dict[str, Any]:
    """What Solapi says of the group of one message, as its library reads it."""
    counted = ("sentTotal", "sentSuccess", "sentPending", "sentReplacement", "refund")
    cash = {"requested": 0, "replacement": 0, "refund": 0, "sum": 0}
    return {
        "count": {
            **dict.fromkeys(counted, 0), "total": 1, "registeredFailed": failed, "registeredSuccess": 1 - failed,
        },
        "countForCharge": {}, "balance": cash, "point": cash, "app": {}, "log": [], "status": "SENDING",
        "allowDuplicates": True, "isRefunded": False, "accountId": "1", "masterAccountId": None, "apiVersion": "4",
        "groupId": "G1", "price": {}, "dateCreated": None, "dateUpdated": None,
    }  # fmt: skip
