"""What the register of requests tells about a year."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series
from privacy.rights.actions import due_dates
from privacy.rights.events import Event
from privacy.rights.models import Letter, Objection, Request, Right, Step


def rights_of_the_year(first: date, last: date) -> Section:
    """Return requests by right and outcome, and the share answered within the term (law R-08, R-14)."""
    cases = list(
        Request.objects.filter(received_on__range=(first, last)).only("received_on", "due_on", "notified_at", "state")
    )
    rights = list(Right.objects.filter(request__received_on__range=(first, last)).values_list("kind", "decision"))
    answered = [case for case in cases if case.notified_at is not None]
    late_parts = {
        case
        for (case, _right), (at, due_on) in part_answers([one.pk for one in answered]).items()
        if clock.kst_date(at) > due_on
    }
    due_then = due_when_answered([case.pk for case in answered])
    in_time = [
        case
        for case in answered
        if case.notified_at
        and case.pk not in late_parts
        and clock.kst_date(case.notified_at) <= due_then.get((case.pk, case.notified_at), case.due_on)
    ]
    waiting = [case for case in cases if case.state in Request.UNANSWERED and case.notified_at is None]
    kinds, outcomes = Counter(kind for kind, _d in rights), Counter(decision for _k, decision in rights)
    objections = Objection.objects.filter(received_on__range=(first, last))
    return Section(
        title=_("Requests of data subjects"),
        figures=(
            Figure("rights.received", _("cases received"), len(cases)),
            Figure("rights.answered", _("cases answered"), len(answered)),
            Figure("rights.in-time", _("answered on time"), len(in_time)),
            Figure(
                "rights.in-time-share",
                _("share of answers given on time"),
                annual_report.percentage(len(in_time), len(answered)),
                "%",
            ),
            Figure("rights.unanswered", _("cases not answered yet"), len(waiting)),
            Figure("rights.objections", _("objections"), objections.count()),
        ),
        series=(
            Series(
                "rights.by-month",
                _("Cases received by month"),
                annual_report.count_by_month([case.received_on for case in cases], first, last),
            ),
            Series(
                "rights.by-right",
                _("Requests by right"),
                tuple((str(kind.label), kinds[kind.value]) for kind in Right.Kind),
            ),
            Series(
                "rights.by-outcome",
                _("Requests by outcome"),
                tuple((str(outcome.label), outcomes[outcome.value]) for outcome in Right.Decision),
            ),
        ),
    )


def due_when_answered(cases: Collection[UUID]) -> dict[tuple[UUID, datetime], date]:
    """Return the day on which each of these answers was due when it went out; a case's own day may move later."""
    answers = Step.objects.filter(request_id__in=cases, word=Event.ANSWERED)
    return {
        (case, at): date.fromisoformat(facts["due_on"])
        for case, at, facts in answers.values_list("request_id", "at", "facts")
    }


def part_answers(cases: Collection[UUID]) -> dict[tuple[UUID, UUID], tuple[datetime, date]]:
    """Return when a right was answered before the rest of its case, and the day by which it had to be (R-35)."""
    letters = Letter.objects.filter(request_id__in=cases, kind=Letter.Kind.PART, sent_at__isnull=False)
    rights = Right.objects.filter(request_id__in=letters.values("request_id")).select_related("request")
    found: dict[tuple[UUID, UUID], tuple[datetime, date]] = {}
    told = list(letters.order_by("queued_at", "id"))
    for right in rights:
        of_case = [one for one in told if one.request_id == right.request_id]
        about = next((one for one in of_case if right.done_at is not None and one.queued_at >= right.done_at), None)
        if about is not None and about.sent_at is not None:
            term = due_dates.first_term([right.kind], right.request.received_on)
            found[right.request_id, right.pk] = about.sent_at, due_dates.last_day(term)
    return found


annual_report.add_section("rights", rights_of_the_year, place=10)
