"""Whether what a requester disputes is frozen before their identity is known, and until when (P1.5, law R-20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.rights.models import Request, Right
from privacy.vault.models import Freeze

# How long a freeze that nobody has verified lasts, and how many of them one device takes in which window.
FREEZE_LIMITS = ("freeze.unverified.days", "freeze.unverified.count", "freeze.unverified.window.days")


@dataclass(frozen=True)
class InitialFreeze:
    """What the receipt of a correction says: until which day the item is not used while nobody is verified."""

    until: date


def end_of_unverified_freeze(case: Request, *, at: datetime) -> datetime:
    """Return until when a freeze that nobody verifies holds."""
    days = _limits(case)["freeze.unverified.days"]
    return periods.end_of_day(clock.kst_date(at) + timedelta(days=days))


def is_exhausted(case: Request, subject_id: UUID, *, at: datetime) -> bool:
    """Whether strangers froze this device so often lately, by whatever number, that it is not frozen again."""
    limits = _limits(case)
    window = timedelta(days=limits["freeze.unverified.window.days"])
    placed = Freeze.objects.filter(
        subject_id=subject_id, cause=Freeze.Cause.CORRECTION, frozen_at__gt=at - window, frozen_at__lte=at
    )
    # Asked without any case too, so that known and unknown cost the same (SEC-16).
    cases = {"", *(reference.partition("#")[0] for reference in placed.values_list("case", flat=True))}
    unverified = Request.objects.filter(reference__in=cases, verified_at=None).exclude(id=case.id)
    return unverified.count() >= limits["freeze.unverified.count"]


def initial_freeze(case: Request) -> InitialFreeze | None:
    """Return what the receipt of a case says of the freeze; nothing where no correction waits for the identity.

    Whether the device was frozen too often before is not told: whoever asks by several numbers would learn that they
    are one device's (SEC-16). The receipt says what holds in both cases.
    """
    if case.state not in Request.BEFORE_IDENTITY or not case.rights.filter(kind=Right.Kind.CORRECTION).exists():
        return None
    last = end_of_unverified_freeze(case, at=case.received_at) - timedelta(microseconds=1)
    return InitialFreeze(clock.kst_date(last))


def _limits(case: Request) -> Mapping[str, int]:
    return rulebook.parameters(FREEZE_LIMITS, case.received_on)
