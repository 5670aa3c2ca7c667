"""What a correction replaced stays replaced, though the gateway repeats it: only a value that is new counts (P1.4)."""

from typing import Any
from uuid import uuid4

import pytest

from devices import actions as devices
from devices.models import Device, Licence
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from tests import factory
from tests.devices.base import ApiTestCase

TESTS = SystemActor("tests")
WRONG, RIGHT, THIRD = factory.imei(1), factory.imei(2), factory.imei(3)
IGNORED = "devices.repetition.ignored"


@pytest.mark.clause("P1.4")
class CorrectedValueTest(ApiTestCase):
    def correct(self, device: Device, item: str, value: str, *, times: int = 1) -> None:
        event = uuid4()
        for _again in range(times):
            devices.correct_registration(
                device.id, item, value, event=event, actor=TESTS, at=self.now, record_id=None
            )  # fmt: skip

    def held(self, device: Device, item: str = "imei") -> bytes:
        return bytes(getattr(Device.objects.get(pk=device.pk), f"{item}_index"))

    def put(self, device: Device, **changes: Any) -> dict[str, Any]:
        answer = self.call("PUT", f"/devices/{device.id}", factory.registration(**changes))
        assert answer.status_code == 200, answer.content
        told: dict[str, Any] = answer.json()
        return told

    def test_a_gateway_that_repeats_what_was_wrong_changes_nothing_and_is_told(self) -> None:
        device = self.device()
        self.correct(device, "imei", RIGHT, times=2)
        for _again in range(2):
            assert self.put(device)["corrected"] == ["imei"]
        assert self.held(device) == vault.blind_index("imei", RIGHT)
        entry = self.assertLedgered(IGNORED, device)
        assert facts_in(entry.payload)["items"] == ["imei"]
        assert Entry.objects.filter(word=IGNORED).count() == 2
        row = Device.objects.get(pk=device.pk)
        assert WRONG not in str(row.replaced) and list(row.replaced) == ["imei"]

    def test_what_it_sends_beside_it_counts_and_so_does_any_other_value(self) -> None:
        device = self.device()
        self.correct(device, "imei", RIGHT)
        self.put(device, serial_number="R3CX90ABCDZ")
        assert self.held(device, "serial_number") == vault.blind_index("serial_number", "R3CX90ABCDZ")
        assert self.put(device, imei=RIGHT)["corrected"] == []
        assert self.put(device, imei=THIRD)["corrected"] == []
        assert self.held(device) == vault.blind_index("imei", THIRD)
        # Also then what was wrong stays wrong.
        assert self.put(device)["corrected"] == ["imei"]
        assert self.held(device) == vault.blind_index("imei", THIRD)

    def test_what_another_correction_puts_back_is_wrong_no_more(self) -> None:
        device = self.device()
        self.correct(device, "imei", RIGHT)
        self.correct(device, "imei", WRONG)
        assert self.put(device)["corrected"] == []
        assert self.put(device, imei=RIGHT)["corrected"] == ["imei"]
        assert self.held(device) == vault.blind_index("imei", WRONG)

    def test_the_wrong_key_of_a_licence_names_the_corrected_one(self) -> None:
        device = self.device()
        self.correct(device, "licence_key", "EXAFE-RIGHT")
        licence = factory.registration()["licence"] | {"ends_on": "2031-12-31"}
        assert self.put(device, licence=licence)["corrected"] == ["licence_key"]
        row = Licence.objects.get()
        assert bytes(row.key_index) == vault.blind_index("licence_key", "EXAFE-RIGHT")
        assert row.ends_on.year == 2031
        answer = self.call("PATCH", f"/devices/{device.id}", {"licence": licence | {"ends_on": "2032-12-31"}})
        assert answer.status_code == 200 and answer.json()["corrected"] == ["licence_key"]
        assert Licence.objects.get().ends_on.year == 2032

    def test_a_contact_is_overwritten_by_its_person_and_no_repetition(self) -> None:
        device = self.device()
        path, person = f"/devices/{device.id}/contacts", Subject.objects.get(pk=device.id)
        sent = {"contacts": [{"kind": "email", "value": "mima@example.org", "language": "ko"}]}
        assert [one["corrected"] for one in self.call("PUT", path, sent).json()["contacts"]] == [False]
        subjects.correct_contact(
            device.id, "email", "mina@example.org", event=uuid4(), actor=TESTS, at=self.now, record_id=None
        )
        answer = self.call("PUT", path, sent)
        assert [one["corrected"] for one in answer.json()["contacts"]] == [True]
        right = Contact.objects.current().get()
        assert bytes(right.value_index) == vault.blind_index("contact", "mina@example.org")
        self.assertLedgered("subjects.contact.repetition-ignored")
        factory.make_contact(person, value="mima@example.org")
        again = Contact.objects.current().get()
        assert bytes(again.value_index) == vault.blind_index("contact", "mima@example.org")
        assert again.replaced == {}
