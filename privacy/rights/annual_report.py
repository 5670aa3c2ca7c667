"""What the register of requests tells about a year."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series
from privacy.rights.models import Letter, Objection, Request, Right


def rights_of_the_year(first: date, last: date) -> Section:
    """Return requests by right and outcome, and the share answered within the term (law R-08, R-14)."""
    cases = list(
        Request.objects.filter(received_on__range=(first, last)).only("received_on", "due_on", "notified_at", "state")
    )
    rights = list(Right.objects.filter(request__received_on__range=(first, last)).values_list("kind", "decision"))
    answered = [case for case in cases if case.notified_at is not None]
    told = answers_of([case.pk for case in answered])
    late = {case for (case, _right), (at, due_on) in told.items() if clock.kst_date(at) > due_on}
    known = {case for case, _right in told}
    # Letters of before this was kept with them say nothing of it.
    late |= {
        one.pk
        for one in answered
        if one.pk not in known and one.notified_at and clock.kst_date(one.notified_at) > one.due_on
    }
    in_time = [case for case in answered if case.pk not in late]
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


def answers_of(cases: Collection[UUID]) -> dict[tuple[UUID, UUID], tuple[datetime, date]]:
    """Return when each right of these cases was first answered, and by which day it was owed then.

    A case's own day may move later, and what an objection opens again was answered all the same.
    """
    sent = Letter.objects.filter(request_id__in=cases, kind__in=Letter.RESULTS, sent_at__isnull=False)
    found: dict[tuple[UUID, UUID], tuple[datetime, date]] = {}
    for letter in sent.order_by("sent_at", "id").only("request_id", "sent_at", "answers"):
        for right, told in letter.answers.items():
            if letter.sent_at is not None:
                due_on = date.fromisoformat(told["due_on"])
                found.setdefault((letter.request_id, UUID(right)), (letter.sent_at, due_on))
    return found


annual_report.add_section("rights", rights_of_the_year, place=10)
