"""Verbs of the text message of a delivery: taken by the provider, on the phone, or not (decision 0398)."""

from datetime import datetime

from django.db import transaction

from privacy.campaigns.actions.deliveries import finish_if_settled, give_up, lock_delivery
from privacy.campaigns.actions.ways import TEXT
from privacy.campaigns.events import Event
from privacy.campaigns.models import NOT_DELIVERED, Delivery
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor


@transaction.atomic
def mark_texted(
    delivery: Delivery, *, on_the_phone_at: datetime, way: Delivery.Way = Delivery.Way.TEXT, actor: Actor, at: datetime
) -> None:
    """Note that the whole message arrived, at the moment that the provider reports; safe to repeat."""
    row = lock_delivery(delivery.pk)
    if row.state == Delivery.State.SENT:
        return
    messages = row.message_id
    # Whoever was told another way meanwhile keeps that proof; the message is on record too.
    if row.state != Delivery.State.TOLD:
        row.state, row.settled_at, row.settled_by = Delivery.State.SENT, min(on_the_phone_at, at), actor.ref
        row.way, row.trouble = way, ""
        row.save(update_fields=["state", "settled_at", "settled_by", "way", "trouble"])
    facts = {
        "campaign": row.campaign.reference, "way": way.value, "message_id": messages,
        "digest": row.campaign.digest,
    }  # fmt: skip
    ledger.record(Event.SENT, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    finish_if_settled(row.campaign, actor=actor, at=at)


@transaction.atomic
def mark_undelivered(delivery: Delivery, *, why: str, failed: str = TEXT, actor: Actor, at: datetime) -> None:
    """Note that a text message, or one by KakaoTalk, did not arrive. Safe to repeat.

    The other way is taken, after KakaoTalk a text message first, or a person looks.
    """
    row = lock_delivery(delivery.pk)
    field = "text_failed_at" if failed == TEXT else "kakao_failed_at"
    if row.state != Delivery.State.WAITING or getattr(row, field) is not None:
        return
    facts = {"why": why[:80], "message_id": row.message_id}
    ledger.record(Event.UNDELIVERED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    setattr(row, field, at)
    row.save(update_fields=[field])
    give_up(row, failed, state=Delivery.State.PARKED, trouble=f"{NOT_DELIVERED} {why}", actor=actor, at=at)
