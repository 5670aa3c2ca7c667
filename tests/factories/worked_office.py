"""An office that has worked: most registers have rows that an entry of the trail vouches for."""

from datetime import date, timedelta

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from tests import factory
from tests.database import PortalDatabase
from tests.factories.ledger import seal

TODAY = date(2026, 7, 29)
NOON = factory.at_noon(TODAY)


def make_worked_office(database: PortalDatabase) -> None:
    """Make grants, consents, a destruction, a case, a disclosure, schedules and a scrub, and seal what they say."""
    assert database.manage("sync_schedules", role="portal_owner").returncode == 0
    factory.make_hana()
    device = factory.make_device(7, at=NOON)
    factory.agree(device, "app-log", at=NOON)
    factory.ask(at=NOON)
    factory.make_provided(device, "model", at=NOON)
    factory.make_expired_device(ended_on=TODAY - timedelta(days=800))
    factory.carry_out_all(factory.sweep_on(TODAY))
    ledger.start_scrub(actor=SystemActor("tests"), at=NOON)
    ledger.continue_scrub(actor=SystemActor("tests"), at=NOON)
    seal(database)
