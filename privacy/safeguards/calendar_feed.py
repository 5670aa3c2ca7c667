"""The officer's calendar as a feed: titles and references, never personal data; the page behind it asks to sign in."""

from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from privacy.accounts.models import User
from privacy.lib.documents import icalendar
from privacy.lib.documents.icalendar import Event
from privacy.lib.registries import deadlines
from privacy.lib.registries.deadlines import SourcedDeadline
from privacy.safeguards.actions.calendars import token_digest
from privacy.safeguards.models import Calendar

# What is overdue stays for a year; what is to come is shown a year ahead.
BEFORE, AHEAD = timedelta(days=366), timedelta(days=366)


def feed_by_token(token: str) -> Calendar | None:
    """Return the calendar behind an address, while it stands and its person works here."""
    found = Calendar.objects.select_related("user").filter(digest=token_digest(token), revoked_at=None)
    return found.filter(user__is_active=True).first()


def render_feed(calendar: Calendar, *, on: date, at: datetime) -> bytes:
    """Return a person's calendar as iCalendar, with what this person may see today."""
    user: User = calendar.user
    with override(calendar.language):
        lines = deadlines.deadlines_between(on - BEFORE, on + AHEAD, on=on, may=user.may)
        return icalendar.calendar(
            str(_("Privacy office")),
            [_event(line) for line in lines],
            producer=f"-//Extrus Inc.//Privacy portal//{calendar.language.upper()}",
            at=at,
        )


def _event(line: SourcedDeadline) -> Event:
    dated = line.dated
    host = urlsplit(settings.PORTAL_URL).hostname or "portal"
    title = line.title
    if dated.count > 1:
        title += " " + ngettext("(%(count)d record)", "(%(count)d records)", dated.count) % {"count": dated.count}
    return Event(
        uid=f"{line.source.name}-{dated.key}@{host}",
        when=dated.at or dated.on,
        summary=title,
        url=settings.PORTAL_URL + dated.path if dated.path else "",
        category=str(line.source.title).rstrip(":"),
    )
