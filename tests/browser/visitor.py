"""A person at a browser: goes to pages, fills in forms, and notices what a page does wrong."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response

from privacy.accounts.models import User
from tests import factory, force_login
from tests.browser.page_audit import Judge, grave
from tests.factories.accounts import PASSWORD
from tools import catalogue

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
# Adds up how far the content of a page jumped while it loaded (Cumulative Layout Shift), apart from what a person did.
SHIFTS = """
window.shifted = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
# What axe has judged already, in this process: most of a page is another's.
JUDGE = Judge()
# What shows a code as a code.
SAID = """(codes) => [
  document.documentElement.lang, document.body.innerText,
  [...document.querySelectorAll(codes)].map((code) => code.innerText),
]"""
CODES = "code, pre, .reference, .field-code"


class Desk:
    """Where the browsers of a test are opened; it collects what was wrong in any of them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []

    def visitor(self, size: dict[str, int], *, scheme: str = "light", **options: Any) -> "Visitor":
        context = self.browser.new_context(
            base_url=self.address,
            viewport=size,
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="ko-KR",
            **options,
        )
        context.add_init_script(SHIFTS)
        self._contexts.append(context)
        return Visitor(context.new_page(), self)

    def phone(self, **options: Any) -> "Visitor":
        """A visitor with a phone."""
        return self.visitor(PHONE, has_touch=True, is_mobile=True, device_scale_factor=2, **options)

    def computer(self, **options: Any) -> "Visitor":
        """A visitor at a desk."""
        return self.visitor(DESK, **options)

    def staff(self, user: User, **options: Any) -> "Visitor":
        """A signed-in visitor at a desk."""
        visitor = self.computer(**options)
        visitor.sign_in(user)
        return visitor

    def close(self) -> None:
        for context in self._contexts:
            context.close()


class Visitor:
    """One browser window; the errors of its console, its policy reports and its requests to others are complaints."""

    def __init__(self, page: Page, desk: Desk) -> None:
        self.page = page
        self.desk = desk
        self.expected: set[int] = set()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._complain(f"script error: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _complain(self, about: str) -> None:
        self.desk.complaints.append(f"{self.page.url}: {about}")

    def _heard(self, message: ConsoleMessage) -> None:
        # Violations of the content security policy are errors of the console. So are answers of 4xx: see _answered.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._complain(message.text)

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.desk.address).netloc and not request.url.startswith("data:"):
            self._complain(f"request to another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self._complain(f"{response.status} for {response.request.method} {response.url}")

    # -- what a person does -------------------------------------------------------------------------------

    def go(self, path: str) -> Response:
        answer = self.page.goto(path)
        assert answer is not None
        return answer

    def sign_in(self, user: User) -> None:
        """Take a session of this person as given, and go where sign-in leads; ``sign_in_by_hand`` is the real one."""
        cookies = [{"name": n, "value": v, "url": self.desk.address} for n, v in force_login.cookies_of(user)]
        self.page.context.add_cookies(cookies)
        self.go("/welcome/")

    def give_password(self, user: User, password: str = PASSWORD) -> None:
        """Fill in the first page of signing in."""
        self.page.fill("input[name=login]", user.email)
        self.page.fill("input[name=password]", password)
        self.page.get_by_role("main").get_by_role("button").first.click()

    def give_code(self, code: str) -> None:
        """Fill in a code, on whichever page asks for one."""
        self.page.fill("input[name=code]", code)
        self.page.get_by_role("main").get_by_role("button").first.click()

    def sign_in_by_hand(self, user: User) -> None:
        """Sign in at the forms with password and authenticator app, as everybody does who has one."""
        secret = factory.give_app(user)
        self.go("/sign-in/")
        self.give_password(user)
        self.page.wait_for_url("**/sign-in/second/")
        self.give_code(factory.next_code(user, secret))
        self.page.wait_for_url(lambda url: "sign-in" not in url)

    def press_verb(self, button: Locator) -> None:
        """Press a button of a record's page, in the menu too."""
        button.first.wait_for(state="attached")
        if not button.first.is_visible():
            self.page.locator(".verbs .more-verbs summary").click()
        button.first.click()

    def add_virtual_key(self) -> None:
        """Plug in a security key that knows its owner: Chromium's virtual authenticator."""
        devtools = self.page.context.new_cdp_session(self.page)
        devtools.send("WebAuthn.enable")
        key = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**key, "automaticPresenceSimulation": True}})

    def main(self) -> str:
        """Return what the page says."""
        return self.page.get_by_role("main").inner_text()

    # -- what must be true of any page ----------------------------------------------------------------------

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def check(self, name: str, part: str | None = None) -> None:
        """Nothing on it (or a ``part``) is grave to axe, too wide, or in the other language; else a picture is kept."""
        known, sound = len(self.desk.complaints), False
        try:
            self.check_language()
            self.check_axe(part=part)
            self.check_width()
            sound = len(self.desk.complaints) == known
        finally:
            if not sound:
                self.screenshot(name)

    def check_axe(self, part: str | None = None) -> None:
        """Nothing on the page, or in a ``part``, is grave to axe, which is asked of what it has not seen yet."""
        found = grave(self.page, where=part) if part else JUDGE.structure(self.page) + JUDGE.contrast(self.page)
        assert not found, f"{self.page.url}\n" + "\n".join(found)

    def check_stillness(self) -> None:
        """Nothing on the page has jumped since it came."""
        shifted = self.page.evaluate("window.shifted || 0")
        assert shifted == 0, f"{self.page.url} has shifted by {shifted}"

    def check_width(self) -> None:
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{self.page.url} is {overflow} px wider than the screen"

    def check_language(self) -> None:
        """No line of the page is a text of ours in the other language; codes shown as codes are no texts."""
        # At one moment: a page that is just leaving has other codes than the one that comes.
        self.page.wait_for_load_state()
        language, text, codes = self.page.evaluate(SAID, CODES)
        if wrong := in_the_other(language, text, codes):
            self._complain(f"says in the other language than {language}: {wrong}")


def in_the_other(language: str, text: str, codes: list[str]) -> list[str]:
    """Return the lines of a page that are texts of ours in the other language."""
    lines = {line.strip() for line in text.splitlines()} - {code.strip() for code in codes} - {"한국어", "English"}
    return sorted(lines & (english_texts() if language == "ko" else korean_texts()))


@cache
def english_texts() -> frozenset[str]:
    """Our texts that Korean pages must not show: those that Korean says differently."""
    own = {m.text: m.translation for m in catalogue.translated().values() if m.text != m.translation}
    return frozenset(form for text in own if len(text) > 3 for form in (text, text[0].upper() + text[1:]))


@cache
def korean_texts() -> frozenset[str]:
    return frozenset(m.translation for m in catalogue.translated().values() if m.text and m.text != m.translation)
