"""What the registers of complaints and of incidents tell about a year."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from privacy.incidents import duties
from privacy.incidents.models import Complaint, Incident
from privacy.lib import clock, periods, yearbook
from privacy.lib.yearbook import Chapter, Figure, Series


def complaints_of_the_year(first: date, last: date) -> Chapter:
    """Return how many complaints came, and how many were answered by the target (P2.2)."""
    received = list(Complaint.objects.filter(received_on__range=(first, last)))
    answered = [row for row in received if row.answered_at is not None]
    in_time = [row for row in answered if row.answered_at and clock.kst_date(row.answered_at) <= row.target_on]
    return Chapter(
        title=_("Complaints"),
        figures=(
            Figure("complaints.received", _("complaints received"), len(received)),
            Figure("complaints.answered", _("complaints answered"), len(answered)),
            Figure(
                "complaints.in-time-share",
                _("share answered by the target"),
                yearbook.share(len(in_time), len(answered)),
                "%",
            ),
        ),
        series=(
            Series(
                "complaints.by-month",
                _("Complaints by month"),
                yearbook.by_month([row.received_on for row in received], first, last),
            ),
        ),
    )


def incidents_of_the_year(first: date, last: date) -> Chapter:
    """Return the breaches that became known by kind, and the share told and reported in their hours (B-02, B-08)."""
    begins, ends = clock.midnight(first), periods.end_of_day(last)
    known = list(Incident.objects.filter(aware_at__gte=begins, aware_at__lt=ends))
    breaches = [row for row in known if row.certainty != Incident.Certainty.NONE]
    kinds = Counter(row.kind for row in breaches)
    done = [one for row in known for one in row.clocks if one.done_at is not None]
    in_time = [one for one in done if not one.is_late(one.due_at)]
    return Chapter(
        title=_("Breaches and incidents"),
        figures=(
            Figure("incidents.known", _("incidents that became known"), len(known)),
            Figure(
                "incidents.in-time-share", _("share of notices and reports in time"),
                yearbook.share(len(in_time), len(done)), "%",
            ),
            Figure("incidents.ruled-out", _("ruled out"), len(known) - len(breaches)),
            Figure("incidents.people", _("data subjects concerned, at most"), sum(map(duties.people, breaches))),
            Figure("incidents.told", _("told to the data subjects"), sum(row.told_at is not None for row in known)),
            Figure("incidents.reported", _("reported to an authority"), sum(bool(row.reported_at) for row in known)),
            Figure("incidents.open", _("not closed yet"), sum(row.is_open for row in known)),
        ),
        series=(
            Series(
                "incidents.by-kind",
                _("Incidents by kind"),
                tuple((str(kind.label), kinds[kind.value]) for kind in Incident.Kind),
            ),
        ),
    )  # fmt: skip


yearbook.add_chapter("complaints", complaints_of_the_year, place=50)
yearbook.add_chapter("incidents", incidents_of_the_year, place=55)
