"""What of the workforce has a date: pledges and trainings that end, sessions to hold."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import User
from privacy.lib.registries import deadlines
from privacy.workforce.models import CourseCompletion, Pledge, TrainingSession


def pledge_ends() -> QuerySet[User]:
    """Who works here and has signed, with the last day of their longest pledge."""
    hers = Pledge.objects.working().filter(user=OuterRef("pk")).order_by("-valid_until")
    return User.objects.filter(is_active=True).alias(pledge_until=Subquery(hers.values("valid_until")[:1]))


def training_ends() -> QuerySet[User]:
    """Who works here and was trained, with the last day of their longest training."""
    hers = CourseCompletion.objects.filter(user=OuterRef("pk")).order_by("-valid_until")
    return User.objects.filter(is_active=True).alias(training_until=Subquery(hers.values("valid_until")[:1]))


def planned_sessions() -> QuerySet[TrainingSession]:
    """The sessions that are to be held."""
    return TrainingSession.objects.filter(state=TrainingSession.State.PLANNED)


deadlines.add_query(
    "workforce.pledge",
    pledge_ends,
    on="pledge_until",
    reference="reference",
    page="admin:accounts_user_change",
    title=_("Pledge ends:"),
    permission="workforce.view_pledge",
    clocks=["workforce.Pledge.valid_until"],
)
deadlines.add_query(
    "workforce.training",
    training_ends,
    on="training_until",
    reference="reference",
    page="admin:accounts_user_change",
    title=_("Training ends:"),
    permission="workforce.view_coursecompletion",
    clocks=["workforce.CourseCompletion.valid_until"],
)
deadlines.add_query(
    "workforce.session",
    planned_sessions,
    on="held_on",
    reference="course__code",
    page="admin:workforce_trainingsession_change",
    title=_("Training session:"),
    permission="workforce.view_trainingsession",
)
