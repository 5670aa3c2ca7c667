"""An entry explains writes to the tables and rows that it names: the id of its request alone explains nothing."""

from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.apps import apps

from config.databases import DEVELOPMENT_ROLE
from devices import actions as devices
from devices.models import Report
from privacy.ledger import actions as ledger
from privacy.ledger import captured_tables, request_context, write_capture
from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry, Finding
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact
from tests import factory
from tests.database import PortalDatabase

SWEEP = SystemActor("tests")
pytestmark = pytest.mark.attack("17.11")


def reconcile() -> int:
    return ledger.reconcile_writes(actor=SWEEP, at=clock.now() + timedelta(seconds=1))["personal"]


@contextmanager
def request():
    """One request of the portal's; yields its id."""
    with request_context.override(request_id=request_context.new_request_id()) as act:
        yield act.request_id


@pytest.fixture
def known(portal_database: PortalDatabase) -> tuple[str, Contact]:
    """A request that is on the trail, and the contact that its entry names."""
    at = clock.now()
    person = subjects.register(actor=SWEEP, at=at)
    reconcile()
    with request() as known_request:
        contact = subjects.record_contact(person, kind="email", value="mina@example.kr", actor=SWEEP, at=at)
    assert reconcile() == 0
    return known_request, contact


def forge(database: PortalDatabase, request_id: str, statement: str, *values: object) -> None:
    """Write with the portal's own roles, past the portal, in the name of a request."""
    with database.connect(DEVELOPMENT_ROLE, "personal") as stolen:
        stolen.execute("SELECT set_config('portal.request', %s, false)", [request_id])
        assert stolen.execute(statement, values).rowcount >= 1


def another_contact() -> Contact:
    at = clock.now()
    person = subjects.register(actor=SWEEP, at=at)
    with request():
        made = subjects.record_contact(person, kind="email", value="other@example.kr", actor=SWEEP, at=at)
    assert reconcile() == 0
    return made


def test_a_known_request_does_not_explain_another_row(portal_database: PortalDatabase, known) -> None:
    request_id, _contact = known
    other = another_contact()
    forge(portal_database, request_id, "UPDATE subjects_contact SET value_index = 'x' WHERE id = %s", other.id)
    assert reconcile() == 1
    (finding,) = Finding.objects.filter(rule=Finding.Rule.UNRECONCILED)
    assert (finding.facts["relation"], finding.facts["operation"]) == ("public.subjects_contact", "UPDATE")


def test_nor_its_own_row_together_with_another(portal_database: PortalDatabase, known) -> None:
    request_id, contact = known
    rows = [contact.id, another_contact().id]
    forge(portal_database, request_id, "UPDATE subjects_contact SET value_index = 'x' WHERE id = ANY(%s)", rows)
    assert reconcile() == 1


def test_nor_another_table_of_the_same_person(portal_database: PortalDatabase, known) -> None:
    request_id, contact = known
    forge(
        portal_database, request_id,
        "INSERT INTO consents_representative (id, subject_id, particulars, recorded_at) VALUES (%s, %s, 'x', now())",
        uuid4(), contact.subject_id,
    )  # fmt: skip
    assert reconcile() == 1


def test_nor_another_operation_on_its_row(portal_database: PortalDatabase, known) -> None:
    request_id, contact = known
    forge(portal_database, request_id, "DELETE FROM subjects_contact WHERE id = %s", contact.id)
    assert reconcile() == 1


def test_nor_a_read_of_the_row(portal_database: PortalDatabase, known) -> None:
    _request_id, contact = known
    with request() as reading:
        ledger.record_read(actor=SWEEP, at=clock.now(), subjects=[contact.subject_id], task="t.read", purpose="rights")
    assert Entry.objects.filter(kind="read").exists()
    forge(portal_database, reading, "UPDATE subjects_contact SET value_index = 'x' WHERE id = %s", contact.id)
    assert reconcile() == 1


def test_nor_a_write_long_after(portal_database: PortalDatabase, known) -> None:
    """A request ends; its id does not open the row again another day."""
    request_id, contact = known
    forge(portal_database, request_id, "UPDATE subjects_contact SET value_index = 'x' WHERE id = %s", contact.id)
    with portal_database.connect("postgres", "personal") as superuser:
        superuser.execute("ALTER TABLE ledger.captured_write DISABLE TRIGGER ALL")
        superuser.execute("UPDATE ledger.captured_write SET at = at + interval '61 minutes' WHERE operation = 'UPDATE'")
    assert reconcile() == 1


