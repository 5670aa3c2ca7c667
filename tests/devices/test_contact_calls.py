"""A gateway sends the contacts that a device's user gave; no answer, no ledger entry contains a value."""

from datetime import timedelta

import pytest
from django.test import override_settings

from privacy.ledger.models import Entry
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject
from tests import factory
from tests.devices.base import ApiTestCase

EMAIL = {"kind": "email", "value": "mina@example.org", "language": "en"}
PHONE = {"kind": "phone", "value": "010-1234-5678", "language": "ko", "preferred": True}


@pytest.mark.attack("17.2")
class ContactCallsTest(ApiTestCase):
    @pytest.mark.asvs("15.3.1")
    def test_they_are_recorded_sealed_and_told_without_their_values(self) -> None:
        device = self.device()
        answer = self.call("PUT", f"/devices/{device.id}/contacts", {"contacts": [EMAIL, PHONE]})
        assert answer.status_code == 200, answer.content
        found = answer.json()["contacts"]
        assert [(one["kind"], one["language"], one["preferred"], one["verified"]) for one in found] == [
            ("phone", "ko", True, False), ("email", "en", False, False),
        ]  # fmt: skip
        assert {*found[0]} == {"corrected", "kind", "language", "preferred", "verified", "recorded_at"}
        assert "mina" not in answer.content.decode()
        assert all("mina@" not in payload for payload in Entry.objects.values_list("payload", flat=True))
        assert set(Contact.objects.values_list("source", "basis")) == {("gateway", "contract")}

    def test_the_same_again_changes_nothing_and_a_kind_left_out_stays(self) -> None:
        path = f"/devices/{self.device().id}/contacts"
        self.call("PUT", path, {"contacts": [EMAIL, PHONE]})
        before = set(Contact.objects.values_list("id", flat=True))
        self.call("PUT", path, {"contacts": [EMAIL]})
        assert set(Contact.objects.values_list("id", flat=True)) == before

    def test_another_value_takes_its_place_whether_the_earlier_one_had_a_message_or_not(self) -> None:
        path = f"/devices/{self.device().id}/contacts"
        with override_settings(TEXT_MESSAGES_URL="https://sms.example", TEXT_MESSAGES_FROM="02-6928-6774"):
            for number, days in enumerate((0, 0, 2)):
                Contact.objects.update(recorded_at=self.now - timedelta(days=days))
                sent = [{**EMAIL, "value": f"mina{number}@example.org"}, {**PHONE, "value": f"010-1234-567{number}"}]
                answer = self.call("PUT", path, {"contacts": sent})
                assert answer.status_code == 200, answer.content
        # What had waited for a day hears that another one took its place; what nobody ever wrote to is gone.
        assert Contact.objects.current().count() == 2
        assert list(Contact.objects.exclude(ended_at=None).values_list("kind", flat=True)) == ["email"]

    def test_what_can_be_none_is_refused(self) -> None:
        path = f"/devices/{self.device().id}/contacts"
        for sent in ([], [EMAIL, EMAIL], [{**EMAIL, "kind": "fax"}], [{**EMAIL, "note": "x"}]):
            assert self.call("PUT", path, {"contacts": sent}).status_code == 400
        self.assertProblem(self.call("PUT", path, {"contacts": [{**EMAIL, "value": "mina"}]}), 400, "bad-contact")
        assert not Contact.objects.exists()

    def test_only_of_its_own_devices_and_with_the_scope(self) -> None:
        device = self.device()
        sent = ("PUT", f"/devices/{device.id}/contacts", {"contacts": [EMAIL]})
        other = factory.make_token("Other", scopes=["devices"], at=self.now)
        self.assertProblem(self.call(*sent, token=other), 404, "unknown-device")
        narrow = factory.make_token(scopes=["reports"], at=self.now)
        assert self.call(*sent, token=narrow).status_code == 403

    def test_none_for_a_registration_that_has_ended(self) -> None:
        device = self.device()
        subject = Subject.objects.get(pk=device.subject_id)
        subjects.find_false_identity(
            subject, grounds="another's name", evidence_digest="0" * 64, actor=factory.make_odile(), at=self.now
        )
        answer = self.call("PUT", f"/devices/{device.id}/contacts", {"contacts": [EMAIL]})
        self.assertProblem(answer, 409, "withdrawn")
        assert not Contact.objects.exists()
