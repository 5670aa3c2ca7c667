"""What the register of complaints tells about a year."""

from datetime import date

from django.utils.translation import gettext as _

from privacy.incidents.models import Complaint
from privacy.lib import clock, yearbook
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


yearbook.add_chapter("complaints", complaints_of_the_year, place=50)
