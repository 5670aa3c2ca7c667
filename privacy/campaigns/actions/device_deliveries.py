"""Verbs of a notice shown on the person's device: laid out for its gateway, shown, or not in time (decision 0407)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy.campaigns.actions.deliveries import finish_if_settled, give_up, lock_delivery
from privacy.campaigns.actions.ways import DEVICE
from privacy.campaigns.events import Event
from privacy.campaigns.models import NOT_SHOWN, Delivery
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor

# Whom a message on the device has told, once it was shown there: whatever became of the delivery meanwhile.
UNTOLD = (*Delivery.OPEN, Delivery.State.STOPPED)


@transaction.atomic
def mark_shown(delivery_id: UUID, *, shown_at: datetime, actor: Actor, at: datetime) -> bool:
    """Note that the device showed the message, which tells the person; safe to repeat.

    Return whether it is settled: not while the provider has a text message whose fate nobody knows yet.

    Also where another way was taken since, as long as nobody was told by it: then that one isn't gone any more.
    """
    row = lock_delivery(delivery_id)
    if row.on_device_at is None or (row.state == Delivery.State.SENT and row.way == Delivery.Way.DEVICE):
        return True
    if row.is_under_way:
        return False
    if row.state in UNTOLD:
        row.state, row.way, row.settled_by = Delivery.State.SENT, Delivery.Way.DEVICE, actor.ref
        row.settled_at, row.message_id, row.trouble = min(max(shown_at, row.on_device_at), at), "", ""
        row.save(update_fields=["state", "way", "settled_at", "settled_by", "message_id", "trouble"])
    facts = {
        "campaign": row.campaign.reference, "way": Delivery.Way.DEVICE.value, "digest": row.campaign.digest,
        "shown": shown_at.isoformat(),
    }  # fmt: skip
    ledger.record(Event.SENT, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    finish_if_settled(row.campaign, actor=actor, at=at)
    return True


@transaction.atomic
def mark_not_shown(delivery: Delivery, *, actor: Actor, at: datetime) -> None:
    """Note that the device showed nothing in time: another way is taken, or the office looks. Safe to repeat."""
    row = lock_delivery(delivery.pk)
    if row.state != Delivery.State.WAITING or row.way != Delivery.Way.DEVICE:
        return
    facts = {"why": NOT_SHOWN}
    ledger.record(Event.UNDELIVERED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    give_up(row, DEVICE, state=Delivery.State.PARKED, trouble=NOT_SHOWN, actor=actor, at=at)
