"""Whom to remind of what: pledges and trainings that end soon or have ended, and what the officers must see to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from privacy.accounts.models import AccessGrant, AccessReview, User
from privacy.policies import rulebook
from privacy.workforce.compliance import Compliance, compliance_on


@dataclass(frozen=True, slots=True)
class PersonalReminder:
    """What one person should do, and until when; a day in the past, or none, is overdue."""

    user: User
    pledge_until: date | None
    training_until: date | None
    pledge: bool
    training: bool
    on: date

    @property
    def is_overdue(self) -> bool:
        """Whether the vault is shut for the person already."""
        return (self.pledge and _has_ended(self.pledge_until, self.on)) or (
            self.training and _has_ended(self.training_until, self.on)
        )


@dataclass(frozen=True, slots=True)
class OfficerReport:
    """What the officers must see to: who is overdue, leavers without their pledge, dormant accounts, late reviews, and
    roles that end soon.
    """

    overdue: list[Compliance]
    leavers: list[Compliance]
    dormant: list[User]
    reviews: list[AccessReview]
    ending: list[AccessGrant]

    def __bool__(self) -> bool:
        return any((self.overdue, self.leavers, self.dormant, self.reviews, self.ending))


def _has_ended(until: date | None, on: date) -> bool:
    return until is None or until < on


def personal_reminders(*, on: date) -> list[PersonalReminder]:
    """Return everybody whose pledge or training has ended or ends within the days of the rulebook."""
    pledge_by = on + timedelta(days=rulebook.parameter("pledge.remind.days", on))
    training_by = on + timedelta(days=rulebook.parameter("training.remind.days", on))
    found = []
    for one in compliance_on(on):
        pledge = one.pledge_until is None or one.pledge_until <= pledge_by
        training = one.training_until is None or one.training_until <= training_by
        if one.user.is_active and (pledge or training):
            found.append(PersonalReminder(one.user, one.pledge_until, one.training_until, pledge, training, on))
    return found


def officer_report(*, on: date) -> OfficerReport:
    """Return what the officers hear of in the morning."""
    everybody = compliance_on(on)
    ending_by = on + timedelta(days=rulebook.parameter("grants.remind.days", on))
    return OfficerReport(
        overdue=[one for one in everybody if one.owes_pledge or one.owes_training],
        leavers=[one for one in everybody if one.owes_leaving],
        dormant=list(User.objects.dormant(on=on).order_by("name")),
        reviews=list(AccessReview.objects.overdue(on=on)),
        ending=list(AccessGrant.objects.of_roles().ending(on=on, by=ending_by).select_related("user")),
    )
