"""What an incomplete first notice or report still lacks, and by when it is looked at again (B-04, B-09)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from privacy.incidents import later_facts, notifications
from privacy.incidents.models import Incident, Report, Stage
from privacy.incidents.notifications import COMPLETE_STAGES
from privacy.incidents.statutory_deadlines import StatutoryDeadline

# The law says "at once, when it is known", without a number. So long the office takes until somebody has told the rest
# or written down what became known since: the day that stands on the calendar.
SUPPLEMENT_PERIOD = timedelta(hours=24)
# What a first notice or report may lack.
LACKING = frozenset({"items", "course_ko", "course_en"})


def is_notice_incomplete(incident: Incident) -> bool:
    """Whether somebody got the first notice and not the rest; each who got it gets the rest at once (B-04)."""
    first = notifications.people_reached(incident, [Stage.FIRST])
    left = (
        notifications.affected_with_notice_time(incident, COMPLETE_STAGES)
        .filter(subject_id__in=first, told_at=None)
        .exists()
    )
    website = notifications.public_notice(incident, [Stage.FIRST]) and not notifications.public_notice(
        incident, COMPLETE_STAGES
    )
    return bool(left or website)


def incomplete_report(incident: Incident) -> Report | None:
    """Return the last report of the breach where it has to be supplemented (B-09)."""
    if incident.is_without("reports"):
        return None
    # The last that was made: reports are recorded in whichever order.
    last = incident.reports.filter(duty=Report.Duty.BREACH).order_by("-reported_at", "-sequence").first()
    return last if last is not None and last.partial else None


def supplement_deadlines(incident: Incident) -> Iterator[StatutoryDeadline]:
    """Yield the supplements that are owed for a confirmed breach."""
    if incident.certainty != Incident.Certainty.CONFIRMED:
        return
    if is_notice_incomplete(incident):
        first = notifications.notifications_of(incident, [Stage.FIRST]).order_by("made_at").first()
        if first is not None:
            name = _("Supplement to the first notice, as soon as the rest is known")
            yield StatutoryDeadline("notice-supplement", name, _due_at(incident, first.made_at), None)
    if (report := incomplete_report(incident)) is not None:
        name = _("Supplement to the report to the PIPC or KISA, as soon as the rest is known")
        yield StatutoryDeadline("report-supplement", name, _due_at(incident, report.reported_at), None)


def _due_at(incident: Incident, since: datetime) -> datetime:
    """Return until when it is looked at again: from what was told, or from what was written down last since."""
    written = (one.at for one in later_facts.changes_after(incident, since) if one.fields & LACKING)
    return max([since, *written]) + SUPPLEMENT_PERIOD
