"""Verbs of many deliveries of one campaign at once: one transaction and one entry on the audit trail for all of them.

The entry names everybody and carries the digest of each delivery as it is then, which is the proof for each person. Who
isn't as the others are (told another way meanwhile, refused, no address) is left to the verbs of one delivery.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat

from privacy.campaigns.actions.deliveries import finish_if_settled, message_key_of
from privacy.campaigns.actions.device_deliveries import UNTOLD
from privacy.campaigns.actions.pace import next_turn
from privacy.campaigns.events import Event
from privacy.campaigns.models import Campaign, Delivery
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.integrations.mail import fixed_message_id


@contextmanager
def _locked(campaign: Campaign, ids: Collection[UUID]) -> Iterator[tuple[Campaign, list[Delivery]]]:
    """Lock a campaign and then these deliveries of it, in the order of their keys."""
    with transaction.atomic():
        held = Campaign.objects.select_for_update().get(pk=campaign.pk)
        rows = held.deliveries.select_for_update().filter(pk__in=list(ids)).order_by("pk")
        yield held, list(rows)


def take_turns(
    campaign: Campaign, ids: Collection[UUID], *, count: int = 1, is_text: bool = False, at: datetime
) -> dict[UUID, float]:
    """Say of each delivery that is still open whether its message may go out now (0), or the seconds to wait.

    ``count`` messages of each count into the minute. A text message may be with the provider from then on.
    """
    turns: dict[UUID, float] = {}
    with _locked(campaign, ids) as (held, rows):
        for row in rows:
            if row.state in Delivery.UNSENT and not (is_text and row.text_failed_at is not None):
                turns[row.pk] = 0.0 if is_text and row.is_under_way else next_turn(held, row, count=count, at=at)
        if held.per_minute is not None:
            held.save(update_fields=["minute_began_at", "sent_in_minute"])
        if is_text:
            going = [row.pk for row in rows if turns.get(row.pk) == 0.0 and not row.is_under_way]
            Delivery.objects.filter(pk__in=going).update(state=Delivery.State.WAITING, handed_at=at)
    return turns


def mark_sent_together(campaign: Campaign, ids: Collection[UUID], *, actor: Actor, at: datetime) -> None:
    """Note that these mails went out, each with the Message-ID of its key; safe to repeat."""
    with _locked(campaign, ids) as (held, rows):
        rows = [row for row in rows if row.state != Delivery.State.SENT]
        # Whoever was told another way while the mail was under way keeps that proof; the mail is on record too.
        new = [row.pk for row in rows if row.state != Delivery.State.TOLD]
        before, _, after = fixed_message_id(message_key_of("|")).partition("|")
        Delivery.objects.filter(pk__in=new).update(
            state=Delivery.State.SENT, way="", trouble="", settled_at=at, settled_by=actor.ref,
            message_id=Concat(Value(before), Cast(F("pk"), CharField()), Value(after)),
        )  # fmt: skip
        _record(held, rows, "mail", actor=actor, at=at)


def mark_accepted_together(campaign: Campaign, messages: Mapping[UUID, str], *, way: Delivery.Way) -> None:
    """Keep the numbers that the provider gave the parts of these messages: nobody is told by that yet."""
    with _locked(campaign, messages), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_delivery AS row SET message_id = said.message, way = %s"
            " FROM unnest(%s::uuid[], %s::text[]) AS said (id, message) WHERE row.id = said.id AND row.state = %s",
            [way.value, list(messages), list(messages.values()), Delivery.State.WAITING],
        )


def mark_texted_together(
    campaign: Campaign, arrived: Mapping[UUID, datetime], *, way: Delivery.Way, actor: Actor, at: datetime
) -> set[UUID]:  # fmt: skip
    """Note that messages arrived whole, each when the provider says; return those that are settled. Safe to repeat."""
    return _settle(campaign, arrived, way, UNTOLD, actor=actor, at=at)


def mark_shown_together(
    campaign: Campaign, shown: Mapping[UUID, datetime], *, actor: Actor, at: datetime
) -> set[UUID]:  # fmt: skip
    """Note of messages that wait on their device that it showed them; return those that are settled. Safe to repeat."""
    return _settle(campaign, shown, Delivery.Way.DEVICE, (Delivery.State.WAITING,), actor=actor, at=at)


def place_on_devices(campaign: Campaign, ids: Collection[UUID], *, at: datetime) -> None:
    """Lay messages out for the gateways of the devices; nobody is told by that yet."""
    with _locked(campaign, ids) as (_held, rows):
        new = [row.pk for row in rows if row.state == Delivery.State.WAITING and row.on_device_at is None]
        Delivery.objects.filter(pk__in=new).update(on_device_at=at, way=Delivery.Way.DEVICE)


def _settle(
    campaign: Campaign, moments: Mapping[UUID, datetime], way: Delivery.Way, states: Collection[str], *, actor: Actor,
    at: datetime,
) -> set[UUID]:  # fmt: skip
    with _locked(campaign, moments) as (held, rows):
        rows = [row for row in rows if row.state in states and row.way == way]
        told = {row.pk: min(moments[row.pk], at) for row in rows}
        if way == Delivery.Way.DEVICE:
            told = {row.pk: max(told[row.pk], row.on_device_at or at) for row in rows}
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE campaigns_delivery AS row"
                " SET state = 'sent', settled_at = said.at, settled_by = %s, trouble = '',"
                " message_id = CASE WHEN row.way = 'device' THEN '' ELSE row.message_id END"
                " FROM unnest(%s::uuid[], %s::timestamptz[]) AS said (id, at) WHERE row.id = said.id",
                [actor.ref, list(told), list(told.values())],
            )
        _record(held, rows, way.value, actor=actor, at=at)
    return set(told)


def _record(campaign: Campaign, rows: Collection[Delivery], way: str, *, actor: Actor, at: datetime) -> None:
    """Put the telling of these people on record, and end the campaign with the last of them."""
    if rows:
        facts = {"campaign": campaign.reference, "way": way, "digest": campaign.digest}
        people = [row.subject_id for row in rows]
        ledger.record(Event.SENT_TOGETHER, actor=actor, at=at, about=campaign, subjects=people, facts=facts)
        finish_if_settled(campaign, actor=actor, at=at)
