"""Pictures with their tables: lead times, what is due by category, openings; on a phone and at a desk."""

from datetime import timedelta

from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.retention.models import Forecast
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from tests import factory
from tests.browser.visitor import Desk


def test_pictures_stand_with_their_tables(desk: Desk) -> None:
    now = clock.now()
    odile = factory.make_odile()
    for number, kind in ((1, "access"), (2, "suspension"), (3, "access")):
        factory.make_device(number, at=now)
        asked = RequestedRight(kind)
        receipt = factory.ask(
            asked, target=factory.imei(number), answer_by="portal", address="", at=now - timedelta(days=number * 2)
        )
        case = factory.make_verified(receipt, at=now)
        rights.refuse(case.rights.get(), ground="life-or-body", actor=odile, at=now)
    month = clock.today().replace(day=1)
    for place, code in enumerate(("device-registration", "service-analytics", "app-log"), start=1):
        for later in range(3):
            coming = (month + timedelta(days=32 * later)).replace(day=1)
            Forecast.objects.update_or_create(
                month=coming, category=code, defaults={"people": 10 * place + later, "counted_at": now}
            )
    visitor = desk.staff(odile)
    page = visitor.page
    for width, name in ((390, "phone"), (1280, "desk")):
        page.set_viewport_size({"width": width, "height": 900})
        for address, pictures in (
            ("/office/rights/request/lead-times/", 2),
            ("/office/ledger/accessrecord/figures/", 2),
            ("/office/retention/destructionlist/due/", 1),
        ):
            visitor.go(address)
            expect(page.locator("figure.chart svg")).to_have_count(pictures)
            visitor.check(f"desk-figures-{address.split('/')[3]}-{name}")
