"""Asking where data comes from on a phone, deciding it at a desk, reading the answer, in both languages."""

import re

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights.models import Request
from tests import factory
from tests.browser.visitor import Desk

WORDS = {
    "": ("수집 출처", "게이트웨이를 통한 기기의 전송(Gate)"),
    "/en": ("source of data", "your device, through a gateway (Gate)"),
}


@pytest.mark.law("R-35")
@pytest.mark.parametrize("language", ["", "/en"])
def test_it_is_asked_decided_and_read(desk: Desk, language: str) -> None:
    now = clock.now()
    device = factory.make_device(1, at=now)
    factory.make_reports(device, ["status"], at=now)
    odile = factory.make_odile()
    mina, name = desk.phone(), language.strip("/") or "ko"
    page = mina.page
    mina.go(f"{language}/rights/")
    mina.check(f"source-guide-{name}")
    mina.go(f"{language}/rights/request/")
    page.check("input[name=rights][value=source]")
    page.check("input[name=target_kind][value=imei]")
    page.fill("input[name=target]", factory.imei(1))
    mina.check(f"source-form-{name}")
    page.get_by_role("main").get_by_role("button").last.click()
    page.locator("#case-number").wait_for()
    mina.check(f"source-received-{name}")
    case = factory.verify_by_documents(Request.objects.get(), actor=factory.make_handler(), at=now)
    officer = desk.staff(odile)
    office = officer.page
    address = f"{language}/office/rights/request/{case.pk}/change/"
    for width in (390, 1440):
        office.set_viewport_size({"width": width, "height": 900})
        officer.go(address)
        officer.check(f"source-case-{name}-{width}")
        officer.press_verb(office.locator("button[value=decide]"))
        expect(office.locator(".to-decide")).to_contain_text("Gate")
        officer.check(f"source-decide-{name}-{width}")
    office.locator("input[value=grant]").check()
    office.locator("button[name=confirmed]").click()
    officer.press_verb(office.locator("button[value=carry_out]"))
    office.locator("input[name=rights]").check()
    officer.check(f"source-carry-out-{name}")
    office.locator("button[name=confirmed]").click()
    expect(office.locator("body")).to_contain_text("Gate")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        mina.go(f"{language}/rights/case/")
        kind, told = WORDS[language]
        expect(page.locator("dl.facts")).to_contain_text(re.compile(kind, re.IGNORECASE))
        expect(page.locator("dl.facts")).to_contain_text(told)
        mina.check(f"source-status-{name}-{width}")
