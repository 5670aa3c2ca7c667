"""The portal without a mouse: a way past the navigation, a mark on what the keys point at, menus that open by key."""

import pytest
from playwright.sync_api import Page, expect

from tests import factory
from tests.browser.office_data import make_office
from tests.browser.visitor import Desk

# What a person sees of where the keys point: an outline, or the look that the element has at no other time.
MARKED = """() => {
  const each = document.activeElement;
  if (each === document.body) return "nothing";
  const look = () => {
    const style = getComputedStyle(each);
    const { outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor } = style;
    return [outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor].join("|");
  };
  const box = each.getBoundingClientRect();
  const words = (each.innerText || each.getAttribute("aria-label") || each.name || "").trim().slice(0, 40);
  const name = each.localName + " " + words;
  if (box.width < 2 || box.height < 2 || box.right <= 0 || box.left >= innerWidth) return "out of sight: " + name;
  const style = getComputedStyle(each);
  if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return "";
  const marked = look();
  each.blur();
  const plain = look();
  each.focus();
  return marked === plain ? "without a mark: " + name : "";
}"""


def walk(page: Page, steps: int) -> list[str]:
    """Press Tab so often; return what was wrong at any step, up to where the page ends."""
    wrong = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        told = page.evaluate(MARKED)
        if told == "nothing":
            break
        if told:
            wrong.append(told)
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_console_is_worked_by_keys_alone(desk: Desk, scheme: str) -> None:
    make_office()
    visitor = desk.staff(factory.make_odile(), scheme=scheme)
    page = visitor.page
    visitor.go("/office/rights/request/")
    page.keyboard.press("Tab")
    skip = page.locator(".skip-to-content-link")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#content').contains(document.activeElement)"), "past the navigation"

    menu = page.locator("#changelist-filter summary").first
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#changelist-filter details").first).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('#changelist-filter details[open]')"), "into the menu"
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/rights/request/?*")

    visitor.go("/office/rights/request/")
    assert walk(page, 40) == []
    page.locator("#result_list tbody th a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    page.locator("button[name=changeform-action], .verbs button").first.focus()
    assert page.evaluate(MARKED) == ""
    page.keyboard.press("Enter")
    expect(page.locator("button[name=confirmed]")).to_be_visible()
    page.evaluate("document.querySelector('#content').focus()")
    assert walk(page, 12) == []


@pytest.mark.parametrize("address", ["/", "/rights/request/"])
def test_the_open_pages_are_read_by_keys_alone(desk: Desk, address: str) -> None:
    visitor = desk.computer()
    page = visitor.page
    visitor.go(address)
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    visitor.go(address)
    assert walk(page, 60) == []


def test_the_sign_in_begins_at_its_first_field(desk: Desk) -> None:
    visitor = desk.computer()
    visitor.go("/sign-in/")
    expect(visitor.page.locator("input[name=login]")).to_be_focused()
    assert walk(visitor.page, 20) == []
