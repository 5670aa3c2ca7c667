"""What has begun to be destroyed is neither stopped nor agreed to, and one of those who come at once wins (0135)."""

import threading
from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest
from django.db import connections

from consents import actions as consents
from consents.models import Decision, PlannedDestruction
from devices.models import AppLog
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.entries import autocommit
from privacy.retention import actions as retention
from privacy.retention.models import DestructionList
from privacy.retention.refusals import AlreadyRunning, OnHold
from privacy.vault import actions as vault
from tests import factory
from tests.consents.withdrawals import DUE, LATER, WithdrawalCase
from tests.database import PortalDatabase
from tests.privacy.retention.test_races import at_once

SYSTEM, MINA = SystemActor("consents"), ExternalActor("subject", "S-TEST")
EXECUTE = "privacy.retention.actions.destruction_orders.execution.execute"


@pytest.mark.attack("17.2")
class UnderWayTest(WithdrawalCase):
    def under_way(self, code: str) -> tuple[Decision, PlannedDestruction]:
        """A withdrawal whose destruction began while another process was destroying."""
        decision, plan = self.withdraw(code)
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            assert not consents.end_collection(decision, actor=SYSTEM, at=DUE)
        return decision, plan

    def test_what_is_half_destroyed_is_not_called_stopped_by_a_hold(self) -> None:
        decision, plan = self.under_way("activation")
        [*others, last] = DestructionList.objects.filter(run__case=decision.reference).order_by("category")
        for one in others:
            retention.execute(one, actor=SYSTEM, at=DUE)
        retention.abort(last, reason="by mistake", actor=factory.make_officer(), at=DUE)
        factory.make_hold(at=DUE)
        with self.assertRaises(OnHold):
            consents.end_collection(decision, actor=SYSTEM, at=DUE)
        with self.assertRaises(consents.NotWaiting):
            consents.stop_destruction(plan, actor=MINA, at=DUE)

    def test_a_clock_that_was_set_back_destroys_nothing_before_its_time(self) -> None:
        decision, _plan = self.under_way("app-log")
        with self.assertRaises(consents.TooEarly):
            consents.end_collection(decision, actor=SYSTEM, at=DUE - timedelta(seconds=1))
        assert AppLog.objects.count() == 1

    def test_nobody_agrees_again_to_what_is_being_destroyed(self) -> None:
        self.under_way("app-log")
        with self.assertRaises(consents.RegistrationEnded) as raised:
            factory.agree(self.device, "app-log", at=DUE)
        assert "파기하고 있습니다" in str(raised.exception)
        factory.agree(self.device, "activation", at=DUE)

    def test_while_everything_is_being_destroyed_nothing_is_agreed_to_again(self) -> None:
        self.withdraw("service-analytics")
        self.under_way("activation")
        for code in ("activation", "service-analytics", "app-log"):
            with self.subTest(code), self.assertRaises(consents.RegistrationEnded):
                factory.agree(self.device, code, at=DUE)

    def test_nobody_agrees_to_what_another_case_is_destroying(self) -> None:
        retention.order_destruction(
            self.device.subject_id, ["app-log"], cause="deletion", case="K1-1", actor=SYSTEM, at=LATER
        )
        with self.assertRaises(consents.RegistrationEnded) as raised:
            factory.agree(self.device, "app-log", at=LATER)
        assert "파기하고 있습니다" in str(raised.exception)


@pytest.mark.attack("17.2")
def test_the_execution_waits_for_who_is_deciding(portal_database: PortalDatabase) -> None:
    """A decision locks the person: what it was checked against must not begin to be destroyed meanwhile."""
    device = factory.make_device(agreed=("activation", "service-analytics", "app-log"))
    decision = factory.decide(device, "app-log", "withdraw", at=LATER)
    with portal_database.connect("portal_app") as deciding, deciding.transaction():
        deciding.execute("SELECT 1 FROM subjects_subject WHERE id = %s FOR UPDATE", [device.subject_id])
        worker = threading.Thread(target=_end, args=(decision,))
        worker.start()
        worker.join(2)
        assert worker.is_alive()
        assert PlannedDestruction.objects.get(decision=decision).state == "waiting"
    worker.join(30)
    assert PlannedDestruction.objects.get(decision=decision).state == "destroyed"


@pytest.mark.attack("17.2")
def test_of_a_stop_and_the_execution_at_once_one_wins(portal_database: PortalDatabase) -> None:
    for number in range(1, 6):
        device = factory.make_device(number, agreed=("activation", "service-analytics", "app-log"))
        decision = factory.decide(device, "app-log", "withdraw", at=LATER)
        plan = PlannedDestruction.objects.get(decision=decision)
        stopped, ended = at_once(
            partial(consents.stop_destruction, plan, actor=MINA, at=DUE),
            partial(consents.end_collection, decision, actor=SYSTEM, at=DUE),
        )
        assert isinstance(stopped, consents.NotWaiting) != isinstance(ended, consents.NotWaiting)
        plan.refresh_from_db()
        destroyed = vault.is_destroyed(device.subject_id, "app-log")
        assert (plan.state, destroyed) in {("stopped", False), ("destroyed", True)}


def _end(decision: Decision) -> None:
    try:
        consents.end_collection(decision, actor=SYSTEM, at=DUE)
    finally:
        autocommit.close()
        connections.close_all()
