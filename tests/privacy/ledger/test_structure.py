"""Nothing hides rows from who verifies, and no trigger keeps its name alone: each is named by a verification."""

from pathlib import Path

import pytest
from django.db import connections

from privacy.ledger.integrity import append_only, structure
from privacy.ledger.verify import ALTERED
from tests.database import PortalDatabase
from tests.factories.ledger import adopt, keep_in, make_entries, seal
from tests.privacy.ledger.test_row_statements import findings

pytestmark = [pytest.mark.attack("20.9"), pytest.mark.clause("P8.3")]

GRANTS = "accounts_accessgrant"
HIDDEN = (
    "ALTER TABLE {0} ENABLE ROW LEVEL SECURITY; CREATE POLICY a ON {0} TO portal_app USING (true);"
    "CREATE POLICY b ON {0} TO portal_auditor, portal_worker, portal_development USING (false)"
)
SWALLOW = (
    "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    f"CREATE TRIGGER a BEFORE UPDATE ON {GRANTS} FOR EACH ROW EXECUTE FUNCTION public.swallow()"
)


def test_the_file_has_the_triggers_of_the_migrations(portal_database: PortalDatabase) -> None:
    """It is written by ``tools/migrations.py pin``."""
    with portal_database.connect() as superuser:
        there = structure.as_text(superuser.execute(structure.TRIGGERS).fetchall())
    assert structure.PINNED.read_text("utf-8") == there
    assert findings() == [message for message in findings() if "not all compared" in message]
    assert append_only.weaknesses(connections["default"]) == []


OTHERWISE = {
    "one event for another": "DROP TRIGGER note_delete ON {0}; CREATE TRIGGER note_delete AFTER INSERT ON {0}"
    " REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.note_changed_rows('id', '{{}}');"
    " ALTER TABLE {0} ENABLE ALWAYS TRIGGER note_delete",
    "a condition": "DROP TRIGGER note_delete ON {0}; CREATE TRIGGER note_delete AFTER DELETE ON {0}"
    " REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION"
    " ledger.note_changed_rows('id', '{{}}'); ALTER TABLE {0} ENABLE ALWAYS TRIGGER note_delete",
    "columns": "DROP TRIGGER note_update ON {0}; CREATE TRIGGER note_update AFTER UPDATE OF user_id ON {0}"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger.note_changed_rows('id', '{{}}');"
    " ALTER TABLE {0} ENABLE ALWAYS TRIGGER note_update",
    "other columns left out": "DROP TRIGGER note_delete ON {0}; CREATE TRIGGER note_delete AFTER DELETE ON {0}"
    " REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION"
    " ledger.note_changed_rows('id', '{{role}}'); ALTER TABLE {0} ENABLE ALWAYS TRIGGER note_delete",
    "switched off beside another": "ALTER TABLE {0} DISABLE TRIGGER note_delete;"
    " CREATE TRIGGER note_z AFTER INSERT ON {0} REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"
    " EXECUTE FUNCTION ledger.note_changed_rows('id', '{{}}');"
    " ALTER TABLE {0} ENABLE ALWAYS TRIGGER note_z",
    "one that swallows": SWALLOW,
    "one that swallows instead of a guard": "CREATE OR REPLACE FUNCTION public.nothing() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE OR REPLACE TRIGGER note_update AFTER UPDATE ON {0}"
    " FOR EACH STATEMENT EXECUTE FUNCTION public.nothing()",
    "a rule": "CREATE RULE quiet AS ON UPDATE TO {0} DO INSTEAD NOTHING",
    "row security": HIDDEN,
    "foreign keys off": "ALTER TABLE {0} DISABLE TRIGGER ALL",
    "a guard of the ledger by row": "DROP TRIGGER deny ON ledger.leaf; CREATE TRIGGER deny BEFORE UPDATE OR DELETE"
    " ON ledger.leaf FOR EACH ROW EXECUTE FUNCTION ledger.deny(); CREATE TRIGGER deny_2 BEFORE TRUNCATE ON ledger.leaf"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny(); ALTER TABLE ledger.leaf ENABLE ALWAYS TRIGGER deny;"
    " ALTER TABLE ledger.leaf ENABLE ALWAYS TRIGGER deny_2",
    "a stamp after the row": "DROP TRIGGER stamp ON ledger.entry; CREATE TRIGGER stamp AFTER INSERT ON ledger.entry"
    " FOR EACH ROW EXECUTE FUNCTION ledger.stamp_entry(); ALTER TABLE ledger.entry ENABLE ALWAYS TRIGGER stamp",
}


@pytest.mark.parametrize("statement", OTHERWISE.values(), ids=list(OTHERWISE))
def test_what_stands_otherwise_around_a_table_is_named(portal_database: PortalDatabase, statement: str) -> None:
    adopt(portal_database)
    with portal_database.connect() as superuser:
        superuser.execute(statement.format(GRANTS))  # type: ignore[arg-type]
    table = "ledger." if "ledger.leaf" in statement or "ON ledger.entry" in statement else f"public.{GRANTS}: "
    assert any(message.startswith(table) for message in findings())
    [weakness] = [one for one in append_only.weaknesses(connections["default"]) if one.code == "ledger.E009"]
    assert table in weakness.message


@pytest.mark.parametrize("table", ["ledger.entry", "ledger.leaf", "ledger.tree", "ledger.checkpoint", GRANTS])
def test_a_table_that_hides_rows_from_who_verifies_is_no_sound_one(portal_database: PortalDatabase, table: str) -> None:
    adopt(portal_database)
    make_entries(portal_database, 3)
    seal(portal_database)
    with portal_database.connect() as superuser:
        superuser.execute(HIDDEN.format(table))  # type: ignore[arg-type]
    done = portal_database.manage("verify_ledger", "--registers", role="portal_auditor")
    assert done.returncode == ALTERED, done.stderr
    name = table.rpartition(".")[2]
    assert f'row-level security policy for table "{name}"' in done.stdout
    assert f"{name}: row security, a policy" in done.stdout


def test_what_seals_and_signs_refuses_to_go_on_with_what_it_is_shown(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in(tmp_path, monkeypatch)
    make_entries(portal_database, 3)
    seal(portal_database)
    with portal_database.connect() as superuser:
        superuser.execute(HIDDEN.format("ledger.leaf"))  # type: ignore[arg-type]
    for command, role in (("seal", "portal_sequencer"), ("notary", "portal_notary")):
        done = portal_database.manage(command, "--once", role=role)
        assert done.returncode != 0
        assert "row-level security" in done.stderr
