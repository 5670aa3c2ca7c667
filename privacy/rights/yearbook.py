"""What the register of requests tells about a year."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from privacy.lib import clock, yearbook
from privacy.lib.yearbook import Chapter, Figure, Series
from privacy.rights.models import Objection, Request, Right


def rights_of_the_year(first: date, last: date) -> Chapter:
    """Return requests by right and outcome, and the share answered within the term (law R-08, R-14)."""
    cases = list(Request.objects.filter(received_on__range=(first, last)).only("received_on", "due_on", "notified_at"))
    rights = list(Right.objects.filter(request__received_on__range=(first, last)).values_list("kind", "decision"))
    answered = [case for case in cases if case.notified_at is not None]
    in_time = [case for case in answered if case.notified_at and clock.kst_date(case.notified_at) <= case.due_on]
    kinds, outcomes = Counter(kind for kind, _d in rights), Counter(decision for _k, decision in rights)
    objections = Objection.objects.filter(received_on__range=(first, last))
    return Chapter(
        title=_("Requests of data subjects"),
        figures=(
            Figure("rights.received", _("cases received"), len(cases)),
            Figure("rights.answered", _("cases answered"), len(answered)),
            Figure("rights.in-time", _("answered within the term"), len(in_time)),
            Figure(
                "rights.in-time-share", _("share within the term"), yearbook.share(len(in_time), len(answered)), "%"
            ),
            Figure("rights.objections", _("objections"), objections.count()),
        ),
        series=(
            Series(
                "rights.by-month",
                _("Cases received by month"),
                yearbook.by_month([case.received_on for case in cases], first, last),
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


yearbook.add_chapter("rights", rights_of_the_year, place=10)
