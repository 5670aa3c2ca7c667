"""Suspended data is destroyed, or somebody decides in time why it is kept closed (R-23; PIPA art. 37(5))."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from privacy.ledger.authorization import NotPermitted
from privacy.lib.registries import deadlines
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Request, SuspensionMeasure
from privacy.rights.refusals import MissingReason, WrongState
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = NOON.date()
DAY = timedelta(days=1)


def due() -> list[date]:
    found = deadlines.deadlines_between(
        date(2020, 1, 1), date(2099, 1, 1), on=TODAY, may=lambda _p: True, names={"rights.suspended-data"}
    )
    return [line.dated.on for line in found]


@pytest.mark.law("R-23")
class SuspendedDataTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_officer(), factory.make_handler()
        self.device = factory.make_device(1)

    def suspend(self, *, number: int = 1) -> Request:
        receipt = factory.ask(RequestedRight("suspension"), target=factory.imei(number))
        case = factory.verify_by_documents(receipt.request, actor=self.hana)
        right = rights.grant(case.rights.get(), actor=self.odile, at=NOON)
        rights.carry_out(right, actor=self.odile, at=NOON)
        return case

    def test_it_is_due_within_the_days_of_destruction_until_it_is_decided(self) -> None:
        assert due() == []
        case = self.suspend()
        assert due() == [TODAY + 5 * DAY]
        right = case.rights.get()
        made = rights.keep_suspended(right, reason="계약이 끝날 때까지 필요함", actor=self.odile, at=NOON)
        assert made.due_on == TODAY + 5 * DAY
        assert self.assertLedgered("rights.suspended-data.kept", case)
        assert due() == []
        with pytest.raises(WrongState):
            rights.keep_suspended(right, reason="x", actor=self.odile, at=NOON)

    def test_it_says_why_and_is_the_officers(self) -> None:
        right = self.suspend().rights.get()
        with pytest.raises(MissingReason):
            rights.keep_suspended(right, reason=" ", actor=self.odile, at=NOON)
        with pytest.raises(NotPermitted):
            rights.keep_suspended(right, reason="x", actor=self.hana, at=NOON)
        with pytest.raises(IntegrityError, match="kept_for_a_reason"), transaction.atomic():
            SuspensionMeasure.objects.update(decided_at=NOON)

    def test_it_is_owed_no_more_once_the_data_is_destroyed_or_processing_resumed(self) -> None:
        self.suspend()
        Subject.objects.filter(id=self.device.subject_id).update(state=Subject.State.DESTROYED, destroyed_at=NOON)
        assert due() == []
        factory.make_device(2)
        right = self.suspend(number=2).rights.get()
        assert due() == [TODAY + 5 * DAY]
        rights.resume_processing(right, actor=self.odile, at=NOON)
        assert due() == []
        with pytest.raises(WrongState):
            rights.keep_suspended(right, reason="x", actor=self.odile, at=NOON)

    def test_where_nothing_is_held_nothing_is_owed(self) -> None:
        self.suspend(number=9)
        assert due() == []
        assert not SuspensionMeasure.objects.exists()

    def test_the_office_decides_it_on_the_page_of_the_case(self) -> None:
        case = self.suspend()
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[case.pk])
        assert 'value="keep_suspended"' in self.client.get(address).content.decode()
        pressed = {
            "CHANGE_FORM-action": "keep_suspended", "_selected_action": str(case.pk), "index": "0", "confirmed": "1",
        }  # fmt: skip
        self.client.post(address, {**pressed, "reason": "분쟁이 끝날 때까지"})
        page = self.client.get(address).content.decode()
        assert "분쟁이 끝날 때까지" in page
        assert 'value="keep_suspended"' not in page
