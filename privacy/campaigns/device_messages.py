"""What a device has to show, as its gateway asks for it: read here, and settled by the worker."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Delivery, digest_of
from privacy.jobs import outbox

MOST = 20


def pending(subject_id: UUID) -> Sequence[Delivery]:
    """Return what waits to be shown to a person, oldest first: nothing of a campaign that is paused, stopped or late.

    A text that is no longer the one of its digest is shown to nobody; the worker compares that with the audit trail.
    """
    in_time = Q(campaign__told_before=None) | Q(campaign__told_before__gt=Now())
    waiting = Delivery.objects.filter(
        in_time, subject_id=subject_id, state=Delivery.State.WAITING, way=Delivery.Way.DEVICE,
        campaign__paused_at=None, campaign__stopped_at=None,
    )  # fmt: skip
    rows = waiting.select_related("campaign").order_by("on_device_at", "id")[:MOST]
    return [row for row in rows if digest_of(row.campaign) == row.campaign.digest]


def note_shown(delivery_id: UUID, *, subject_id: UUID, shown_at: datetime) -> bool:
    """Let the worker note that a message was shown; return whether there is such a message for this person.

    Safe to repeat: a message has one such note.
    """
    mine = Delivery.objects.filter(pk=delivery_id, subject_id=subject_id, on_device_at__isnull=False)
    if not mine.exists():
        return False
    with transaction.atomic():
        key = f"{campaigns.SHOWN}:{delivery_id}"
        outbox.enqueue(campaigns.SHOWN, ids={"delivery": str(delivery_id), "shown_at": shown_at.isoformat()}, key=key)
    return True
