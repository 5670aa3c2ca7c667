"""Whoever takes a process over destroys no key that no approved list names: the databases refuse it (decision 0188)."""

from uuid import UUID

import psycopg
import pytest

from config.databases import PROCESS_ROLES
from privacy.lib.dates import clock
from privacy.policies import categories
from privacy.retention.schedule import retention_rules
from privacy.vault import actions as vault
from tests import factory
from tests.database import PortalDatabase
from tests.privacy.retention.invented_orders import (
    ATTACKS,
    NOW,
    approve,
    change,
    destruction_list,
    line,
    number,
    run,
)

pytestmark = pytest.mark.attack("18.2")
REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation, psycopg.errors.UniqueViolation)
APPROVED = (
    "UPDATE retention_destructionlist SET state = 'approved', approved_by = '{odile}', approved_at = now(),"
    " not_before = now() + interval '1 day' WHERE id = '{approved}'"
)


@pytest.fixture
def names(portal_database: PortalDatabase) -> dict[str, object]:
    """A person with keys, a case's own key, two officers, and a list that was approved and waits."""
    device, stranger = factory.make_device(), factory.make_sealed_file()
    factory.make_reports(device, ["status"], at=clock.now())
    names: dict[str, object] = {
        "person": device.subject_id,
        "stranger": stranger.subject_id,
        "gateway": device.gateway_id,
        "odile": factory.make_odile().ref,
        "omar": factory.make_omar().ref,
        "month": vault.month_of(clock.now()),
        **{name: UUID(int=number) for number, name in enumerate(("run", "list", "before", "approved", "listed"))},
    }
    with portal_database.connect() as owner:
        owner.execute("SET ROLE portal_tests")
        waiting = destruction_list("approved", "before")
        for statement in (run(name="before"), waiting, line("listed", "approved"), APPROVED):
            owner.execute(statement.format(**names))
    return names


def keys_of(database: PortalDatabase) -> list[tuple[object, ...]]:
    """Return every wrapped key, and how many tombstones there are."""
    with database.connect() as owner:
        found = owner.execute("SELECT id, wrapped, generation FROM vault_subjectkey ORDER BY id").fetchall()
        found += owner.execute("SELECT id, wrapped, generation FROM vault_monthkey ORDER BY id").fetchall()
        return [*found, *owner.execute("SELECT count(*) FROM vault_tombstone").fetchall()]


@pytest.mark.parametrize("process", PROCESS_ROLES)
def test_no_process_alone_destroys_a_key(
    portal_database: PortalDatabase, names: dict[str, object], process: str
) -> None:
    before = keys_of(portal_database)
    assert len(before) > 4
    done = []
    for what, statements in ATTACKS.items():
        if not refused(portal_database, process, statements, names):
            done.append(what)
        if keys_of(portal_database) != before:
            done.append(f"{what}: keys have changed")
            break
    assert done == []


def refused(database: PortalDatabase, process: str, statements: list[str], names: dict[str, object]) -> bool:
    """Run statements as a process and commit; whether the database refused one."""
    with database.connect(PROCESS_ROLES[process]) as role:
        role.autocommit = False
        try:
            for statement in statements:
                role.execute(statement.format(**names))
            role.commit()
        except REFUSALS:
            role.rollback()
            return True
    return False


@pytest.mark.parametrize("as_of", ["current_date", "'1900-01-02'"])
def test_an_officers_list_waits_as_long_as_the_policy_says(
    portal_database: PortalDatabase, names: dict[str, object], as_of: str
) -> None:
    listed = [run(as_of=as_of), destruction_list(wait="'0'"), line()]
    assert not refused(portal_database, "worker", listed, names)
    assert refused(portal_database, "pages", [approve("{odile}", at=NOW, wait="0")], names)
    assert not refused(portal_database, "pages", [approve("{odile}", at=NOW)], names)


def test_an_approval_is_not_dated_back(portal_database: PortalDatabase, names: dict[str, object]) -> None:
    assert not refused(portal_database, "worker", [run(), destruction_list(wait="'1 day'"), line()], names)
    assert refused(portal_database, "pages", [approve("{odile}")], names)
    assert not refused(portal_database, "pages", [approve("{odile}", at=NOW)], names)


def test_the_ceiling_is_todays_too(portal_database: PortalDatabase, names: dict[str, object]) -> None:
    with portal_database.connect() as owner:
        owner.execute("SET ROLE portal_tests")
        owner.execute(number("floor", 1_000, "'1900-01-01'"))
        owner.execute(number("floor", 0, "current_date"))
    assert not refused(portal_database, "worker", [run(as_of="'1900-01-02'"), destruction_list(), line()], names)
    assert refused(portal_database, "pages", [approve("{odile}", at=NOW)], names)


@pytest.mark.parametrize("process", ["pages", "worker"])
def test_no_process_puts_a_weaker_number_before_the_first(
    portal_database: PortalDatabase, names: dict[str, object], process: str
) -> None:
    weaker = number("floor", 1_000_000_000, "'1900-01-01'")
    assert refused(portal_database, process, [weaker], names)
    assert refused(portal_database, process, [number("months", 100, "current_date")], names)


def test_the_worker_lessens_no_protection_in_two_officers_names(
    portal_database: PortalDatabase, names: dict[str, object]
) -> None:
    lessened = ("floor", 1_000, "current_date")
    assert refused(portal_database, "worker", [change(*lessened), number(*lessened)], names)


def test_the_databases_know_the_offices_own_files(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as owner:
        for category in (*categories.OFFICE_FILES, "", "archive", categories.DEVICE_REGISTRATION, "archive-5y"):
            said = owner.execute("SELECT retention_is_of_the_office(%s)", [category]).fetchone()
            # What is kept for a connected system ends with its task, by no list.
            listed = set(categories.OFFICE_FILES) - {categories.CONNECTED_SYSTEM}
            assert said == (category in listed,), category


def test_what_the_policy_no_longer_names_goes_by_an_officer(portal_database: PortalDatabase) -> None:
    on = clock.today()
    assert retention_rules.for_category("face-images", on).approval_required
    assert not retention_rules.for_category(categories.APP_LOG, on).approval_required
    assert not retention_rules.for_category(categories.RIGHTS_REQUEST, on).approval_required
    assert not retention_rules.for_category(categories.ARCHIVE, on).approval_required
