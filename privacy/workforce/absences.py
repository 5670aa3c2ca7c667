"""Who missed a training session, and when they were trained later (F-14, law S-31); only reads."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Min, Q

from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.workforce.models import CourseCompletion, TrainingSession


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody who worked here on the day and was not there; ``trained_on`` is when they completed the course since."""

    user: User
    trained_on: date | None

    @property
    def is_to_be_trained(self) -> bool:
        """Whether they still work here and were not trained since."""
        return self.trained_on is None and self.user.is_active


def absences(session: TrainingSession) -> list[Absence]:
    """Return who was absent from a session that was held: of those who worked here that day, and did not give it.

    Who has left since was absent all the same: the record of a session stays what it was.
    """
    if session.state != TrainingSession.State.HELD:
        return []
    over = clock.midnight(session.held_on + timedelta(days=1))
    here = User.objects.filter(Q(is_active=True) | Q(left_at__gte=over), joined_at__lt=over)
    absent = list(here.exclude(pk__in=session.attendances.values("user")).order_by("name", "pk"))
    absent = _without_trainer(absent, session.trainer)
    later = CourseCompletion.objects.filter(course=session.course, user__in=absent, completed_on__gt=session.held_on)
    since = dict(later.order_by().values_list("user").annotate(first=Min("completed_on")))
    return [Absence(user, since.get(user.pk)) for user in absent]


def _without_trainer(absent: list[User], trainer: str) -> list[User]:
    """Leave out who gave a session: the trainer is written by reference or name, and a name of two tells neither."""
    named = [user for user in absent if user.reference in trainer or user.name == trainer.strip()]
    return [user for user in absent if user not in named] if len(named) == 1 else absent
