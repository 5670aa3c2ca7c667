"""What runs later: months made ahead, old counts and answers forgotten. No arguments; safe to run twice."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from devices import actions as devices
from devices import eligibility, partitions
from devices.actions.discarded_imports import DISCARDED
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.postgres import invalidation
from privacy.policies.categories import APP_LOG, SERVICE_ANALYTICS
from privacy.vault import actions as vault
from privacy.vault.keys import INVALIDATION_TABLE

CATEGORIES = (SERVICE_ANALYTICS, APP_LOG)


@outbox.deliverer("devices.import")
def continue_import(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Register a fleet from its file, for most of a minute at a time."""
    end = time.monotonic() + 40
    try:
        while not devices.continue_import(UUID(ids["import"]), actor=SystemActor("fleet-import"), at=clock.now()):
            if time.monotonic() > end:
                devices.requeue_import(UUID(ids["import"]))
                return
    except vault.UnderHold:
        raise outbox.RetryLater(12 * 60 * 60, "a hold keeps rows that were refused") from None


@outbox.deliverer(DISCARDED)
def destroy_discarded_import(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Destroy what was read for an import that an officer discarded."""
    devices.destroy_discarded(UUID(ids["import"]), actor=SystemActor("fleet-import"), at=at)


@outbox.deliverer("devices.settled")
def remove_settled_logs(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Remove the app logs of a settled error, at once or when nothing keeps them any more."""
    if not devices.remove_settled_logs(UUID(ids["settled"]), actor=SystemActor("app-logs"), at=at):
        raise outbox.RetryLater(12 * 60 * 60, "a hold or an open case keeps these app logs")


def remove_expired_logs() -> int:
    """Remove the app logs whose purpose has ended by its days; return how many went."""
    return devices.remove_expired_logs(on=clock.today(), actor=SystemActor("app-logs"), at=clock.now())


def make_partitions() -> int:
    """Make the partitions and month keys of the coming months; return how many partitions were missing."""
    coming = partitions.months_from(clock.today())
    vault.create_month_keys(CATEGORIES, coming, at=clock.now())
    return partitions.create_partitions(coming)


def cluster_closed_months() -> int:
    """Put months that have been over for a week in the order of their devices; return how many that were."""
    last_week = partitions.first_of_month(clock.today() - timedelta(days=7))
    return sum(
        partitions.cluster_partition(table, month)
        for table in partitions.TABLES
        for month in partitions.existing_months(table)
        if partitions.months_from(month, 1)[1] <= last_week
    )


def delete_expired() -> int:
    """Forget counts, answers and batches that are over, and discard old previews.

    Returns how many rows of these went.
    """
    at = clock.now()
    invalidation.prune("default", INVALIDATION_TABLE)
    invalidation.prune("personal", eligibility.DEVICE_INVALIDATIONS)
    devices.discard_expired_imports(actor=SystemActor("fleet-import"), at=at)
    return (
        devices.delete_expired_rates(at=at)
        + devices.delete_expired_nonces(at=at)
        + devices.delete_expired_responses(at=at)
        + devices.delete_expired_batches(at=at)
    )


def count_statistics() -> int:
    """Take what arrived into the daily figures, for most of a minute; return how many batches that were."""
    devices.close_days(on=clock.today())
    end = time.monotonic() + 40
    counted = 0
    while time.monotonic() < end and (
        batches := devices.count_batches(actor=SystemActor("statistics"), at=clock.now())
    ):
        counted += batches
    return counted
