"""The round of pledges on one page: found, filtered and reminded, on a phone and at a desk."""

from playwright.sync_api import expect

from privacy.ledger.models import Entry
from tests import factory
from tests.browser.visitor import Desk


def test_the_round_is_filtered_and_those_who_owe_are_reminded(desk: Desk) -> None:
    odile = factory.make_odile()
    factory.make_hana()
    for number, name in enumerate(("Emin", "Dana", "Ines")):
        factory.make_user(f"e{number}@extrus.example", name, "employee", fit=False)
    visitor = desk.staff(odile)
    page = visitor.page
    for turn, (width, name) in enumerate(((390, "phone"), (1280, "desk"))):
        page.set_viewport_size({"width": width, "height": 900})
        visitor.go("/office/workforce/pledge/round/")
        expect(page.locator(".cards tbody tr")).to_have_count(3)
        visitor.check(f"desk-pledge-round-{name}")
        page.select_option("#id_shown", "all")
        page.fill("#id_name", ("Emin", "Dana")[turn])
        page.locator(".round-filter button").click()
        expect(page.locator(".cards tbody tr")).to_have_count(1)
        page.check("input[name=person]")
        page.locator("button[name=selected]").click()
        expect(page.locator(".messagelist .success").first).to_be_visible()
        expect(page.locator("#id_name")).to_have_value(("Emin", "Dana")[turn])
        assert Entry.objects.filter(word="workforce.reminder.asked").count() == turn + 1
