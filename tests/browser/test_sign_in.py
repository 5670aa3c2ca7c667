"""One sign-in page for everybody with an account, and where each of them goes from there."""

import pytest
from playwright.sync_api import expect

from tests import factory
from tests.browser.visitor import Desk


@pytest.mark.clause("P8.2")
def test_each_role_goes_to_its_own_door(desk: Desk) -> None:
    for make, door in {
        factory.make_odile: "/office/",
        factory.make_hana: "/office/",
        factory.make_aram: "/office/",
        factory.make_emin: "/staff/",
    }.items():
        visitor = desk.staff(make())
        assert visitor.page.url == desk.address + door


def test_the_console_sends_strangers_to_the_sign_in_and_back(desk: Desk) -> None:
    odile = factory.make_odile()
    visitor = desk.computer()
    visitor.go("/office/accounts/user/")
    assert "/sign-in/" in visitor.page.url
    visitor.page.fill("input[name=username]", odile.email)
    visitor.page.fill("input[name=password]", factory.PASSWORD)
    visitor.page.get_by_role("main").get_by_role("button", name="로그인").click()
    visitor.page.wait_for_url("**/office/accounts/user/")


def test_an_employee_is_told_that_the_console_is_not_for_them(desk: Desk) -> None:
    visitor = desk.staff(factory.make_emin())
    visitor.expected = {403}
    assert visitor.go("/office/").status == 403
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("이 페이지를 볼 권한이 없습니다")
    visitor.check("staff-403")


def test_a_wrong_password_is_told_without_saying_who_has_an_account(desk: Desk) -> None:
    odile = factory.make_odile()
    told = []
    for email in (odile.email, "nobody@extrus.example"):
        visitor = desk.computer()
        visitor.go("/sign-in/")
        visitor.page.fill("input[name=username]", email)
        visitor.page.fill("input[name=password]", "not the password")
        visitor.page.get_by_role("main").get_by_role("button", name="로그인").click()
        told.append(visitor.page.get_by_role("alert").inner_text())
        assert visitor.page.input_value("input[name=username]") == email
        visitor.check("sign-in-refused")
    assert told[0] == told[1] != ""


def test_signing_out_ends_the_session_and_clears_the_browser(desk: Desk) -> None:
    visitor = desk.staff(factory.make_odile())
    visitor.page.get_by_role("button", name="로그아웃").click()
    visitor.page.wait_for_url("**/sign-in/")
    visitor.go("/office/")
    assert "/sign-in/" in visitor.page.url


def test_the_staff_page_shows_what_one_may_open(desk: Desk) -> None:
    for make, name in ((factory.make_hana, "hana"), (factory.make_emin, "emin")):
        visitor = desk.staff(make())
        visitor.go("/staff/")
        visitor.check(f"staff-{name}")
    assert "개인정보 접근 권한이 없습니다." in visitor.main()
