"""Before a refusal is recorded the officer reads the letter that goes out, on a phone and at a desk."""

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from tests import factory
from tests.browser.visitor import Desk


@pytest.mark.clause("P1.4")
def test_the_letter_of_a_refusal_is_read_before_it_goes_out(desk: Desk) -> None:
    now = clock.now()
    factory.make_device(1, at=now)
    odile = factory.make_odile()
    visitor = desk.staff(odile)
    page = visitor.page
    for width, name in ((390, "phone"), (1280, "desk")):
        receipt = factory.ask(RequestedRight("access"), target=factory.imei(1), at=now)
        case = factory.make_verified(receipt, at=now)
        page.set_viewport_size({"width": width, "height": 900})
        visitor.go(f"/office/rights/request/{case.pk}/change/")
        visitor.press_verb(page.locator(".verbs button[value=decide]"))
        page.check("[name=decision_1][value=refuse]")
        page.check("[name=ground_1][value=life-or-body]")
        page.fill("[name=explanation_1]", "다른 직원의 위치가 함께 나타납니다.")
        page.locator("button[name=confirmed]").click()
        expect(page.locator(".outgoing .letter")).to_contain_text("다른 직원의 위치가 함께 나타납니다.")
        visitor.check(f"desk-outgoing-{name}")
        assert case.rights.get().decision == Right.Decision.PENDING
        page.locator("button[name=confirmed]").click()
        expect(page.locator(".messagelist .success").first).to_be_visible()
        assert case.rights.get().decision == Right.Decision.REFUSED
