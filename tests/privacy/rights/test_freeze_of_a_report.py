"""Who disputes one report freezes that report and no other; a number that is nobody's freezes nothing (P1.5)."""

import json
from uuid import UUID, uuid4

import pytest

from devices import actions as devices
from devices.models import Report
from privacy.rights.actions import RequestedRight
from privacy.vault import actions as vault
from privacy.vault.models import Freeze
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.clause("P1.5")
class ReportFreezeTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1)
        self.hana = factory.make_handler()

    def _ask_about_a_report(self, number: UUID) -> None:
        asked = RequestedRight("correction", "service-analytics", "status", number, "it was locked")
        factory.ask(asked, target=factory.imei(1))

    def _statuses_read(self) -> int:
        with vault.opened(
            purpose=Purpose.ANALYTICS, task="devices.reports.seen", actor=self.hana, at=NOON
        ) as vault_session:
            return len(list(vault_session.decrypt_many(Report.objects.filter(kind="status"), "body")))

    @pytest.mark.attack("17.18")
    def test_a_made_up_report_number_freezes_nothing(self) -> None:
        gate = factory.make_gate()
        batch = factory.make_batch(*(factory.make_report(self.device) for _report in range(3)))
        devices.store_reports(batch, gateway=gate, at=NOON)
        self._ask_about_a_report(uuid4())
        assert not Freeze.objects.filter(subject_id=self.device.subject_id).exists()
        assert self._statuses_read() == 3

    @pytest.mark.attack("17.18")
    def test_a_report_that_exists_is_frozen_alone(self) -> None:
        gate = factory.make_gate()
        batch = factory.make_batch(*(factory.make_report(self.device) for _report in range(3)))
        devices.store_reports(batch, gateway=gate, at=NOON)
        disputed = Report.objects.filter(kind="status").first()
        assert disputed is not None
        self._ask_about_a_report(disputed.pk)
        assert Freeze.objects.get(subject_id=self.device.subject_id).record_id == disputed.pk
        assert self._statuses_read() == 2
        with (
            vault.opened(
                purpose=Purpose.ANALYTICS, task="devices.reports.seen", actor=self.hana, at=NOON
            ) as vault_session,
            pytest.raises(vault.Frozen),
        ):
            vault_session.decrypt(disputed, "body")
        later = factory.make_batch(factory.make_report(self.device))
        assert json.loads(devices.store_reports(later, gateway=gate, at=NOON))["stored"] == 1
