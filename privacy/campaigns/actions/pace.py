"""How fast a campaign goes: at most so many messages a minute, paused, going on again, or stopped for good."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.campaigns.actions.deliveries import count_untold, finish_if_settled, lock_delivery
from privacy.campaigns.events import Event
from privacy.campaigns.lateness import is_late
from privacy.campaigns.models import Campaign, Delivery
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal

PERMISSION = "campaigns.start_campaign"
STOP = "campaigns.stop"
MINUTE = timedelta(minutes=1)
# A message of a paused campaign is asked about again after this, and up to so many seconds more.
PAUSE_SECONDS, PAUSE_SPREAD = 60.0, 240
# So many people wait for their message at a time: the listing of everybody waits for them. Whose own address is refused
# is tried for days and holds up nobody, up to so many.
MOST_WAITING, MOST_REFUSED = 5_000, 100_000
# What a mail server says of one address, not of all.
REFUSED = "SMTPRecipientsRefused"
SLICE = 1_000


class CampaignOver(Refusal):
    """It has ended, or was stopped: nothing is left to pace."""

    code = "campaign-over"


class MustBeTold(Refusal):
    """The law has people told of a breach: such a notice can be paused, and is not stopped."""

    code = "must-be-told"


def pause_campaign(campaign: Campaign, *, actor: Actor, at: datetime) -> None:
    """Let nothing more go out until it goes on. Raises NotPermitted, CampaignOver."""
    _set(campaign, Event.PAUSED, {"paused_at": at}, actor=actor, at=at)


def continue_campaign(campaign: Campaign, *, actor: Actor, at: datetime) -> None:
    """Let a paused campaign go on. Raises NotPermitted, CampaignOver."""
    _set(campaign, Event.CONTINUED, {"paused_at": None}, actor=actor, at=at)


def set_pace(campaign: Campaign, *, per_minute: int | None, actor: Actor, at: datetime) -> None:
    """Let at most so many messages go out a minute; None: as many as go. Raises NotPermitted, CampaignOver."""
    facts = {"per_minute": per_minute}
    _set(campaign, Event.PACE_SET, {"per_minute": per_minute}, facts=facts, actor=actor, at=at)


def stop_campaign(campaign: Campaign, *, reason: str, actor: Actor, at: datetime) -> None:
    """Tell nobody more, for good. Raises NotPermitted, CampaignOver, MustBeTold."""
    if campaign.kind == Campaign.Kind.BREACH:
        raise MustBeTold(_("People must be notified of a breach. Pause the notice instead."))
    changed = {"stopped_at": at, "listed_at": campaign.listed_at or at}
    _set(campaign, Event.STOPPED, changed, facts={"reason": reason}, actor=actor, at=at)


def take_turn(delivery: Delivery, *, count: int = 1, is_text: bool = False, at: datetime) -> float:
    """Return 0 where its message may go out now, or the seconds to wait.

    ``count`` messages count into the minute. From then on the provider may have a text message, whatever happens to the
    worker; one that it may have takes no second turn, also where the campaign was paused or stopped since.
    """
    with transaction.atomic():
        row = lock_delivery(delivery.pk)
        campaign = row.campaign
        if is_text and row.is_under_way:
            return 0.0
        if seconds := next_turn(campaign, row, count=count, at=at):
            return seconds
        if campaign.per_minute is not None:
            campaign.save(update_fields=["minute_began_at", "sent_in_minute"])
        if is_text:
            row.state, row.handed_at = Delivery.State.WAITING, at
            row.save(update_fields=["state", "handed_at"])
    return 0.0


def next_turn(campaign: Campaign, row: Delivery, *, count: int, at: datetime) -> float:
    """Count a message of a locked campaign into its minute and return 0, or the seconds to wait; nothing is saved."""
    if campaign.stopped_at is not None or campaign.paused_at is not None or is_late(campaign, at):
        # Spread, so that all that wait are not asked about at once.
        return PAUSE_SECONDS + row.pk.int % PAUSE_SPREAD
    if campaign.per_minute is not None:
        began = campaign.minute_began_at
        if began is None or at >= began + MINUTE:
            campaign.minute_began_at, campaign.sent_in_minute = at, 0
        elif campaign.sent_in_minute >= campaign.per_minute:
            return max((began + MINUTE - at).total_seconds(), 1.0)
        campaign.sent_in_minute += count
    return 0.0


def may_list_more(campaign_id: UUID, *, at: datetime) -> bool:
    """Whether the next people of a campaign to everybody may be listed: few wait to be written to, and it goes on.

    Whom it tells nothing any more, as it was stopped or its day has come, waits for nobody.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.stopped_at is not None or is_late(campaign, at):
        return True
    if campaign.paused_at is not None:
        return False
    waiting = campaign.deliveries.filter(state=Delivery.State.WAITING, handed_at=None, on_device_at=None)
    return all(
        some[: most + 1].count() <= most
        for some, most in ((waiting.exclude(trouble=REFUSED), MOST_WAITING), (waiting, MOST_WAITING + MOST_REFUSED))
    )


def end_stopped(campaign_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Close the deliveries of a stopped campaign that nobody settled; return how many. Safe to repeat.

    A text message that the provider has counts once it is known what became of it.
    """
    closed = 0
    while True:
        with transaction.atomic():
            campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
            ids = list(campaign.deliveries.open().not_under_way().order_by("id").values_list("id", flat=True)[:SLICE])
            if not ids:
                finish_if_settled(campaign, actor=actor, at=at)
                return closed
            closed += campaign.deliveries.filter(id__in=ids).update(state=Delivery.State.STOPPED, trouble="")


def end_late(*, actor: Actor, at: datetime) -> int:
    """Close what still waits of notices that may tell nobody any more; return how many people. Safe to repeat.

    Whom no message reached is left: the website or the office tells them. Of a transfer of the business (art. 27(1):
    beforehand) the office does so before the data is handed over on a later day.
    """
    late = Campaign.objects.filter(told_before__lte=at, state=Campaign.State.RUNNING)
    return sum(_end_late(campaign_id, actor=actor, at=at) for campaign_id in late.values_list("id", flat=True))


def _end_late(campaign_id: UUID, *, actor: Actor, at: datetime) -> int:
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        waiting = campaign.deliveries.filter(state=Delivery.State.WAITING).not_under_way()
        count_untold(campaign, waiting, actor=actor, at=at)
        closed = waiting.update(state=Delivery.State.STOPPED, trouble="")
        finish_if_settled(campaign, actor=actor, at=at)
    return closed


def _set(
    campaign: Campaign, word: Event, changed: Mapping[str, object], *, facts: Mapping[str, object] | None = None,
    actor: Actor, at: datetime,
) -> None:  # fmt: skip
    require_permission(actor, PERMISSION, about=campaign)
    with transaction.atomic():
        row = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if row.state == Campaign.State.FINISHED or row.stopped_at is not None:
            raise CampaignOver(_("This notice has ended."))
        if all(getattr(row, name) == value for name, value in changed.items()):
            return
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(update_fields=list(changed))
        ledger.record(word, actor=actor, at=at, about=row, facts={"campaign": row.reference, **(facts or {})})
        if word == Event.STOPPED:
            outbox.enqueue(STOP, ids={"campaign": str(row.pk)}, key=f"{STOP}:{row.pk}")
