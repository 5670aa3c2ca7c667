"""What tests of withdrawals start from: a device that agreed to everything, and its reports."""

from datetime import timedelta

from consents.models import Decision, PlannedDestruction
from devices import actions as devices
from tests import factory
from tests.base import PortalTestCase

LATER = factory.NOON + timedelta(hours=1)
DUE = LATER + factory.WITHDRAWAL_WAIT


class WithdrawalCase(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(agreed=("activation", "service-analytics", "app-log"))
        batch = factory.make_batch(*(factory.make_report(self.device, kind) for kind in factory.BODIES))
        devices.store_reports(batch, gateway=factory.make_gate(), at=factory.NOON)

    def withdraw(self, code: str = "app-log") -> tuple[Decision, PlannedDestruction]:
        decision = factory.decide(self.device, code, "withdraw", at=LATER)
        return decision, PlannedDestruction.objects.get(decision=decision)
