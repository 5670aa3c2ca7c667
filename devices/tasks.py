"""What runs later: months made ahead, old counts and answers forgotten. No arguments; safe to run twice."""

import time

from devices import actions as devices
from devices import months
from privacy.ledger.actors import System
from privacy.lib import clock
from privacy.vault import actions as vault

CATEGORIES = ("service-analytics", "app-log")


def make_partitions() -> int:
    """Make the partitions and epoch keys of the coming months; return how many partitions were missing."""
    coming = months.coming(clock.today())
    vault.make_epoch_keys(CATEGORIES, coming, at=clock.now())
    return months.make(coming)


def tidy() -> int:
    """Forget request counts, remembered answers and batches that are over; return how many rows went."""
    at = clock.now()
    return devices.forget_rates(at=at) + devices.forget_answers(at=at) + devices.forget_batches(at=at)


def count_statistics() -> int:
    """Take what arrived into the daily figures, for most of a minute; return how many batches that were."""
    devices.close_days(on=clock.today())
    end = time.monotonic() + 40
    counted = 0
    while time.monotonic() < end and (batches := devices.count_batches(actor=System("statistics"), at=clock.now())):
        counted += batches
    return counted
