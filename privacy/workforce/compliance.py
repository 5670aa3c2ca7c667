"""Who owes what: which pledge and which training each person has, until when, and what the vault asks of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.accounts.access_requirements import MissingRequirement
from privacy.accounts.models import User
from privacy.lib.display import badges
from privacy.lib.errors.refusals import sentence
from privacy.workforce import integrity
from privacy.workforce.models import CourseCompletion, Pledge
from privacy.workforce.models.pledges import Occasion

PLEDGES = "workforce:pledges"
TRAINING = "workforce:training"


def valid_pledge(user: User, on: date) -> Pledge | None:
    """Return the pledge that holds longest on a day; one that no longer matches its seal does not count."""
    found = Pledge.objects.valid(on=on).filter(user=user).select_related("text", "user").order_by("-valid_until")
    return next((pledge for pledge in found if integrity.matches_own_seal(pledge)), None)


def valid_training(user: User, on: date) -> CourseCompletion | None:
    """Return the completed training that holds longest on a day."""
    return CourseCompletion.objects.valid(on=on).filter(user=user).order_by("-valid_until").first()


def missing_requirements(user: User, on: date) -> Iterator[MissingRequirement]:
    """Yield what a person lacks on a day to handle personal data (P8.9, P8.10), for ``access_requirements``."""
    if valid_pledge(user, on) is None:
        yield MissingRequirement("pledge", _pledge_missing(user, on), PLEDGES)
    if valid_training(user, on) is None:
        yield MissingRequirement("training", _training_missing(user, on), TRAINING)


def _pledge_missing(user: User, on: date) -> Promise | str:
    if Pledge.objects.valid(on=on).filter(user=user).exists():
        return _("Your security pledge no longer matches its seal and does not count. Read and sign it again.")
    last = Pledge.objects.working().filter(user=user, valid_until__lt=on).order_by("-valid_until").first()
    if last is None or last.valid_until is None:
        return _("You have not signed the security pledge. Read and sign it.")
    return sentence(
        _("Your security pledge ended on %(day)s. Read and sign it again."), day=badges.date_text(last.valid_until)
    )


def _training_missing(user: User, on: date) -> Promise | str:
    last = CourseCompletion.objects.filter(user=user, valid_until__lt=on).order_by("-valid_until").first()
    if last is None:
        return _("You have not completed the training. Take the course and its quiz.")
    return sentence(
        _("Your training ended on %(day)s. Take the course and its quiz again."), day=badges.date_text(last.valid_until)
    )


def next_occasion(user: User, on: date) -> Occasion:
    """Return which pledge a person signs next: outsiders theirs, newcomers the entry pledge, others the yearly one."""
    if user.is_outside:
        return Occasion.OUTSIDE
    return Occasion.YEARLY if Pledge.objects.working().filter(user=user, signed_on__lte=on).exists() else Occasion.ENTRY


@dataclass(frozen=True, slots=True)
class Compliance:
    """Where one person stands on a day."""

    user: User
    pledge_until: date | None
    training_until: date | None
    owes_leaving: bool
    on: date

    @property
    def owes_pledge(self) -> bool:
        return not self.has_left and (self.pledge_until is None or self.pledge_until < self.on)

    @property
    def owes_training(self) -> bool:
        return not self.has_left and (self.training_until is None or self.training_until < self.on)

    @property
    def has_left(self) -> bool:
        return not self.user.is_active

    @property
    def owes(self) -> bool:
        return self.owes_pledge or self.owes_training or self.owes_leaving


def compliance_on(on: date) -> list[Compliance]:
    """Return where everybody stands on a day: those who work here, and leavers who owe the leaving pledge."""
    signed = list(Pledge.objects.working().order_by("valid_until").select_related("text", "user"))
    # As the vault counts: one that no longer matches its seal covers nobody, and whoever signed it is reminded.
    pledges = {pledge.user_id: pledge.valid_until for pledge in signed if integrity.matches_own_seal(pledge)}
    trainings = dict(CourseCompletion.objects.order_by("valid_until").values_list("user_id", "valid_until"))
    left = set(Pledge.objects.filter(text__occasion=Occasion.LEAVING).values_list("user_id", flat=True))
    found = []
    for user in User.objects.order_by("name"):
        owes_leaving = not user.is_active and user.left_at is not None and user.pk not in left
        if user.is_active or owes_leaving:
            found.append(Compliance(user, pledges.get(user.pk), trainings.get(user.pk), owes_leaving, on))
    return found
