"""What the sweep of a day would list: the rules of the day decide it."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.registries import dated_facts
from privacy.lib.registries.dated_facts import Fact, Kind
from privacy.retention.schedule import selection


def lists(on: date) -> Iterator[Fact]:
    """Yield each list that a sweep of the day would propose, with its rule; nothing is written."""
    path = reverse("admin:retention_destructionlist_changelist")
    for found in selection.preview_sweep(on, clock.midnight(on)):
        month = date_format(found.month, "Y-m") if found.month else ""
        words = {"people": found.people, "records": found.records}
        said = _("people: %(people)d, records: %(records)d") % words
        if found.needs_approval:
            said = _("%(counts)s, with approval") % {"counts": said}
        about = _("To be destroyed: %(category)s") % {"category": f"{found.name} {month}".rstrip()}
        key = f"{found.category} {found.unit} {month}"
        yield Fact(Kind.LIST, key, about, said, path, "retention.view_destructionlist")


dated_facts.add_source("retention.lists", lists)
