"""Whoever takes intake over opens no data that is frozen: only what the same person's agreement gave up destroying."""

from datetime import timedelta

import psycopg
import pytest

from config.databases import PROCESS_ROLES
from privacy.lib.dates import clock
from privacy.vault.models import Freeze
from tests import factory
from tests.database import PortalDatabase
from tests.process_roles import as_process

pytestmark = pytest.mark.attack("18.2")
LIFT = "UPDATE vault_freeze SET lifted_at = greatest(now(), frozen_at)"
REFUSALS = (psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)


def refused(database: PortalDatabase, statement: str) -> bool:
    """Whether the database refuses a statement to intake."""
    with database.connect(PROCESS_ROLES["intake"]) as role:
        try:
            role.execute(statement)  # type: ignore[arg-type]  # ours
        except REFUSALS:
            return True
    return False


def test_it_opens_what_was_agreed_to_again(portal_database: PortalDatabase) -> None:
    now = clock.now()
    device = factory.make_device(agreed=("activation", "app-log"), at=now - timedelta(hours=3))
    factory.decide(device, "app-log", "withdraw", at=now - timedelta(hours=2))
    assert Freeze.objects.active(now).filter(subject_id=device.subject_id).count() == 1
    assert refused(portal_database, LIFT), "its destruction waits"
    with as_process("intake"):
        factory.agree(device, "app-log", at=now)
    assert not Freeze.objects.active(now + timedelta(seconds=1)).exists()
    assert refused(portal_database, "UPDATE vault_freeze SET lifted_at = NULL")


def test_it_opens_nothing_else(portal_database: PortalDatabase) -> None:
    now = clock.now()
    mina, jun = (
        factory.make_device(number, agreed=("activation", "app-log"), at=now - timedelta(hours=3)) for number in (1, 2)
    )
    withdrawn = factory.decide(mina, "app-log", "withdraw", at=now - timedelta(hours=2))
    factory.agree(mina, "app-log", at=now - timedelta(hours=1))
    held = factory.make_freeze(jun.subject_id, category="device-registration", at=now, until=now + timedelta(days=9))
    foreign = factory.make_freeze(jun.subject_id, cause="suspension", case=withdrawn.reference, at=now)
    for one in (held, foreign):
        assert refused(portal_database, f"{LIFT} WHERE id = '{one.id}'")
        assert refused(portal_database, f"UPDATE vault_freeze SET until = now() WHERE id = '{one.id}'")
    assert Freeze.objects.active(now).filter(subject_id=jun.subject_id).count() == 2
