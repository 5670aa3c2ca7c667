"""No list is carried out whose approval somebody wrote past the portal."""

from datetime import date, timedelta

import pytest

from privacy.retention import actions as retention
from privacy.retention.models import DestructionList
from privacy.retention.refusals import PlanAltered
from tests import factory
from tests.database import PortalDatabase
from tests.factories.ledger import adopt

TODAY = date(2026, 7, 29)


@pytest.mark.attack("19.7")
@pytest.mark.clause("P8.3")
@pytest.mark.parametrize("change", ["approved_by = 'U-0000-0000'", "not_before = not_before - interval '3 days'"])
def test_a_list_that_was_altered_past_the_portal_is_not_carried_out(
    portal_database: PortalDatabase, change: str
) -> None:
    adopt(portal_database)
    factory.make_expired_device(ended_on=TODAY - timedelta(days=800))
    at = factory.at_noon(TODAY)
    run = factory.sweep_on(TODAY)
    for row in DestructionList.objects.filter(run=run, state="proposed"):
        retention.approve(row, actor=factory.make_odile(), at=at)
    altered, *others = DestructionList.objects.filter(run=run, state="approved")
    with portal_database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("ALTER TABLE retention_destructionlist DISABLE TRIGGER USER")
        superuser.execute(f"UPDATE retention_destructionlist SET {change} WHERE id = %s", [altered.pk])  # type: ignore[arg-type]
    with pytest.raises(PlanAltered):
        retention.execute(altered, actor=factory.SWEEPER, at=at + timedelta(days=4))
    altered.refresh_from_db()
    assert altered.state == "approved"
    for other in others:
        assert retention.execute(other, actor=factory.SWEEPER, at=at + timedelta(days=4))
