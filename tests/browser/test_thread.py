"""The main job end to end, as people see it: Mina asks on her phone, Odile decides, Acme is told, Aram verifies."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from playwright.sync_api import expect

from devices.models import Device
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights.models import Request
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Frozen
from tests import factory
from tests.browser.visitor import Desk, Visitor
from tests.database import PortalDatabase
from tests.factories.ledger import make_notary, seal, sign, tamper
from tests.privacy.disclosures.smtp_server import mailbox

WRONG, RIGHT = factory.imei(1), factory.RIGHT_IMEI
# One digit off: the check digit tells (Luhn).
MISTYPED = RIGHT[:-1] + str((int(RIGHT[-1]) + 1) % 10)
ITEM = "device-registration/imei"


def file_correction(mina: Visitor) -> tuple[str, str]:
    """Mina asks on her phone, in Korean; return the number and code that she writes down."""
    page = mina.page
    mina.go("/")
    page.get_by_role("main").get_by_role("link", name="권리 행사 요구하기").click()
    expect(page.locator("[name=wanted]")).to_be_hidden()
    page.check("[name=rights][value=correction]")
    page.check("[name=target_kind][value=imei]")
    page.fill("[name=target]", WRONG)
    page.select_option("[name=item]", ITEM)
    page.fill("[name=wanted]", MISTYPED)
    page.check("[name=answer_by][value=email]")
    page.fill("[name=email]", "mina@example.org")
    mina.check("thread-1-request")
    mina.expected = {422}
    page.locator("main form button[type=submit]").click()
    mina.check("thread-2-mistake")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("IMEI")
    alert.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.name") == "wanted"
    assert page.input_value("[name=target]") == WRONG
    mina.expected = set()
    page.fill("[name=wanted]", RIGHT)
    page.locator("main form button[type=submit]").click()
    expect(page.locator("#case-number")).to_be_visible()
    mina.check("thread-3-received")
    return page.inner_text("#case-number"), page.inner_text("#case-code")


def look_at_case(mina: Visitor, number: str, code: str, name: str) -> str:
    """Mina looks her case up; return what she reads."""
    mina.go("/rights/case/")
    if mina.page.locator("[name=code]").count():
        mina.page.fill("[name=number]", number)
        mina.page.fill("[name=code]", code)
        mina.page.locator("main form button[type=submit]").first.click()
    expect(mina.page.get_by_role("heading", level=1)).to_contain_text(number)
    mina.check(name)
    return mina.main()


def press(visitor: Visitor, verb: str, name: str, shows: Sequence[str] = (), **fields: str) -> None:
    """Press a button of a record's page, answer what is asked, and confirm."""
    page = visitor.page
    visitor.press_verb(page.locator(f".verbs button[value={verb}]"))
    visitor.check(name)
    for said in shows:
        expect(page.get_by_role("main")).to_contain_text(said)
    for field, value in fields.items():
        page.check(f"[name={field}][value={value}]")
    page.locator("button[name=confirmed]").click()
    expect(page.locator(".messagelist .success").first).to_be_visible()


def timeline(visitor: Visitor) -> str:
    return visitor.page.locator(".record-side").inner_text()


