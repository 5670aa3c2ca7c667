"""Notices of what is to come: once it is no longer to come, they are told to nobody any more (decision 0437)."""

from collections.abc import Callable
from datetime import date, datetime

from privacy.campaigns.models import Campaign
from privacy.lib.dates import periods

_happened: dict[str, Callable[[Campaign], bool]] = {}


def declare(kind: str, has_happened: Callable[[Campaign], bool]) -> None:
    """Say for campaigns of a kind whether what they tell of has come to pass: the apps that start one know."""
    _happened[kind] = has_happened


def has_happened(campaign: Campaign) -> bool:
    """Whether what it tells of has come to pass: from then on it waits for nobody, whatever comes back (0446)."""
    known = _happened.get(campaign.kind)
    return known is not None and known(campaign)


def is_late(campaign: Campaign, at: datetime) -> bool:
    """Whether the moment has come before which people are told of it; never of a notice that has none."""
    return campaign.told_before is not None and at >= campaign.told_before


def is_late_by_letter(campaign: Campaign, posted_on: date) -> bool:
    """Whether a letter was posted on the day that the notice is about, or later: it tells by the end of its own day."""
    return campaign.told_before is not None and periods.end_of_day(posted_on) > campaign.told_before


def is_over(campaign: Campaign, at: datetime) -> bool:
    """Whether nobody more is told by it: everybody was, it was stopped, or its day has come."""
    return campaign.state == Campaign.State.FINISHED or campaign.stopped_at is not None or is_late(campaign, at)


def ended_by_its_day(campaign: Campaign) -> bool:
    """Whether whom it told nothing was not told because its day came, and not because somebody stopped it before."""
    if campaign.told_before is None:
        return False
    return campaign.stopped_at is None or is_late(campaign, campaign.stopped_at)
