"""Calendars as RFC 5545 writes them: whole days and moments, escaped, folded at 75 octets, with the zone they mean."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from privacy.lib.clock import KST

MEDIA_TYPE = "text/calendar; charset=utf-8"
ZONE = "Asia/Seoul"
# Korea has kept UTC+9 without summer time since 1988; the rule begins before any date of ours.
TIMEZONE = (
    "BEGIN:VTIMEZONE",
    f"TZID:{ZONE}",
    "BEGIN:STANDARD",
    "DTSTART:19881009T030000",
    "TZOFFSETFROM:+1000",
    "TZOFFSETTO:+0900",
    "TZNAME:KST",
    "END:STANDARD",
    "END:VTIMEZONE",
)


@dataclass(frozen=True)
class Event:
    """One entry: a whole day, or a moment. ``uid`` is its own for ever."""

    uid: str
    when: date | datetime
    summary: str
    url: str = ""
    category: str = ""


def calendar(title: str, events: Iterable[Event], *, producer: str, at: datetime) -> bytes:
    """Return a calendar; ``at`` is the moment at which it was put together."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_text(producer)}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(title)}",
        f"X-WR-CALNAME:{_text(title)}",
        f"X-WR-TIMEZONE:{ZONE}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        *TIMEZONE,
    ]
    for event in events:
        lines += _event(event, at)
    lines.append("END:VCALENDAR")
    return b"".join(part for line in lines for part in _folded(line))


def _event(event: Event, at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if isinstance(event.when, datetime):
        yield f"DTSTART;TZID={ZONE}:{event.when.astimezone(KST):%Y%m%dT%H%M%S}"
        yield "DURATION:PT0S"
    else:
        yield f"DTSTART;VALUE=DATE:{event.when:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.when + timedelta(1):%Y%m%d}"
    yield f"SUMMARY:{_text(event.summary)}"
    if event.category:
        yield f"CATEGORIES:{_text(event.category)}"
    if event.url:
        yield f"URL:{event.url}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _text(value: str) -> str:
    """Escape a text value (3.3.11); a control character has no place in one."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    escaped = escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
    return "".join(letter for letter in escaped if letter >= " " and letter != "\x7f")


def _folded(line: str) -> Iterator[bytes]:
    """Yield a content line in pieces of at most 75 octets (3.1), never inside a letter."""
    piece, room = b"", 75
    for letter in line:
        octets = letter.encode()
        if len(piece) + len(octets) > room:
            yield piece + b"\r\n"
            piece = b" "
        piece += octets
    yield piece + b"\r\n"
