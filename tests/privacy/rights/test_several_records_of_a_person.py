"""A device that was registered twice, or a person known by a contact: a right reaches every record (decision 0054)."""

import io
import json
import zipfile
from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from consents.models import CurrentConsent
from devices.models import Device
from privacy.disclosures.models import Notice
from privacy.retention import actions as retention
from privacy.rights import actions as rights
from privacy.rights import destruction_blockers, matching, tasks
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.models import Package, Request
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.retention import SWEEPER
from tests.privacy.rights.test_request_form import fields

MODEL = RequestedRight("correction", category="device-registration", item="model", wanted="SM-X")


@pytest.mark.truth("registered-twice")
class RegisteredTwiceTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.first = factory.make_device(1)
        self.second = factory.make_device(1, gateway=factory.make_gate("Other"))
        self.both = {self.first.subject_id, self.second.subject_id}

    def carried_out(self, asked: RequestedRight) -> Request:
        right = factory.make_granted(factory.ask(asked, target=factory.imei(1), answer_by="portal"))
        return rights.carry_out(right, actor=self.odile, at=NOON).request

    def frozen(self) -> set[object]:
        return set(Freeze.objects.active(NOON).values_list("subject_id", flat=True))

    def test_a_freeze_reaches_every_record_before_and_after_identity(self) -> None:
        receipt = factory.ask(MODEL, target=factory.imei(1))
        assert self.frozen() == self.both
        factory.make_verified(receipt)
        assert set(Freeze.objects.active(NOON).filter(until=None).values_list("subject_id", flat=True)) == self.both

    def test_access_holds_every_record(self) -> None:
        self.carried_out(RequestedRight("access"))
        package = Package.objects.get()
        code = factory.pickup_code(package, at=NOON)
        archive = zipfile.ZipFile(io.BytesIO(b"".join(rights.download(package, code=code, at=NOON))))
        content = json.loads(archive.read("content.json"))
        registrations = [one for one in content["held"]["device-registration"] if "imei" in one]
        assert len(registrations) == 2
        assert set(Counter(one["agreement"] for one in content["consents"]).values()) == {2}

    @pytest.mark.law("R-21", "R-23")
    def test_suspension_and_its_end_reach_every_record(self) -> None:
        case = self.carried_out(RequestedRight("suspension"))
        assert self.frozen() == self.both
        rights.resume_processing(case.rights.get(), actor=self.odile, at=NOON)
        assert not self.frozen()

    def test_deletion_reaches_every_record(self) -> None:
        case = self.carried_out(RequestedRight("deletion", category="device-registration"))
        assert not Device.objects.filter(subject_id__in=self.both).exists()
        assert len(case.rights.get().result["certificates"]) == 2

    def test_a_correction_reaches_every_record_and_every_recipient_of_each(self) -> None:
        for device in (self.first, self.second):
            factory.make_provided(device, "model")
        self.carried_out(MODEL)
        with vault.opened(purpose="rights", task="tests.model.read", actor=self.odile, at=NOON) as vault_session:
            values = {value for _row, value in vault_session.decrypt_many(Device.objects.all(), "model")}
        assert values == {"SM-X"}
        assert set(Notice.objects.values_list("subject_id", flat=True)) == self.both
        assert not self.frozen()

    @pytest.mark.truth("15")
    def test_nobody_is_told_that_a_record_was_corrected_that_was_destroyed_meanwhile(self) -> None:
        for device in (self.first, self.second):
            factory.make_provided(device, "model")
        right = factory.make_granted(factory.ask(MODEL, target=factory.imei(1), answer_by="portal"))
        retention.destroy_subject_data(
            self.first.subject_id, ["device-registration"], cause="false-identity", case="K7-X", actor=SWEEPER, at=NOON
        )
        done = rights.carry_out(right, actor=self.odile, at=NOON)
        assert (done.result["recipients"], done.result["notices"]) == (1, 1)
        assert Notice.objects.get().subject_id == self.second.subject_id

    def test_a_withdrawal_reaches_every_record(self) -> None:
        self.carried_out(RequestedRight("consent-withdrawal"))
        withdrawn = CurrentConsent.objects.filter(choice="withdraw")
        assert set(withdrawn.values_list("subject_id", flat=True)) == self.both

    def test_the_status_page_and_the_desk_tell_how_many(self) -> None:
        receipt = factory.ask(target=factory.imei(1), answer_by="portal")
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": receipt.number, "code": receipt.code})
        assert "records about you" not in visitor.get("/en/rights/case/").content.decode()
        factory.make_verified(receipt)
        assert "We hold 2 records about you" in visitor.get("/en/rights/case/").content.decode()
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:rights_request_change", args=[receipt.request.pk])).content.decode()
        for reference in Subject.objects.filter(id__in=self.both).values_list("reference", flat=True):
            assert reference in page

    def test_a_scheduled_destruction_waits_for_the_open_case_of_every_record(self) -> None:
        factory.make_verified(factory.ask(target=factory.imei(1)))
        assert set(destruction_blockers.with_open_request(None, "device-registration", NOON)) == self.both

    @pytest.mark.attack("17.10")
    def test_the_record_that_was_registered_first_is_asked_to_confirm(self) -> None:
        first = factory.make_device(2)
        factory.make_device(2, gateway=factory.make_gate("Third"), at=NOON + timedelta(days=1))
        case = factory.ask(target=factory.imei(2), at=NOON + timedelta(days=2)).request
        assert case.matched_record_id == first.id


