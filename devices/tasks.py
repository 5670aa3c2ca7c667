"""What runs later: months made ahead, old counts and answers forgotten. No arguments; safe to run twice."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from devices import actions as devices
from devices import gate, months
from privacy.jobs import outbox
from privacy.ledger.actors import System
from privacy.lib import clock, closings
from privacy.vault import actions as vault
from privacy.vault.keys import CLOSINGS

CATEGORIES = ("service-analytics", "app-log")


@outbox.deliverer("devices.import")
def carry_on_import(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Register a fleet from its file, for most of a minute at a time."""
    end = time.monotonic() + 40
    while not devices.carry_on_import(UUID(ids["import"]), actor=System("fleet-import"), at=clock.now()):
        if time.monotonic() > end:
            devices.queue_rest(UUID(ids["import"]))
            return


def make_partitions() -> int:
    """Make the partitions and epoch keys of the coming months; return how many partitions were missing."""
    coming = months.coming(clock.today())
    vault.make_epoch_keys(CATEGORIES, coming, at=clock.now())
    return months.make(coming)


def order_closed_months() -> int:
    """Put months that have been over for a week in the order of their devices; return how many that were."""
    last_week = months.first_of(clock.today() - timedelta(days=7))
    return sum(
        months.put_in_order(table, month)
        for table in months.TABLES
        for month in months.held(table)
        if months.coming(month, 1)[1] <= last_week
    )


def tidy() -> int:
    """Forget request counts, remembered answers and batches that are over; return how many rows went."""
    at = clock.now()
    closings.forget("default", CLOSINGS)
    closings.forget("personal", gate.CLOSINGS_OF_DEVICES)
    return devices.forget_rates(at=at) + devices.forget_answers(at=at) + devices.forget_batches(at=at)


def count_statistics() -> int:
    """Take what arrived into the daily figures, for most of a minute; return how many batches that were."""
    devices.close_days(on=clock.today())
    end = time.monotonic() + 40
    counted = 0
    while time.monotonic() < end and (batches := devices.count_batches(actor=System("statistics"), at=clock.now())):
        counted += batches
    return counted
