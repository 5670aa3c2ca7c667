"""The officer publishes a version of the policy; what changes can be read, side by side, on paper and on a phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.policies.models import PolicyVersion
from tests import factory
from tests.browser.visitor import SCREENSHOTS, Desk, Visitor


def press(visitor: Visitor, name: str) -> None:
    """Press a button of a record's page, by its action."""
    visitor.press_verb(visitor.page.locator(f'.verbs button[value="{name}"]'))


@pytest.mark.clause("P0.2")
@pytest.mark.clause("P0.3")
def test_the_officer_publishes_a_version_and_its_difference_reads_well(desk: Desk) -> None:
    at, day = clock.now(), clock.today() + timedelta(days=40)
    for number in (1, 2, 3):
        factory.make_expired_device(number, ended_on=clock.today() - timedelta(days=600 - number * 45))
    version = factory.make_version_under_review(at=at, effective_on=day)
    visitor = desk.staff(factory.make_odile())
    visitor.go(f"/office/policies/policyversion/{version.pk}/preview/")
    expect(visitor.page.locator(".before-after").first).to_be_visible()
    visitor.page.locator("a[href='?simulation=1#simulation']").click()
    expect(visitor.page.locator("section[aria-labelledby=simulation] svg").first).to_be_visible()
    visitor.check("policy-preview", part="#content")
    visitor.go(f"/office/policies/policyversion/{version.pk}/change/")
    press(visitor, "approve")
    visitor.page.locator("button[name=confirmed]").click()
    press(visitor, "publish")
    visitor.page.locator("button[name=confirmed]").click()
    assert PolicyVersion.objects.get(pk=version.pk).state == "published"
    visitor.check("policy-published", part="#content")

    number = day.isoformat()
    reader = desk.computer()
    reader.go(f"/policy/2020-12-01..{number}/")
    changed = reader.page.locator(".before-after tr.line-changed", has_text="라이선스 만료").first
    expect(changed.locator("td").nth(0).locator("del")).to_have_text("2년")
    expect(changed.locator("td").nth(1).locator("ins")).to_have_text("3년")
    left, right = changed.locator("td").nth(0).bounding_box(), changed.locator("td").nth(1).bounding_box()
    assert left is not None and right is not None
    assert left["y"] == right["y"] and left["x"] < right["x"], "before and after stand side by side"
    reader.check("policy-difference")
    reader.page.pdf(path=SCREENSHOTS / "policy-difference.pdf")
    phone = desk.phone()
    phone.go(f"/en/policy/2020-12-01..{number}/")
    expect(phone.page.locator(".before-after ins").first).to_be_visible()
    phone.check("policy-difference-phone-en")
    phone.go("/notices/")
    expect(phone.page.get_by_role("main")).to_contain_text(number)
    phone.check("policy-announced-phone")


@pytest.mark.clause("P0.3")
def test_people_are_told_individually_and_the_page_follows_by_itself(desk: Desk) -> None:
    factory.make_contact(factory.make_mina(), value="mina@example.org")
    version = factory.make_policy(at=clock.now())
    visitor = desk.staff(factory.make_odile())
    visitor.go(f"/office/policies/policyversion/{version.pk}/change/")
    visitor.page.get_by_role("link", name="전체 정보주체에게 개별 통지").click()
    visitor.check("campaign-asked", part="#content")
    visitor.page.get_by_role("main").get_by_role("button", name="전체 정보주체에게 개별 통지").click()
    expect(visitor.page.locator("progress")).to_be_visible()
    assert visitor.go(visitor.page.url).headers["refresh"] == "5"
    visitor.check("campaign-running", part="#content")
    assert "refresh" not in visitor.go(f"{visitor.page.url}?stay").headers


@pytest.mark.clause("P2.2")
def test_an_incident_shows_its_clocks_on_top(desk: Desk) -> None:
    at = clock.now()
    incident = factory.make_known_incident(factory.make_mina(), at=at, aware_at=at, intrusion=True, outside_access=True)
    visitor = desk.staff(factory.make_odile())
    for prefix in ("", "/en"):
        visitor.go(f"{prefix}/office/incidents/incident/{incident.pk}/change/")
        expect(visitor.page.locator(".clocks tr")).to_have_count(3)
        visitor.check(f"incident{prefix.replace('/', '-')}", part="#content")
    visitor.go("/office/incidents/incident/record/")
    visitor.check("incident-record", part="#content")
    visitor.go("/office/registers/")
    visitor.check("registers", part="#content")
    visitor.go("/office/registers/complaints/")
    visitor.check("register-export", part="#content")
