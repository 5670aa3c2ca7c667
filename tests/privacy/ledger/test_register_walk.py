"""With more entries about rows than a job reads, each night compares a part, and within seven nights everything."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.db import connections, transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actions import scrubs
from privacy.ledger.actors import SystemActor
from privacy.ledger.integrity import register_walk
from privacy.ledger.integrity.registers import Registers
from privacy.ledger.models import Scrub
from privacy.ledger.verify import ALTERED, SOUND
from privacy.lib.dates import clock
from privacy.policies.models import ExtraHoliday
from privacy.subjects.models import Contact
from tests.database import PortalDatabase
from tests.factories.ledger import adopt, seal, tamper
from tests.factories.subjects import make_contact, make_mina

pytestmark = [pytest.mark.clause("P8.3"), pytest.mark.attack("19.7")]

TESTS = SystemActor("tests")
FIRST = date(2030, 1, 7)
TABLE = "policies_extraholiday"


@pytest.fixture
def rows(portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Holidays that the last scrub found sound, in a portal whose registers are too many for a night."""
    monkeypatch.setattr(scrubs, "MOST_IN_A_JOB", -1)
    monkeypatch.setattr(register_walk, "BATCH", 7)
    adopt(portal_database)
    with transaction.atomic():
        made = ExtraHoliday.objects.bulk_create(
            [ExtraHoliday(day=FIRST + timedelta(days=day), name="closed", added_at=clock.now()) for day in range(60)]
        )
    night(portal_database, 0)
    yield [str(row.pk) for row in made]


def night(database: PortalDatabase, day: int, *, seconds: float = 60) -> Scrub:
    """Do the scrub of a night, so many days later."""
    at = moment(day)
    seal(database)
    begun = ledger.start_scrub(actor=TESTS, at=at)
    while ledger.continue_scrub(actor=TESTS, at=at, seconds=seconds) is not None:
        pass
    return Scrub.objects.get(pk=begun.pk)


def moment(day: int) -> datetime:
    return clock.now() + timedelta(days=day)


def about(scrub: Scrub) -> list[str]:
    """The registers' findings; the notary of these tests signs nothing."""
    return [message for _code, message in scrub.findings if " outside the portal" in message]


