"""A worker that was taken over has nothing certified that nobody approved, and no more than was destroyed."""

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest

from config.databases import PROCESS_ROLES
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.certificates import statements
from privacy.retention.models import DestructionLine, DestructionList
from privacy.vault.models import SubjectKey, Tombstone
from tests.database import PortalDatabase
from tests.privacy.retention.invented_orders import NOW, approve, begin, destruction_list, line, run, stone
from tests.privacy.vault.key_services import key_service
from tests.privacy.vault.test_only_the_truth_is_signed import (
    SWEEPER,
    is_signed,
    ready_list,
    statement_before_it_is_signed,
)

pytestmark = pytest.mark.attack("18.2")
NOTHING_FOUND = {
    "searched": [], "people": 0, "keys_left": 0, "keys_kept": 0, "tombstones_missing": 0, "attempts": 9, "opened": 0,
    "rows_left": 0, "nothing_left": True, "sound": True,
}  # fmt: skip
NUMBERED = (
    "UPDATE retention_destructionlist SET certificate_number = 'C-FORG-ED01', step = 'rows', executed_by = 'system:x',"
    " begun_at = now(), rows_at = now(), attempts = '{{\"attempts\": 9}}' WHERE id = '{list}'"
)


def said_of(number: UUID, *, people: int) -> dict[str, Any]:
    """Return what a certificate of a list would say, had the read-back found nothing."""
    row = DestructionList.objects.get(pk=number)
    row.read_back = NOTHING_FOUND | {"people": people}
    said: dict[str, Any] = json.loads(canonical_json.dumps(statements.destruction_statement(row, at=clock.now())))
    return said


def write(database: PortalDatabase, statements: list[str], *, role: str = "portal_tests", **names: object) -> None:
    """Write past the verbs as a process or, as nobody could, as the tests do."""
    with database.connect(*([] if role == "portal_tests" else [role])) as session:
        if role == "portal_tests":
            session.execute("SET ROLE portal_tests")
        for statement in statements:
            session.execute(statement.format(**names))  # type: ignore[arg-type]  # ours


def test_a_list_that_nobody_approved_is_not_certified(portal_database: PortalDatabase) -> None:
    with key_service(portal_database, process="worker"):
        first = ready_list()
        assert retention.execute(first, actor=SWEEPER, at=clock.now())
        names = {"run": UUID(int=1), "list": UUID(int=2), "person": first.lines.get().subject_id}
        listed = [run(), destruction_list(category=f"'{first.category}'"), line(category=first.category)]
        write(portal_database, listed, role=PROCESS_ROLES["worker"], **names)
        with pytest.raises(psycopg.errors.CheckViolation, match="said when it is done"):
            write(portal_database, [NUMBERED], role=PROCESS_ROLES["worker"], **names)
        write(portal_database, [NUMBERED], **names)
        DestructionLine.objects.update(state="removed")
        assert not is_signed(said_of(UUID(int=2), people=1)), "whatever became of the database's guards"


@pytest.mark.parametrize("kept", ["true", "false"])
def test_a_month_that_never_had_a_key_is_not_certified(portal_database: PortalDatabase, kept: str) -> None:
    """The policy's rule lets it go, and the databases let the worker say that it is done."""
    month = {"category": "'app-log'", "unit": "'month'", "month": "'2021-01-01'", "people": 77_000}
    of = {"subject": "NULL", "category": "app-log", "month": "'2021-01-01'", "cause": "retention"}
    done = "UPDATE retention_destructionlist SET step = 'rows', rows_at = now(), {said} WHERE id = '{{list}}'"
    said = f"people_removed = 76999, key_kept = {kept}, attempts = '{{{{\"attempts\": 9}}}}'"
    with key_service(portal_database, process="worker"):
        statements = [
            run(), destruction_list(needs_approval="false", **month), approve("rule:1", at=NOW, wait="0"), begin(),
            *([] if kept == "true" else [stone(of).replace(", 1, 'retention'", ", NULL, 'retention'")]),
            done.format(said=said),
        ]  # fmt: skip
        write(portal_database, statements, role=PROCESS_ROLES["worker"], run=UUID(int=1), list=UUID(int=2))
        assert not is_signed(said_of(UUID(int=2), people=76_999))


