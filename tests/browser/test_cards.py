"""On a phone a table of the staff door is read downwards: every cell is on the screen and says what it is."""

from playwright.sync_api import expect

from tests import factory
from tests.browser.visitor import PHONE, Desk


def test_rows_become_cards_with_their_labels(desk: Desk) -> None:
    hana = factory.make_hana()
    visitor = desk.staff(hana)
    page = visitor.page
    page.set_viewport_size(PHONE)
    for path in ("/staff/", "/staff/access/", "/staff/security/"):
        visitor.go(path)
        visitor.check(f"cards-{path.strip('/').replace('/', '-')}")
        cells = page.locator(".table.cards tbody td")
        assert cells.count()
        for place in range(min(cells.count(), 8)):
            box = cells.nth(place).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
    visitor.go("/staff/")
    label = page.locator(".table.cards td").first.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert "목적" in label
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(".table.cards thead th").first).to_be_visible()


def test_a_menu_that_does_not_fit_shows_that_it_goes_on(desk: Desk) -> None:
    visitor = desk.staff(factory.make_hana())
    page = visitor.page
    page.set_viewport_size({"width": 320, "height": 700})
    visitor.go("/staff/")
    menu = page.locator(".mainnav ul")
    assert menu.evaluate("menu => menu.scrollWidth > menu.clientWidth")
    assert menu.evaluate("menu => getComputedStyle(menu).backgroundImage").count("linear-gradient") == 4
