"""What of the workforce has a date: pledges and trainings that end, sessions to hold."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib import agenda
from privacy.lib.agenda import Dated
from privacy.workforce import standing
from privacy.workforce.models import Session


def pledges_ending(first: date, last: date) -> Iterator[Dated]:
    """Yield the last day of each person's longest pledge."""
    path = reverse("admin:workforce_pledge_changelist")
    for one in standing.standings(last):
        if one.user.is_active and one.pledge_until is not None and first <= one.pledge_until <= last:
            yield Dated(one.pledge_until, str(one.user.pk), one.user.reference, path)


def trainings_ending(first: date, last: date) -> Iterator[Dated]:
    """Yield the last day of each person's longest training."""
    path = reverse("admin:workforce_attendance_changelist")
    for one in standing.standings(last):
        if one.user.is_active and one.training_until is not None and first <= one.training_until <= last:
            yield Dated(one.training_until, str(one.user.pk), one.user.reference, path)


def sessions_planned(first: date, last: date) -> Iterator[Dated]:
    """Yield the sessions that are to be held."""
    found = Session.objects.filter(state=Session.State.PLANNED, held_on__range=(first, last))
    for session in found.select_related("course").order_by("held_on"):
        path = reverse("admin:workforce_session_change", args=[session.pk])
        yield Dated(session.held_on, str(session.pk), session.course.code, path)


agenda.add_source("workforce.pledge", pledges_ending, title=_("Pledge ends:"), permission="workforce.view_pledge")
agenda.add_source(
    "workforce.training", trainings_ending, title=_("Training ends:"), permission="workforce.view_attendance"
)
agenda.add_source(
    "workforce.session", sessions_planned, title=_("Training session:"), permission="workforce.view_session"
)
