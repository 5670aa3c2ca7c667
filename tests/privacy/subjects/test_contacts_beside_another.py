"""Contacts: two who write at once, and indexes that are made for those behind one that can't be read."""

import threading

import pytest
from django.db import connections

from privacy.ledger.actors import SystemActor
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact
from privacy.vault import actions as vault
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON, make_contact, make_mina

WORKER = SystemActor("tests")


@pytest.mark.truth("two-contacts-at-once")
def test_two_who_record_the_first_contact_at_once_both_succeed(portal_database: PortalDatabase) -> None:
    mina = make_mina()
    barrier = threading.Barrier(2)
    failures: list[BaseException] = []

    def write(value: str) -> None:
        try:
            barrier.wait(60)
            subjects.record_contact(mina, kind="phone", value=value, source="person", actor=WORKER, at=NOON)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(f"02-6928-677{number}",)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Contact.objects.filter(subject_id=mina.id, kind="phone").count() == 1


@pytest.mark.truth("index-queue-head")
class IndexesOfBefore(PortalTestCase):
    def test_are_made_behind_contacts_whose_key_is_gone(self) -> None:
        """They stood first and were left out of each reading, so that nobody behind them was ever found."""
        gone = [make_contact(make_mina()) for _number in range(2)]
        behind = make_contact(make_mina())
        Contact.objects.update(value_index=None)
        for contact in gone:
            vault.shred_subject(
                subject_id=contact.subject_id, categories=None, cause="x", certificate="C", actor=WORKER, at=NOON
            )
        for _turn in range(2):
            subjects.index_contacts(actor=WORKER, at=NOON, most=2)
        behind.refresh_from_db()
        assert behind.value_index
