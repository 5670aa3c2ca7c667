"""The databases grant the portal's role what the approved table says, and nothing else (decision 0141)."""

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, connections, router
from django.db.models import Model

from config.database_grants import approved, differences, written_once
from config.databases import DATABASES, PROCESS_ROLES, roles_in
from privacy.ledger import captured_tables, write_capture
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from privacy.vault.fields import EncryptedField
from privacy.workforce import actions as workforce
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.house.acts_of_two_people import draft_training
from tests.own_writes import as_the_portal

pytestmark = pytest.mark.attack("17.11")


def sealed_columns(model: type[Model]) -> set[str]:
    """Return the columns of a model that hold ciphertext."""
    return {field.column for field in model._meta.concrete_fields if isinstance(field, EncryptedField)}


@pytest.mark.asvs("13.2.2")
class TestTheTable(PortalTestCase):
    @pytest.mark.asvs("8.2.3")
    def test_the_databases_grant_what_is_approved_and_nothing_else(self) -> None:
        for alias in DATABASES:
            with connections[alias].cursor() as cursor:
                assert differences(alias, cursor) == []

    @pytest.mark.asvs("8.1.2")
    def test_every_model_of_ours_has_its_row(self) -> None:
        for model in apps.get_models(include_auto_created=True):
            if model.__module__.startswith(("privacy.", "consents.", "devices.")) and "." not in model._meta.db_table:
                assert model._meta.db_table in approved(router.db_for_write(model), "pages"), model

    def test_what_names_a_row_of_personal_data_is_never_changed(self) -> None:
        """The reconciliation knows rows by these columns: changed, a row would pass for another."""
        for alias in DATABASES:
            for model in write_capture.captured_models(alias):
                named = {
                    name.partition("/")[0]
                    for names in captured_tables.captured_columns(model).values()
                    for name in names
                }
                for process in roles_in(alias):
                    assert not named & approved(alias, process)[model._meta.db_table].update, (model, process)

    def test_intake_reads_no_sealed_column(self) -> None:
        for model in apps.get_models():
            alias, sealed = router.db_for_read(model), sealed_columns(model)
            if sealed and "intake" in roles_in(alias):
                granted = approved(alias, "intake")[model._meta.db_table]
                assert not granted.select and not granted.read & sealed, model

    def test_pages_and_intake_remove_no_key_and_write_no_tombstone(self) -> None:
        for process in ("pages", "intake"):
            for table in ("vault_subjectkey", "vault_monthkey", "vault_tombstone"):
                granted = approved("default", process)[table]
                assert not granted.delete and not granted.update
                assert granted.insert == (table != "vault_tombstone")


REFUSED = {
    "default": {
        "a key's tombstone is removed": "DELETE FROM vault_tombstone",
        "a person is removed": "DELETE FROM subjects_subject",
        "a request is removed": "DELETE FROM rights_request",
        "a step of a case is rewritten": "UPDATE rights_step SET by = 'U-OTHER'",
        "another entered the request": "UPDATE rights_request SET received_by = 'U-OTHER'",
        "another opened the document": "UPDATE rights_documentopening SET opened_by = 'U-OTHER'",
        "another asked for the disclosure": "UPDATE disclosures_disclosure SET requested_by = 'U-OTHER'",
        "another asked for the account": "UPDATE accounts_accountact SET asked_by = 'U-OTHER'",
        "another granted the access": "UPDATE accounts_accessgrant SET granted_by = 'U-OTHER', approved_by_id = NULL",
        "a grant lasts longer": "UPDATE accounts_accessgrant SET valid_until = '2999-12-31'",
        "an account is another person's": "UPDATE accounts_user SET email = 'x@example.kr'",
        "an account is removed": "DELETE FROM accounts_user",
        "a certificate says something else": "UPDATE retention_certificate SET body = '{}'",
        "the register of destructions is rewritten": "UPDATE retention_registerentry SET approved_by = 'U-OTHER'",
        "a decision of a person is rewritten": "UPDATE consents_decision SET choice = 'agree'",
        "a gateway's token has other scopes": "UPDATE devices_gatewaytoken SET scopes = '[]'",
        "a wrapped key is of another person": "UPDATE vault_subjectkey SET subject_id = gen_random_uuid()",
        "a task is queued as a pickle": "INSERT INTO django_q_task (id) VALUES ('x')",
        "a schedule is added": "INSERT INTO django_q_schedule (func) VALUES ('os.system')",
        "a permission is added": "INSERT INTO auth_permission (name) VALUES ('x')",
        "an entry of the trail is changed": "UPDATE ledger.entry SET payload = '{}'",
        "a table is emptied": "TRUNCATE vault_subjectkey",
    },
    "personal": {
        "a device is another gateway's": "UPDATE devices_device SET gateway_id = gen_random_uuid()",
        "a contact is another person's": "UPDATE subjects_contact SET subject_id = gen_random_uuid()",
        "a sealed file is replaced": "UPDATE vault_encryptedfile SET content = 'x'",
        "what a requester wrote is replaced": "UPDATE rights_particulars SET claimed = 'x'",
        "a report is another device's": "UPDATE devices_report SET device_id = gen_random_uuid()",
        "a month is emptied": "TRUNCATE devices_report",
    },
}  # fmt: skip