@pytest.mark.truth("registered-twice")
class DifferentDevicesTests(PortalTestCase):
    """Two phones with one serial number are two people's: nobody gets another's data by a coincidence."""

    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.hana = factory.make_handler()
        self.mine = factory.make_device(1, serial_number="SAME")
        self.other = factory.make_device(2, serial_number="SAME", gateway=factory.make_gate("Other"))
        self.case = factory.ask(target="SAME", target_kind="serial_number").request

    def test_the_handler_names_which_device_is_meant(self) -> None:
        with pytest.raises(rights.SeveralDevices) as refused:
            factory.verify_by_documents(self.case, actor=self.hana, at=NOON)
        assert self.mine.reference in str(refused.value)
        assert self.other.reference in str(refused.value)
        named = matching.by_reference(self.mine.reference)
        case = factory.verify_by_documents(self.case, named=named, actor=self.hana, at=NOON)
        assert list(case.people.values_list("subject_id", flat=True)) == [self.mine.subject_id]


@pytest.mark.truth("12")
@pytest.mark.truth("contact-normalised")
class WithoutTheDeviceTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1)
        subject = factory.make_mina(subject_id=self.device.subject_id)
        factory.make_contact(subject)
        factory.make_contact(subject, kind="phone", value="010-1234-5678")

    def found(self, kind: str, target: str) -> bool:
        page = self.client.post(
            "/en/rights/request/",
            fields(rights=["access"], item="", wanted="", target_kind=kind, target=target),
            REMOTE_ADDR=f"198.51.100.{Request.objects.count()}",
        )
        assert page.status_code == 200, page.content.decode()
        return Request.objects.latest("id").matched_subject_id == self.device.subject_id

    def test_a_person_is_found_by_the_contact_or_the_licence(self) -> None:
        assert self.found("email", " Mina@Example.org")
        assert self.found("licence_key", "exafe-00000001")
        assert not self.found("email", "other@example.org")

    def test_a_phone_number_is_found_however_it_is_written(self) -> None:
        for written in (
            "010-1234-5678", "01012345678", "+82 10-1234-5678", "+82-010-1234-5678", "+82 (0)10-1234-5678",
            "0082 10 1234 5678", "010.1234.5678", "010–1234–5678", "010-1234-\u200b5678", "82-10-1234-5678",
        ):  # fmt: skip
            assert self.found("phone", written), written
        assert not self.found("phone", "+81 10-1234-5678")

    def test_a_corrected_contact_is_found_by_its_new_value(self) -> None:
        asked = RequestedRight("correction", category="contact", item="phone", wanted="02-6928-6774")
        receipt = factory.ask(asked, target="mina@example.org", target_kind="email")
        rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)
        assert self.found("phone", "+82 2 6928 6774")
        assert not self.found("phone", "010-1234-5678")

    def test_identity_is_proved_by_documents_and_the_case_reaches_the_device(self) -> None:
        receipt: Receipt = factory.ask(target="mina@example.org", target_kind="email", answer_by="portal")
        visitor = Client()
        visitor.post("/en/rights/case/", {"number": receipt.number, "code": receipt.code})
        page = visitor.get("/en/rights/case/").content.decode()
        assert "Confirm on the device" not in page
        assert "Send a document" in page
        case = factory.make_verified(receipt)
        assert case.subject_id == self.device.subject_id
        assert case.matched_record_id is None

    def test_form_page_and_guides_name_the_same_ways(self) -> None:
        form = self.client.get("/en/rights/request/").content.decode()
        for value in Request.Target.values:
            assert f'value="{value}"' in form
        for path in ("/en/rights/", "/en/guide/data-subject/"):
            text = self.client.get(path).content.decode()
            for way in ("IMEI", "serial number", "ADB number", "licence key", "e-mail address", "phone number"):
                assert way in text, (path, way)

    def test_a_contact_that_cannot_be_one_is_named_at_its_field(self) -> None:
        page = self.client.post(
            "/en/rights/request/", fields(rights=["access"], item="", wanted="", target_kind="email", target="mina")
        )
        assert page.status_code == 422
        assert 'href="#id_target"' in page.content.decode()

    def test_contacts_from_before_are_found_too(self) -> None:
        Contact.objects.update(value_index=None)
        tasks.resume()
        assert self.found("email", "mina@example.org")
