"""The public door: every page, both languages, on a phone and at a desk, light and dark."""

import pytest
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import expect

from tests.browser.visitor import Desk, Visitor
from tests.house.test_open_routes import OPEN

# What lies below needs the number and code of a case: test_thread.py goes there.
INSIDE_A_CASE = "rights/case/"


# Answers a button, shows nothing.
PRESSED_ONLY = {"consents:leave"}


def open_pages() -> dict[str, str]:
    """Return the addresses of the approved open pages that need no reference, below the language's prefix."""
    found = {}
    for name in sorted(OPEN - {"livez", "readyz"}):
        try:
            address = reverse(name).removeprefix("/")
        except NoReverseMatch:
            continue  # a version, a link of one's own
        if name in PRESSED_ONLY:
            continue
        if not address.startswith(INSIDE_A_CASE) or address == INSIDE_A_CASE:
            found[name.replace(":", "-")] = address
    return found


PAGES = open_pages()
LANGUAGES = {"ko": "/", "en": "/en/"}
# What a page may weigh, style sheets and all: a phone on a slow line waits for it.
HEAVIEST = 100_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_open_page_is_sound_on_a_phone_and_at_a_desk(desk: Desk, language: str) -> None:
    for look, visitor in {
        "phone": desk.phone(),
        "phone-dark": desk.phone(scheme="dark"),
        "desk": desk.computer(),
    }.items():
        for name, path in PAGES.items():
            answer = visitor.go(LANGUAGES[language] + path)
            assert answer.ok, f"{answer.status} for {answer.url}"
            assert visitor.page.locator("html").get_attribute("lang") == language
            expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
            visitor.check(f"open-{name}-{language}-{look}")


def test_every_open_page_works_without_script_and_weighs_little(desk: Desk) -> None:
    visitor = desk.phone(java_script_enabled=False)
    for name, path in PAGES.items():
        weight = 0

        def weigh(response: object) -> None:
            nonlocal weight
            weight += len(response.body())  # type: ignore[attr-defined]

        visitor.page.on("response", weigh)
        visitor.go("/" + path)
        visitor.page.remove_listener("response", weigh)
        assert weight <= HEAVIEST, f"{name} weighs {weight} bytes"
        assert visitor.page.locator("script").count() == 0


def test_the_language_switch_keeps_the_page(mina: Visitor) -> None:
    mina.go("/policy/")
    mina.page.get_by_role("link", name="English").click()
    assert mina.page.url.endswith("/en/policy/")
    mina.page.get_by_role("link", name="한국어").click()
    assert mina.page.url.endswith("/policy/")
    assert "/en/" not in mina.page.url


def test_the_policy_is_one_emphasised_step_away_on_every_page(mina: Visitor) -> None:
    """Law V-04: the policy is distinguishable on the first page and always published."""
    for path in PAGES.values():
        if path != "sign-in/":
            mina.go("/" + path)
            link = mina.page.get_by_role("contentinfo").get_by_role("link", name="개인정보 처리방침")
            weight = link.evaluate("element => getComputedStyle(element).fontWeight")
            assert int(weight) >= 700, path


def test_the_first_stop_of_the_keyboard_leads_to_the_content(desk: Desk) -> None:
    visitor = desk.computer()
    visitor.go("/")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("link", name="본문으로 건너뛰기")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "main"


def test_an_unknown_page_says_so_in_the_language_of_its_address(mina: Visitor) -> None:
    mina.expected = {404}
    for address, heading in {"/nothing/": "페이지를 찾을 수 없습니다", "/en/nothing/": "There is no such page"}.items():
        assert mina.go(address).status == 404
        expect(mina.page.get_by_role("heading", level=1)).to_have_text(heading)
        mina.check(f"open-404{address.replace('/', '-')}phone")
