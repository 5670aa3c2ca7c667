"""What stands in for a notice that reached nobody: the apps that start a campaign say so (law B-06)."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

from privacy.campaigns.models import Campaign

type Source = Callable[[Campaign, Collection[UUID]], Mapping[UUID, datetime]]
_sources: dict[str, Source] = {}


def declare(kind: str, source: Source) -> None:
    """Say for campaigns of a kind who was told by the website in the place of a notice, and when."""
    _sources[kind] = source


def told_by_website(campaign: Campaign, people: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Return when a posting on the website told those of these people whom the campaign's notices did not reach."""
    source = _sources.get(campaign.kind)
    return source(campaign, people) if source and people else {}
