"""Whoever registers after everybody was listed, and before what a notice is about happens: told as well, each once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy.campaigns.actions.deliveries import (
    BATCH_SIZE,
    count_untold,
    finish_if_settled,
    list_as_untold,
    reopen,
)
from privacy.campaigns.actions.pace import may_list_more
from privacy.campaigns.actions.ways import enlist
from privacy.campaigns.events import Event
from privacy.campaigns.lateness import is_late
from privacy.campaigns.models import Campaign, Delivery
from privacy.campaigns.untold import unlisted, unwritten
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor


def list_newcomers(campaign: Campaign, *, actor: Actor, at: datetime) -> int:
    """List whoever registered since a campaign to everybody was listed; return how many. Safe to repeat.

    Of one that is still listing, is paused, was stopped or is late, or that leaves people out, nothing is listed.
    """
    listed, last = 0, UUID(int=0)
    while may_list_more(campaign.pk, at=at):
        with transaction.atomic():
            row = Campaign.objects.select_for_update().get(pk=campaign.pk)
            if not row.everybody or row.kind == Campaign.Kind.USE or row.listed_at is None or row.stopped_at:
                break
            if is_late(row, at):
                break
            found = unlisted(row).filter(id__gt=last).order_by("id")
            ids = list(found.values_list("id", flat=True)[:BATCH_SIZE])
            if not ids:
                break
            last = ids[-1]
            reopen(row)
            enlist(row, ids, at=at)
            ledger.record(Event.LISTED, actor=actor, at=at, about=row, facts={"people": len(ids), "since": "listed"})
        listed += len(ids)
    return listed


def list_untold(campaign: Campaign, *, actor: Actor, at: datetime) -> int:
    """List whom a late notice never had, as not told; return how many. The office tells them. Safe to repeat.

    Of one that still waits for its listing, or was stopped, nothing is listed.
    """
    listed = 0
    while True:
        with transaction.atomic():
            row = Campaign.objects.select_for_update().get(pk=campaign.pk)
            if not row.everybody or row.listed_at is None or row.stopped_at is not None or not is_late(row, at):
                break
            ids = list(unlisted(row).order_by("id").values_list("id", flat=True)[:BATCH_SIZE])
            if not ids:
                break
            list_as_untold(row, ids, actor=actor, at=at)
        listed += len(ids)
    return listed


def end_unwritten(campaign: Campaign, *, actor: Actor, at: datetime) -> int:
    """Close what waits for a letter of a late notice as not told; return how many. Safe to repeat.

    A letter that was posted before counts once it is recorded.
    """
    closed = 0
    for some in unwritten(campaign.deliveries.all(), at=at) if is_late(campaign, at) else ():
        with transaction.atomic():
            row = Campaign.objects.select_for_update().get(pk=campaign.pk)
            if row.stopped_at is not None:
                break
            waiting = row.deliveries.to_be_written().filter(id__in=some)
            count_untold(row, waiting, actor=actor, at=at)
            ended = waiting.update(state=Delivery.State.STOPPED, trouble="")
            finish_if_settled(row, actor=actor, at=at)
        closed += ended
    return closed
