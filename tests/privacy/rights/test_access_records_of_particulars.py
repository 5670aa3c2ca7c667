"""Opening what a requester wrote is on the person's record: in the search by person and in the person's own copy."""

import json

import pytest
from django.urls import reverse

from privacy.ledger import actions as ledger
from privacy.rights import actions as rights
from privacy.rights.access_package import contents
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TASK = "rights.particulars.read"


@pytest.mark.truth("7")
@pytest.mark.clause("P1.2")
class WhoOpenedTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.device = factory.make_device(1)
        self.receipt = factory.ask(target=factory.imei(1), answer_by="portal")

    def read(self) -> None:
        rights.read_particulars(self.receipt.request, task=TASK, actor=self.odile, at=NOON)

    def test_a_reading_before_and_after_the_identity_was_confirmed_is_told_to_the_person(self) -> None:
        self.read()
        assert not ledger.entries_about(self.device.subject_id).filter(task=TASK).exists(), "nobody knows who asked"
        factory.make_verified(self.receipt)
        self.read()
        records = contents.access_records([self.device.subject_id], self.receipt.request)
        told = [one for one in records if one["task"] == TASK]
        assert [one["by"] for one in told] == [self.odile.reference] * 2

    def test_the_search_by_person_finds_it_by_every_name_of_the_person(self) -> None:
        factory.make_verified(self.receipt)
        self.read()
        subject = self.device.subject_id
        self.client.force_login(factory.make_aram())
        for name in (str(subject), self.device.reference):
            page = self.client.get(reverse("admin:ledger_entry_changelist"), {"subject": name, "kind": "read"})
            assert TASK in json.dumps([entry.payload for entry in page.context["cl"].result_list])

    def test_a_stranger_s_claim_about_a_device_is_not_on_the_record_of_its_holder(self) -> None:
        other = factory.make_device(2)
        factory.make_verified(self.receipt)
        self.read()
        assert not ledger.entries_about(other.subject_id).filter(task=TASK).exists()

    def test_the_page_says_on_whose_record_the_opening_is(self) -> None:
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[self.receipt.request.pk]).replace(
            "/office", "/en/office"
        )
        pressed = {"CHANGE_FORM-action": "read", "_selected_action": str(self.receipt.request.pk), "index": "0"}
        assert "part of this request's record" in self.client.post(address, pressed).content.decode()
        factory.make_verified(self.receipt)
        assert "part of this person's record" in self.client.post(address, pressed).content.decode()
