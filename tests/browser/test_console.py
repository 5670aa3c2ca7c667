"""The console's first pages, in both languages, in light and in dark; `make visit` opens everything behind them."""

import pytest
from playwright.sync_api import expect

from tests import factory
from tests.browser.office_data import make_office
from tests.browser.visitor import Desk

ROLES = {"officer": factory.make_odile, "handler": factory.make_hana, "auditor": factory.make_aram}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_page_is_sound_for_each_role(desk: Desk, role: str, scheme: str) -> None:
    make_office()
    visitor = desk.staff(ROLES[role](), scheme=scheme)
    for language, path in {"ko": "/office/", "en": "/en/office/"}.items():
        visitor.go(path)
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text({"ko": "오늘", "en": "Today"}[language])
        visitor.check(f"console-{role}-{language}-{scheme}")


def test_the_first_page_fits_a_phone(desk: Desk) -> None:
    make_office()
    visitor = desk.phone()
    visitor.sign_in(factory.make_odile())
    visitor.check("console-officer-phone")
    visitor.page.get_by_role("link", name="메뉴").click()
    expect(visitor.page.get_by_role("heading", name="모든 대장")).to_be_in_viewport()


def test_the_officer_finds_every_register(desk: Desk) -> None:
    """`make visit` opens them, as everybody, and a record for every set of buttons."""
    visitor = desk.staff(factory.make_odile())
    visitor.go("/office/")
    assert visitor.page.locator("#nav-sidebar th a").count() > 40, "the officer sees few registers"


def test_the_theme_can_be_chosen_and_is_kept(desk: Desk) -> None:
    visitor = desk.staff(factory.make_odile())
    ground = "getComputedStyle(document.body).backgroundColor"
    light = visitor.page.evaluate(ground)
    visitor.page.locator("#header button.theme-toggle").click()
    dark = visitor.page.evaluate(ground)
    assert dark != light
    visitor.go("/office/accounts/user/")
    assert visitor.page.evaluate(ground) == dark


def test_registers_are_found_by_typing(desk: Desk) -> None:
    visitor = desk.staff(factory.make_odile())
    visitor.page.locator("#nav-filter").fill("계정")
    expect(visitor.page.locator("#nav-sidebar").get_by_role("link", name="계정", exact=True)).to_be_visible()
    expect(visitor.page.locator("#nav-sidebar").get_by_role("link", name="처리방침", exact=False).first).to_be_hidden()
