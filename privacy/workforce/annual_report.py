"""What the registers of pledges and of training tell about a year (P8.9, P8.10)."""

from collections import Counter
from datetime import date
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.lib.dates import clock, periods
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series
from privacy.workforce import integrity
from privacy.workforce.models import CourseCompletion, Pledge, QuizAttempt, TrainingSession
from privacy.workforce.models.pledges import Occasion


def workforce_section(first: date, last: date) -> Section:
    """Return who worked here, who of them had pledge and training, and what was signed, taken and held.

    A pledge that no longer matches its seal covers nobody; it is counted on its own.
    """
    begins, ends = clock.midnight(first), periods.end_of_day(last)
    worked = set(
        User.objects.filter(Q(left_at=None) | Q(left_at__gte=begins), joined_at__lt=ends).values_list("pk", flat=True)
    )
    held = Pledge.objects.filter(signed_on__lte=last).filter(Q(valid_until=None) | Q(valid_until__gte=first))
    altered, covered = 0, set[UUID]()
    for pledge in held.select_related("text", "user"):
        if not integrity.matches_own_seal(pledge):
            altered += 1
        elif pledge.text.occasion != Occasion.LEAVING:
            covered.add(pledge.user_id)
    trained = set(
        CourseCompletion.objects.filter(completed_on__lte=last, valid_until__gte=first).values_list(
            "user_id", flat=True
        )
    )
    signed = Counter(Pledge.objects.filter(signed_on__range=(first, last)).values_list("text__occasion", flat=True))
    completed = list(
        CourseCompletion.objects.filter(completed_on__range=(first, last)).values_list("completed_on", "method")
    )
    methods = Counter(method for _on, method in completed)
    passed = list(
        QuizAttempt.objects.filter(taken_at__gte=begins, taken_at__lt=ends).values_list("is_passed", flat=True)
    )
    sessions = TrainingSession.objects.filter(state=TrainingSession.State.HELD, held_on__range=(first, last))
    return Section(
        title=_("Pledges and training"),
        figures=(
            Figure("workforce.pledged-share", _("share with a valid pledge"), _share(covered, worked), "%"),
            Figure("workforce.trained-share", _("share with valid training"), _share(trained, worked), "%"),
            Figure("workforce.people", _("people who worked here"), len(worked)),
            Figure("workforce.signed", _("pledges signed"), signed.total()),
            Figure("workforce.altered", _("pledges that no longer match their seal"), altered),
            Figure("workforce.completed", _("courses completed"), len(completed)),
            Figure("workforce.sessions", _("sessions held"), sessions.count()),
            Figure("workforce.quizzes", _("quizzes taken"), len(passed)),
            Figure(
                "workforce.passed-share",
                _("share of quizzes passed"),
                annual_report.percentage(sum(passed), len(passed)),
                "%",
            ),
        ),
        series=(
            Series(
                "workforce.trained.by-month",
                _("Courses completed by month"),
                annual_report.count_by_month([day for day, _how in completed], first, last),
            ),
            Series(
                "workforce.by-method",
                _("Training by method"),
                tuple((str(method.label), methods[method.value]) for method in CourseCompletion.Method),
            ),
            Series(
                "workforce.by-occasion",
                _("Pledges by occasion"),
                tuple((str(occasion.label), signed[occasion.value]) for occasion in Occasion),
            ),
        ),
    )


def _share(found: set[UUID], worked: set[UUID]) -> int | None:
    return annual_report.percentage(len(found & worked), len(worked))


annual_report.add_section("workforce", workforce_section, place=60)
