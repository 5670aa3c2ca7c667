"""The reference of the APIs and the credentials of programs: each page in a real browser."""

from django.urls import reverse

from privacy.lib.dates import clock
from privacy.office_api import actions as office_api
from tests import factory
from tests.browser.visitor import Desk


def test_the_pages_read_well_and_accuse_nothing(desk: Desk) -> None:
    odile = factory.make_odile()
    made = office_api.issue_token(title="helpdesk", scopes=["cases.read"], actor=odile, at=clock.now())
    reader, officer = desk.computer(), desk.staff(odile)
    console = {
        "list": reverse("admin:office_api_credential_changelist"),
        "record": reverse("admin:office_api_credential_change", args=[made.row.pk]),
        "token-new": reverse("admin:office_api_credential_token"),
        "client-new": reverse("admin:office_api_credential_client"),
    }
    for width, device in ((390, "phone"), (1280, "desk")):
        for visitor, pages in ((reader, {"ko": "/api/", "en": "/en/api/"}), (officer, console)):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            for name, address in pages.items():
                visitor.go(address)
                visitor.check(f"api-{name}-{device}")
    officer.go(console["token-new"])
    officer.page.fill("input[name=title]", "crm")
    officer.page.check("input[value='holds.read']")
    officer.page.click("#content-main button[type=submit], #content-main input[type=submit]")
    assert officer.page.locator("code.token").inner_text().startswith("of_")
    officer.check("api-token-shown-desk")
