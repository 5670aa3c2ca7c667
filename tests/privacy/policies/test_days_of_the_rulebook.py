"""No process puts a day into the rulebook that nothing can be computed with, as 'infinity': it could not be read."""

import psycopg
import pytest

from config.databases import PROCESS_ROLES
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import EARLIEST, LATEST
from privacy.policies import rulebook
from tests import factory
from tests.database import PortalDatabase

pytestmark = pytest.mark.attack("18.2")
OUT_OF_REACH = ("infinity", "-infinity", "5000000-01-01", "9999-12-31", "0001-01-01", "1899-12-31", "2200-01-01")
VALUE = """
    INSERT INTO policies_parameter (id, code, value, unit, effective_on, basis)
    VALUES (gen_random_uuid(), 'tests.number', 25, 'hours', %s, 'x')"""
REQUESTED = """
    INSERT INTO policies_parameterchange
        (id, code, value, effective_on, basis, asked_by, asked_at, approved_by, refused_by)
    VALUES (gen_random_uuid(), 'tests.number', 25, %s, 'x', 'U-0000-0000', now(), '', '')"""
HOLIDAY = "INSERT INTO policies_extraholiday (id, day, name, added_at) VALUES (gen_random_uuid(), %s, 'x', now())"
DRAFT = "UPDATE policies_policyversion SET effective_on = %s WHERE state = 'draft'"
TYPED = {"a value": VALUE, "a value that waits": REQUESTED, "a holiday": HOLIDAY, "a version": DRAFT}


@pytest.mark.parametrize("process", PROCESS_ROLES)
@pytest.mark.parametrize("what", TYPED)
def test_a_day_out_of_reach_is_refused(portal_database: PortalDatabase, process: str, what: str) -> None:
    factory.make_draft(at=clock.now())
    with portal_database.connect(PROCESS_ROLES[process]) as role:
        for day in OUT_OF_REACH:
            with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)) as refused:
                role.execute(TYPED[what], [day])
            assert process != "pages" or "_in_range" in str(refused.value)
        if process == "pages":
            for day in (EARLIEST, LATEST):
                role.execute(TYPED[what], [day])
    assert rulebook.parameter("withdrawal.wait.hours", clock.today()) == 24


def test_every_day_of_the_rulebook_has_bounds(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as owner:
        bare = owner.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE 'policies\\_%%'"
            " AND data_type IN ('date', 'timestamp with time zone')"
            " AND NOT EXISTS (SELECT FROM pg_constraint"
            "                 WHERE conname = table_name || '_' || column_name || '_in_range')"
        ).fetchall()
    assert bare == []
