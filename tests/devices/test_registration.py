"""A gateway registers a device with its licence, sends it again, renews, and ends its service (P3.1, P6.1, P6.2)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from devices.models import Device, Licence
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.devices.base import ApiTestCase


@pytest.mark.clause("P3.1")
class RegistrationTest(ApiTestCase):
    def test_a_device_is_registered_with_a_reference_and_a_person(self) -> None:
        device_id = uuid4()
        response = self.call("PUT", f"/devices/{device_id}", factory.registration())
        assert response.status_code == 201
        assert response.json()["device"] == str(device_id)
        device = Device.objects.get(pk=device_id)
        assert response.json()["reference"] == device.reference
        assert Subject.objects.get(pk=device.subject_id).is_active
        self.assertLedgered("devices.device.registered", device)

    def test_everything_personal_is_sealed(self) -> None:
        device = self.device()
        for item in ("imei", "serial_number", "model", "os_version", "os_build", "time_zone"):
            assert str(getattr(device, item)) == "••••••"
        assert bytes(device.imei_index) == vault.blind_index("imei", factory.imei(1))
        assert str(device.licences.get().key) == "••••••"

    def test_the_same_registration_again_is_the_same_device(self) -> None:
        device_id = uuid4()
        first = self.call("PUT", f"/devices/{device_id}", factory.registration())
        second = self.call("PUT", f"/devices/{device_id}", factory.registration())
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        assert Device.objects.count() == 1
        assert Licence.objects.count() == 1

    def test_one_identifier_is_enough_and_none_is_too_few(self) -> None:
        sent = factory.registration(imei=None, serial_number=None, adb_number="emulator-5554")
        assert self.call("PUT", f"/devices/{uuid4()}", sent).status_code == 201
        response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(imei=None, serial_number=None))
        self.assertProblem(response, 400, "malformed", "/imei")

    def test_an_imei_with_a_wrong_check_digit_is_refused_by_name(self) -> None:
        wrong = factory.imei(1)[:-1] + str((int(factory.imei(1)[-1]) + 1) % 10)
        response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(imei=wrong))
        self.assertProblem(response, 400, "bad-identifier", "/imei")
        assert wrong not in response.content.decode()
        assert not Device.objects.exists()
        assert not Subject.objects.exists()

    @pytest.mark.asvs("8.4.1")
    def test_a_device_of_another_gateway_is_unknown(self) -> None:
        theirs = self.device(gateway=factory.make_gate("Other"))
        for response in (
            self.call("PUT", f"/devices/{theirs.id}", factory.registration()),
            self.call("PATCH", f"/devices/{theirs.id}", {"os_version": "17"}),
            self.call("POST", f"/devices/{theirs.id}/end-of-service", {"ended_on": str(clock.today())}),
        ):
            self.assertProblem(response, 404, "unknown-device")
        unknown = self.call("PATCH", f"/devices/{uuid4()}", {"os_version": "17"})
        assert unknown.json() == self.call("PATCH", f"/devices/{theirs.id}", {"os_version": "17"}).json()

    @pytest.mark.asvs("8.2.2", "8.4.1")
    def test_every_call_about_a_device_of_another_gateway_is_answered_as_about_one_that_is_not_there(self) -> None:
        theirs, nobody = self.device(gateway=factory.make_gate("Other")), uuid4()
        before, unknown = Device.objects.values().get(pk=theirs.pk), self.calls_about(nobody)
        for call, (_scope, path, body) in self.calls_about(theirs.id).items():
            answer = self.call(call.partition(" ")[0], path, body)
            self.assertProblem(answer, 404, "unknown-device")
            if call != "PUT /devices/{device}":  # which registers one that is not there
                same = self.call(call.partition(" ")[0], *unknown[call][1:])
                assert (same.status_code, same.content) == (404, answer.content), call
        assert Device.objects.values().get(pk=theirs.pk) == before

    def test_a_patch_changes_what_it_names(self) -> None:
        device = self.device()
        before = Device.objects.get(pk=device.pk)
        assert self.call("PATCH", f"/devices/{device.id}", {"os_version": "17"}).status_code == 200
        after = Device.objects.get(pk=device.pk)
        assert after.os_version != before.os_version
        assert after.model == before.model
        self.assertLedgered("devices.device.updated", device)

    def test_an_empty_patch_is_malformed(self) -> None:
        self.assertProblem(self.call("PATCH", f"/devices/{self.device().id}", {}), 400, "malformed")


@pytest.mark.clause("P6.1")
class LicenceTest(ApiTestCase):
    def test_a_known_licence_with_other_days_is_renewed(self) -> None:
        device = self.device()
        licence = {"key": "EXAFE-00000001", "starts_on": "2026-01-01", "ends_on": "2029-12-31"}
        assert self.call("PATCH", f"/devices/{device.id}", {"licence": licence}).status_code == 200
        assert [str(row.ends_on) for row in device.licences.all()] == ["2029-12-31"]
        self.assertLedgered("devices.licence.renewed", device)

    def test_another_licence_stands_beside_the_first(self) -> None:
        device = self.device()
        licence = {"key": "EXAFE-NEW", "starts_on": "2028-01-01", "ends_on": "2029-12-31"}
        assert self.call("PATCH", f"/devices/{device.id}", {"licence": licence}).status_code == 200
        assert device.licences.count() == 2

    @pytest.mark.asvs("2.2.3")
    def test_a_licence_does_not_end_before_it_starts(self) -> None:
        licence = {"key": "EXAFE-X", "starts_on": "2028-01-02", "ends_on": "2028-01-01"}
        response = self.call("PATCH", f"/devices/{self.device().id}", {"licence": licence})
        self.assertProblem(response, 400, "clock", "/licence/ends_on")


@pytest.mark.clause("P6.2")
class EndOfServiceTest(ApiTestCase):
    def test_the_end_of_the_service_starts_the_clock_of_the_person(self) -> None:
        device = self.device()
        for _again in range(2):
            response = self.call("POST", f"/devices/{device.id}/end-of-service", {"ended_on": str(clock.today())})
            assert response.status_code == 200
        device.refresh_from_db()
        assert device.service_ended_on == clock.today()
        assert Subject.objects.get(pk=device.subject_id).service_ended_on == clock.today()

    def test_a_service_does_not_end_in_the_future(self) -> None:
        tomorrow = str(clock.today() + timedelta(days=1))
        response = self.call("POST", f"/devices/{self.device().id}/end-of-service", {"ended_on": tomorrow})
        self.assertProblem(response, 400, "clock", "/ended_on")

    def test_a_renewed_licence_takes_the_service_up_again(self) -> None:
        device = self.device()
        self.call("POST", f"/devices/{device.id}/end-of-service", {"ended_on": str(clock.today())})
        licence = {"key": "EXAFE-00000001", "starts_on": "2026-01-01", "ends_on": "2030-12-31"}
        assert self.call("PATCH", f"/devices/{device.id}", {"licence": licence}).status_code == 200
        device.refresh_from_db()
        assert device.service_ended_on is None
        assert Subject.objects.get(pk=device.subject_id).service_ended_on is None

    @pytest.mark.truth("resumed-service")
    def test_a_renewal_that_was_cut_off_between_the_databases_is_mended_by_the_next_call(self) -> None:
        """The person's service goes on, so the device must not be told that it has ended."""
        device = self.device()
        self.call("POST", f"/devices/{device.id}/end-of-service", {"ended_on": str(clock.today())})
        # What stands where the call dies after the general database's commit.
        subject = Subject.objects.get(pk=device.subject_id)
        subjects.resume_service(subject, actor=factory.make_gate(), at=clock.now())
        licence = {"key": "EXAFE-00000001", "starts_on": "2026-01-01", "ends_on": "2030-12-31"}
        assert self.call("PATCH", f"/devices/{device.id}", {"licence": licence}).status_code == 200
        device.refresh_from_db()
        assert device.service_ended_on is None
