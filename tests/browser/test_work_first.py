"""The officer's day begins with the cases: three clicks from the first page to a recorded decision."""

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from tests import factory
from tests.browser.visitor import Desk

CORRECTION = RequestedRight("correction", category="device-registration", item="imei", wanted=factory.RIGHT_IMEI)


@pytest.mark.clause("P1.4")
def test_from_the_first_page_to_a_decision(desk: Desk) -> None:
    now = clock.now()
    device = factory.make_device(1, at=now)
    factory.make_provided(device, "imei", at=now)
    odile = factory.make_odile()
    receipt = factory.ask(CORRECTION, RequestedRight("deletion"), target=factory.imei(1), at=now)
    case = factory.make_verified(receipt, at=now)
    factory.ask(RequestedRight("access"), target=factory.imei(2), at=now)
    rights.assign(case, to=odile.reference, actor=odile, at=now)
    visitor = desk.staff(odile)
    page = visitor.page
    for width, name in ((390, "phone"), (1280, "desk")):
        page.set_viewport_size({"width": width, "height": 900})
        visitor.go("/office/")
        visitor.check(f"desk-today-cases-{name}")
        visitor.go("/office/all/")
        visitor.check(f"desk-all-registers-{name}")
        visitor.go("/office/search/?q=파기")
        visitor.check(f"desk-search-{name}")

    # Number or reference, from anywhere, by one key.
    page.keyboard.press("Escape")
    visitor.go("/office/all/")
    page.keyboard.press("/")
    page.keyboard.type(case.reference)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(case.number)

    # A filter opens every job, and what was open stays so when it ends.
    page.fill("#nav-filter", "보호조치")
    expect(page.locator("#nav-sidebar").get_by_role("link", name="보호조치", exact=True)).to_be_visible()
    page.fill("#nav-filter", "")
    expect(page.locator("#nav-sidebar .job[open]")).to_have_count(1)

    visitor.go("/office/")
    page.get_by_role("row").filter(has_text=case.number).get_by_role("link", name="읽고 결정").click()
    page.locator(".verbs button[value=decide]").click()
    page.check("[name=decision_1][value=grant]")
    page.check("[name=decision_2][value=later]")
    expect(page.locator("[name=ground_2]").first).to_be_hidden()
    page.check("[name=decision_2][value=refuse]")
    expect(page.locator("[name=ground_2]").first).to_be_visible()
    visitor.check("desk-decide-refusal")
    page.check("[name=decision_2][value=later]")
    page.locator("button[type=submit]", has_text="결정 등록").click()
    expect(page.locator(".messagelist .success").first).to_be_visible()
    assert case.rights.get(position=1).decision == Right.Decision.GRANTED
    assert case.rights.get(position=2).decision == Right.Decision.PENDING
