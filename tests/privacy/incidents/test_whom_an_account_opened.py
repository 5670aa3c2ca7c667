"""Whom an account's reads concern is found as the officer types it: in any letters, until the minute that is typed."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import override

from privacy.incidents.admin.forms import MAX_LIST_BYTES, AffectedForm
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.truth("hunt")
class AffectedFormTests(PortalTestCase):
    def errors(self, file: SimpleUploadedFile | None = None, **typed: str) -> dict[str, Any]:
        with override("en"):
            form = type("Affect", (AffectedForm,), {"on": clock.today()})(typed, {"file": file} if file else {})
            return {name: [str(said) for said in all_of_it] for name, all_of_it in form.errors.items()}

    def test_what_is_wrong_with_the_one_way_that_was_chosen_is_all_that_is_said(self) -> None:
        large = SimpleUploadedFile("people.txt", b"x" * (MAX_LIST_BYTES + 1))
        assert self.errors(large) == {"file": ["The file is larger than 5 MB."]}
        assert list(self.errors(lines="x" * 8001)) == ["lines"]
        assert list(self.errors()) == list(self.errors(lines="S-1", held="contact")) == ["__all__"]

    def test_a_period_that_ends_before_it_begins_is_said_where_it_was_typed(self) -> None:
        typed = {"account": "U-7F3K-92QX", "start": "2026-11-20T10:00"}
        assert list(self.errors(**typed)) == ["start"]
        assert list(self.errors(**typed, end="2026-11-20T09:59")) == ["end"]
        assert list(self.errors(**typed, end="when it rained")) == ["end"]
        assert self.errors(**typed, end="2026-11-20T10:00") == {}

    def test_the_minute_that_is_typed_belongs_to_the_period_and_capitals_do_not_matter(self) -> None:
        hana, odile, device = factory.make_hana(), factory.make_officer(), factory.make_device(1)
        self.client.force_login(hana)
        self.client.get(reverse("admin:devices_device_changelist"))
        opened = Entry.objects.by(hana.ref).reads().get()
        incident = factory.make_incident()
        self.client.force_login(odile)
        minute = localtime(opened.time, clock.KST).strftime("%Y-%m-%dT%H:%M")
        self.client.post(
            reverse("admin:incidents_incident_change", args=[incident.pk]),
            {
                "CHANGE_FORM-action": "add_affected", "_selected_action": str(incident.pk), "index": "0",
                "confirmed": "yes", "account": hana.ref.lower(), "start": minute, "end": minute,
            },
        )  # fmt: skip
        assert list(incident.affected.values_list("subject_id", flat=True)) == [device.subject_id]
