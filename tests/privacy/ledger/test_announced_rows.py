"""A row of another database between its announcement and its close: nothing that is done then stays unnoticed."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connections, transaction

from privacy.ledger import actions as ledger
from privacy.ledger import stated_commits
from privacy.ledger.actions import announced_rows, registers
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries import autocommit
from privacy.ledger.integrity.registers import Registers
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.subjects.models import Contact
from tests.database import PortalDatabase
from tests.factories.ledger import adopt
from tests.factories.subjects import make_contact, make_mina

pytestmark = [pytest.mark.clause("P8.3"), pytest.mark.attack("19.7")]

TESTS = SystemActor("tests")


@pytest.fixture
def contact(portal_database: PortalDatabase) -> Contact:
    adopt(portal_database)
    return make_contact(make_mina(), source="gateway")


def findings() -> list[str]:
    with log_reader.connect() as connection:
        return [message for _code, message in Registers(connection).verify().findings]


def of_word(word: str) -> list[dict[str, Any]]:
    return [json.loads(entry.payload) for entry in Entry.objects.filter(word=word).order_by("id")]


def put(contact: Contact, **changes: Any) -> None:
    """Change a contact as a verb does."""
    with transaction.atomic(using="personal"):
        for name, value in changes.items():
            setattr(contact, name, value)
        contact.save(update_fields=list(changes))


def altered(database: PortalDatabase, contact: Contact, change: str) -> None:
    """Alter a contact as the superuser."""
    with database.connect(alias="personal") as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("ALTER TABLE subjects_contact DISABLE TRIGGER capture_update")
        superuser.execute(f"UPDATE subjects_contact SET {change} WHERE id = %s", [contact.pk])  # type: ignore[arg-type]
        superuser.execute("ALTER TABLE subjects_contact ENABLE ALWAYS TRIGGER capture_update")


class Killed(BaseException):
    """The writer ends here."""


def killed_after_the_commit(monkeypatch: pytest.MonkeyPatch, contact: Contact, **changes: Any) -> None:
    def end(*_announced: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stated_commits, "close_rows", end)
        with pytest.raises(Killed):
            put(contact, **changes)


def killed_before_the_commit(monkeypatch: pytest.MonkeyPatch, contact: Contact, **changes: Any) -> None:
    announce = announced_rows.announce_rows

    def announce_and_end(*said: Any) -> None:
        announce(*said)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stated_commits, "announce_rows", announce_and_end)
        with pytest.raises(Killed):
            put(contact, **changes)


def close_what_is_decided() -> None:
    """Do what the nightly scrub does with what nobody closed."""
    with log_reader.connect() as connection:
        registers.close_decided(Registers(connection).verify())


def test_two_entries_say_what_became_of_a_row(contact: Contact) -> None:
    before = len(of_word("ledger.rows.announced"))
    put(contact, language="en")
    announced, closed = of_word("ledger.rows.announced")[before:], of_word("ledger.rows.closed")[before:]
    [((was, becomes),), ((became,),)] = [
        [one["rows"]["subjects_contact"][str(contact.pk)] for one in said] for said in (announced, closed)
    ]
    assert was != becomes == became
    assert [one["facts"]["announced"] for one in closed] == [one["nonce"] for one in announced]
    assert findings() == []


def test_what_was_undone_is_not_announced(contact: Contact) -> None:
    before = len(of_word("ledger.rows.announced"))
    with pytest.raises(RuntimeError), transaction.atomic(using="personal"):
        put(contact, language="en")
        raise RuntimeError
    put(contact, language="ko")  # as it was
    assert len(of_word("ledger.rows.announced")) == before
    assert findings() == []


def test_a_write_outside_every_transaction_is_announced_too(contact: Contact) -> None:
    Contact.objects.filter(pk=contact.pk).update(language="en")
    contact.delete()
    assert findings() == []


def test_without_the_trail_the_other_database_commits_nothing(
    contact: Contact, portal_database: PortalDatabase
) -> None:
    with portal_database.connect() as superuser:
        superuser.execute("REVOKE INSERT (kind, payload) ON ledger.entry FROM portal_app, portal_intake, portal_worker")
    with pytest.raises(ledger.LedgerUnavailable):
        put(contact, language="en")
    assert Contact.objects.get(pk=contact.pk).language == "ko"
    assert connections["personal"].get_autocommit()


@pytest.mark.parametrize("end", [killed_before_the_commit, killed_after_the_commit])
def test_a_writer_that_was_killed_raises_no_alarm(
    contact: Contact, monkeypatch: pytest.MonkeyPatch, end: Callable[..., None]
) -> None:
    end(monkeypatch, contact, language="en")
    connections["personal"].close()
    assert findings() == []
    close_what_is_decided()
    closed = of_word("ledger.rows.closed")
    assert findings() == []
    close_what_is_decided()
    assert of_word("ledger.rows.closed") == closed
    put(Contact.objects.get(pk=contact.pk), language="fr")
    assert findings() == []


def test_the_nightly_scrub_closes_what_a_killed_writer_left_open(
    contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_after_the_commit(monkeypatch, contact, language="en")
    closed = len(of_word("ledger.rows.closed"))
    ledger.start_scrub(actor=TESTS, at=clock.now())
    assert ledger.continue_scrub(actor=TESTS, at=clock.now()) is not None
    *_before, last = of_word("ledger.rows.closed")
    assert len(_before) == closed
    assert last["facts"]["announced"] == of_word("ledger.rows.announced")[-1]["nonce"]
    assert findings() == []


def test_a_row_set_back_after_its_writer_was_killed_is_named(
    contact: Contact, portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both values are right until somebody closes it; so the database is asked whether the transaction committed."""
    killed_after_the_commit(monkeypatch, contact, language="en")
    altered(portal_database, contact, "language = 'ko'")
    assert [message.split(":")[0] for message in findings()] == [
        f"subjects_contact {contact.pk} was changed outside the portal"
    ]
    close_what_is_decided()
    assert len(findings()) == 1


