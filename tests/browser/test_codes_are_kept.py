"""Number and code of a request or complaint are copied by a button and saved as a file; both are readable without."""

from pathlib import Path

from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights.models import Request
from tests import factory
from tests.browser.visitor import Desk


def test_a_code_is_copied_and_saved(desk: Desk) -> None:
    factory.make_device(1, at=clock.now())
    for width, prefix in ((390, ""), (1280, "/en")):
        visitor = desk.computer(permissions=["clipboard-read", "clipboard-write"])
        page = visitor.page
        page.set_viewport_size({"width": width, "height": 900})
        visitor.go(f"{prefix}/rights/request/")
        visitor.check(f"request-form-{width}")
        page.check("input[name=rights][value=correction]")
        page.check("input[name=requester][value=agent]")
        page.check("input[name=answer_by][value=email]")
        visitor.check(f"request-form-needed-{width}")
        visitor.go(f"{prefix}/rights/request/")
        page.check("input[name=rights][value=access]")
        page.check("input[name=target_kind][value=imei]")
        page.fill("input[name=target]", factory.imei(1))
        page.get_by_role("main").locator("form button[type=submit]").click()
        code = page.locator("#case-code").inner_text()
        page.locator("#case-code + button").click()
        assert page.evaluate("navigator.clipboard.readText()") == code
        with page.expect_download() as saved:
            page.locator("a[download]").click()
        assert code in Path(saved.value.path()).read_text()
        assert Request.objects.filter(number=page.locator("#case-number").inner_text()).exists()
        visitor.check(f"request-received-{width}")
        visitor.go(f"{prefix}/complaint/")
        page.fill("textarea[name=explanation]", "zebra")
        page.get_by_role("main").locator("form button[type=submit]").click()
        code = page.locator("#complaint-code").inner_text()
        page.locator("#complaint-code + button").click()
        expect(page.locator("#complaint-code + button")).not_to_have_text("복사")
        assert page.evaluate("navigator.clipboard.readText()") == code
        with page.expect_download() as saved:
            page.locator("a[download]").click()
        assert code in Path(saved.value.path()).read_text()
        visitor.check(f"complaint-received-{width}")
