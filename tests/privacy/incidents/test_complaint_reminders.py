"""Whoever may answer a complaint is reminded from the list, once a day, while it waits."""

import json

import pytest
from django.urls import reverse

from privacy.accounts.actions.work_reminders import AlreadyReminded, NobodyToRemind
from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint
from privacy.incidents.refusals import WrongState
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

LIST = reverse("admin:incidents_complaint_changelist")


class RemindTests(PortalTestCase):
    def setUp(self) -> None:
        incidents.file_complaint(explanation="느립니다", contact={}, language="ko", at=NOON)
        self.complaint = Complaint.objects.get()

    def remind(self, actor: object) -> None:
        incidents.remind_answerers(self.complaint, path="/", actor=actor, at=NOON)  # type: ignore[arg-type]

    def test_a_handler_reminds_the_officers_from_the_list_once_a_day(self) -> None:
        odile, omar = factory.make_odile(granted=False), factory.make_omar()
        self.client.force_login(factory.make_hana())
        data = {"action": "remind", "_selected_action": [str(self.complaint.pk)], "index": "0"}
        assert "알림 1건" in self.client.post(LIST, data, follow=True).content.decode()
        assert "오늘 이미" in self.client.post(LIST, data, follow=True).content.decode()
        (entry,) = Entry.objects.filter(word="incidents.complaint.reminded")
        assert json.loads(entry.payload)["facts"]["to"] == sorted([odile.reference, omar.reference])

    def test_nobody_is_reminded_by_themselves(self) -> None:
        odile = factory.make_odile(granted=False)
        with pytest.raises(NobodyToRemind):
            self.remind(odile)
        omar = factory.make_omar()
        self.remind(odile)
        with pytest.raises(AlreadyReminded):
            self.remind(odile)
        self.remind(omar)
        assert GeneralOutbox.objects.filter(key__contains=f":{odile.reference}:").count() == 1

    def test_one_that_is_answered_waits_for_nobody(self) -> None:
        odile, _omar = factory.make_odile(), factory.make_omar()
        incidents.answer_complaint(self.complaint, answer="고쳤습니다", actor=odile, at=NOON)
        with pytest.raises(WrongState):
            self.remind(odile)

    def test_an_auditor_is_not_offered_it(self) -> None:
        aram = factory.make_aram()
        with pytest.raises(NotPermitted):
            self.remind(aram)
        self.client.force_login(aram)
        page = self.client.get(reverse("admin:incidents_complaint_change", args=[self.complaint.pk]))
        assert page.status_code == 200
        assert 'value="remind"' not in page.content.decode()
