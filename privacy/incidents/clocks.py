"""How a term in hours reads: the moment it ends and the hours left, with the shape of a badge (docs/look.md)."""

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.incidents.models.incidents import Clock
from privacy.lib.badges import badge, moment_text

# Hours before the end from which a clock asks for attention.
SOON = 24


def clock_badge(clock: Clock, at: datetime) -> SafeString:
    """Return when a term ends and how long it has still to run."""
    return format_html("{} {}", badge(hours_text(clock, at), _mood(clock, at)), moment_text(clock.due_at))


def hours_text(clock: Clock, at: datetime) -> str:
    """Return “51 hours left”, “3 hours late”, “done in time”, “done late”."""
    if clock.done_at is not None:
        return _("done late") if clock.is_late(at) else _("done in time")
    left = clock.hours_left(at)
    if clock.is_late(at):
        return ngettext("%(count)d hour late", "%(count)d hours late", -left) % {"count": -left}
    return ngettext("%(count)d hour left", "%(count)d hours left", left) % {"count": left}


def _mood(clock: Clock, at: datetime) -> str:
    if clock.done_at is not None:
        return "late" if clock.is_late(at) else "good"
    if clock.is_late(at):
        return "late"
    return "today" if clock.hours_left(at) < SOON else "wait"
