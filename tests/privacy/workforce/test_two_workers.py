"""Two workers ring at the same moment: one opens a review, the other finds it, and neither fails."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Event
from typing import Any

import pytest
from django.db import connections, transaction

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessReview
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries import autocommit
from privacy.ledger.models import Review
from privacy.safeguards import actions as safeguards
from privacy.safeguards.automated_checks import registry
from privacy.safeguards.models import Measure
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.retention.test_races import waiting_for_locks

WORKER = SystemActor("tests")


def opened_by_two(act: Callable[[], object]) -> tuple[Any, Any]:
    """Return what each got: the first commits when the second waits for it, or has answered."""
    begun, answered = Event(), Event()

    def first() -> object:
        try:
            with transaction.atomic():
                made = act()
                begun.set()
                while not waiting_for_locks() and not answered.is_set():
                    continue
            return made
        finally:
            begun.set()
            autocommit.close()
            connections.close_all()

    def second() -> object:
        begun.wait(60)
        try:
            return act()
        finally:
            answered.set()
            autocommit.close()
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(first), pool.submit(second)
        return one.result(60), other.result(60)


@pytest.mark.truth("reviews-at-once")
def test_the_review_of_access_is_opened_by_one_of_two(portal_database: PortalDatabase) -> None:
    factory.make_odile(granted=False)
    one, other = opened_by_two(lambda: accounts.open_review(on=NOON.date(), actor=WORKER, at=NOON))
    assert one == AccessReview.objects.get()
    assert other is None


@pytest.mark.truth("reviews-at-once")
def test_the_review_of_access_records_is_opened_by_one_of_two(portal_database: PortalDatabase) -> None:
    at = datetime(2026, 11, 3, 1, tzinfo=UTC)
    one, other = opened_by_two(lambda: ledger.open_reviews(on=date(2026, 11, 3), actor=WORKER, at=at))
    assert one == [Review.objects.get()]
    assert other == []


@pytest.mark.truth("reviews-at-once")
def test_the_measures_of_the_portal_are_registered_once(portal_database: PortalDatabase) -> None:
    """The demo's example data was once broken off by the worker, which looked at the portal at the same moment."""
    made = opened_by_two(lambda: safeguards.register_automated_measures(actor=SystemActor("safeguards"), at=NOON))
    assert made == (len(registry.CHECKS), 0)
    assert Measure.objects.count() == len(registry.CHECKS)
