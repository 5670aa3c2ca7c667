"""A recipient proves a correction in its browser, on a phone and at a desk, in both languages; the office looks."""

import re

import pytest
from playwright.sync_api import expect

from privacy.disclosures import actions as disclosures
from privacy.disclosures import notice_texts
from privacy.disclosures.models import CorrectionProof, Notice
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from tests import factory
from tests.browser.visitor import DESK, PHONE, Desk
from tests.database import PortalDatabase
from tests.factories.accounts import NOON


@pytest.mark.clause("P1.6")
def test_a_recipient_answers_wrongly_and_then_rightly(desk: Desk, portal_database: PortalDatabase) -> None:
    factory.make_provided(factory.make_device(1), "imei")
    right = factory.make_granted(factory.ask_correction(answer_by="portal"))
    rights.carry_out(right, actor=factory.make_officer(), at=NOON)
    notice = disclosures.mark_sent(Notice.objects.get(), actor=SystemActor("notices"), at=clock.now())
    token = notice_texts.acknowledgement_link(notice).rstrip("/").rsplit("/", 1)[1]
    recipient = desk.phone()
    page = recipient.page

    recipient.go(f"/ack/{token}/")
    recipient.check("recipient-1-notice")
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("main")).to_contain_text(factory.RIGHT_IMEI)
    recipient.check("recipient-2-value")
    page.get_by_role("link", name="정정 증명하기").click()
    expect(page.locator("[name=value-imei]")).to_be_visible()
    assert factory.RIGHT_IMEI not in page.content()
    for language, path in (("ko", ""), ("en", "/en")):
        for size, view in (("phone", PHONE), ("desk", DESK)):
            page.set_viewport_size(view)
            recipient.go(f"{path}/ack/{token}/answer/")
            page.locator("details.more summary").first.click()
            recipient.check(f"recipient-3-answer-{language}-{size}")
    page.set_viewport_size(PHONE)
    recipient.go(f"/ack/{token}/answer/")
    recipient.expected = {422}
    page.locator("main form button[type=submit]").first.click()
    recipient.check("recipient-4-empty")
    recipient.expected = set()
    page.check("[name=says-imei][value=corrected]")
    page.fill("[name=value-imei]", factory.imei(1))
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("status")).to_contain_text("일치하지 않습니다")
    recipient.check("recipient-5-contradicted")

    office = desk.staff(factory.make_odile())
    office.go(f"/office/disclosures/correctionproof/{CorrectionProof.objects.get().pk}/change/")
    office.check("recipient-6-office")
    office.go(f"/office/rights/request/{right.request_id}/change/")
    expect(office.page.locator("#notices-sent")).to_be_visible()
    office.check("recipient-7-case")

    page.check("[name=says-imei][value=corrected]")
    page.fill("[name=value-imei]", factory.RIGHT_IMEI)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("status")).to_contain_text(re.compile("일치합니다"))
    recipient.check("recipient-8-proven")
    assert CorrectionProof.objects.get().state == "proven"
