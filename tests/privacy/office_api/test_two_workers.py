"""Two workers send events of one subject: who comes while the one before is just taken goes, and waits for nobody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

from django.db import connections, transaction

from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries import autocommit
from privacy.office_api import actions as office_api
from privacy.office_api.models import EventDelivery
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.factories.webhooks import make_webhook
from tests.privacy.retention.test_races import waiting_for_locks


def two_of_one_subject() -> tuple[EventDelivery, EventDelivery]:
    make_webhook("https://program.example.org/")
    hold = factory.make_hold()
    office_api.distribute(at=NOON)
    (first,) = EventDelivery.objects.filter(about=hold.reference)
    later = EventDelivery.objects.create(
        subscription=first.subscription, event=first.event, about=first.about, queued_at=NOON, round=1
    )
    return first, later


def test_what_waits_behind_one_that_is_sent_again_goes_after_it(portal_database: PortalDatabase) -> None:
    officer = factory.make_officer()
    first, later = two_of_one_subject()
    office_api.record_dead(first.pk, actor=SystemActor("tests"), at=NOON)
    queued = GeneralOutbox.objects.filter(key__startswith=f"office_api.event:{later.pk}:", done_at=None)
    assert queued.count() == 1
    office_api.send_again(first, actor=officer, at=NOON)
    assert office_api.next_attempt(later.pk) is None
    queued.update(done_at=NOON)
    first.refresh_from_db()
    office_api.record_taken(first, at=NOON + timedelta(hours=1))
    assert queued.count() == 1
    assert office_api.next_attempt(later.pk) == later


def test_what_comes_while_the_one_before_is_just_taken_is_sent(portal_database: PortalDatabase) -> None:
    factory.make_officer()
    first, later = two_of_one_subject()
    asked = Event()

    def second() -> EventDelivery | None:
        try:
            return office_api.next_attempt(later.pk)
        finally:
            asked.set()
            autocommit.close()
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            office_api.record_taken(first, at=NOON)
            sending = pool.submit(second)
            while not waiting_for_locks() and not asked.is_set():
                continue
        assert sending.result(60) == later
