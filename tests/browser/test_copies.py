"""Prints and copies in a real browser: the list, a copy's page, its button, and the mark that a printed page bears."""

from datetime import date

import pytest
from django.urls import reverse

from privacy.ledger.exports import register_export
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.safeguards.models import Printout
from tests import factory
from tests.browser.visitor import Desk


@pytest.mark.law("S-27")
def test_the_pages_read_well_and_a_print_says_who_made_it(desk: Desk) -> None:
    odile = factory.make_odile()
    register_export.export_register(
        registers.get("inspections"), form="xlsx", reason="감독기관 제출", actor=odile, at=clock.now(),
        first=date(2026, 1, 1), last=date(2026, 12, 31),
    )  # fmt: skip
    made = Printout.objects.get()
    page = reverse("admin:safeguards_printout_change", args=[made.pk])
    visitor = desk.staff(odile)
    for width, device in ((390, "phone"), (1280, "desk")):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        for name, address in (("list", reverse("admin:safeguards_printout_changelist")), ("page", page)):
            visitor.go(address)
            visitor.check(f"copies-{name}-{device}")
    mark = visitor.page.locator(".watermark")
    assert not mark.is_visible()
    visitor.page.emulate_media(media="print")
    assert mark.is_visible()
    assert odile.reference in mark.inner_text()
