"""Whom an account's reads concern is found as the officer types it: in any letters, until the minute that is typed."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.incidents.admin.forms import MAX_LIST_BYTES, AffectedForm
from privacy.incidents.models import Incident
from privacy.ledger import actions as ledger
from privacy.ledger.entries.payloads import MAX_SUBJECTS
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


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


@pytest.mark.truth("hunt")
class ManyPeopleTests(PortalTestCase):
    def added(self, incident: Incident) -> incidents.AddedPeople:
        opened = Entry.objects.order_by("-id")[0].time
        return incidents.add_from_reads(
            incident, account=self.hana.ref, start=opened - timedelta(minutes=1), end=opened + timedelta(minutes=1),
            actor=factory.make_officer(), at=NOON,
        )  # fmt: skip

    def setUp(self) -> None:
        self.hana, self.incident = factory.make_hana(), factory.make_incident()

    def read(self, *people: UUID, count: int | None = None) -> None:
        ledger.record_read(
            actor=self.hana, at=None, subjects=people, count=count, task="devices.device.viewed", purpose="registration"
        )

    def test_who_was_opened_among_very_many_is_found_in_the_list_beside_the_entry(self) -> None:
        """The officer was told that the records show only how many, and had to guess whom."""
        device = factory.make_device(1)
        self.read(device.subject_id, *(uuid4() for _person in range(MAX_SUBJECTS)))
        assert (self.added(self.incident).people, self.added(self.incident).unnamed) == (1, 0)
        assert self.incident.affected.get().subject_id == device.subject_id

    def test_whoever_searched_and_found_nobody_opened_nothing(self) -> None:
        self.read(factory.make_device(1).subject_id)
        self.read(count=0)
        assert self.added(self.incident).unnamed == 0
        self.read(count=10)
        assert self.added(self.incident).unnamed == 1


@pytest.mark.truth("hunt")
class ListFileTests(PortalTestCase):
    def uploaded(self, content: bytes) -> str:
        self.incident = factory.make_incident()
        self.client.force_login(factory.make_officer())
        return self.client.post(
            reverse("admin:incidents_incident_change", args=[self.incident.pk]),
            {
                "CHANGE_FORM-action": "add_affected", "_selected_action": str(self.incident.pk), "index": "0",
                "confirmed": "yes", "file": SimpleUploadedFile("people.txt", content),
            },
            follow=True,
        ).content.decode()  # fmt: skip

    def test_a_list_that_a_spreadsheet_program_wrote_as_unicode_text_is_read(self) -> None:
        """The page failed on it: every second byte of such a file is zero."""
        mina = factory.make_mina()
        self.uploaded(f"{mina.reference}\r\n".encode("utf-16"))
        assert list(self.incident.affected.values_list("subject_id", flat=True)) == [mina.pk]

    def test_a_file_that_is_no_list_adds_nobody(self) -> None:
        self.uploaded(b"PK\x03\x04\0\0\xff\xfe" * 50)
        assert not self.incident.affected.exists()

    def test_of_a_line_of_any_length_its_beginning_is_told(self) -> None:
        page = self.uploaded(f"{factory.make_mina().reference}\n{'x' * 100_000}\n".encode())
        assert f"{'x' * 60}…" in page
        assert "x" * 61 not in page
