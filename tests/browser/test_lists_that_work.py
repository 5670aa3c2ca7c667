"""A list is narrowed, kept, gone through by keys and taken out; the headings stay while it moves."""

from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from tests import factory
from tests.browser.visitor import Desk


def test_a_list_by_keys_views_and_files(desk: Desk) -> None:
    at = clock.now()
    factory.make_device(1, at=at)
    odile = factory.make_odile()
    cases = [factory.ask(at=at, address=f"203.0.113.{place}").request for place in range(1, 31)]
    for case in cases[:3]:
        rights.assign(case, to=odile.reference, actor=odile, at=at)
    visitor = desk.staff(odile)
    page = visitor.page
    visitor.go("/office/rights/request/?assigned=mine")
    page.get_by_role("link", name="이 보기 저장").click()
    page.fill("[name=title]", "x" * 60)
    page.check("[name=is_shared]")
    visitor.check("desk-save-view")
    page.get_by_role("button", name="저장", exact=True).click()
    expect(page.locator(".list-views [aria-current]")).to_contain_text("xxx")
    for width, name in ((390, "phone"), (1440, "desk")):
        page.set_viewport_size({"width": width, "height": 900})
        visitor.go("/office/rights/request/")
        visitor.check(f"desk-list-{name}")
    # Keys move by row, choose it, and open it.
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#result_list tbody tr").nth(1).locator("input.action-select")).to_be_checked()
    page.keyboard.press("k")
    first = page.locator("#result_list tbody tr").first.locator("th a")
    expect(first).to_be_focused()
    # The headings are seen when the last row is.
    for _row in range(29):
        page.keyboard.press("j")
    expect(page.locator("#result_list tbody tr").last).to_be_in_viewport()
    expect(page.locator("#result_list thead th").nth(1)).to_be_in_viewport()
    # Who needs the letters turns the keys off, and they stay off.
    page.locator("#list-keys input").uncheck()
    visitor.go("/office/rights/request/")
    page.keyboard.press("j")
    expect(page.locator("#result_list tbody tr").first.locator("th a")).not_to_be_focused()
    number = page.locator("#result_list tbody th a").first.inner_text()
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    visitor.go("/office/rights/request/")
    page.get_by_role("link", name="이 목록 내려받기").click()
    page.check("[name=form][value=csv]")
    page.fill("[name=reason]", "주간 회의 자료")
    visitor.check("desk-list-file")
    with page.expect_download() as sent:
        page.get_by_role("button", name="내려받기").click()
    assert sent.value.suggested_filename == "rights-request.csv"
