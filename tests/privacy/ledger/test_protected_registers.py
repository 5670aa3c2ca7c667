"""Rows of registers that somebody altered outside the portal, as the superuser: each is noticed and named."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from privacy.ledger import row_statements
from privacy.ledger.entries import payloads
from tests.database import PortalDatabase
from tests.factories.worked_office import compare_registers, worked_office

pytestmark = [pytest.mark.attack("19.7"), pytest.mark.clause("P8.3")]

type Connection = psycopg.Connection[Any]

# Table, and what is done to one row of it: the columns that are set, or nothing for its removal.
ALTERATIONS: dict[str, tuple[str, str]] = {
    "a grant made officer": ("accounts_accessgrant", "SET role = 'officer'"),
    "a grant prolonged": ("accounts_accessgrant", "SET valid_until = '2031-01-01'"),
    "a grant removed": ("accounts_accessgrant", ""),
    "a decision flipped": ("consents_decision", "SET choice = 'disagree'"),
    "a decision removed": ("consents_decision", ""),
    "the text of an agreement": ("consents_agreementversion", "SET body_en = 'otherwise'"),
    "a standing": ("consents_currentconsent", "SET choice = 'withdraw'"),
    "a certificate altered": ("retention_certificate", "SET body = body || ' '"),
    "a certificate removed": ("retention_certificate", ""),
    "the destruction register": ("retention_registerentry", "SET people = people + 1"),
    "the approver of a list": ("retention_destructionlist", "SET approved_by = 'U-0000-0000'"),
    "a due date": ("rights_request", "SET due_on = due_on + 30"),
    "a request removed": ("rights_request", ""),
    "a disclosure altered": ("disclosures_disclosure", "SET provided_on = provided_on - 30"),
    "a disclosure removed": ("disclosures_disclosure", ""),
    "what was disclosed": ("disclosures_discloseditem", "SET item = 'other'"),
    "a tombstone altered": ("vault_tombstone", "SET destroyed_at = destroyed_at - interval '1 year'"),
    "a tombstone removed": ("vault_tombstone", ""),
    "a pledge": ("workforce_pledge", "SET signed_on = signed_on - 30"),
    "a pledge removed": ("workforce_pledge", ""),
    "the text of a pledge": ("workforce_pledgetext", "SET words_en = 'otherwise'"),
    "the text of a pledge under a new key": ("workforce_pledgetext", "SET id = gen_random_uuid(), words_en = 'other'"),
    "a training": ("workforce_coursecompletion", "SET score = 100, completed_on = completed_on - 1"),
    "a training removed": ("workforce_coursecompletion", ""),
    "the schedule of the scrub": ("django_q_schedule", "SET cron = '0 0 31 2 *'"),
    "the schedule of the pairing removed": ("django_q_schedule", ""),
    "a failed scrub painted over": ("ledger_scrub", "SET code = 0, findings = '[]'"),
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[PortalDatabase]:
    with django_db_blocker.unblock(), worked_office(tmp_path_factory.mktemp("destructions")) as database:
        yield database


def one_row(connection: Connection, table: str) -> str:
    row = connection.execute(f"SELECT to_jsonb(t) ->> 'id' FROM {table} t ORDER BY 1 LIMIT 1").fetchone()  # type: ignore[arg-type]
    assert row is not None, f"{table} is empty: the world of this test lacks it"
    return str(row[0])


def alter(connection: Connection, table: str, change: str, key: str) -> None:
    """Alter a row with every trigger off, as whoever rules the database would, and put them back."""
    triggers = connection.execute(
        "SELECT tgname, CASE tgenabled WHEN 'A' THEN 'ALWAYS ' ELSE '' END FROM pg_trigger"
        " WHERE tgrelid = %s::regclass AND NOT tgisinternal",
        [table],
    ).fetchall()
    connection.execute("SET LOCAL session_replication_role = replica")
    connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
    statement = f"UPDATE {table} {change}" if change else f"DELETE FROM {table}"
    done = connection.execute(f"{statement} WHERE id::text = %s", [key])  # type: ignore[arg-type]
    assert done.rowcount == 1
    for name, always in triggers:
        connection.execute(f"ALTER TABLE {table} ENABLE {always}TRIGGER {name}")  # type: ignore[arg-type]
    connection.execute("SET LOCAL session_replication_role = origin")


def test_the_untouched_registers_pass(world: PortalDatabase) -> None:
    with world.connect() as superuser:
        assert compare_registers(superuser) == []


@pytest.mark.parametrize("what", ALTERATIONS)
def test_what_is_altered_past_the_portal_is_named(world: PortalDatabase, what: str) -> None:
    table, change = ALTERATIONS[what]
    with world.connect() as superuser, superuser.transaction(force_rollback=True):
        key = one_row(superuser, table)
        alter(superuser, table, change, key)
        found = compare_registers(superuser)
    assert any(message.startswith(f"{table} {key} was") for message in found), found


@pytest.mark.parametrize("what", ["a grant made officer", "a due date", "a certificate removed"])
def test_so_it_is_with_every_trigger_left_on(world: PortalDatabase, what: str) -> None:
    """The triggers note what changes; only an entry of the portal's says it."""
    table, change = ALTERATIONS[what]
    with world.connect() as superuser, superuser.transaction(force_rollback=True):
        key = one_row(superuser, table)
        superuser.execute("SET LOCAL session_replication_role = replica")  # guards that aren't ALWAYS, and foreign keys
        for (name,) in superuser.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
            " AND tgname NOT LIKE 'note_%%'",
            [table],
        ).fetchall():
            superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        if change:
            superuser.execute(f"UPDATE {table} {change} WHERE id::text = %s", [key])  # type: ignore[arg-type]
        else:
            superuser.execute(f"DELETE FROM {table} WHERE id::text = %s", [key])  # type: ignore[arg-type]
        found = compare_registers(superuser)
    assert any(message.startswith(f"{table} {key} was") for message in found), found


