"""What runs later: giving out events and sending them. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.office_api import actions as office_api
from privacy.office_api import webhook_client
from privacy.office_api.actions.outgoing_events import DELIVER, DISTRIBUTE
from privacy.office_api.webhook_client import EventNotTaken

WORKER = SystemActor("webhooks")


def park_delivery(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show an event that three days of trying did not bring to its address."""
    office_api.record_dead(int(ids["delivery"]), actor=WORKER, at=at)


@outbox.deliverer(DISTRIBUTE)
def distribute_events(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Give out what waits, this event among it."""
    office_api.distribute(at=at)


@outbox.deliverer(DELIVER, destination="webhook", parked=park_delivery)
def deliver_event(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one event to one address, behind what the same subject waits for."""
    delivery = office_api.next_attempt(int(ids["delivery"]))
    if delivery is None:
        return
    try:
        webhook_client.send(delivery.subscription, delivery.event, at=clock.now())
    except EventNotTaken as error:
        office_api.record_failure(delivery, str(error), at=at)
        raise
    office_api.record_taken(delivery, at=at)


def remove_old_events() -> int:
    """Remove events that are old enough; return how many."""
    return office_api.remove_old_events(at=clock.now())
