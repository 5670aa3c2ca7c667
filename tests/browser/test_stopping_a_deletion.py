"""A deletion that waits, in a browser: Mina sees it on her phone with its day, and stops it."""

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from tests import factory
from tests.browser.visitor import Desk, Visitor


@pytest.mark.attack("17.2")
def test_mina_stops_the_deletion_that_she_asked_for(desk: Desk, mina: Visitor) -> None:
    now = clock.now()
    factory.make_device(1, at=now)
    receipt = factory.ask(RequestedRight("deletion"), target=factory.imei(1), at=now)
    right = rights.carry_out(factory.make_granted(receipt, at=now), actor=factory.make_handler(), at=now)

    page = mina.page
    mina.go("/rights/case/")
    page.fill("input[name=number]", receipt.number)
    page.fill("input[name=code]", receipt.code)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("main")).to_contain_text("이후에 삭제합니다")
    mina.check("rights-case-deletion-waits-phone")
    page.get_by_role("button", name="삭제 중단하기").click()
    expect(page.get_by_role("button", name="삭제 중단하기")).to_have_count(0)
    expect(page.get_by_text("삭제를 중단했습니다").first).to_be_visible()
    mina.check("rights-case-deletion-stopped-phone")
    assert Right.objects.get(id=right.id).started_at is None

    odile = desk.staff(factory.make_officer())
    odile.go(f"/office/rights/request/{right.request_id}/change/")
    odile.check("desk-case-deletion-stopped")
