"""The legal basis of a purpose is stated with the draft, previewed, published, and told to who is not asked."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from consents.models import CurrentConsent
from privacy.lib.dates import clock
from privacy.policies.models import LegalBasis
from tests import factory
from tests.browser.visitor import Desk

WIDTHS = (390, 1440)


@pytest.mark.law("C-06")
@pytest.mark.parametrize("language", ["", "/en"])
def test_a_basis_is_stated_refused_without_its_ground_and_previewed(desk: Desk, language: str) -> None:
    name = language.strip("/") or "ko"
    factory.make_stated(at=clock.now())
    draft = factory.make_draft(years=2, adverse=True, at=clock.now())
    row = LegalBasis.objects.get(category__version=draft, category__code="device-registration")
    handler = desk.staff(factory.make_handler())
    page = handler.page
    handler.go(f"{language}/office/policies/category/{row.category_id}/change/")
    page.select_option("[name=bases-0-basis]", "contract")
    page.fill("[name=bases-0-ground_ko]", "라이선스 계약의 이행에 필요")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        handler.check(f"basis-form-{name}-{width}", part="#content")
    page.locator("[name=_save]").first.click()
    expect(page.locator(".errorlist").first).to_be_visible()
    expect(page.locator("[name=bases-0-ground_ko]")).to_have_value("라이선스 계약의 이행에 필요")
    handler.check(f"basis-refused-{name}", part="#content")
    page.fill("[name=bases-0-ground_en]", "needed to perform the licence contract")
    page.locator("[name=_save]").first.click()
    page.wait_for_load_state()
    row.refresh_from_db()
    assert row.basis == "contract"
    handler.go(f"{language}/office/policies/policyversion/{draft.pk}/preview/")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator("#items-bases-other").first).to_be_visible()
        handler.check(f"basis-preview-{name}-{width}", part="#content")


@pytest.mark.law("C-06")
@pytest.mark.parametrize("language", ["", "/en"])
def test_the_policy_and_the_consent_pages_tell_what_needs_no_consent(desk: Desk, language: str) -> None:
    name, now = language.strip("/") or "ko", clock.now()
    device = factory.make_device(1, agreed=("app-log",), at=now - timedelta(hours=1))
    factory.make_stated("device-registration", at=now)
    code = factory.consent_code(CurrentConsent.objects.get(subject_id=device.subject_id).decision, at=now)
    reader = desk.computer()
    for width in WIDTHS:
        reader.page.set_viewport_size({"width": width, "height": 900})
        reader.go(f"{language}/policy/")
        expect(reader.page.locator("#items-bases-consent")).to_be_visible()
        expect(reader.page.locator("#items-bases-other")).to_be_visible()
        reader.check(f"basis-policy-{name}-{width}")
    reader.go(f"{language}/consents/")
    reader.page.fill("[name=code]", code)
    reader.page.press("[name=code]", "Enter")
    reader.page.wait_for_load_state()
    for width in WIDTHS:
        reader.page.set_viewport_size({"width": width, "height": 900})
        for page in ("", "activation/"):
            reader.go(f"{language}/consents/{page}")
            reader.check(f"basis-consents-{page.strip('/') or 'list'}-{name}-{width}")
    expect(reader.page.locator("button[name=decision]")).to_have_count(0)
