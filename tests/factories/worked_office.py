"""An office that has worked: most registers have rows that an entry of the trail vouches for."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.test import override_settings

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.integrity import register_rows
from privacy.ledger.integrity.registers import Registers
from privacy.ledger.verify import ALTERED
from privacy.subjects.models import Subject
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
    factory.make_contact(Subject.objects.get(pk=device.subject_id), at=NOON)
    ledger.start_scrub(actor=SystemActor("tests"), at=NOON)
    ledger.continue_scrub(actor=SystemActor("tests"), at=NOON)
    seal(database)


@contextmanager
def worked_office(journal: Path) -> Iterator[PortalDatabase]:
    """Such an office on databases of its own; what it destroyed stands in a journal of its own, and closes no other."""
    with PortalDatabase().in_use() as database:
        with override_settings(DESTRUCTION_JOURNAL_DIR=journal):
            make_worked_office(database)
        yield database


def compare_registers(default: psycopg.Connection[Any], **elsewhere: psycopg.Connection[Any]) -> list[str]:
    """Compare every register inside transactions, and return what was found altered.

    ``elsewhere`` are connections to the other databases; without them only the general one is compared.
    """
    with ExitStack() as opened:
        for one in (default, *elsewhere.values()):
            opened.enter_context(one.transaction())
            one.execute(register_rows.SETTINGS)
        comparison = Registers(default)
        comparison.elsewhere.update(elsewhere)
        report = comparison.compare()
        assert not report.unadopted
        assert {code for code, _message in report.findings} <= {ALTERED}
        return [message for _code, message in report.findings]
