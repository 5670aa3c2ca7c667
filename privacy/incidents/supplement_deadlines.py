"""What is owed at once, and by when it is looked at again: what a first notice or report lacks (B-04, B-09), and that
there was no breach (B-07).
"""

from collections.abc import Collection, Iterator
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
    return _is_left(incident, told=[Stage.FIRST], then=COMPLETE_STAGES)


def incomplete_report(incident: Incident) -> Report | None:
    """Return the last report of the breach where it has to be supplemented (B-09)."""
    if incident.is_without("reports"):
        return None
    # The last that was made: reports are recorded in whichever order.
    last = incident.reports.filter(duty=Report.Duty.BREACH).order_by("-reported_at", "-sequence").first()
    return last if last is not None and last.partial else None


def is_to_be_retracted(incident: Incident) -> bool:
    """Whether somebody was told of a possible breach, and not yet that there was none (B-07)."""
    return _is_left(incident, told=[Stage.POSSIBLE], then=[Stage.NONE])


def supplement_deadlines(incident: Incident) -> Iterator[StatutoryDeadline]:
    """Yield what is owed at once: the supplements of a confirmed breach, the retraction of one that was none."""
    if incident.ruled_out_at is not None and not incident.is_without("notifications") and is_to_be_retracted(incident):
        name = _("Notice that there was no breach, at once")
        yield StatutoryDeadline("retraction", name, incident.ruled_out_at + SUPPLEMENT_PERIOD, None)
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


def _is_left(incident: Incident, *, told: Collection[Stage], then: Collection[Stage]) -> bool:
    """Whether the website or somebody was told the one and not the other, which follows from it."""
    if notifications.public_notice(incident, told) and not notifications.public_notice(incident, then):
        return True
    people = notifications.affected_with_notice_time(incident, then)
    return people.filter(subject_id__in=notifications.people_reached(incident, told), told_at=None).exists()


def _due_at(incident: Incident, since: datetime) -> datetime:
    """Return until when it is looked at again: from what was told, or from what was written down last since."""
    written = (one.at for one in later_facts.changes_after(incident, since) if one.fields & LACKING)
    return max([since, *written]) + SUPPLEMENT_PERIOD
