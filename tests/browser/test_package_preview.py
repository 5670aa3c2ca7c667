"""Seeing what an access hands out, and leaving out what concerns other people, on a phone and at a desk."""

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from tests import factory
from tests.browser.visitor import Desk

TOLD = "제 동료 김철수도 이 기기를 씁니다."


@pytest.mark.clause("P1.4")
def test_a_passage_is_left_out_and_put_back(desk: Desk) -> None:
    now = clock.now()
    factory.make_device(1, at=now)
    odile = factory.make_odile()
    receipt = factory.ask(RequestedRight("access"), target=factory.imei(1), explanation=TOLD, at=now)
    case = factory.make_verified(receipt, at=now)
    visitor = desk.staff(odile)
    page = visitor.page
    for width, name in ((390, "phone"), (1280, "desk")):
        page.set_viewport_size({"width": width, "height": 900})
        visitor.go(f"/office/rights/request/{case.pk}/change/")
        if not page.locator("button[value=preview]").first.is_visible():
            page.locator(".verbs summary").first.click()
        page.locator("button[value=preview]").first.click()
        expect(page.get_by_text(TOLD)).to_be_visible()
        visitor.check(f"desk-preview-{name}")
        text = page.locator(".preview-place", has_text=TOLD).locator("input[name=chosen]")
        text.check()
        page.fill("[name=passage]", "박영희")
        page.check("[name=ground] >> nth=1")
        page.locator("button[name=confirmed][value=yes]").click()
        # Refused, and what was typed and ticked is still there.
        expect(page.locator("[name=passage]")).to_have_value("박영희")
        expect(text).to_be_checked()
        page.fill("[name=passage]", "김철수")
        page.locator("button[name=confirmed][value=yes]").click()
        expect(page.locator(".preview-place.is-left-out")).to_contain_text("█████")
        visitor.check(f"desk-preview-left-out-{name}")
        page.locator(".preview-place", has_text=TOLD).locator("input[name=chosen]").check()
        page.locator("button[value=put-back]").click()
        expect(page.locator(".preview-place.is-left-out")).to_have_count(0)
        assert Right.objects.get(request=case).redactions == []
