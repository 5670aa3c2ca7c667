"""Rows of ``personal`` that the superuser alters are named (decision 0365)."""

from collections.abc import Iterator
from typing import Any

import pytest

from privacy.ledger.integrity.registers import RegisterReport, Registers
from privacy.ledger.merkle import log_reader
from tests.database import PortalDatabase
from tests.factories.worked_office import compare_registers, worked_office
from tests.privacy.ledger.test_protected_registers import alter, one_row

pytestmark = [pytest.mark.clause("P8.3"), pytest.mark.attack("19.7")]

# What is done as the superuser: database, table, and the change; empty removes the row.
ALTERATIONS = {
    "a contact verified": ("personal", "subjects_contact", "SET verified_at = '2026-01-01'"),
    "a contact's value replaced": ("personal", "subjects_contact", "SET value = value || '\\x00'"),
    "a contact removed": ("personal", "subjects_contact", ""),
    "a device's end of service": ("personal", "devices_device", "SET service_ended_on = '2020-01-01'"),
    "a device given to another person": ("personal", "devices_device", "SET gateway_id = gen_random_uuid()"),
    "the words of a case": ("personal", "rights_particulars", "SET explanation = explanation || '\\x00'"),
    "the words of a case removed": ("personal", "rights_particulars", ""),
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[PortalDatabase]:
    with django_db_blocker.unblock(), worked_office(tmp_path_factory.mktemp("destructions")) as database:
        yield database


def compare() -> RegisterReport:
    with log_reader.connect() as connection:
        return Registers(connection).verify()


def test_untouched_rows_pass(world: PortalDatabase) -> None:
    found = compare()
    assert found.findings == []
    for table in ("subjects_contact", "devices_device", "rights_particulars"):
        assert found.sound[table], table


@pytest.mark.parametrize("what", ALTERATIONS)
def test_what_is_altered_past_the_portal_is_named(world: PortalDatabase, what: str) -> None:
    alias, table, change = ALTERATIONS[what]
    with (
        world.connect() as trail,
        world.connect(alias=alias) as superuser,
        superuser.transaction(force_rollback=True),
    ):
        key = one_row(superuser, table)
        alter(superuser, table, change, key)
        found = compare_registers(trail, **{alias: superuser})
    assert [message.split(":")[0] for message in found] == [
        f"{table} {key} was {'changed' if change else 'removed'} outside the portal"
    ]