@pytest.mark.parametrize("reports", [2, 120])
def test_a_batch_names_its_rows_and_no_others(portal_database: PortalDatabase, reports: int) -> None:
    device = factory.make_device()
    reconcile()
    sent = [factory.make_report(device, at=factory.NOON) for _number in range(reports)]
    with request() as request_id:
        devices.store_reports(factory.make_batch(*sent), gateway=factory.make_gate(), at=factory.NOON)
    assert Report.objects.count() == reports
    assert reconcile() == 0
    table = f"devices_report_{factory.NOON:%Y_%m}"
    columns = "device_id, occurred_at, received_at, kind, body"
    forge(portal_database, request_id, f"INSERT INTO {table} SELECT gen_random_uuid(), {columns} FROM {table}")
    assert reconcile() == 1


def test_a_month_that_is_dropped_past_the_portal_is_told(portal_database: PortalDatabase, known) -> None:
    request_id, _contact = known
    before = date(clock.today().year - 1, 12, 1)
    forge(portal_database, request_id, "SELECT devices_drop_month('devices_report', %s)", before)
    assert reconcile() == 1
    (finding,) = Finding.objects.filter(rule=Finding.Rule.UNRECONCILED)
    assert finding.facts["operation"] == "TRUNCATE"


def test_what_a_destruction_removes_is_named_person_by_person(portal_database: PortalDatabase) -> None:
    at = clock.now()
    people: list[UUID] = []
    with request():
        for number in range(3):
            person = subjects.register(actor=SWEEP, at=at)
            subjects.record_contact(person, kind="email", value=f"p{number}@example.kr", actor=SWEEP, at=at)
            people.append(person.id)
    reconcile()
    with request() as removing:
        subjects.remove_contacts(people[:2], certificate="C-1", actor=SWEEP, at=at)
    assert reconcile() == 0
    forge(portal_database, removing, "DELETE FROM subjects_contact WHERE subject_id = %s", people[2])
    assert reconcile() == 1


def test_nor_more_rows_than_an_entry_can_name(portal_database: PortalDatabase) -> None:
    """Of so many rows only their digest is kept, and an entry about no record names none."""
    device, other = factory.make_device(1), factory.make_device(2)
    sent = [factory.make_report(one, at=factory.NOON) for one in (device, other)]
    devices.store_reports(factory.make_batch(*sent), gateway=factory.make_gate(), at=factory.NOON)
    columns = "gen_random_uuid(), gen_random_uuid(), occurred_at, received_at, kind, body"
    many = f"INSERT INTO devices_report SELECT {columns} FROM devices_report, generate_series(1, %s)"
    with portal_database.connect("postgres", "personal") as superuser:
        superuser.execute(many, [captured_tables.MOST_NAMED])
    reconcile()
    with request() as removing:
        devices.remove_reports([device.id], certificate="C-1", actor=SWEEP, at=clock.now())
    assert reconcile() == 0
    forge(portal_database, removing, "DELETE FROM devices_report")
    assert reconcile() == 1


def test_every_captured_table_declares_what_explains_its_writes() -> None:
    """A table without a declaration would be a finding each night; a column that is none would break its writes."""
    for alias in ("default", "personal", "archive"):
        for model in write_capture.captured_models(alias):
            columns = captured_tables.captured_columns(model)
            assert columns.get("INSERT"), model
            assert columns.get("DELETE"), model
            names = {field.column for field in model._meta.concrete_fields} | {"table"}
            assert {column.partition("/")[0] for named in columns.values() for column in named} <= names, model


def test_every_event_that_explains_a_write_is_a_word_of_its_app() -> None:
    words = {str(word) for app in apps.get_app_configs() for word in _events(app.name)}
    for table in captured_tables.TABLES.values():
        for events in table.events.values():
            assert set(events) <= words, table.label


def _events(app: str) -> list[str]:
    try:
        module = __import__(f"{app}.events", fromlist=["Event"])
    except ImportError:
        return []
    return list(module.Event)
