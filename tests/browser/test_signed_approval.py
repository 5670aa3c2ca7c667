"""An officer signs the approval of a destruction with a security key, in a browser; without the key nothing goes."""

from datetime import timedelta

import pytest
from django.test import override_settings
from playwright.sync_api import expect

from privacy.accounts import approval_signatures
from privacy.lib.dates import clock
from privacy.retention.destruction import signed_approvals
from privacy.retention.models import DestructionList
from tests import factory
from tests.browser.visitor import Desk


@pytest.mark.attack("18.1")
@pytest.mark.clause("P7.1")
def test_an_officer_signs_what_the_page_shows(desk: Desk) -> None:
    today = clock.today()
    factory.make_expired_device(ended_on=today - timedelta(days=800))
    row = factory.sweep_on(today).lists.get()
    odile = factory.make_odile()
    visitor = desk.staff(odile)
    visitor.add_virtual_key()
    visitor.go("/staff/security/")
    visitor.page.get_by_role("link", name="보안 키 또는 패스키 추가").click()
    visitor.page.get_by_role("button", name="키 추가").click()
    visitor.page.wait_for_url("**/staff/security/codes/")
    visitor.go("/staff/security/")
    (line,) = [approval_signatures.key_line(odile.ref, key) for key in approval_signatures.keys_of(odile).values()]
    with override_settings(PORTAL_URL=desk.address):
        assert line in visitor.main()
        visitor.check("staff-security-key-line")
    with override_settings(PORTAL_URL=desk.address, APPROVER_KEYS=[line]):
        visitor.go(f"/office/retention/destructionlist/{row.pk}/change/")
        visitor.press_verb(visitor.page.get_by_role("button", name="파기 승인", include_hidden=True))
        expect(visitor.page.get_by_role("main")).to_contain_text(row.plan)
        visitor.check("desk-approval-to-sign")
        visitor.page.get_by_role("button", name="승인하고 대기 시간 뒤 파기").click()
        expect(visitor.page.locator(".messagelist .success").first).to_be_visible()
        row.refresh_from_db()
        assert row.state == DestructionList.State.APPROVED
        assert not list(signed_approvals.unsigned_lists(clock.now()))
