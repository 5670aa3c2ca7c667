"""A page that nobody touches is emptied when its session would be over, also without a connection (ASVS 14.3.1)."""

import pytest
from playwright.sync_api import expect

from tests import factory
from tests.browser.visitor import Desk

MINUTE = 60_000


@pytest.mark.asvs("14.3.1")
def test_what_a_page_showed_is_gone_once_nobody_was_there_for_as_long_as_the_session(desk: Desk) -> None:
    emin = factory.make_emin()
    visitor = desk.staff(emin)
    visitor.page.clock.install()
    visitor.go("/staff/security/")
    expect(visitor.page.get_by_role("main")).to_contain_text("로그인")
    visitor.page.context.set_offline(True)
    visitor.page.clock.fast_forward(29 * MINUTE)
    visitor.page.keyboard.press("Shift")
    visitor.page.clock.fast_forward(29 * MINUTE)
    expect(visitor.page.get_by_role("main")).to_be_visible()
    visitor.page.clock.fast_forward(2 * MINUTE)
    expect(visitor.page.get_by_text("한동안 사용하지 않아 이 페이지를 닫았습니다")).to_be_visible()
    assert visitor.page.get_by_role("main").count() == 0
    assert emin.email not in visitor.page.content() and visitor.page.title() == "페이지 닫힘"
    visitor.page.context.set_offline(False)
    visitor.page.get_by_role("link", name="다시 열기").click()
    expect(visitor.page.get_by_role("main")).to_be_visible()
