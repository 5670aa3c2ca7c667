"""The main job in a real browser: asked on a phone, frozen, corrected, notified, acknowledged, destroyed, audited."""

import json
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from devices import actions as devices
from devices.models import Challenge, Device
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger import actions as ledger
from privacy.lib.dates import clock
from privacy.retention.models import Certificate
from privacy.retention.tasks import sweep
from privacy.rights.models import Request
from tests import factory
from tests.browser.test_access import confirm_on_the_device, press
from tests.browser.visitor import Desk, Visitor
from tests.database import PortalDatabase
from tests.factories.ledger import seal
from tests.privacy.disclosures.smtp_server import mailbox

CORRECTED = "XM-G191"


def ask_for_a_correction(mina: Visitor) -> tuple[str, str]:
    """Mina fills in the form on her phone; return number and code of the case."""
    page = mina.page
    mina.go("/rights/request/")
    page.check("input[name=rights][value=correction]")
    page.check("input[name=target_kind][value=imei]")
    page.fill("input[name=target]", factory.imei(1))
    page.select_option("select[name=item]", "device-registration/model")
    page.fill("input[name=wanted]", CORRECTED)
    page.get_by_role("main").get_by_role("button").last.click()
    return page.locator("#case-number").inner_text(), page.locator("#case-code").inner_text()


def unmask(visitor: Visitor, device: Device) -> str:
    """Ask to see a device's items for the registration's purpose; return what the page says then."""
    visitor.go(f"/office/devices/device/{device.pk}/change/")
    visitor.page.locator("button[value=unmask]").click()
    visitor.page.select_option("select[name=purpose]", "registration")
    visitor.page.fill("input[name=reason]", "case check")
    visitor.page.locator("button[name=confirmed]").click()
    return visitor.page.locator("body").inner_text()


@pytest.mark.clause("P1.5")
@pytest.mark.clause("P1.6")
@pytest.mark.clause("P8.3")
def test_a_correction_from_the_phone_to_the_auditor(desk: Desk, mina: Visitor, portal_database: PortalDatabase) -> None:
    now = clock.now()
    device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"), at=now)
    factory.make_provided(device, "model", at=now)
    before = factory.make_officer(), factory.make_handler(), factory.make_aram()
    odile, hana, aram = (desk.staff(user) for user in before)

    number, _code = ask_for_a_correction(mina)
    case = Request.objects.get(number=number)
    assert CORRECTED not in unmask(hana, device)
    expect(hana.page.locator(".error-summary")).to_be_visible()
    hana.check("device-frozen")

    mina.go("/rights/case/")
    mina.page.get_by_role("button", name="기기에서 확인하기").click()
    expect(mina.page.locator("output.once")).to_have_text(Challenge.objects.get().shown)
    mina.check("rights-case-challenge-phone")
    confirm_on_the_device(device.id)
    dispatch_due(at=clock.now())

    odile.go(f"/office/rights/request/{case.pk}/change/")
    assert odile.page.locator(f"time[datetime='{case.due_on.isoformat()}']").count() > 0
    for button in ("인용", "조치"):
        press(odile, button)
        odile.page.locator("button[name=confirmed]").click()
    odile.check("correction-carried-out")
    assert CORRECTED in unmask(hana, device)
    assert Notice.objects.get().state == Notice.State.QUEUED

    with mailbox() as box:
        dispatch_due(at=clock.now())
        dispatch_due(at=clock.now())
    to_recipient = [mail for mail in box.arrived if "/ack/" in mail.get_payload(decode=True).decode()]  # type: ignore[union-attr]
    [mail] = to_recipient
    link = re.search(r"/ack/\S+", mail.get_payload(decode=True).decode())  # type: ignore[union-attr]
    assert link is not None
    recipient = desk.computer()
    recipient.go(link.group(0))
    recipient.check("notice")
    recipient.page.get_by_role("main").get_by_role("button").click()
    expect(recipient.page.get_by_role("main")).to_contain_text(CORRECTED)
    assert Notice.objects.get().state == Notice.State.ACKNOWLEDGED

    seal(portal_database)
    aram.go(f"/office/ledger/entry/?subject={device.reference}")
    aram.check("auditor-entries")
    shown = aram.page.locator("body").inner_text()
    for user in before[:2]:
        assert user.reference in shown or user.name in shown
    words = set(ledger.entries_about(device.subject_id).values_list("word", flat=True))
    assert {"rights.item.frozen", "rights.item.corrected", "disclosures.notice.acknowledged", "ledger.read"} <= words


@pytest.mark.clause("P7.1")
def test_what_is_past_its_term_is_destroyed_and_its_certificate_can_be_checked(desk: Desk, mina: Visitor) -> None:
    today = clock.today()
    device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"), at=clock.now())
    long_ago = factory.at_noon(today.replace(day=1) - timedelta(days=100))
    batch = factory.make_batch(factory.make_report(device, "app-log", at=long_ago))
    answer = devices.store_reports(batch, gateway=factory.make_gate(), at=clock.now())
    assert json.loads(answer)["stored"] == 1
    sweep()
    certificate = Certificate.objects.get()
    assert certificate.statement["read_back"]["rows_left"] == 0

    officer = factory.make_officer()
    odile = desk.staff(officer)
    odile.go("/office/retention/certificate/")
    odile.check("certificates")
    expect(odile.page.get_by_role("main")).to_contain_text(certificate.number)
    mina.go("/verify/")
    mina.page.fill("input[name=digest]", certificate.digest)
    mina.page.get_by_role("main").get_by_role("button").last.click()
    expect(mina.page.get_by_role("main")).to_contain_text(certificate.number)
    mina.check("verify-phone")
