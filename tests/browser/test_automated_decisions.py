"""Asking about an automated decision on a phone, extending and answering at a desk, reading it, in both languages."""

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.models import Request
from tests import factory
from tests.browser.visitor import Desk

EXPLAINED = {"result": "잠금", "data_types": "OS 버전", "criteria": "13 미만이면 잠급니다", "procedure": "매일 비교"}


@pytest.mark.law("R-34")
@pytest.mark.parametrize("language", ["", "/en"])
def test_it_is_asked_answered_by_a_person_and_read(desk: Desk, language: str) -> None:
    now = clock.now()
    factory.make_device(1, at=now)
    odile, hana = factory.make_odile(), factory.make_handler()
    mina, name = desk.phone(), language.strip("/") or "ko"
    page = mina.page
    mina.go(f"{language}/rights/request/")
    expect(page.locator("[name=decision]")).to_be_hidden()
    page.check("input[name=rights][value=decision-explanation]")
    page.check("input[name=target_kind][value=imei]")
    page.fill("input[name=target]", factory.imei(1))
    page.fill("[name=decision]", "12월 1일에 기기가 잠겼습니다")
    mina.check(f"decision-form-{name}")
    page.get_by_role("main").get_by_role("button").last.click()
    page.locator("#case-number").wait_for()
    case = factory.verify_by_documents(Request.objects.get(), actor=hana, at=now)
    address = f"{language}/office/rights/request/{case.pk}/change/"
    officer = desk.staff(odile)
    for width in (390, 1440):
        officer.page.set_viewport_size({"width": width, "height": 900})
        officer.go(address)
        officer.press_verb(officer.page.locator("button[value=extend_term]"))
        officer.check(f"decision-extend-{name}-{width}")
        officer.go(address)
        officer.press_verb(officer.page.locator("button[value=decide]"))
        expect(officer.page.locator(".to-decide")).to_contain_text("12월 1일에 기기가 잠겼습니다")
        officer.check(f"decision-decide-{name}-{width}")
    rights.grant(case.rights.get(), actor=odile, at=now)
    handler = desk.staff(hana)
    for width in (390, 1440):
        handler.page.set_viewport_size({"width": width, "height": 900})
        handler.go(address)
        handler.press_verb(handler.page.locator("button[value=answer_decision]"))
        handler.check(f"decision-answer-{name}-{width}")
    for field, words in EXPLAINED.items():
        handler.page.fill(f"[name={field}]", words)
    handler.page.locator("button[name=confirmed]").click()
    handler.page.wait_for_url(f"**{address}")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        mina.go(f"{language}/rights/case/")
        expect(page.locator("dl.facts")).to_contain_text("13 미만이면 잠급니다")
        mina.check(f"decision-status-{name}-{width}")