def test_its_numbers_are_those_of_the_tables(portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    with key_service(portal_database, process="worker"):
        row = ready_list()
        said = statement_before_it_is_signed(row, monkeypatch)
        DestructionList.objects.update(people=4711)
        assert not is_signed(said | {"destroyed": said["destroyed"] | {"listed": 4711}}), "one person was listed"
        assert is_signed(said), "the control: what its lines say"
        for keys in (0, 2):
            DestructionList.objects.update(keys_destroyed=keys)
            changed = said | {"destroyed": said["destroyed"] | {"keys": keys}}
            if not keys:
                changed["carried_out"] = said["carried_out"] | {"keys_destroyed_at": ""}
                changed["finality"] = said["finality"] | {"last_key_dump_ends_on": ""}
            assert not is_signed(changed), "one key was destroyed"


STONE = (
    "INSERT INTO vault_tombstone (id, subject_id, category, generation, cause, certificate, destroyed_at)"
    " VALUES (gen_random_uuid(), '{{subject}}', '{{category}}', {generation}, 'retention', 'C-FORG-ED01', {at})"
)
GONE = "DELETE FROM vault_subjectkey WHERE subject_id = '{subject}' AND category = '{category}'"


def test_a_tombstone_says_whether_there_was_a_key(portal_database: PortalDatabase) -> None:
    row = ready_list()
    DestructionList.objects.update(
        state="executing", step="intent", certificate_number="C-FORG-ED01", begun_at=clock.now()
    )
    names = {"subject": row.lines.get().subject_id, "category": row.category}
    held = SubjectKey.objects.get(subject_id=names["subject"], category=row.category)

    def refused(*tried: str) -> bool:
        with portal_database.connect(PROCESS_ROLES["worker"]) as session:
            session.autocommit = False
            try:
                for statement in tried:
                    session.execute(statement.format(**names))  # type: ignore[arg-type]  # ours
            except psycopg.errors.CheckViolation:
                return True
            session.rollback()
        return False

    true = STONE.format(generation=held.generation, at="now()")
    assert not refused(true, GONE), "the control"
    assert refused(STONE.format(generation=held.generation + 1, at="now()"), GONE)
    assert refused(STONE.format(generation="NULL", at="now()"), GONE), "it says that there was no key"
    assert refused(STONE.format(generation=held.generation, at="now() - interval '1 year'"), GONE)
    assert refused(f"WITH gone AS ({GONE}) {true}"), "the key is gone before anybody could compare"
    SubjectKey.objects.all().delete()
    assert refused(true), "there is no key"
    assert not refused(STONE.format(generation="NULL", at="now()"))
    assert not Tombstone.objects.exists()


def test_when_a_list_began_and_under_which_number_is_settled(portal_database: PortalDatabase) -> None:
    row = ready_list()
    begin = (
        "UPDATE retention_destructionlist SET state = 'executing', step = 'intent', certificate_number = '{number}', "
    )
    with portal_database.connect(PROCESS_ROLES["worker"]) as session:
        for changes in (
            begin.format(number="") + "begun_at = now()", begin.format(number="C-1") + "begun_at = NULL",
            begin.format(number="C-1") + "begun_at = now() - interval '1 year'",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.CheckViolation):
                session.execute(changes)  # type: ignore[arg-type]  # ours
        session.execute(begin.format(number="C-1") + "begun_at = now()")  # type: ignore[arg-type]  # ours
        for column in (
            "certificate_number = 'C-2'", "begun_at = now() - interval '1 minute'", "executed_by = 'system:other'",
            "keys_at = now() - interval '1 year'", "rows_at = 'infinity'",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.CheckViolation):
                session.execute(f"UPDATE retention_destructionlist SET {column}")  # type: ignore[arg-type]  # ours
    row.refresh_from_db()
    assert (row.certificate_number, row.keys_at, row.rows_at) == ("C-1", None, None)
