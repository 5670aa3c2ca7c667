"""The two ways to use the portal from outside: as a device gateway and as a person with a browser."""

import http.client
import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from typing import Any

TIMEOUT_SECONDS = 30


class UnexpectedAnswer(Exception):
    """The portal answered something else than the step needs; the message says what."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, where we ended up, and the text; of a download also its bytes and the file's name."""

    status: int
    url: str
    text: str
    content: bytes = b""
    file: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def shows(self, *words: str) -> bool:
        """Whether the page's visible text holds each of the words."""
        visible = visible_text(self.text)
        return all(word in visible for word in words)


class GatewayClient:
    """A device gateway: the API with its token."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base
        self.token = token

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call the API and return what it answered, also when that is an error."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.base}/api/v1{path}",
            data=content,
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers},
        )
        return _open(urllib.request.build_opener(), request)

    def must(self, method: str, path: str, body: Any = None, *, expect: Sequence[int] = (200, 201)) -> Any:
        """Call the API, expect one of the statuses, and return the answer's JSON."""
        answer = self.call(method, path, body)
        if answer.status not in expect:
            raise UnexpectedAnswer(f"{method} {path}: {answer.status} {answer.text[:300]}")
        return answer.json if answer.text else None


class SourceAddressHandler(urllib.request.HTTPHandler):
    """Connects from an address of its own, as somebody at home does; on this machine from one of 127.0.0.0/8."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def http_open(self, req: urllib.request.Request) -> Any:
        connect: Any = partial(http.client.HTTPConnection, source_address=(self.address, 0))
        return self.do_open(connect, req)


class BrowserClient:
    """A person with a browser: cookies, forms, the CSRF token in them. ``address`` is where they connect from."""

    def __init__(self, base: str, *, address: str = "") -> None:
        self.base = base
        handlers: list[urllib.request.BaseHandler] = [SourceAddressHandler(address)] if address else []
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies, *handlers)
        self.page = Answer(0, base, "")

    def get(self, path: str) -> Answer:
        """Open a page."""
        request = urllib.request.Request(self._address(path))  # noqa: S310 - our own address
        self.page = _open(self.opener, request)
        return self.page

    def submit(self, path: str, fields: Mapping[str, str | Sequence[str]], *, opened: bool = False) -> Answer:
        """Fill in the form of the page at ``path`` and send it; hidden fields of the form are sent along.

        ``opened`` says that ``self.page`` is the page with the form already.
        """
        if not opened:
            self.get(path)
        if self.page.status != 200:
            raise UnexpectedAnswer(f"{path}: {self.page.status}")
        hidden = hidden_inputs(self.page.text)
        address = self.page.url
        values = {**hidden, **fields}
        content = urllib.parse.urlencode(values, doseq=True).encode()
        request = urllib.request.Request(address, data=content, headers={"Referer": address})  # noqa: S310 - ours
        self.page = _open(self.opener, request)
        return self.page

    def sign_in(self, email: str, password: str, codes: Callable[[], str]) -> None:
        """Sign in with password and second factor; raises when the portal doesn't let us in.

        ``codes`` gives the authenticator app's next code each time it is asked.
        """
        self.submit("/sign-in/", {"login": email, "password": password})
        if "/sign-in/second/" in self.page.url:
            for _try in range(3):
                self.submit("/sign-in/second/", {"code": codes()}, opened=True)
                if "/sign-in/" not in self.page.url:
                    break
        if "/sign-in/" in self.page.url:
            raise UnexpectedAnswer(f"the portal did not let {email} in: {visible_text(self.page.text)[-300:]}")

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send fields to an address, as a form on another page does; the CSRF token must be among them."""
        content = urllib.parse.urlencode(fields).encode()
        address = self._address(path)
        request = urllib.request.Request(address, data=content, headers={"Referer": address})  # noqa: S310 - ours
        self.page = _open(self.opener, request)
        return self.page

    def press(self, path: str, button: str, **answers: str | Sequence[str]) -> Answer:
        """Press a button of a record's page in the console and, where it asks first, confirm with these answers."""
        self.get(path)
        self.submit(path, {"CHANGE_FORM-action": button}, opened=True)
        if 'name="confirmed"' in self.page.text:
            self.submit(path, {"confirmed": "yes", **answers}, opened=True)
        return self.page

    def _address(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.base}{path}"


def _open(opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> Answer:
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            content = response.read()
            file = response.headers.get_filename() or ""
            return Answer(response.status, response.url, content.decode(errors="replace"), content, file)
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.url or request.full_url, error.read().decode(errors="replace"))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.words: list[str] = []
        self.messages: list[tuple[str, str]] = []
        self._silent = 0
        self._message = ""
        # How many <div> are open from the summary of a refused form on.
        self._summary = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.hidden.setdefault(str(given["name"]), given.get("value") or "")
        if tag in ("script", "style"):
            self._silent += 1
        classes = (given.get("class") or "").split()
        if tag == "div" and (self._summary or "error-summary" in classes):
            self._summary += 1
        if tag == "li" and (self._summary or {*classes} & {"error", "success", "warning"}):
            self._message = given.get("class") or "error"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent -= 1
        if tag == "div" and self._summary:
            self._summary -= 1
        if tag == "li":
            self._message = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)
        if self._message and data.strip():
            self.messages.append((self._message, data.strip()))


def hidden_inputs(page: str) -> dict[str, str]:
    """Return the hidden fields of a page, the first of each name (the CSRF token is one)."""
    parser = _Page()
    parser.feed(page)
    return parser.hidden


def error_messages(page: str) -> list[str]:
    """Return the error messages that a page of the console shows, over a refused form too."""
    parser = _Page()
    parser.feed(page)
    return [text for kind, text in parser.messages if "error" in kind]


def visible_text(page: str) -> str:
    """Return the text of a page with white space folded."""
    parser = _Page()
    parser.feed(page)
    return re.sub(r"\s+", " ", " ".join(parser.words))
