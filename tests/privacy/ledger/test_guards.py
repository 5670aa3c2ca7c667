"""The tables only grow: for the portal, for their owner, and for the superuser as long as triggers are on."""

import subprocess
import sys
from typing import cast

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from privacy.ledger.integrity import append_only
from tests.base import PortalTestCase
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import make_entries, seal

TABLES = ("entry", "leaf", "node", "tree", "checkpoint", "anchor", "recovery_epoch", "pruning", "field_change")


def statements(connection: psycopg.Connection) -> list[str]:
    """Every verb on every table and partition of the trail."""
    rows = connection.execute(
        "SELECT c.oid::regclass::text, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0"
        "   AND attidentity = '' AND attgenerated = '' ORDER BY attnum LIMIT 1)"
        " FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND c.relname NOT IN ('captured_write', 'canary')"
    ).fetchall()
    made = []
    for table, column in rows:
        made += [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"]
    return made


@pytest.mark.law("S-06")
@pytest.mark.clause("P8.3")
@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize(
    "role",
    ["portal_app", "portal_intake", "portal_worker", "portal_sequencer", "portal_notary", "portal_auditor"],
)
def test_no_role_of_the_portal_may_change_anything(portal_database: PortalDatabase, role: str) -> None:
    make_entries(portal_database, 3)
    seal(portal_database)
    with portal_database.connect(role) as connection:
        tried = statements(connection)
        assert len(tried) >= 3 * (len(TABLES) + 7)
        for statement in tried:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.law("S-06")
@pytest.mark.asvs("14.2.4", "16.4.2")
@pytest.mark.parametrize("role", ["portal_owner", "postgres"])
@pytest.mark.parametrize("replication", ["origin", "replica"])
def test_owner_and_superuser_are_refused_by_triggers(
    portal_database: PortalDatabase, role: str, replication: str
) -> None:
    make_entries(portal_database, 3)
    seal(portal_database)
    with portal_database.connect("postgres") as connection:
        connection.execute(f"SET session_replication_role = {replication}")
        connection.execute(f"SET ROLE {role}")
        for statement in statements(connection):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
                connection.execute(statement)


@pytest.mark.asvs("16.2.2")
def test_what_the_database_stamps_the_client_can_not_choose(portal_database: PortalDatabase) -> None:
    payload = '{"actor":"a","word":"tests.thing.tried"}'
    with portal_database.connect("portal_app") as connection:
        for column, value in (
            ("time", "now() - interval '1 day'"), ("id", "1"), ("xid", "'1'"), ("generation", "9"),
            ("word", "'other'"), ("actor", "'other'"), ("about", "'other'"), ("subjects", "'{other}'"),
            ("task", "'other'"), ("purpose", "'other'"),
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    f"INSERT INTO ledger.entry (kind, payload, {column}) VALUES ('act', %s, {value})", [payload]
                )
    with portal_database.connect("portal_owner") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="time of an entry"):
            connection.execute(
                "INSERT INTO ledger.entry (kind, payload, time) VALUES ('act', %s, now() - interval '1 day')", [payload]
            )
        row = connection.execute(
            "INSERT INTO ledger.entry (id, xid, generation, kind, payload) VALUES (99, '99', 99, 'act', %s)"
            " RETURNING id, xid::text, generation, pg_current_xact_id()::text",
            [payload],
        ).fetchone()
    assert row is not None
    assert row[0] != 99
    assert (row[1], row[2]) == (row[3], 1)