def test_a_row_that_was_altered_and_then_changed_by_a_verb_is_named(world: PortalDatabase) -> None:
    """What the verb found is not what the entry before had left, so the verb's entry doesn't cover the alteration."""
    with world.connect() as superuser, superuser.transaction(force_rollback=True):
        key = one_row(superuser, "rights_request")
        alter(superuser, "rights_request", "SET due_on = due_on + 30", key)
        # What a superuser writes is noted of nobody.
        superuser.execute("SET LOCAL ROLE portal_owner")
        superuser.execute("UPDATE rights_request SET fee_won = 1000 WHERE id::text = %s", [key])
        superuser.execute("RESET ROLE")
        state(superuser)
        found = compare_registers(superuser)
    assert any(message.startswith(f"rights_request {key} was altered outside the portal between") for message in found)


def test_an_invented_row_is_named(world: PortalDatabase) -> None:
    with world.connect() as superuser, superuser.transaction(force_rollback=True):
        superuser.execute("SET LOCAL session_replication_role = replica")
        superuser.execute(
            "INSERT INTO policies_extraholiday (id, day, name, added_at)"
            " VALUES (gen_random_uuid(), '2027-01-04', 'x', now())"
        )
        [message] = compare_registers(superuser)
    assert message.startswith("policies_extraholiday ") and message.endswith("no entry is about it")


def test_what_notes_the_changes_is_missed_when_it_is_gone(world: PortalDatabase) -> None:
    with world.connect() as superuser, superuser.transaction(force_rollback=True):
        superuser.execute("ALTER TABLE rights_request DISABLE TRIGGER note_update")
        assert compare_registers(superuser) == [
            "public.rights_request: triggers that are not those of this release: note_update"
        ]


def state(connection: Connection) -> None:
    """Do as the portal does before it commits: put the noted changes on record."""
    [(noted,)] = connection.execute("SELECT current_setting('portal.rows', true)").fetchall()
    said = {"actor": "system:tests", "rows": row_statements.summed_up(noted), "word": "tests.thing.tried"}
    connection.execute("INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)", [payloads.canonical_json(said)])
