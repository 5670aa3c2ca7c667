"""What a function of ours reads can't be stood in for: a table of the caller's own session is searched for last."""

import re

import psycopg
import pytest

from config.databases import CONNECT_ROLES, PROCESS_ROLES
from tests import factory
from tests.database import PortalDatabase

pytestmark = [pytest.mark.attack("18.2"), pytest.mark.attack("17.11")]

# Relations of a session are searched for first, unless its schema is named: it has to be, and last.
UNPINNED = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname !~ '^pg_|^information_schema$' AND p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname = 'c')
   AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS said WHERE said ~ '^search_path=.*pg_temp$')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
 ORDER BY 1
"""
# It reads nothing, and is asked for every entry.
READS_NOTHING = ["ledger.generation()"]


@pytest.mark.parametrize("alias", CONNECT_ROLES)
def test_every_function_says_where_it_looks(portal_database: PortalDatabase, alias: str) -> None:
    with portal_database.connect("postgres", alias) as database:
        found = [name for (name,) in database.execute(UNPINNED).fetchall()]
    assert [name for name in found if name not in READS_NOTHING] == []


# Statements that a function puts together: whole, of names and literals (%I, %L), or of what nobody types.
RUN = re.compile(r"\bEXECUTE\s+(?!FUNCTION\b|PROCEDURE\b|ON\b)(.*?);", re.DOTALL)
AS_IT_STANDS = re.compile(r"\|\||%(?:\d\$)?s|^(?!(?:format\()?')")
NOBODY_TYPES = {
    # Tables as the catalogue writes them (regclass), and verbs.
    "install_deny_trigger", "install_write_capture", "install_row_notes", "prune", "devices_grant_months",
    "devices_order_month", "devices_make_month",
    # What the definition of a trigger says, a condition of a list in the function itself, and a number.
    "capture_write", "note_written_rows", "vault_invalidation_record", "devices_invalidation_record",
    "accounts_asked_of", "set_generation",
}  # fmt: skip


@pytest.mark.asvs("1.2.4")
def test_no_function_puts_a_value_into_a_statement(portal_database: PortalDatabase) -> None:
    for planted in ("EXECUTE 'SELECT ' || x;", "EXECUTE x;", "EXECUTE format('DELETE FROM t WHERE a = %s', x);"):
        assert AS_IT_STANDS.search(RUN.findall(planted)[0]), planted
    found: set[str] = set()
    for alias in CONNECT_ROLES:
        with portal_database.connect("postgres", alias) as database:
            functions = database.execute(
                "SELECT proname, prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                " WHERE n.nspname !~ '^pg_|^information_schema$' AND prosrc ~ 'EXECUTE'"
            ).fetchall()
        found |= {name for name, text in functions if any(map(AS_IT_STANDS.search, RUN.findall(text)))}
    assert found == NOBODY_TYPES


@pytest.mark.parametrize(("alias", "role"), [(alias, role) for alias, roles in CONNECT_ROLES.items() for role in roles])
def test_nobody_who_connects_makes_a_table_of_the_session(
    portal_database: PortalDatabase, alias: str, role: str
) -> None:
    with portal_database.connect(role, alias) as database, pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("CREATE TEMP TABLE vault_tombstone (subject_id uuid)")


# With a right to such tables all the same.
STATEMENTS = {
    "keys without their tombstones": (
        "worker",
        "CREATE TEMP TABLE vault_tombstone AS SELECT subject_id, category, NULL::date AS month FROM vault_subjectkey"
        " UNION ALL SELECT gen_random_uuid(), 'x', NULL",
        "DELETE FROM vault_subjectkey",
    ),
    "a protection lessened by nobody": (
        "pages",
        "CREATE TEMP TABLE policies_parameter (LIKE public.policies_parameter)",
        "INSERT INTO public.policies_parameter (id, code, value, unit, effective_on, basis)"
        " VALUES (gen_random_uuid(), 'withdrawal.wait.hours', 0, 'hours', current_date, 'x')",
    ),
    "a policy in force rewritten": (
        "pages",
        "CREATE TEMP TABLE policies_policyversion (LIKE public.policies_policyversion)",
        "UPDATE public.policies_retentionrule SET wait_hours = 0",
    ),
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_table_of_the_session_stands_in_for_none(portal_database: PortalDatabase, what: str) -> None:
    process, table, act = STATEMENTS[what]
    factory.make_policy()
    factory.make_sealed_file()
    with portal_database.connect() as database:
        name = database.execute("SELECT quote_ident(current_database())").fetchone()
        database.execute(f"GRANT TEMPORARY ON DATABASE {name[0]} TO {PROCESS_ROLES[process]}")  # type: ignore[index]
    with portal_database.connect(PROCESS_ROLES[process]) as session:
        session.execute(table)
        with pytest.raises((psycopg.IntegrityError, psycopg.errors.RaiseException)):
            session.execute(act)