def test_an_entry_is_searched_by_what_it_says_whoever_writes_it(portal_database: PortalDatabase) -> None:
    payload = (
        '{"about":"tests.thing:1","actor":"system:tests","purpose":"rights","subjects":["S-0001","S-0002"],'
        '"task":"tests.shown","word":"tests.thing.tried"}'
    )
    with portal_database.connect("portal_owner") as connection:
        row = connection.execute(
            "INSERT INTO ledger.entry (kind, payload, word, actor, about, subjects, task, purpose)"
            " VALUES ('act', %s, 'other', 'other', 'other', '{other}', 'other', 'other')"
            " RETURNING word, actor, about, subjects, task, purpose",
            [payload],
        ).fetchone()
        bare = connection.execute(
            "INSERT INTO ledger.entry (kind, payload, about) VALUES ('act', %s, 'other')"
            " RETURNING about, subjects, task, purpose",
            ['{"actor":"a","word":"tests.thing.tried"}'],
        ).fetchone()
    said = ("tests.thing.tried", "system:tests", "tests.thing:1", ["S-0001", "S-0002"], "tests.shown", "rights")
    assert row == said
    assert bare == (None, None, None, None)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("other", '{"actor":"a","word":"tests.thing.tried"}'),
        (None, '{"actor":"a","word":"tests.thing.tried"}'),
        ("act", '{"actor":"a","word":"tests.thing.tried","x":"%s"}' % ("x" * 60_000)),
        ("act", '{"actor":"a"}'),
        ("act", '{"word":"tests.thing.tried"}'),
        ("act", "[]"),
        ("act", "no JSON"),
        ("act", None),
    ],
)
def test_what_is_no_entry_is_refused(portal_database: PortalDatabase, kind: str | None, payload: str | None) -> None:
    with (
        portal_database.connect("portal_app") as connection,
        pytest.raises((psycopg.IntegrityError, psycopg.DataError)),
    ):
        connection.execute("INSERT INTO ledger.entry (kind, payload) VALUES (%s, %s)", [kind, payload])


def test_a_month_made_later_is_guarded_too(portal_database: PortalDatabase) -> None:
    with portal_database.connect("portal_worker") as connection:
        made = connection.execute("SELECT ledger.make_partitions(9)").fetchone()
        again = connection.execute("SELECT ledger.make_partitions(9)").fetchone()
    assert (made, again) == ((3,), (0,))
    with portal_database.connect() as superuser:
        for statement in statements(superuser):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
                superuser.execute(statement)
    assert append_only.weaknesses(connections["default"]) == []


