"""The deadlines of the office as an iCalendar file (RFC 5545), written by the ``icalendar`` library."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import icalendar

from privacy.lib.dates.clock import KST

MEDIA_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=1)


@dataclass(frozen=True)
class Event:
    """One entry: a whole day, or a moment. ``uid`` is its own for ever."""

    uid: str
    when: date | datetime
    summary: str
    url: str = ""
    category: str = ""


class _Text(icalendar.vText):
    """A text in which a backslash before an N stays what it is: the library makes a line break of the two."""

    def to_ical(self) -> bytes:
        """Return the text escaped (3.3.11)."""
        text = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return text.encode()


def calendar(title: str, events: Iterable[Event], *, producer: str, at: datetime) -> bytes:
    """Return a calendar; ``at`` is the moment at which it was put together."""
    made = icalendar.Calendar()
    made.add("prodid", _printable(producer))
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    for name in ("name", "x-wr-calname"):
        # the library takes them for values of no type and would not escape them
        made.add(name, _Text(_printable(title)))
    made.add("x-wr-timezone", str(KST))
    made.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    made.add("x-published-ttl", icalendar.vDuration(REFRESH))
    for event in events:
        made.add_component(_component(event, at))
    made.add_missing_timezones()
    return bytes(made.to_ical())


def _component(event: Event, at: datetime) -> icalendar.Event:
    made = icalendar.Event()
    made.add("uid", _printable(event.uid))
    made.add("dtstamp", at.astimezone(UTC))
    if isinstance(event.when, datetime):
        made.add("dtstart", event.when.astimezone(KST))
        made.add("duration", timedelta(0))
    else:
        made.add("dtstart", event.when)
        made.add("dtend", event.when + timedelta(1))
    made.add("summary", _Text(_printable(event.summary)))
    if event.category:
        made.add("categories", [_printable(event.category)])
    if event.url:
        made.add("url", event.url)
    made.add("transp", "TRANSPARENT")
    return made


def _printable(text: str) -> str:
    """Return a text without control characters, which have no place in a value (3.3.11); lines end with a line feed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in text if letter == "\n" or (letter >= " " and letter != "\x7f"))