def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have each row that is compared from here on noted."""
    seen: list[str] = []
    verify = Registers.verify

    def noting(self: Registers, keys: dict[str, set[str]]) -> object:
        seen.extend(sorted(keys.get(TABLE, ())))
        return verify(self, keys)

    monkeypatch.setattr(Registers, "verify", noting)
    return seen


def test_seven_nights_without_a_change_compare_every_row_and_raise_no_alarm(
    rows: list[str], portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contact(make_mina(), source="gateway")
    seen = compared(monkeypatch)
    compared_at_night: list[int] = []
    for day in range(1, 8):
        before = len(seen)
        scrub = night(portal_database, day)
        assert (about(scrub), [code for code, _message in scrub.findings if code == ALTERED]) == ([], [])
        compared_at_night.append(len(set(seen[before:])))
    assert set(seen) >= set(rows)
    # One night has the turn of the entry that names them all.
    assert sorted(compared_at_night)[-2] < len(rows) / 2, "a night compares a part"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (f"UPDATE {TABLE} SET name = 'open' WHERE id = '%s'", "changed"),
        (f"DELETE FROM {TABLE} WHERE id = '%s'", "removed"),
    ],
)
def test_an_old_row_that_is_altered_is_named_within_seven_nights_whichever_it_is(
    rows: list[str], portal_database: PortalDatabase, change: str, what: str
) -> None:
    tampered = rows[::7]
    for key in tampered:
        tamper(portal_database, change % key)
    named: set[str] = set()
    for day in range(1, 8):
        named |= {message for message in about(night(portal_database, day)) if what in message}
    assert {message.split(":")[0] for message in named} == {
        f"{TABLE} {key} was {what} outside the portal" for key in tampered
    }


def test_a_row_that_nobody_made_is_named_within_seven_nights(rows: list[str], portal_database: PortalDatabase) -> None:
    invented = [f"00000000-0000-7000-8000-{number:012d}" for number in range(8)]
    for number, key in enumerate(invented):
        tamper(
            portal_database,
            f"INSERT INTO {TABLE} SELECT (jsonb_populate_record(t, jsonb_build_object('id', '{key}', 'day',"
            f" '2040-01-0{number + 1}'))).* FROM {TABLE} t WHERE id = '{rows[0]}'",
        )
    named = {message.split(":")[0] for day in range(1, 8) for message in about(night(portal_database, day))}
    assert named == {f"{TABLE} {key} was added outside the portal" for key in invented}


def test_what_changed_since_the_last_night_is_compared_the_next(
    rows: list[str], portal_database: PortalDatabase
) -> None:
    """A row that a verb wrote over after it was altered, and one that was altered after a verb changed it."""
    tamper(portal_database, f"UPDATE {TABLE} SET name = 'open' WHERE id = '{rows[3]}'")
    for key in (rows[3], rows[4]):
        ExtraHoliday.objects.filter(pk=key).update(name="half")
    tamper(portal_database, f"UPDATE {TABLE} SET name = 'open' WHERE id = '{rows[4]}'")
    named = {message.split(" outside")[0] for message in about(night(portal_database, 1))}
    assert named >= {f"{TABLE} {rows[3]} was altered", f"{TABLE} {rows[4]} was changed"}


def test_what_a_night_found_is_found_each_night_until_it_is_mended(
    rows: list[str], portal_database: PortalDatabase
) -> None:
    ExtraHoliday.objects.filter(pk=rows[5]).update(name="half")
    tamper(portal_database, f"UPDATE {TABLE} SET name = 'open' WHERE id = '{rows[5]}'")
    found = [about(night(portal_database, day)) for day in (1, 2, 3)]
    assert all(any(rows[5] in message for message in one) for one in found)
    tamper(portal_database, f"UPDATE {TABLE} SET name = 'half' WHERE id = '{rows[5]}'")
    assert about(night(portal_database, 4)) == []


def test_nights_that_were_missed_are_made_up(rows: list[str], portal_database: PortalDatabase) -> None:
    for key in rows[::7]:
        tamper(portal_database, f"DELETE FROM {TABLE} WHERE id = '{key}'")
    assert len(about(night(portal_database, 7))) == len(rows[::7])


def test_a_row_of_the_personal_database_is_walked_too(rows: list[str], portal_database: PortalDatabase) -> None:
    contact = make_contact(make_mina(), source="gateway")
    assert about(night(portal_database, 1)) == []
    with portal_database.connect(alias="personal") as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("ALTER TABLE subjects_contact DISABLE TRIGGER USER")
        superuser.execute("UPDATE subjects_contact SET language = 'en' WHERE id = %s", [contact.pk])
    [message] = {message for day in range(2, 9) for message in about(night(portal_database, day))}
    assert message.startswith(f"subjects_contact {contact.pk} was changed outside the portal")
    assert Contact.objects.count() == 1


def test_a_night_in_many_slices_says_the_same(rows: list[str], portal_database: PortalDatabase) -> None:
    for key in rows[::7]:
        tamper(portal_database, f"UPDATE {TABLE} SET name = 'open' WHERE id = '{key}'")
    scrub = night(portal_database, 7, seconds=0)
    assert len(about(scrub)) == len(rows[::7])
    assert scrub.code == ALTERED


def test_a_failed_scrub_painted_over_is_named_the_next_night(rows: list[str], portal_database: PortalDatabase) -> None:
    night(portal_database, 1)
    scrub = Scrub.objects.finished()[1]
    tamper(
        portal_database, f"UPDATE ledger_scrub SET code = {SOUND}, findings = '[]', size = 0 WHERE id = '{scrub.pk}'"
    )
    assert any(f"ledger_scrub {scrub.pk} was changed" in message for message in about(night(portal_database, 2)))


def test_whoever_moves_a_walk_on_between_its_slices_is_noticed(
    rows: list[str], portal_database: PortalDatabase
) -> None:
    """What a slice leaves is signed by a key that the database does not hold."""
    for key in rows[::7]:
        tamper(portal_database, f"UPDATE {TABLE} SET name = 'open' WHERE id = '{key}'")
    seal(portal_database)
    begun = ledger.start_scrub(actor=TESTS, at=moment(7))
    for _slice in range(3):
        ledger.continue_scrub(actor=TESTS, at=moment(7), seconds=0)
    with portal_database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            """UPDATE ledger_scrub SET progress = jsonb_set(progress, '{signed}', '"e30:1:x"') WHERE id = %s""",
            [begun.pk],
        )
    while ledger.continue_scrub(actor=TESTS, at=moment(7)) is not None:
        pass
    scrub = Scrub.objects.get(pk=begun.pk)
    assert [ALTERED, scrubs.SPOILED] in scrub.findings
    assert len(about(scrub)) == len(rows[::7])


def test_another_scrub_s_walk_is_no_good(rows: list[str], portal_database: PortalDatabase) -> None:
    """The walk of last night, which was further, in the place of this one's."""
    signed = []
    for day in (1, 2):
        seal(portal_database)
        begun = ledger.start_scrub(actor=TESTS, at=moment(day))
        ledger.continue_scrub(actor=TESTS, at=moment(day), seconds=0)
        signed.append(Scrub.objects.get(pk=begun.pk).progress)
        if day == 1:
            night(portal_database, 1)
    with connections["default"].cursor() as cursor:
        cursor.execute("UPDATE ledger_scrub SET progress = %s WHERE id = %s", [json.dumps(signed[0]), begun.pk])
    while ledger.continue_scrub(actor=TESTS, at=moment(2)) is not None:
        pass
    assert [ALTERED, scrubs.SPOILED] in Scrub.objects.get(pk=begun.pk).findings