@pytest.mark.parametrize("process", PROCESS_ROLES)
@pytest.mark.parametrize("alias", REFUSED)
def test_the_portals_roles_are_refused(portal_database: PortalDatabase, alias: str, process: str) -> None:
    with portal_database.connect(PROCESS_ROLES[process], alias) as role:
        for what, statement in REFUSED[alias].items():
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                pytest.fail(f"{process}: {what} ({role.execute(statement).rowcount})")


INTAKE_REFUSED = {
    "default": {
        "a key is removed": "DELETE FROM vault_subjectkey",
        "a month's key is removed": "DELETE FROM vault_monthkey",
        "a wrapped key is replaced": "UPDATE vault_subjectkey SET wrapped = 'x'",
        "a key is said to be destroyed": "INSERT INTO vault_tombstone (id) VALUES (gen_random_uuid())",
        "an account is read": "SELECT password FROM accounts_user",
        "a session is read": "SELECT session_data FROM django_session",
        "a second factor is read": "SELECT data FROM mfa_authenticator",
        "a case is read": "SELECT * FROM rights_request",
        "a token is issued": "INSERT INTO devices_gatewaytoken (id) VALUES (gen_random_uuid())",
        "a token lasts longer": "UPDATE devices_gatewaytoken SET expires_at = NULL",
        "the trail is read": "SELECT payload FROM ledger.entry",
        "the rulebook is changed": "UPDATE policies_parameter SET value = 0",
        "the queue is read": "SELECT payload FROM django_q_ormq",
    },
    "personal": {
        "a device's number is read": "SELECT imei FROM devices_device",
        "a licence's key is read": "SELECT key FROM devices_licence",
        "a report is read": "SELECT body FROM devices_report",
        "an app log is read": "SELECT body FROM devices_applog",
        "a contact is read": "SELECT value FROM subjects_contact",
        "a person's particulars are read": "SELECT particulars FROM consents_representative",
        "a requester's words are read": "SELECT * FROM rights_particulars",
        "a file is read": "SELECT content FROM vault_encryptedfile",
        "a report is replaced": "UPDATE devices_report SET body = 'x'",
        "a report is removed": "DELETE FROM devices_report",
        "a device is removed": "DELETE FROM devices_device",
        "whole rows are returned": "UPDATE devices_device SET updated_at = now() RETURNING imei",
        "rows are copied out": "COPY devices_device TO STDOUT",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("alias", "what"), [(alias, what) for alias, tried in INTAKE_REFUSED.items() for what in tried]
)
def test_intake_is_refused_more(portal_database: PortalDatabase, alias: str, what: str) -> None:
    with (
        portal_database.connect("portal_intake", alias) as intake,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        intake.execute(INTAKE_REFUSED[alias][what])


def test_a_months_own_table_is_not_read_by_intake_either(portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_intake", "personal") as intake:
        tables = intake.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent IN"
            " ('devices_report'::regclass, 'devices_applog'::regclass)"
        ).fetchall()
        assert tables
        for (table,) in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                intake.execute(f"SELECT body FROM {table}")


@pytest.mark.law("D-04")
@pytest.mark.parametrize("process", ["portal_intake", "portal_worker", "portal_app"])
def test_no_role_of_another_database_opens_the_archive(portal_database: PortalDatabase, process: str) -> None:
    url = settings.EMBEDDED_SERVER.url(process, portal_database.names["archive"])
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


ONCE = """
    SELECT c.relname, t.tgnargs, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE t.tgname = 'written_once'
"""


def test_who_decided_is_written_once(portal_database: PortalDatabase) -> None:
    wanted = {(table, len(columns), "O") for table, columns in written_once("default").items()}
    with portal_database.connect() as superuser:
        assert set(superuser.execute(ONCE).fetchall()) == wanted


APPROVERS = {"approved_by", "seconded_by", "confirmed_by", "signed_by", "published_by", "verified_by", "lifted_by"}


def test_every_approver_and_the_moment_are_written_once() -> None:
    for process in roles_in("default"):
        for one in approved("default", process).values():
            once = set(written_once("default").get(one.name, ()))
            moments = {f"{name.removesuffix('_by')}_at" for name in APPROVERS & once}
            assert (APPROVERS | moments) & one.update <= once, (one.name, process)


@pytest.mark.attack("17.3")
class TestAnApproverStays(PortalTestCase):
    def test_the_approver_of_a_training_plan_is_not_replaced(self) -> None:
        plan = draft_training(factory.make_odile(), clock.now())
        workforce.approve_plan(plan, actor=factory.make_omar(), at=clock.now())
        other = factory.make_user("other@extrus.example", "Other", "officer")
        refused = pytest.raises(IntegrityError, match="written_once")
        with as_the_portal(), refused, connection.cursor() as cursor:
            cursor.execute("UPDATE workforce_trainingplan SET approved_by = %s", [other.ref])


def test_a_key_goes_with_its_tombstone(portal_database: PortalDatabase) -> None:
    device = factory.make_device()
    for process, refused in (("pages", "permission denied"), ("worker", "vault_key_leaves_its_tombstone")):
        with portal_database.connect(PROCESS_ROLES[process]) as role:
            for table in ("vault_subjectkey", "vault_monthkey"):
                if role.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,):
                    with pytest.raises(psycopg.Error, match=refused):
                        role.execute(f"DELETE FROM {table}")
    vault.shred_subject(
        subject_id=device.subject_id, categories=None, cause="retention", certificate="C-1", actor=SystemActor("tests"),
        at=factory.NOON,
    )  # fmt: skip


def test_the_archive_is_only_added_to_and_ended(portal_database: PortalDatabase) -> None:
    with (
        portal_database.connect("portal_app", "archive") as archivist,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        archivist.execute("UPDATE retention_archivedrecord SET ends_on = '2000-01-01'")


def test_a_month_made_later_takes_reports_and_nothing_else(portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_worker", "personal") as worker:
        worker.execute(
            "SELECT devices_make_month('devices_report', (date_trunc('month', now()) + interval '9 months')::date)"
        )
    with portal_database.connect("portal_intake", "personal") as app:
        (table,) = app.execute(
            "SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'devices_report'::regclass"
        ).fetchone()
        app.execute(
            f"INSERT INTO {table} (id, device_id, occurred_at, received_at, kind, body)"
            " SELECT gen_random_uuid(), gen_random_uuid(), now(), now(), 'error', 'x' WHERE false"
        )
        for statement in (f"UPDATE {table} SET body = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_a_missing_grant_of_the_portals_shows_in_its_tests(portal_database: PortalDatabase) -> None:
    """The tests' own writes go past the grants; those of the product don't."""
    device = factory.make_device()
    with portal_database.connect("postgres", "personal") as superuser:
        superuser.execute("REVOKE UPDATE ON devices_device FROM portal_app, portal_intake, portal_worker")
    type(device).objects.filter(pk=device.pk).update(updated_at=factory.NOON)
    with pytest.raises(Exception, match="permission denied"):
        factory.make_device(device_id=device.pk, os_version="99")