@pytest.mark.clause("P1.5")
@pytest.mark.clause("P1.6")
@pytest.mark.clause("P8.3")
def test_a_correction_from_the_phone_to_the_audit(
    desk: Desk, mina: Visitor, portal_database: PortalDatabase, tmp_path: Path
) -> None:
    at = clock.now()
    device = factory.make_device(1, at=at - timedelta(days=40))
    factory.make_provided(device, "imei", at=at - timedelta(days=30))
    factory.make_provision_agreement("acme", items=["imei"], purposes=["repair"])
    factory.agree(device, "provision-acme", at=at)
    officer, aram = factory.make_officer(), factory.make_aram()

    # Mina files a correction. From that moment the item is frozen for everybody.
    number, code = file_correction(mina)
    case = Request.objects.get(number=number)
    assert vault.active_freezes(device.subject_id, "device-registration", {"imei"})
    with (
        pytest.raises(Frozen),
        vault.opened(
            purpose=Purpose.REGISTRATION, task="devices.device.viewed", actor=officer, at=clock.now(), reason="support"
        ) as vault_session,
    ):
        vault_session.decrypt(Device.objects.get(pk=device.pk), "imei")
    with pytest.raises(Frozen):
        factory.make_disclosure(
            device, "imei", at=clock.now(), basis="consent", purpose_code="repair",
            statute="", document_no="",
        )  # fmt: skip
    assert "접수" in look_at_case(mina, number, code, "thread-4-case")

    # Odile finds it behind a number of her first page, verifies identity, grants and carries out.
    odile = desk.staff(officer)
    odile.page.get_by_role("link", name="본인확인 대기").click()
    odile.check("thread-5-record")
    hana = factory.make_handler()
    factory.show_documents(case, to=hana, at=clock.now())
    handler = desk.staff(hana)
    handler.go(f"/office/rights/request/{case.pk}/change/")
    press(handler, "verify", "thread-6-verify", method="documents")
    odile.page.reload()
    # What is held stands beside what it should be, and what will follow: she reads and decides on one page.
    press(odile, "decide", "thread-7-decide", [WRONG, RIGHT, "Acme"], decision_1="grant")
    shown = Entry.objects.reads().filter(task="rights.current.shown").latest("id")
    assert str(device.subject_id) in shown.subjects
    press(odile, "carry_out", "thread-8-carry-out")
    odile.check("thread-9-carried-out")
    assert "정보 정정" in timeline(odile)
    case.refresh_from_db()
    assert case.state == Request.State.CARRIED_OUT
    assert not vault.active_freezes(device.subject_id, "device-registration", {"imei"})
    assert read_imei(device) == RIGHT

    # The worker tells the earlier recipient, once, and Mina.
    with mailbox() as box:
        dispatch_due(at=clock.now())
        dispatch_due(at=clock.now())
    notice = Notice.objects.get()
    assert [str(m["Message-ID"]) for m in box.arrived].count(notice.message_id) == 1
    mail = next(message for message in box.arrived if message["Message-ID"] == notice.message_id)
    link = re.search(r"/\S*ack/\S+/", str(mail.get_content()))
    assert link is not None

    # The recipient acknowledges and sees the right value.
    recipient = desk.computer()
    recipient.go(link[0][link[0].index("/en/") if "/en/" in link[0] else link[0].index("/ack/") :])
    recipient.check("thread-10-acknowledge")
    recipient.page.locator("main form button[type=submit]").click()
    expect(recipient.page.get_by_role("main")).to_contain_text(RIGHT)
    recipient.check("thread-11-acknowledged")
    notice.refresh_from_db()
    assert notice.state == Notice.State.ACKNOWLEDGED

    # Mina reads that it is done; nobody shows her anybody's name.
    story = look_at_case(mina, number, code, "thread-12-done")
    assert officer.name not in story

    audit(desk, aram, case, portal_database, tmp_path)


def read_imei(device: Device) -> str:
    """The value that stands in the register now."""
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="tests.value.compared",
        actor=SystemActor("tests"),
        at=clock.now(),
        reason="the thread",
    ) as vault_session:
        return str(vault_session.decrypt(Device.objects.get(pk=device.pk), "imei"))


def audit(desk: Desk, aram: object, case: Request, database: PortalDatabase, folder: Path) -> None:
    """Aram follows the case through the entries and verifies the trail; a superuser's change is found and named."""
    notary = make_notary(folder)
    seal(database)
    sign(database, notary)
    with override_settings(
        NOTARY_STATE_DIR=folder, MIRROR_DIR=folder / "mirror", ANCHOR_DIR=folder / "anchors",
        NOTARY_VKEYS=notary.signer.vkeys,
    ):  # fmt: skip
        auditor = desk.staff(aram)  # type: ignore[arg-type]
        auditor.go(f"/office/ledger/entry/?record=rights.request:{case.pk}")
        auditor.check("thread-13-entries")
        told = auditor.page.locator("#result_list").inner_text()
        for happened in ("요구 접수", "본인확인 완료", "조치 완료"):
            assert happened in told
        auditor.go("/office/ledger/checkpoint/")
        auditor.check("thread-14-sealing")
        auditor.go("/office/ledger/checkpoint/verify/")
        auditor.page.locator("main form button[type=submit]").click()
        expect(auditor.page.get_by_role("status")).to_be_visible()
        auditor.check("thread-15-sound")
        changed = "UPDATE ledger.entry SET payload = replace(payload, 'verified', 'rejected') WHERE word = '{}'"
        tamper(database, changed.format("rights.identity.verified"))
        auditor.page.locator("main form button[type=submit]").click()
        expect(auditor.page.get_by_role("alert")).to_be_visible()
        auditor.check("thread-16-altered")
        assert re.search(r"\d+", auditor.page.get_by_role("alert").inner_text())
