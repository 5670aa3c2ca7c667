"""What holds of an access record over time, and what the key service's role in the database may do."""

import json
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from config.databases import PROCESS_ROLES
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.keyservice import client, reading_policy
from privacy.vault.keyservice.messages import WrappedKeys
from privacy.vault.keyservice.reading_policy import (
    FIRST_SHOWN_SECONDS,
    UNLISTED_MONTHS,
    UNLISTED_PEOPLE,
    Connection,
    ReadingPolicy,
)
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.privacy.vault.key_requests import record_of

pytestmark = pytest.mark.attack("18")


class Clock:
    """A monotonic clock, and a database whose records look older by ``older`` seconds."""

    def __init__(self) -> None:
        self.now, self.older = 1_000.0, 0.0

    def query(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        if "FROM ledger.entry" not in statement:
            return rows
        return [(*of_it, age and age + self.older, gone, frozen) for *of_it, age, gone, frozen in rows]


def purpose_of(policy: ReadingPolicy, number: int, connection: Connection) -> str:
    record, _people = policy.authorise(number, [], WrappedKeys([], []), connection)
    return record.purpose


class RecordsOverTime(PortalTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.policy = ReadingPolicy(self.clock.query, lease_seconds=900, monotonic=lambda: self.clock.now)
        self.connection = Connection("pages")

    def show(self, number: int) -> str:
        return purpose_of(self.policy, number, self.connection)

    def test_one_is_shown_first_within_seconds_of_its_commit(self) -> None:
        number = record_of([new_id()])
        self.clock.older = FIRST_SHOWN_SECONDS
        with self.assertRaises(vault.KeysRefused):
            self.show(number)
        self.clock.older = FIRST_SHOWN_SECONDS - 5
        assert self.show(number) == "rights"

    def test_one_of_the_future_is_none(self) -> None:
        self.clock.older = -60.0
        with self.assertRaises(vault.KeysRefused):
            self.show(record_of([new_id()]))

    def test_its_lease_ends(self) -> None:
        number = record_of([new_id()])
        self.show(number)
        self.clock.now += 900
        assert self.show(number) == "rights"
        self.clock.now += 0.1
        with self.assertRaises(vault.KeysRefused):
            self.show(number)

    def test_a_connection_shows_a_bounded_number(self) -> None:
        for _number in range(100):
            self.show(record_of([new_id()]))
        assert len(self.connection.leases) == 64


def test_the_roles_are_those_that_the_processes_have() -> None:
    assert reading_policy.ROLES == PROCESS_ROLES


ALLOWED = (
    "SELECT id, kind, payload, time, writer FROM ledger.entry LIMIT 1",
    "SELECT subject_id FROM vault_tombstone LIMIT 1",
    "SELECT generation, wrapped FROM vault_subjectkey LIMIT 1",
    "SELECT state FROM retention_destructionline LIMIT 1",
    "SELECT number, kind FROM retention_certificate LIMIT 1",
)
DENIED = (
    "SELECT created_at FROM vault_subjectkey LIMIT 1", "UPDATE vault_subjectkey SET wrapped = 'x'",
    "SELECT abort_reason FROM retention_destructionlist LIMIT 1", "SELECT body FROM retention_certificate LIMIT 1",
    "SELECT signature FROM retention_certificate LIMIT 1", "UPDATE retention_certificate SET number = 'x'",
    "UPDATE retention_destructionlist SET people = 0", "UPDATE policies_parameter SET value = 0",
    "SELECT password FROM accounts_user LIMIT 1", "SELECT 1 FROM rights_request LIMIT 1",
    "INSERT INTO ledger.entry (kind, payload) VALUES ('read', '{}')", "DELETE FROM vault_freeze",
    "DELETE FROM vault_tombstone", "UPDATE vault_keycheck SET current = true",
)  # fmt: skip


WRITTEN = """
SELECT DISTINCT relation.relname
FROM pg_class AS relation, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS act
WHERE relation.relkind IN ('r', 'p') AND (has_table_privilege('portal_keys', relation.oid, act)
    OR (act IN ('INSERT', 'UPDATE') AND has_any_column_privilege('portal_keys', relation.oid, act)))
"""


def test_its_role_reads_what_decides_and_writes_what_its_host_holds(portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_keys") as role:
        role.execute(UNLISTED_PEOPLE, [[new_id()], ["app-log"]])
        role.execute(UNLISTED_MONTHS, [["app-log"], [date(2026, 9, 1)]])
        assert role.execute(WRITTEN).fetchall() == [("vault_keyholder",)]
        for statement in ALLOWED:
            role.execute(statement)  # type: ignore[arg-type]  # one of ours
        for statement in DENIED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                role.execute(statement)  # type: ignore[arg-type]  # one of ours
    for alias in ("personal", "archive"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            portal_database.connect("portal_keys", alias)


@override_settings(KEY_SERVICE="socket", KEY_SERVICE_DIR="/nonexistent")
class AwayTest(PortalTestCase):
    def test_readiness_says_so_and_the_public_pages_answer(self) -> None:
        answer = self.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["missing"]["keys"] == "key service unreachable"
        assert self.client.get("/en/").status_code == 200

    def test_what_needs_a_key_answers_503(self) -> None:
        with self.assertRaises(vault.KeyServiceUnavailable):
            vault.blind_index("serial", "R5CT")
        from privacy.ledger.middleware import RequestContextMiddleware

        request = self.client.get("/livez").wsgi_request
        answer = RequestContextMiddleware(lambda _request: None).process_exception(  # type: ignore[arg-type,return-value]
            request, vault.KeyServiceUnavailable()
        )
        assert answer is not None and answer.status_code == 503 and answer.headers["Retry-After"]

    def tearDown(self) -> None:
        client.forget_connection()


def test_the_demo_refuses_to_hold_keys_itself() -> None:
    with pytest.raises(CommandError, match="KEY_SERVICE"):
        call_command("demo")


def test_a_record_serves_the_process_that_wrote_it_alone(portal_database: PortalDatabase) -> None:
    """The worker's committed record, shown by pages that were taken over, or the reverse."""
    said = {"word": "ledger.read", "actor": "system:tests", "by": "system", "purpose": "rights", "facts": {}}

    def written_by(role: str) -> int:
        with portal_database.connect(role) as database:
            ((number,),) = database.execute(
                "INSERT INTO ledger.entry (kind, payload) VALUES ('read', %s) RETURNING id",
                [json.dumps({**said, "nonce": str(new_id())})],
            )
        return int(number)

    with portal_database.connect("portal_keys") as asking:
        policy = ReadingPolicy(
            lambda statement, values: asking.execute(statement, values).fetchall(),  # type: ignore[arg-type]  # ours
            lease_seconds=900, monotonic=time.monotonic,
        )  # fmt: skip
        for process, role, another in (
            ("pages", "portal_app", "portal_worker"),
            ("worker", "portal_worker", "portal_app"),
        ):
            assert purpose_of(policy, written_by(role), Connection(process)) == "rights"
            with pytest.raises(vault.KeysRefused):
                purpose_of(policy, written_by(another), Connection(process))
            with pytest.raises(vault.KeysRefused):
                purpose_of(policy, written_by("portal_intake"), Connection(process))


def test_nobody_says_who_wrote_an_entry(portal_database: PortalDatabase) -> None:
    for role in ("portal_app", "portal_worker", "portal_intake"):
        with portal_database.connect(role) as database:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute("INSERT INTO ledger.entry (kind, payload, writer) VALUES ('read', '{}', 'portal_app')")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute("SET SESSION AUTHORIZATION portal_owner")
    with portal_database.connect("portal_app") as database:
        database.execute("SET ROLE portal_reader")
        database.execute('INSERT INTO ledger.entry (kind, payload) VALUES (\'read\', \'{"word":"a.b","actor":"x"}\')')
    with portal_database.connect("portal_auditor") as database:
        database.execute('SELECT ledger.append(\'read\', \'{"word":"a.b","actor":"x"}\')')
    with portal_database.connect() as database:
        found = database.execute("SELECT writer FROM ledger.entry ORDER BY id DESC LIMIT 2").fetchall()
    assert found == [("portal_auditor",), ("portal_app",)]
