"""A reading of more people than an entry names: their list is kept beside it, and goes with it."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import MAX_SUBJECTS, subjects_digest
from privacy.ledger.models import Entry, EntryPeople
from privacy.ledger.register import handled_subjects
from tests.database import PortalDatabase
from tests.factories.ledger import make_notary, make_past_entries, seal, sign, tamper
from tests.privacy.ledger.test_pruning import OLD, make_month, prune

SWEEP = SystemActor("sweep")


def read(count: int) -> tuple[int, list[str]]:
    people = [str(uuid4()) for _ in range(count)]
    number = ledger.record_read(actor=SWEEP, at=None, subjects=iter(people), task="tests.thing.read", purpose="rights")
    return number, people


@pytest.mark.clause("P8.3")
def test_a_person_among_many_finds_the_reading(portal_database: PortalDatabase) -> None:
    number, people = read(MAX_SUBJECTS + 1)
    assert Entry.objects.get(id=number).subjects is None, "the entry names nobody"
    assert [entry.id for entry in ledger.entries_about(people[7]).reads()] == [number]
    assert not ledger.entries_about(uuid4()).exists()
    assert subjects_digest(EntryPeople.objects.get(entry_id=number).people) in Entry.objects.get(id=number).payload


def test_an_entry_that_names_everybody_has_no_list_beside_it(portal_database: PortalDatabase) -> None:
    number, people = read(MAX_SUBJECTS)
    assert ledger.entries_about(people[-1]).get().id == number
    assert not EntryPeople.objects.exists()


@pytest.mark.truth("hunt")
def test_an_entry_that_names_nobody_says_how_many_people_they_were(portal_database: PortalDatabase) -> None:
    """It said how many rows of theirs were read, and the console and the register showed that as people."""
    people = [str(uuid4()) for _ in range(MAX_SUBJECTS + 1)]
    number = ledger.record_read(
        actor=SWEEP, at=None, subjects=people, count=9_999, task="tests.thing.read", purpose="rights"
    )
    assert handled_subjects(Entry.objects.get(id=number)) == str(MAX_SUBJECTS + 1)


ANOTHER = 'SELECT ledger.append_with_people(\'read\', \'{"digest":"00","word":"tests.read"}\', ARRAY[\'S-1\'])'


@pytest.mark.parametrize("role", ["portal_app", "portal_intake", "portal_worker", "portal_owner", "postgres"])
def test_nobody_puts_another_list_beside_an_entry_or_takes_one_away(portal_database: PortalDatabase, role: str) -> None:
    number, _people = read(MAX_SUBJECTS + 1)
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)
    with portal_database.connect(role) as connection:
        for statement in (
            ANOTHER,
            "DELETE FROM ledger.entry_people",
            "UPDATE ledger.entry_people SET people = '{}'",
            "TRUNCATE ledger.entry_people",
            *(["INSERT INTO ledger.entry_people VALUES (0, '{}')"] if role not in ("portal_owner", "postgres") else []),
        ):
            with pytest.raises(refused):
                connection.execute(statement)
    assert EntryPeople.objects.get().entry_id == number


def test_the_list_goes_with_its_entry(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """Pruned as the entries are; that of an entry which stays is kept."""
    notary = make_notary(tmp_path)
    make_month(portal_database, OLD)
    old = make_past_entries(portal_database, [(OLD, "read", {"word": "ledger.read", "n": n}) for n in range(1_024)])
    tamper(portal_database, f"INSERT INTO ledger.entry_people VALUES ({old[0]}, '{{S-1}}')")
    seal(portal_database, at=OLD + timedelta(hours=1))
    sign(portal_database, notary)
    number, _people = read(MAX_SUBJECTS + 1)
    seal(portal_database)
    sign(portal_database, notary)
    assert prune(portal_database)
    assert EntryPeople.objects.get().entry_id == number
