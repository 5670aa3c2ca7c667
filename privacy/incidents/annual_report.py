"""What the registers of complaints and of incidents tell about a year."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from privacy.incidents import duties
from privacy.incidents.models import Complaint, Incident
from privacy.incidents.statutory_deadlines import StatutoryDeadline
from privacy.lib.dates import clock, periods
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series


def complaints_of_the_year(first: date, last: date) -> Section:
    """Return how many complaints came and were answered, and which share of the answers kept the target (P2.2)."""
    received = list(Complaint.objects.filter(received_on__range=(first, last)))
    answered = [row for row in received if row.answered_at is not None]
    in_time = [row for row in answered if row.answered_at and clock.kst_date(row.answered_at) <= row.target_on]
    return Section(
        title=_("Complaints"),
        figures=(
            Figure("complaints.received", _("complaints received"), len(received)),
            Figure("complaints.answered", _("complaints answered"), len(answered)),
            Figure(
                "complaints.in-time-share",
                _("share of answers given by the target"),
                annual_report.percentage(len(in_time), len(answered)),
                "%",
            ),
        ),
        series=(
            Series(
                "complaints.by-month",
                _("Complaints by month"),
                annual_report.count_by_month([row.received_on for row in received], first, last),
            ),
        ),
    )


def incidents_of_the_year(first: date, last: date) -> Section:
    """Return the breaches that became known by kind, and the share told and reported in their hours (B-02, B-08)."""
    begins, ends = clock.midnight(first), periods.end_of_day(last)
    known = list(Incident.objects.filter(aware_at__gte=begins, aware_at__lt=ends))
    breaches = [row for row in known if row.certainty != Incident.Certainty.NONE]
    kinds = Counter(row.kind for row in breaches)
    owed = [duties.deadlines_of(row) for row in known]
    terms = [one for each in owed for one in each]
    done = [one for one in terms if one.done_at is not None]
    in_time = [one for one in done if not one.is_late(one.due_at)]
    return Section(
        title=_("Breaches and incidents"),
        figures=(
            Figure("incidents.known", _("incidents discovered"), len(known)),
            Figure(
                "incidents.in-time-share", _("share of notices and reports made on time"),
                annual_report.percentage(len(in_time), len(done)), "%",
            ),
            Figure("incidents.ruled-out", _("ruled out"), len(known) - len(breaches)),
            Figure("incidents.people", _("data subjects concerned, at most"), sum(map(duties.people_count, breaches))),
            Figure(
                "incidents.told", _("all data subjects told (by the website where no notice reaches them)"),
                sum(map(_told_everybody, owed)),
            ),
            Figure("incidents.undone", _("notices and reports not made yet"), len(terms) - len(done)),
            Figure(
                "incidents.reported", _("reported to an authority"),
                sum(bool(row.reported_at or row.intrusion_reported_at) for row in known),
            ),
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


def _told_everybody(owed: list[StatutoryDeadline]) -> bool:
    """Whether the notice of a breach was made to all, also to those who were found later."""
    notices = [one for one in owed if one.duty in {"notice", "late-notice"}]
    return bool(notices) and all(one.done_at is not None for one in notices)


annual_report.add_section("complaints", complaints_of_the_year, place=50)
annual_report.add_section("incidents", incidents_of_the_year, place=55)
