"""A gateway that registers somebody's IMEI later neither gets the owner's question nor answers for the owner's data."""

from datetime import timedelta

import pytest
from django.urls import reverse

from devices import actions as devices
from devices.models import Challenge, Device
from privacy.jobs.models import GeneralOutbox
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.matching import Match
from privacy.rights.models import Request
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.asvs("8.4.1")
@pytest.mark.attack("17.10")
class ForeignGatewayTests(PortalTestCase):
    def setUp(self) -> None:
        self.foreign = factory.make_gate("Foreign")
        self.mine = factory.make_device(1, at=NOON - timedelta(days=30))
        self.theirs = factory.make_device(1, gateway=self.foreign, at=NOON - timedelta(days=1))
        self.receipt = factory.ask(rights.RequestedRight("access"), target=factory.imei(1), at=NOON)
        self.case = self.receipt.request

    def test_the_question_goes_to_the_gateway_that_registered_it_first(self) -> None:
        asked = rights.challenge(self.case, actor=tasks.WORKER, at=NOON)
        assert asked.device_id == self.mine.id
        assert devices.pending_challenge(self.theirs.id, gateway=self.foreign, at=NOON) is None
        with pytest.raises(devices.UnknownChallenge):
            self._confirm(self.theirs, asked, gateway=self.foreign)

    def test_what_the_owner_confirms_covers_no_record_of_another_gateway(self) -> None:
        asked = rights.challenge(self.case, actor=tasks.WORKER, at=NOON)
        self._confirm(self.mine, asked)
        case = Request.objects.get()
        assert case.identity_method == "device"
        assert list(case.people.values_list("subject_id", flat=True)) == [self.mine.subject_id]

    def test_a_gateway_that_answers_because_the_first_record_has_ended_gets_nothing_of_it(self) -> None:
        subjects.mark_withdrawn(Subject.objects.get(pk=self.mine.subject_id), actor=tasks.WORKER, at=NOON)
        case = factory.ask(rights.RequestedRight("access"), target=factory.imei(1), at=NOON).request
        asked = rights.challenge(case, actor=tasks.WORKER, at=NOON)
        assert asked.device_id == self.theirs.id
        self._confirm(self.theirs, asked, gateway=self.foreign)
        assert list(case.people.values_list("subject_id", flat=True)) == [self.theirs.subject_id]

    def test_a_download_is_confirmed_by_the_first_record_too(self) -> None:
        case = factory.make_verified(self.receipt)
        assert case.people.count() == 2
        assert case.matched_record_id == self.mine.id

    def test_the_office_sees_the_other_records_and_whose_they_are(self) -> None:
        self.client.force_login(factory.make_officer())
        address = reverse("admin:rights_request_change", args=[self.case.pk])
        before = self.client.get(address).content.decode()
        asked = rights.challenge(self.case, actor=tasks.WORKER, at=NOON)
        self._confirm(self.mine, asked)
        for page in (before, self.client.get(address).content.decode()):
            assert self.theirs.reference in page
            assert "Foreign" in page

    @pytest.mark.truth("15")
    def test_what_one_device_confirmed_opens_no_other_that_somebody_names(self) -> None:
        """Where the office settles it by hand: the device that confirmed may be named, another of the gateway not."""
        other, hana = factory.make_device(2, at=NOON - timedelta(days=30)), factory.make_handler()
        rights.request_document(self.case, actor=hana, at=NOON)
        self._confirm(self.mine, rights.challenge(self.case, actor=tasks.WORKER, at=NOON))
        with pytest.raises(rights.NotConfirmed):
            rights.verify(self.case, method="device", named=Match(other.subject_id, other.id), actor=hana, at=NOON)
        case = rights.verify(
            self.case, method="device", named=Match(self.mine.subject_id, self.mine.id), actor=hana, at=NOON
        )
        assert list(case.people.values_list("subject_id", flat=True)) == [self.mine.subject_id]

    def test_a_confirmation_does_not_skip_the_document_that_the_office_asked_for(self) -> None:
        rights.request_document(self.case, actor=factory.make_handler(), at=NOON)
        asked = rights.challenge(self.case, actor=tasks.WORKER, at=NOON)
        self._confirm(self.mine, asked)
        assert Request.objects.get().state == Request.State.IDENTITY_PENDING

    def _confirm(self, device: Device, asked: Challenge, gateway: object = None) -> None:
        devices.answer_challenge(
            device_id=device.id,
            challenge_id=asked.id,
            confirmed=True,
            code=asked.shown,
            gateway=gateway or factory.make_gate(),
            at=NOON,
        )
        row = GeneralOutbox.objects.get(kind="rights.challenge.answered")
        tasks.verify_by_device(row.ids, event=row.id, starts=1, at=NOON)
