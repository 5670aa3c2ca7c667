"""Withdrawing a consent destroys what rested on it; nothing else goes (P1.7, law R-24)."""

from datetime import timedelta

import pytest

from consents import actions as consents
from devices import actions as devices
from devices.models import AppLog, Device, Report
from privacy.ledger.actors import SystemActor
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase

SYSTEM = SystemActor("consents")
LATER = factory.NOON + timedelta(hours=1)
DUE = LATER + factory.WITHDRAWAL_WAIT


@pytest.mark.clause("P1.7")
class EndingTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(agreed=("activation", "service-analytics", "app-log"))
        batch = factory.make_batch(*(factory.make_report(self.device, kind) for kind in factory.BODIES))
        devices.store_reports(batch, gateway=factory.make_gate(), at=factory.NOON)
        assert (Report.objects.count(), AppLog.objects.count()) == (6, 1)

    @pytest.mark.law("R-24")
    def test_withdrawing_app_logs_destroys_the_app_logs(self) -> None:
        decision = factory.decide(self.device, "app-log", "withdraw", at=LATER)
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert (Report.objects.count(), AppLog.objects.count()) == (6, 0)
        assert vault.is_destroyed(self.device.subject_id, "app-log")
        assert Subject.objects.get(pk=self.device.subject_id).is_active
        self.assertLedgered("consents.collection.ended", decision)

    def test_withdrawing_the_activation_ends_the_registration_and_destroys_everything(self) -> None:
        decision = factory.decide(self.device, "activation", "withdraw", at=LATER)
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert not Device.objects.exists()
        assert not Report.objects.exists()
        assert not AppLog.objects.exists()
        assert not Subject.objects.get(pk=self.device.subject_id).is_active

    @pytest.mark.truth("refusing-what-is-required")
    def test_refusing_a_required_agreement_ends_the_registration_too(self) -> None:
        device = factory.make_device(2, agreed=("activation",))
        decision = factory.decide(device, "service-analytics", "disagree", at=LATER)
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert not Device.objects.filter(id=device.id).exists()
        assert not Subject.objects.get(pk=device.subject_id).is_active

    def test_what_was_destroyed_is_not_agreed_to_again_under_the_same_registration(self) -> None:
        decision = factory.decide(self.device, "app-log", "withdraw", at=LATER)
        consents.end_collection(decision, actor=SYSTEM, at=DUE)
        with self.assertRaises(consents.RegistrationEnded) as raised:
            factory.agree(self.device, "app-log", at=DUE + timedelta(minutes=1))
        assert raised.exception.code == "destroyed"

    def test_repeating_it_changes_nothing(self) -> None:
        decision = factory.decide(self.device, "app-log", "withdraw", at=LATER)
        for _again in range(2):
            assert consents.end_collection(decision, actor=SYSTEM, at=DUE)

    def test_who_agreed_again_meanwhile_loses_nothing(self) -> None:
        decision = factory.decide(self.device, "app-log", "withdraw", at=LATER)
        factory.agree(self.device, "app-log", at=LATER + timedelta(minutes=1))
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert AppLog.objects.count() == 1

    @pytest.mark.law("C-04")
    def test_a_refusal_of_what_was_never_agreed_to_destroys_nothing(self) -> None:
        other = factory.make_device(2)
        decision = factory.decide(other, "app-log", "disagree", at=LATER)
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert not vault.is_destroyed(other.subject_id, "app-log")
        factory.agree(other, "app-log", at=LATER + timedelta(minutes=1))

    @pytest.mark.law("C-13")
    def test_refusing_the_activation_destroys_the_registration(self) -> None:
        other = factory.make_device(2, agreed=())
        decision = factory.decide(other, "activation", "disagree", at=LATER)
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert list(Device.objects.values_list("id", flat=True)) == [self.device.id]