def test_a_row_put_forward_though_its_writer_never_committed_is_named(
    contact: Contact, portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_the_commit(monkeypatch, contact, language="en")
    connections["personal"].close()
    altered(portal_database, contact, "language = 'en'")
    assert len(findings()) == 1


def test_a_third_value_is_named_while_a_change_is_open(
    contact: Contact, portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_after_the_commit(monkeypatch, contact, language="en")
    altered(portal_database, contact, "language = 'fr'")
    assert len(findings()) == 1


def test_an_alteration_that_a_verb_writes_over_is_named(contact: Contact, portal_database: PortalDatabase) -> None:
    altered(portal_database, contact, "language = 'en'")
    put(Contact.objects.get(pk=contact.pk), language="fr")
    [message] = findings()
    assert message.startswith(f"subjects_contact {contact.pk} was altered outside the portal between entry")


def test_a_row_set_back_before_the_next_verb_is_named_though_the_close_came_late(
    contact: Contact, portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next announcement finds the old value, which was right; the close says that it was not."""
    late: list[Any] = []
    with monkeypatch.context() as patched:
        patched.setattr(stated_commits, "close_rows", late.extend)
        put(contact, language="en")
    altered(portal_database, contact, "language = 'ko'")
    put(Contact.objects.get(pk=contact.pk), language="fr")
    announced_rows.close_rows(late)
    [message] = findings()
    assert message.startswith(f"subjects_contact {contact.pk} was altered outside the portal")


def test_a_forged_close_contradicts_the_true_one(
    contact: Contact, portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Any] = []
    with monkeypatch.context() as patched:
        patched.setattr(stated_commits, "close_rows", late.extend)
        put(contact, language="en")
    [one] = late
    before, _after = one.rows["subjects_contact"][str(contact.pk)]
    announced_rows.close_rows([one._replace(rows={"subjects_contact": {str(contact.pk): (before, before)}})])
    altered(portal_database, contact, "language = 'ko'")
    announced_rows.close_rows(late)
    assert any(message.startswith(f"subjects_contact {contact.pk} was altered") for message in findings())


def test_whoever_empties_the_notes_has_changed_a_row_without_an_entry(
    contact: Contact, portal_database: PortalDatabase
) -> None:
    with portal_database.connect("portal_app", alias="personal") as portal, portal.transaction():
        portal.execute("UPDATE subjects_contact SET language = 'en' WHERE id = %s", [contact.pk])
        portal.execute("SELECT set_config('portal.rows', '', true)")
    assert len(findings()) == 1


def test_a_removed_note_hides_nothing(contact: Contact, portal_database: PortalDatabase) -> None:
    with portal_database.connect(alias="personal") as superuser:
        superuser.execute("ALTER TABLE subjects_contact DISABLE TRIGGER note_update")
    put(contact, language="en")
    assert [message.split(":")[0] for message in findings()] == [
        f"subjects_contact {contact.pk} was changed outside the portal"
    ]


def test_rows_that_change_while_they_are_compared_raise_no_alarm(contact: Contact) -> None:
    stop = threading.Event()

    def write() -> None:
        try:
            while not stop.is_set():
                for language in ("en", "ko"):
                    put(contact, language=language)
        finally:
            connections.close_all()
            autocommit.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [findings() for _time in range(25)]
    finally:
        stop.set()
        writer.join()
    assert found == [[]] * 25


def test_an_adoption_while_a_row_changes_takes_nothing_back(
    contact: Contact, portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Any] = []
    with monkeypatch.context() as patched:
        patched.setattr(stated_commits, "close_rows", late.extend)
        put(contact, language="en")
        adopt(portal_database, because="tried")
    announced_rows.close_rows(late)
    assert findings() == []
    put(contact, language="fr")
    assert findings() == []


def test_a_row_named_long_ago_is_carried(contact: Contact) -> None:
    later: datetime = clock.now().replace(year=clock.now().year + 2)
    with log_reader.connect() as connection:
        found = Registers(connection).verify()
    registers.carry_rows(found, actor=TESTS, at=later)
    assert any(str(contact.pk) in one["rows"].get("subjects_contact", {}) for one in of_word("ledger.rows.carried"))
    assert findings() == []
