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
        visitor = desk.computer()
        visitor.sign_in_by_hand(make())
        assert visitor.page.url == desk.address + door


def test_the_console_sends_strangers_to_the_sign_in_and_back(desk: Desk) -> None:
    odile = factory.make_odile()
    visitor = desk.computer()
    visitor.go("/office/accounts/user/")
    assert "/sign-in/" in visitor.page.url
    secret = factory.give_app(odile)
    visitor.give_password(odile)
    visitor.page.wait_for_url("**/sign-in/second/")
    visitor.check("sign-in-second")
    visitor.give_code(factory.next_code(odile, secret))
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
        visitor.page.fill("input[name=login]", email)
        visitor.page.fill("input[name=password]", "not the password")
        visitor.page.get_by_role("main").get_by_role("button", name="로그인").click()
        told.append(visitor.page.get_by_role("alert").inner_text())
        assert visitor.page.input_value("input[name=login]") == email
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


@pytest.mark.asvs("6.3.3")
def test_a_person_adds_a_security_key_and_signs_in_and_confirms_with_it(desk: Desk) -> None:
    """Chromium's own virtual authenticator stands for the key."""
    odile = factory.make_omar()
    visitor = desk.computer()
    visitor.add_virtual_key()
    visitor.go("/sign-in/")
    visitor.give_password(odile)
    visitor.page.wait_for_url("**/staff/security/")
    visitor.check("staff-security-lacks-factor")
    visitor.page.get_by_role("link", name="보안 키 또는 패스키 추가").click()
    visitor.page.get_by_role("button", name="키 추가").click()
    visitor.page.wait_for_url("**/staff/security/codes/")
    visitor.check("staff-security-codes")
    visitor.go("/office/")
    visitor.page.get_by_role("button", name="로그아웃").click()
    visitor.go("/sign-in/")
    visitor.give_password(odile)
    visitor.page.wait_for_url("**/sign-in/second/")
    visitor.page.get_by_role("button", name="보안 키 또는 패스키 사용").click()
    visitor.page.wait_for_url("**/office/")
    visitor.go("/staff/security/confirm/key/?next=/office/ledger/entry/")
    visitor.check("staff-security-confirm-key")
    visitor.page.get_by_role("button", name="보안 키 또는 패스키 사용").click()
    visitor.page.wait_for_url("**/office/ledger/entry/")


def test_an_app_is_added_without_script(desk: Desk) -> None:
    omar = factory.make_omar()
    visitor = desk.phone(java_script_enabled=False)
    visitor.go("/sign-in/")
    visitor.give_password(omar)
    visitor.page.get_by_role("link", name="인증 앱 추가").click()
    visitor.screenshot("staff-security-app")
    secret = visitor.page.locator("#secret").inner_text()
    visitor.give_code(factory.code_now(secret))
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("복구 코드")
    assert visitor.page.locator(".codes li").count() == 10
    assert visitor.go("/office/").status == 200
