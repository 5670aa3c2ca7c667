"""The terms in hours that a statute gives: when each ends (72 hours, 24 hours), and how it reads (docs/look.md).

Which terms an incident has: ``duties.py``; of notices to people: ``notice_deadlines.py``; the office's calendar of
them: ``deadlines.py``.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.lib.dates import clock, periods
from privacy.lib.display.badges import badge, datetime_text
from privacy.policies import rulebook

# Hours before the end from which a clock asks for attention.
SOON = 24


def statutory_due(parameter: str, since: datetime) -> datetime:
    """Return when a term ends that begins at a moment: its hours are the rulebook's number of that day (B-02, B-08)."""
    return periods.hours_due(since, hours=rulebook.parameter(parameter, clock.kst_date(since)))


@dataclass(frozen=True, slots=True)
class StatutoryDeadline:
    """One term of an incident: what it is for, when it ends, and when its duty was done."""

    duty: str
    name: object
    due_at: datetime
    done_at: datetime | None

    def hours_left(self, at: datetime) -> int:
        """Full hours until the end; negative when it is over."""
        return int((self.due_at - (self.done_at or at)).total_seconds() // 3600)

    def is_late(self, at: datetime) -> bool:
        return (self.done_at or at) > self.due_at


def deadline_badge(term: StatutoryDeadline, at: datetime) -> SafeString:
    """Return when a term ends and how long it has still to run."""
    return format_html("{} {}", badge(hours_text(term, at), _severity(term, at)), datetime_text(term.due_at))


def hours_text(term: StatutoryDeadline, at: datetime) -> str:
    """Return “51 hours left”, “3 hours late”, “done in time”, “done late”."""
    if term.done_at is not None:
        return _("done late") if term.is_late(at) else _("done on time")
    left = term.hours_left(at)
    if term.is_late(at):
        return ngettext("%(count)d hour late", "%(count)d hours late", -left) % {"count": -left}
    return ngettext("%(count)d hour left", "%(count)d hours left", left) % {"count": left}


def _severity(term: StatutoryDeadline, at: datetime) -> str:
    if term.done_at is not None:
        return "late" if term.is_late(at) else "good"
    if term.is_late(at):
        return "late"
    return "today" if term.hours_left(at) < SOON else "wait"
