"""While a release changes the columns of a register, rows go on changing, and none of them is accused for that."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import transaction
from django.db.migrations import Migration

from privacy.ledger import actions as ledger
from privacy.ledger.actions.registers import _record_parts
from privacy.ledger.actors import SystemActor
from privacy.ledger.events import Event
from privacy.ledger.integrity import adoptions
from privacy.ledger.integrity.registers import Registers, altered_rows
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Entry
from privacy.ledger.protected_tables import TABLES, ProtectedTable
from privacy.lib.dates import clock
from privacy.policies.models import ExtraHoliday
from tests.database import PortalDatabase
from tests.factories.ledger import Word, adopt, tamper

pytestmark = pytest.mark.clause("P8.3")

TABLE = "policies_extraholiday"
TESTS = SystemActor("tests")


def emit(database: PortalDatabase, signal: str) -> None:
    """Say to the apps, as the owner, what a migration of the general database says before or after."""
    with database.as_role("portal_owner"):
        if signal == "before":
            emit_pre_migrate_signal(
                verbosity=0, interactive=False, db="default", plan=[(Migration("0099_later", "policies"), False)]
            )
        else:
            emit_post_migrate_signal(verbosity=0, interactive=False, db="default", plan=[])


@pytest.fixture
def of_before(portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> PortalDatabase:
    """A portal of the release before, in which holidays had a column less."""
    monkeypatch.setitem(TABLES, TABLE, ProtectedTable(TABLES[TABLE].model, ("added_at",)))
    emit(portal_database, "after")
    adopt(portal_database)
    return portal_database


@contextmanager
def migrating(database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What happens inside happens while the next release migrates; its columns are taken up only later."""
    monkeypatch.setitem(TABLES, TABLE, ProtectedTable(TABLES[TABLE].model, ()))
    emit(database, "before")
    emit(database, "after")
    yield


def holiday(day: int = 0) -> ExtraHoliday:
    row = ExtraHoliday(day=date(2030, 1, 7) + timedelta(days=day), name="closed", added_at=clock.now())
    row.save()
    return row


def rename(row: ExtraHoliday, name: str) -> None:
    with transaction.atomic():
        row.name = name
        row.save(update_fields=["name"])
        ledger.record(Word.TRIED, actor=TESTS, at=clock.now(), about=row)


def findings() -> list[str]:
    """What is said of rows of holidays."""
    with log_reader.connect() as connection:
        said = [message for _code, message in Registers(connection).verify().findings]
    return [message for message in said if message.startswith(TABLE)]


def notes() -> list[str]:
    """What every verification says of what took rows as they stood."""
    with log_reader.connect() as connection:
        return Registers(connection).verify().notes


def test_a_row_that_changes_before_its_new_columns_are_taken_up_was_not_altered_outside_the_portal(
    of_before: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the migration itself, which fills its column, or by the release before, which works on beside it."""
    row = holiday()
    with migrating(of_before, monkeypatch):
        rename(row, "closed too")
        rename(holiday(1), "of meanwhile")
    assert adopt(of_before) == [TABLE]
    assert findings() == []
    assert altered_rows(ExtraHoliday, [row.pk]) == []
    rename(row, "open")
    assert findings() == []
    tamper(of_before, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    assert len(findings()) == 1


def test_what_was_altered_before_the_release_stays_accused(
    of_before: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = holiday()
    tamper(of_before, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    rename(row, "as if nothing had been")
    [accused] = findings()
    with migrating(of_before, monkeypatch):
        rename(row, "once more")
    adopt(of_before)
    assert findings() == [accused]
    assert altered_rows(ExtraHoliday, [row.pk]) == [str(row.pk)]


def test_a_release_is_announced_once_and_only_where_columns_change(
    of_before: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = Entry.objects.filter(word="ledger.registers.adopted")
    before = entries.count()
    emit(of_before, "before")
    assert entries.count() == before
    for _again in range(2):
        with migrating(of_before, monkeypatch):
            pass
    announced = entries.count()
    assert announced == before + 1
    newest = entries.order_by("-id").first()
    assert newest is not None and not adoptions.waits_for_confirmation(newest.id), "nothing was taken up yet"
    adopt(of_before)
    taken = entries.order_by("-id").first()
    assert taken is not None and adoptions.waits_for_confirmation(taken.id)
    emit(of_before, "before")
    assert entries.count() == announced + 1


def test_a_release_that_was_given_up_takes_its_table_anew_without_a_reason(
    of_before: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = holiday()
    with migrating(of_before, monkeypatch):
        pass
    monkeypatch.setitem(TABLES, TABLE, ProtectedTable(TABLES[TABLE].model, ("added_at",)))
    emit(of_before, "after")
    rename(row, "open")
    assert adopt(of_before) == [TABLE]
    assert findings() == []
    assert len(notes()) == 1 and "the same columns, though entry" in notes()[0]


def test_a_release_that_was_announced_is_told_of_until_its_columns_are_taken_up(
    of_before: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that failed, or that an administrator made up, would otherwise wait unseen for the next to excuse a row."""
    row, wanted = holiday(), f"announces other columns of {TABLE}"
    with migrating(of_before, monkeypatch):
        pass
    assert [wanted in note for note in notes()] == [True]
    adopt(of_before)
    assert [wanted in note for note in notes()] == [False], "the columns were taken up"
    with of_before.as_role("portal_owner"):
        facts = {"tables": {TABLE: ""}, "announced": True}
        _record_parts(Event.REGISTERS_ADOPTED, {}, facts, actor=TESTS, at=clock.now())
    assert [wanted in note for note in notes()] == [False, True]
    tamper(of_before, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    adopt(of_before)
    assert ["other columns in a release" in note for note in notes()] == [True, False], "its columns are the same"


def test_an_adoption_says_which_announcement_excused_what_it_drops(
    of_before: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that an administrator made up waits for a release that does have other columns, and excuses a row with it."""
    row, other = holiday(), holiday(1)
    with of_before.as_role("portal_owner"):
        facts = {"tables": {TABLE: ""}, "announced": True}
        _record_parts(Event.REGISTERS_ADOPTED, {}, facts, actor=TESTS, at=clock.now())
    made_up = Entry.objects.filter(word="ledger.registers.adopted").order_by("-id")[0].id
    tamper(of_before, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    rename(row, "as if nothing had been")
    assert len(findings()) == 1
    with migrating(of_before, monkeypatch):
        rename(other, "closed too")
    adopt(of_before)
    assert findings() == []
    [note] = notes()
    assert f"announced by entry {made_up}; findings since that announcement that it drops: " in note, note


def test_nobody_but_the_owner_announces_one(of_before: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, TABLE, ProtectedTable(TABLES[TABLE].model, ()))
    with pytest.raises(ledger.LedgerUnavailable):
        ledger.announce_columns(actor=TESTS, at=clock.now())
