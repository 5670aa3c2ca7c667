"""Suspended data is destroyed, or somebody decides in time why it is kept closed (R-23; PIPA art. 37(5))."""

from datetime import date, timedelta
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from privacy.ledger.authorization import NotPermitted
from privacy.lib.identifiers.ids import new_id
from privacy.lib.registries import deadlines
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Request, Right, SuspensionMeasure
from privacy.rights.refusals import MissingReason, WrongState
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
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

    def suspend(self, *, number: int = 1, category: str = "") -> Request:
        receipt = factory.ask(RequestedRight("suspension", category=category), target=factory.imei(number))
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

    def test_it_is_owed_no_more_once_the_category_is_destroyed_though_the_person_keeps_others(self) -> None:
        case = self.suspend(category="device-registration")
        assert due() == [TODAY + 5 * DAY]
        self.client.force_login(self.odile)
        address = reverse("admin:rights_request_change", args=[case.pk])
        settled = f'<span class="due"><time datetime="{TODAY + 5 * DAY}"'
        assert settled not in self.client.get(address).content.decode()
        vault.shred_subject(
            subject_id=self.device.subject_id, categories=["device-registration"], cause="term", certificate="D-1",
            actor=self.odile, at=NOON,
        )  # fmt: skip
        assert due() == []
        with pytest.raises(WrongState, match="파기"):
            rights.keep_suspended(case.rights.get(), reason="x", actor=self.odile, at=NOON)
        page = self.client.get(address).content.decode()
        assert settled in page
        assert 'value="keep_suspended"' not in page

    def partly(self, *excluded: str) -> Right:
        right = factory.make_verified(factory.ask(RequestedRight("suspension"), target=factory.imei(1))).rights.get()
        given = rights.grant_partly(
            right, excluded=list(excluded), ground="legal-duty", law="법 제1조", actor=self.odile, at=NOON
        )
        return rights.carry_out(given, actor=self.odile, at=NOON)

    def test_a_part_that_was_left_out_owes_nothing(self) -> None:
        self.partly("device-registration")
        assert SuspensionMeasure.objects.exists()
        assert due() == []

    def test_decided_anew_after_an_objection_it_has_a_term_and_a_decision_of_its_own(self) -> None:
        right = self.partly("app-log")
        rights.keep_suspended(right, reason="분쟁이 끝날 때까지", actor=self.odile, at=NOON)
        objection = rights.object_to(right, statement="no", actor=Requester(right.request.reference), at=NOON)
        rights.decide_objection(objection, outcome="upheld", actor=factory.make_omar(), at=NOON + DAY)
        assert due() == []
        again = rights.grant(Right.objects.get(pk=right.pk), actor=self.odile, at=NOON + DAY)
        again = rights.carry_out(again, actor=self.odile, at=NOON + DAY)
        assert due() == [TODAY + 6 * DAY]
        rights.keep_suspended(again, reason="같은 이유", actor=self.odile, at=NOON + DAY)
        assert due() == []
        assert sorted(again.measures.values_list("reason", flat=True)) == ["같은 이유", "분쟁이 끝날 때까지"]

    def test_an_undecided_one_is_not_owed_while_the_right_is_open_again_nor_after_it_was_resumed(self) -> None:
        right = self.partly("app-log")
        rights.resume_processing(right, actor=self.odile, at=NOON)
        objection = rights.object_to(right, statement="no", actor=Requester(right.request.reference), at=NOON)
        rights.decide_objection(objection, outcome="upheld", actor=factory.make_omar(), at=NOON + DAY)
        assert due() == []
        with pytest.raises(WrongState):
            rights.keep_suspended(right, reason="x", actor=self.odile, at=NOON + DAY)

    def test_one_that_stood_at_the_upgrade_has_a_term_from_that_day(self) -> None:
        right = self.suspend().rights.get()
        Right.objects.filter(pk=right.pk).update(event_id=new_id())  # as if no measure had been made for its act
        assert due() == []
        upgrade = import_module("privacy.rights.migrations.0012_measures_of_an_act")
        for _again in range(2):
            with connection.cursor() as cursor:
                cursor.execute(upgrade.BEGIN)
                cursor.execute("SELECT (now() AT TIME ZONE 'Asia/Seoul')::date")
                (today,) = cursor.fetchone()
            assert due() == [today + 5 * DAY]
        rights.resume_processing(right, actor=self.odile, at=NOON)
        Right.objects.filter(pk=right.pk).update(event_id=new_id())
        with connection.cursor() as cursor:
            cursor.execute(upgrade.BEGIN)
            assert cursor.rowcount == 0, "processing that was resumed owes nothing"

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
