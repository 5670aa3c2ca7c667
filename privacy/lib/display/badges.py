"""How the portal shows states, days and deadlines: a word and a shape, the date with its weekday, the days left.

One place, so that a case reads the same to the person, the officer and the auditor. ``docs/look.md`` shows the shapes.
"""

from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Days before the due date from which a deadline asks for attention.
SOON_DAYS = 3

# The shape of a state, by its code, whatever app it belongs to. An unlisted state is a plain disc.
KINDS = {
    "open": "received open queued due requested reported registered assigned investigating scheduled",
    "wait": "identity-pending awaiting pending waiting postponed proposed submitted to-approve",
    "active": "in-review decided verified running sent executing approved provided delivering",
    "good": "granted carried-out acknowledged published active agreed clean sealed sound confirmed signed valid passed",
    "late": "overdue failed altered unsound",
    "alarm": "parked quarantine escalated error",
    "no": "refused identity-rejected rejected disagreed denied false-identity",
    "frozen": "frozen suspended held on-hold",
    "gone": "destroyed shredded erased revoked",
    "done": "closed answered notified joined withdrawn superseded ended expired released cancelled completed lifted",
    "draft": "draft planned",
}
KIND_OF_STATE = {state: kind for kind, states in KINDS.items() for state in states.split()}


def kind_of(state: object) -> str:
    """Return the badge kind for a state's code; underscores and capitals don't matter."""
    return KIND_OF_STATE.get(str(state).lower().replace("_", "-"), "active")


def badge(word: object, kind: str = "active") -> SafeString:
    """Return a badge: the word and the shape of ``kind`` (a key of ``KINDS``, or ``today``)."""
    return format_html('<span class="badge badge-{}">{}</span>', kind, word)


def state_badge(state: object, word: object) -> SafeString:
    """Return the badge of a state, shaped by its code and told by its word."""
    return badge(word, kind_of(state))


def date_text(day: date) -> str:
    """Return a calendar day with its weekday, in the language of the page."""
    return date_format(day, "DATE_FORMAT")


def datetime_text(at: datetime) -> str:
    """Return a moment to the minute, in Korean time."""
    return date_format(localtime(at), "DATETIME_FORMAT")


def days_left_text(due_on: date, today: date) -> str:
    """Return how far a due date is, in words."""
    days = (due_on - today).days
    if days < 0:
        return ngettext("%(days)d day overdue", "%(days)d days overdue", -days) % {"days": -days}
    if days == 0:
        return _("due today")
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}


def due_badge(due_on: date, today: date, *, settled: bool = False) -> SafeString:
    """Return a deadline: how far it is, by word and shape, and the date. A settled matter shows the date alone."""
    written = format_html('<time datetime="{}">{}</time>', due_on.isoformat(), date_text(due_on))
    if settled:
        return format_html('<span class="due">{}</span>', written)
    days = (due_on - today).days
    kind = "late" if days < 0 else "today" if days == 0 else "wait" if days <= SOON_DAYS else "open"
    return format_html('<span class="due">{} {}</span>', badge(days_left_text(due_on, today), kind), written)


def hours_left_text(due_at: datetime, at: datetime) -> str:
    """Return how far the end of a term in hours is, in words."""
    hours = int(abs((due_at - at).total_seconds()) // 3600)
    if at > due_at:
        return ngettext("%(count)d hour late", "%(count)d hours late", hours) % {"count": hours}
    return ngettext("%(count)d hour left", "%(count)d hours left", hours) % {"count": hours}


def due_at_badge(due_at: datetime, at: datetime) -> SafeString:
    """Return a term in hours: how far its end is, by word and shape, and the moment."""
    kind = "late" if at > due_at else "today" if due_at - at < timedelta(days=1) else "wait"
    written = format_html('<time datetime="{}">{}</time>', due_at.isoformat(), datetime_text(due_at))
    return format_html('<span class="due">{} {}</span>', badge(hours_left_text(due_at, at), kind), written)
