"""How far a notice is, as pages show it: to many people it is counted anew only now and then.

A notice to a million people is counted in half a second, and whoever watches it would ask for that at each look.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.campaigns.models import Campaign, progress_of
from privacy.campaigns.progress import Progress
from privacy.lib.display.badges import datetime_text

# The figures of more people than this stand for so long.
MANY, STAND_FOR = 50_000, timedelta(seconds=30)
_counted: dict[UUID, "Counted"] = {}


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of a notice, and when they were counted."""

    progress: Progress
    at: datetime

    @property
    def stands(self) -> bool:
        """Whether these figures may be older than the page."""
        return self.progress.total > MANY

    def __str__(self) -> str:
        """How many people were told of how many; where that may be older than the page, with when it was counted."""
        told = f"{self.progress.settled} / {self.progress.total}"
        if not self.stands:
            return told
        return _("%(told)s (counted on %(at)s)") % {"told": told, "at": datetime_text(self.at)}


def shown_progress(campaign: Campaign, *, at: datetime) -> Counted:
    """Return the figures of a notice; those of many people are up to ``STAND_FOR`` old."""
    return shown_progress_of([campaign], at=at)[campaign.pk]


def shown_progress_of(campaigns: Collection[Campaign], *, at: datetime) -> dict[UUID, Counted]:
    """Return the figures of notices by their ids; what is not known yet is counted at once."""
    held = {one.pk: _counted[one.pk] for one in campaigns if one.pk in _counted}
    found = {pk: known for pk, known in held.items() if at - STAND_FOR < known.at <= at}
    for pk, progress in progress_of([one.pk for one in campaigns if one.pk not in found]).items():
        found[pk] = Counted(progress, at)
        if found[pk].stands:
            _counted[pk] = found[pk]
        else:
            _counted.pop(pk, None)
    return found
