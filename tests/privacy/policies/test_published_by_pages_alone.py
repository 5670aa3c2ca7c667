"""Whoever takes a process over publishes no version of the policy that nobody has reviewed: the database refuses it."""

from datetime import timedelta

import psycopg
import pytest

from config.databases import PROCESS_ROLES
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import PolicyVersion
from tests import factory
from tests.database import PortalDatabase
from tests.process_roles import as_process

pytestmark = pytest.mark.attack("18.2")
REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)
COPIED = """
    INSERT INTO policies_policyversion SELECT (jsonb_populate_record(p, jsonb_build_object(
        'id', gen_random_uuid(), 'number', '9.9', 'state', '{state}', 'effective_on', current_date))).*
    FROM policies_policyversion p WHERE number = '2020-12-01'"""
PUBLISHED = """
    UPDATE policies_policyversion SET state = '{state}', effective_on = current_date, published_at = now(),
        published_by = submitted_by, seal = repeat('a', 64), document = '{{}}',
        submitted_at = coalesce(submitted_at, now())
    WHERE id = '{version}'"""


def refused(database: PortalDatabase, process: str, statement: str) -> bool:
    """Whether the database refuses a statement to a process."""
    with database.connect(PROCESS_ROLES[process]) as role:
        try:
            role.execute(statement)  # type: ignore[arg-type]  # ours
        except REFUSALS:
            return True
    return False


@pytest.mark.parametrize("process", PROCESS_ROLES)
@pytest.mark.parametrize("state", PolicyVersion.PUBLIC)
def test_no_process_adds_a_version_that_is_published(portal_database: PortalDatabase, process: str, state: str) -> None:
    assert refused(portal_database, process, COPIED.format(state=state))


@pytest.mark.parametrize("process", PROCESS_ROLES)
@pytest.mark.parametrize("state", PolicyVersion.PUBLIC)
def test_no_process_publishes_a_version_that_nobody_reviewed(
    portal_database: PortalDatabase, process: str, state: str
) -> None:
    now = clock.now()
    draft, waiting = factory.make_draft(at=now), factory.make_version_under_review(at=now)
    for version in (draft, waiting):
        assert refused(portal_database, process, PUBLISHED.format(state=state, version=version.id))


def test_the_last_review_since_it_was_submitted_counts(portal_database: PortalDatabase) -> None:
    now = clock.now()
    version, odile = factory.make_version_under_review(at=now - timedelta(seconds=3)), factory.make_odile(granted=False)
    hana = factory.make_hana(granted=False)
    publish = PUBLISHED.format(state="published", version=version.id)
    policies.approve(version, actor=odile, at=now - timedelta(seconds=2))
    policies.return_to_draft(version, note="?", actor=odile, at=now - timedelta(seconds=1))
    policies.submit(version, actor=hana, at=now)
    assert refused(portal_database, "pages", publish)
    policies.approve(version, actor=odile, at=now)
    for process in ("intake", "worker"):
        assert refused(portal_database, process, publish)
    assert not refused(portal_database, "pages", publish), "the control"


def test_no_other_process_writes_what_a_version_says(portal_database: PortalDatabase) -> None:
    factory.make_draft(at=clock.now())
    for process in ("intake", "worker"):
        for table in ("category", "item", "retentionrule", "preservationrule", "section", "review", "parameter"):
            for statement in ("DELETE FROM policies_{0}", "INSERT INTO policies_{0} SELECT * FROM policies_{0}"):
                assert refused(portal_database, process, statement.format(table)), (process, table)
        assert refused(portal_database, process, "UPDATE policies_retentionrule SET approval_required = false")


def test_what_a_later_version_replaces_is_marked_by_the_worker(portal_database: PortalDatabase) -> None:
    version = factory.make_policy()
    with as_process("worker"):
        assert policies.take_effect(actor=factory.SWEEPER, at=clock.now() + timedelta(days=3650)) == 1
    assert PolicyVersion.objects.get(state="published") == version
