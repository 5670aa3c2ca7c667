"""Calendars follow RFC 5545: checked by a reader of its grammar that is written here from the RFC."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from privacy.lib.documents.icalendar import Event, calendar

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LINE = re.compile(r'([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:[^";:,]*|"[^"]*"))*):(.*)', re.DOTALL)
TEXTS = {"SUMMARY", "UID", "NAME", "X-WR-CALNAME", "PRODID", "CATEGORIES"}


def unfolded(made: bytes) -> list[str]:
    """Return the content lines (3.1): CRLF ends each, and 75 octets are the most."""
    assert made.endswith(b"\r\n")
    physical = made[:-2].split(b"\r\n")
    for line in physical:
        assert b"\n" not in line and b"\r" not in line
        assert 0 < len(line) <= 75
        line.decode()  # never folded inside a letter
    return made[:-2].replace(b"\r\n ", b"").decode().split("\r\n")


def parsed(made: bytes) -> list[tuple[str, str, str]]:
    """Return name, parameters and value of each content line; texts are unescaped (3.3.11)."""
    found = []
    for line in unfolded(made):
        match = LINE.fullmatch(line)
        assert match, line
        name, parameters, value = match.groups()
        if name in TEXTS:
            assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), value
            value = re.sub(r"\\([nN;,\\])", lambda m: "\n" if m[1] in "nN" else m[1], value)
        found.append((name, parameters, value))
    return found


def blocks(lines: list[tuple[str, str, str]]) -> list[str]:
    """Return the names of components as they close; BEGIN and END must nest."""
    stack, closed = [], []
    for name, _parameters, value in lines:
        if name == "BEGIN":
            stack.append(value)
        elif name == "END":
            assert stack.pop() == value
            closed.append(value)
    assert not stack
    return closed


def made_of(*events: Event, title: str = "개인정보 보호 부서") -> bytes:
    return calendar(title, events, producer="-//Extrus Inc.//Privacy portal//KO", at=AT)


def values(lines: list[tuple[str, str, str]], name: str) -> list[tuple[str, str]]:
    return [(parameters, value) for known, parameters, value in lines if known == name]


def test_a_whole_day_ends_the_day_after() -> None:
    lines = parsed(made_of(Event("a@b", date(2026, 12, 31), "요구 답변 2026-000001")))
    assert blocks(lines) == ["VEVENT", "VCALENDAR"]
    assert values(lines, "DTSTART") == [(";VALUE=DATE", "20261231")]
    assert values(lines, "DTEND") == [(";VALUE=DATE", "20270101")]
    assert values(lines, "DTSTAMP") == [("", "20261124T030000Z")]
    assert values(lines, "UID") == [("", "a@b")]


def test_a_moment_is_told_in_its_zone_and_the_zone_is_there() -> None:
    lines = parsed(made_of(Event("a@b", datetime(2026, 11, 24, 15, 30, tzinfo=UTC), "72 hours")))
    assert (";TZID=Asia/Seoul", "20261125T003000") in values(lines, "DTSTART")
    assert values(lines, "TZID") == [("", "Asia/Seoul")]
    assert blocks(lines)[-3:] == ["VTIMEZONE", "VEVENT", "VCALENDAR"]
    # the offset that holds today is that of the latest change: Korea has had no summer time since 1988
    zone = lines[lines.index(("BEGIN", "", "VTIMEZONE")) : lines.index(("END", "", "VTIMEZONE"))]
    starts = [value for _parameters, value in values(zone, "DTSTART")]
    changes = dict(zip(starts, values(zone, "TZOFFSETTO"), strict=True))
    assert changes[max(changes)] == ("", "+0900")


def test_what_every_calendar_must_say() -> None:
    lines = parsed(made_of())
    assert lines[0] == ("BEGIN", "", "VCALENDAR") and lines[-1] == ("END", "", "VCALENDAR")
    for name, value in (("VERSION", "2.0"), ("METHOD", "PUBLISH"), ("CALSCALE", "GREGORIAN")):
        assert values(lines, name) == [("", value)]
    assert len(values(lines, "PRODID")) == 1


@example("\\N and \\n", "\\N")
@given(st.text(max_size=300), st.text(max_size=60))
@pytest.mark.asvs("1.2.1")
def test_any_text_comes_back_as_it_was(summary: str, title: str) -> None:
    def kept(text: str) -> str:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return "".join(letter for letter in text if letter == "\n" or (letter >= " " and letter != "\x7f"))

    lines = parsed(made_of(Event("a@b", date(2026, 1, 1), summary), title=title))
    assert values(lines, "SUMMARY") == [("", kept(summary))]
    assert values(lines, "NAME") == [("", kept(title))]
