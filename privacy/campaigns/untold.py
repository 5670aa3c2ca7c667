"""Whom a notice did not tell in time: one answer for what holds a transfer up and for the badges (decision 0446)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, TextChoices
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.campaigns import letters
from privacy.campaigns.lateness import is_late
from privacy.campaigns.models import PREFERS_LETTER, Campaign, Delivery, DeliveryQuerySet
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.subjects.models import Subject

DAY = timedelta(days=1)
BATCH_SIZE = 500


class Untold(TextChoices):
    """Why it can't be said of a notice that everybody was told by it in time."""

    STOPPED = "stopped", _("the notice was stopped")
    UNDER_WAY = "under-way", _("it is not known yet whether everyone was told")
    UNLISTED = "unlisted", _("not everyone was told in time")
    UNTOLD = "untold", _("not everyone was told in time")
    TOO_LATE = "too-late", _("some people were told only today")


def shown(why: Untold) -> SafeString:
    """Return the badge of an answer."""
    return badge(why.label, "wait" if why == Untold.UNDER_WAY else "late")


def why_missed(campaign: Campaign, *, at: datetime) -> Untold | None:
    """Return why a notice missed somebody who was there by its day, as it is on the day of ``at``; None: nobody.

    Of a notice without such a day nobody is missed. Whoever the office told on an earlier day is no more among them.
    """
    if campaign.told_before is None:
        return None
    if campaign.stopped_at is not None:
        return Untold.STOPPED
    today = clock.midnight(clock.kst_date(at))
    return why_untold(campaign, before=today, there_by=campaign.told_before, at=at) if is_late(campaign, at) else None


def why_untold(
    campaign: Campaign, *, before: datetime, there_by: datetime | None = None, at: datetime
) -> Untold | None:  # fmt: skip
    """Return why somebody was not told before the beginning of a day; None: everybody was who had registered by then.

    ``there_by``: only of whoever had registered before this. The website stands in for those alone whom nothing
    reaches. Of those who registered on the last day before it is enough that they were told.
    """
    if campaign.stopped_at is not None:
        return Untold.STOPPED
    there_by = min(before, there_by or before)
    concerned = campaign.deliveries.exclude(subject_id__in=registered_from(there_by))
    if campaign.listed_at is None or concerned.filter(state=Delivery.State.WAITING).exists():
        return Untold.UNDER_WAY
    if campaign.everybody and unlisted(campaign).filter(registered_at__lt=there_by).exists():
        return Untold.UNLISTED
    held = concerned.filter(subject_id__in=Subject.objects.not_destroyed().values("id"))
    # Of one that has finished nobody waits for a letter, whatever address came on record since.
    is_open = campaign.state != Campaign.State.FINISHED
    if held.filter(state=Delivery.State.STOPPED).exists() or (is_open and any(unwritten(held, at=at))):
        return Untold.UNTOLD
    # Until midnight there may be no time for whoever registers on the last day. A letter or a call of a day is told by
    # the end of that day, which is the midnight after it.
    if concerned.filter(settled_at__gt=before).exclude(subject_id__in=registered_from(before - DAY)).exists():
        return Untold.TOO_LATE
    return None


def registered_from(moment: datetime) -> QuerySet[Subject, Any]:
    """Return the ids of the people who registered then or later."""
    return Subject.objects.filter(registered_at__gte=moment).values("id")


def unlisted(campaign: Campaign) -> QuerySet[Subject]:
    """Return whom a campaign to everybody does not have on its list, of those of whom something may be held."""
    mine = Delivery.objects.filter(campaign=campaign, subject_id=OuterRef("id"))
    return Subject.objects.not_destroyed().filter(~Exists(mine))


def unwritten(deliveries: DeliveryQuerySet, *, at: datetime) -> Iterator[list[UUID]]:
    """Yield in slices which of these only wait for a letter: the website stands in for nobody whom one can tell."""
    waiting = deliveries.to_be_written().order_by()
    preferring = waiting.filter(trouble=PREFERS_LETTER).values_list("id", flat=True)
    yield from map(list, batched(preferring.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE))
    others = letters.recipients_of(waiting.exclude(trouble=PREFERS_LETTER), at=at)
    yield from map(list, batched((one.id for one in others), BATCH_SIZE))
