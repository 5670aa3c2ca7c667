"""A message is written on a phone and answered at a desk; a stranger's mail is sorted, and their text message read."""

import pytest
from django.test import override_settings
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.lib.integrations.text_replies import Reply
from privacy.rights import actions as rights
from privacy.rights import tasks
from tests import factory
from tests.browser.visitor import Desk


@pytest.mark.parametrize("language", ["", "/en"])
def test_both_sides_write_and_read(desk: Desk, language: str) -> None:
    now, name = clock.now(), language.strip("/") or "ko"
    receipt = factory.ask(target=factory.imei(1), at=now)
    case, odile = receipt.request, factory.make_officer()
    mina = desk.phone()
    page = mina.page
    mina.go(f"{language}/rights/case/")
    page.fill("[name=number]", receipt.number)
    page.fill("[name=code]", receipt.code)
    page.locator("main form button[type=submit]").first.click()
    page.locator("section[aria-labelledby=messages] summary").click()
    mina.check(f"message-form-{name}")
    page.fill("[name=text]", "얼룩말이 묻습니다")
    page.locator("form[action$='/message/'] button[type=submit]").click()
    expect(page.locator("section[aria-labelledby=messages]")).to_contain_text("얼룩말이 묻습니다")
    mina.check(f"message-sent-{name}")
    officer = desk.staff(odile)
    address = f"{language}/office/rights/request/{case.pk}/change/"
    for width in (390, 1440):
        officer.page.set_viewport_size({"width": width, "height": 900})
        officer.go(address)
        expect(officer.page.get_by_role("main")).not_to_contain_text("얼룩말")
        officer.check(f"message-case-{name}-{width}")
        officer.press_verb(officer.page.locator("button[value=read_messages]"))
        expect(officer.page.get_by_role("main")).to_contain_text("얼룩말이 묻습니다")
        officer.check(f"message-read-{name}-{width}")
        officer.go(address)
        officer.press_verb(officer.page.locator("button[value=write_message]"))
        officer.check(f"message-write-{name}-{width}")
    officer.page.fill("[name=text]", "기린이 답합니다")
    officer.page.locator("button[name=confirmed]").click()
    officer.page.wait_for_url(f"**{address}")
    mina.go(f"{language}/rights/case/")
    expect(page.locator("section[aria-labelledby=messages]")).to_contain_text("기린이 답합니다")
    mina.check(f"message-answered-{name}")


@pytest.mark.parametrize("language", ["", "/en"])
def test_a_mail_of_a_stranger_is_sorted(desk: Desk, language: str) -> None:
    now, name = clock.now(), language.strip("/") or "ko"
    case = factory.ask(target="mina@example.org", target_kind="email", at=now).request
    raw = b"From: mina@example.org\r\nSubject: okapi\r\nMessage-ID: <1@x>\r\n\r\nzebra asks"
    with override_settings(INBOX_URL="imaps://office:secret@mail.example/INBOX"):
        mail = rights.keep_mail(raw, place="box:1:1", actor=tasks.INBOX, at=now)
    officer = desk.staff(factory.make_officer())
    address = f"{language}/office/rights/incomingmail/{mail.pk}/change/"
    officer.go(f"{language}/office/rights/incomingmail/")
    officer.check(f"mails-{name}")
    officer.go(address)
    expect(officer.page.get_by_role("main")).to_contain_text(case.number)
    officer.check(f"mail-{name}")
    officer.press_verb(officer.page.locator("button[value=read_mail]"))
    expect(officer.page.get_by_role("main")).to_contain_text("zebra asks")
    officer.check(f"mail-read-{name}")
    officer.go(address)
    officer.press_verb(officer.page.locator("button[value=file_mail]"))
    expect(officer.page.locator("[name=number]")).to_have_value(case.number)
    officer.check(f"mail-file-{name}")
    officer.page.locator("button[name=confirmed]").click()
    officer.page.wait_for_url(f"**{address}")
    assert case.messages.get().channel == "email"
    reply = Reply("one", "010-3456-7890", "giraffe asks", now)
    text = rights.keep_text(reply, origin="here", actor=tasks.INBOX, at=now)
    assert text is not None
    for width in (390, 1440):
        officer.page.set_viewport_size({"width": width, "height": 900})
        officer.go(f"{language}/office/rights/incomingmail/")
        officer.check(f"texts-{name}-{width}")
        officer.go(f"{language}/office/rights/incomingmail/{text.pk}/change/")
        officer.check(f"text-{name}-{width}")
        officer.press_verb(officer.page.locator("button[value=read_mail]"))
        expect(officer.page.get_by_role("main")).to_contain_text("010-3456-7890")
        officer.check(f"text-read-{name}-{width}")
