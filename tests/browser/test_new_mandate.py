"""A mandate that has ended, in a browser: the agent reads what is missing and sends it, and the desk records it."""

from datetime import date, timedelta

from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.models import Request
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.browser.visitor import Desk, Visitor
from tests.sample_uploads import PDF


def test_an_agent_whose_mandate_has_ended_sends_another(desk: Desk, mina: Visitor) -> None:
    now = clock.now()
    begun = now - timedelta(hours=1)
    factory.make_device(1, at=begun)
    receipt = factory.ask(target=factory.imei(1), requester="agent", at=begun)
    case = factory.make_verified(receipt, authority="power-of-attorney", at=begun)
    Request.objects.filter(id=case.id).update(authority_until=date(2020, 12, 31))

    page = mina.page
    mina.go("/rights/case/")
    page.fill("input[name=number]", receipt.number)
    page.fill("input[name=code]", receipt.code)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("main")).to_contain_text("유효한 대리권을 증명하는 문서를 보내 주십시오")
    mina.check("rights-case-mandate-ended-phone")
    omar = desk.staff(factory.make_officer())
    omar.go(f"/office/rights/request/{case.pk}/change/")
    omar.check("desk-case-mandate-ended")
    omar.press_verb(omar.page.locator("button[value=renew_authority]"))
    expect(omar.page.get_by_text("들어온 문서가 없습니다")).to_be_visible()

    page.set_input_files("input[name=document]", {"name": "m.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="문서 보내기").click()
    expect(page.get_by_text("문서 1건").first).to_be_visible()
    mina.check("rights-case-mandate-sent-phone")
    rights.documents(case).unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=now)
    rights.open_documents(case, actor=factory.make_officer(), at=clock.now())
    omar.press_verb(omar.page.locator("button[value=renew_authority]"))
    expect(omar.page.locator("input[name=principal]")).to_be_visible()
    omar.check("desk-case-new-mandate")
