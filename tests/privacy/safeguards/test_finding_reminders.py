"""Whoever has to correct a finding, or to bring the evidence of a measure, is reminded from the list, once a day."""

import json

import pytest
from django.urls import reverse

from privacy.accounts.actions.work_reminders import NobodyToRemind
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Measure
from privacy.safeguards.refusals import WrongState
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class RemindTests(PortalTestCase):
    def test_an_open_one_from_the_list_once_a_day(self) -> None:
        finding = factory.make_finding()
        self.client.force_login(factory.make_odile())
        address = reverse("admin:safeguards_inspectionfinding_changelist")
        data = {"action": "remind", "_selected_action": [str(finding.pk)], "index": "0"}
        assert "알림 1건" in self.client.post(address, data, follow=True).content.decode()
        assert "오늘 이미" in self.client.post(address, data, follow=True).content.decode()
        assert Entry.objects.filter(word="safeguards.responsible.reminded").count() == 1

    def test_one_that_is_corrected_waits_for_nobody_who_corrects(self) -> None:
        finding, odile = factory.make_finding(), factory.make_odile()
        safeguards.correct_finding(finding, done="잠금장치 교체", actor=factory.make_hana(granted=False), at=NOON)
        with pytest.raises(WrongState):
            safeguards.remind_responsible(finding, path="/", actor=odile, at=NOON)

    def test_nobody_but_the_officer_reminds(self) -> None:
        """An auditor may hold an inspection; what she does in the console queues no mail (its role may not)."""
        finding = factory.make_finding()
        for user in (factory.make_hana(granted=False), factory.make_aram()):
            with pytest.raises(NotPermitted):
                safeguards.remind_responsible(finding, path="/", actor=user, at=NOON)
        self.client.force_login(factory.make_aram())
        page = self.client.get(reverse("admin:safeguards_inspectionfinding_change", args=[finding.pk]))
        assert 'value="remind"' not in page.content.decode()


class RemindOwnerTests(PortalTestCase):
    def test_of_a_measure_from_the_list_once_a_day(self) -> None:
        hana = factory.make_hana(granted=False)
        measure = factory.make_measure(owner=hana.reference)
        self.client.force_login(factory.make_odile())
        address = reverse("admin:safeguards_measure_changelist")
        data = {"action": "remind", "_selected_action": [str(measure.pk)], "index": "0"}
        assert "알림 1건" in self.client.post(address, data, follow=True).content.decode()
        assert "오늘 이미" in self.client.post(address, data, follow=True).content.decode()
        (entry,) = Entry.objects.filter(word="safeguards.responsible.reminded")
        assert json.loads(entry.payload)["facts"]["to"] == hana.reference

    def test_one_without_an_owner_or_out_of_use_reminds_nobody(self) -> None:
        odile, own = factory.make_odile(), factory.make_measure()
        safeguards.register_automated_measures(actor=odile, at=NOON)
        by_itself = Measure.objects.filter(owner="").first()
        assert by_itself is not None
        with pytest.raises(NobodyToRemind):
            safeguards.remind_owner(by_itself, path="/", actor=odile, at=NOON)
        safeguards.retire_measure(own, actor=odile, at=NOON)
        with pytest.raises(WrongState):
            safeguards.remind_owner(own, path="/", actor=odile, at=NOON)

    def test_nobody_but_the_officer_reminds_or_is_offered_it(self) -> None:
        measure = factory.make_measure()
        for user in (factory.make_hana(granted=False), factory.make_aram()):
            with pytest.raises(NotPermitted):
                safeguards.remind_owner(measure, path="/", actor=user, at=NOON)
            self.client.force_login(user)
            page = self.client.get(reverse("admin:safeguards_measure_change", args=[measure.pk]))
            assert page.status_code == 200
            assert 'value="remind"' not in page.content.decode()