def test_an_entry_of_a_month_that_nobody_made_is_kept(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        superuser.execute(
            "DO $$ DECLARE month text; BEGIN FOR month IN SELECT relid::regclass FROM pg_partition_tree('ledger.entry')"
            " WHERE isleaf AND relid <> 'ledger.entry_default'::regclass LOOP EXECUTE 'DROP TABLE ' || month; END LOOP;"
            " END $$"
        )
    make_entries(portal_database, 2)
    assert seal(portal_database) == 2
    with portal_database.connect("portal_worker") as connection:
        assert connection.execute("SELECT count(*) FROM ledger.entry_default").fetchone() == (2,)
        made = connection.execute("SELECT ledger.make_partitions(1)").fetchone()
    assert made == (1,), "the month that has entries already stays in the default partition"


class BootTests(PortalTestCase):
    def test_the_portal_starts_on_a_guarded_database(self) -> None:
        assert append_only.weaknesses() == []
        append_only.require_append_only()


WEAKENED = {
    "ledger.E004": "GRANT DELETE ON ledger.leaf TO portal_app",
    "ledger.E005": "ALTER TABLE ledger.tree DISABLE TRIGGER deny",
    "ledger.E006": "ALTER TABLE ledger.entry_default DISABLE TRIGGER stamp",
    "ledger.E003": "ALTER TABLE ledger.node OWNER TO portal_app",
    "ledger.E001": "DROP SCHEMA ledger CASCADE",
}
# What an administrator could do so that a reader sees another trail, or a record is swallowed without an error.
SWALLOW = "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
UNDERMINED = [
    ("ledger.E005", "DROP TRIGGER deny ON ledger.leaf; CREATE TRIGGER deny BEFORE UPDATE OR DELETE ON ledger.leaf"
     " FOR EACH ROW WHEN (false) EXECUTE FUNCTION ledger.deny(); ALTER TABLE ledger.leaf ENABLE ALWAYS TRIGGER deny"),
    ("ledger.E007", "ALTER TABLE ledger.entry ENABLE ROW LEVEL SECURITY;"
     " CREATE POLICY hide ON ledger.entry FOR SELECT TO portal_app USING (actor <> 'U-EVIL')"),
    ("ledger.E007", SWALLOW + " CREATE TRIGGER a BEFORE INSERT ON ledger.entry FOR EACH ROW"
     " EXECUTE FUNCTION public.swallow()"),
    ("ledger.E007", "CREATE RULE quiet AS ON INSERT TO ledger.entry DO INSTEAD NOTHING"),
    ("ledger.E007", "ALTER TABLE ledger.anchor RENAME TO real;"
     " CREATE VIEW ledger.anchor AS SELECT * FROM ledger.real WHERE size < 5"),
    ("ledger.E008", "CREATE OR REPLACE FUNCTION ledger.deny() RETURNS trigger LANGUAGE plpgsql AS"
     " 'BEGIN RETURN NULL; END'"),
    ("ledger.E008", "CREATE OR REPLACE FUNCTION ledger.generation() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 7'"),
    ("ledger.E008", "CREATE FUNCTION ledger.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "statement"), [*WEAKENED.items(), *UNDERMINED])
def test_the_portal_refuses_to_start_on_a_weakened_database(
    portal_database: PortalDatabase, code: str, statement: str
) -> None:
    with portal_database.connect() as superuser:
        superuser.execute(statement)
    assert code in {weakness.code for weakness in append_only.weaknesses(connections["default"])}
    with pytest.raises(ImproperlyConfigured, match=code):
        append_only.require_append_only()


@pytest.mark.truth("15")
@pytest.mark.parametrize(
    ("code", "role"),
    [
        ("ledger.E002", "postgres"), ("ledger.E002", "pg_write_server_files"),
        ("ledger.E003", "portal_ledger"), ("ledger.E004", "tests_eraser"),
    ],
)  # fmt: skip
def test_a_role_that_the_portal_may_take_is_a_weakness_though_it_inherits_nothing_of_it(
    portal_database: PortalDatabase, code: str, role: str
) -> None:
    # Never committed: roles are those of the whole cluster.
    with portal_database.connect() as superuser, superuser.transaction(force_rollback=True):
        for statement in (
            "CREATE ROLE tests_visitor NOLOGIN", "GRANT portal_app TO tests_visitor WITH INHERIT TRUE",
            "CREATE ROLE tests_eraser NOLOGIN", "GRANT DELETE ON ledger.leaf TO tests_eraser",
        ):  # fmt: skip
            superuser.execute(statement)
        visitor = cast("BaseDatabaseWrapper", superuser)
        superuser.execute("SET ROLE tests_visitor")
        assert append_only.weaknesses(visitor) == []
        superuser.execute("RESET ROLE")
        superuser.execute(f"GRANT {role} TO tests_visitor WITH INHERIT FALSE, SET TRUE")
        superuser.execute("SET ROLE tests_visitor")
        assert code in {weakness.code for weakness in append_only.weaknesses(visitor)}


def test_the_web_process_does_not_start_on_a_weakened_database(portal_database: PortalDatabase) -> None:
    command = [sys.executable, "-c", "import config.wsgi; print('started')"]
    environ = portal_database.environ()
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert run.stdout == "started\n", run.stderr
    with portal_database.connect() as superuser:
        superuser.execute("ALTER TABLE ledger.leaf DISABLE TRIGGER deny")
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "ledger.E005" in run.stderr


def test_an_origin_only_trigger_is_a_weakness(portal_database: PortalDatabase) -> None:
    """It would not fire under ``session_replication_role = replica``."""
    with portal_database.connect() as superuser:
        superuser.execute("ALTER TABLE ledger.leaf ENABLE TRIGGER deny")
    assert "ledger.E005" in {weakness.code for weakness in append_only.weaknesses(connections["default"])}


def test_the_owner_s_role_is_a_weakness(portal_database: PortalDatabase) -> None:
    run = portal_database.manage("check", "--database", "default", role="portal_owner")
    assert run.returncode == 1
    assert "ledger.E003" in run.stderr
