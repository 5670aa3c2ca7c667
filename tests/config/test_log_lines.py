"""Nobody forges a line of the log from outside."""

import io
import logging

import pytest
from django.conf import settings

from config.log_lines import OneLineFormatter

FORGED = "2026-11-16 12:00:00,000 INFO portal all is well"


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(OneLineFormatter("{levelname} {message}", style="{"))
    logger = logging.Logger("a test")
    logger.addHandler(handler)
    return logger, out


@pytest.mark.asvs("16.2.4", "16.4.1")
@pytest.mark.attack("17.13")
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1b[2K\r"])
def test_an_event_is_one_line(log: tuple[logging.Logger, io.StringIO], end: str) -> None:
    logger, out = log
    logger.warning("Not Found: %s", f"/rights/{end}{FORGED}")
    assert len(out.getvalue().splitlines()) == 1
    assert out.getvalue().startswith("WARNING Not Found: /rights/\\")


@pytest.mark.attack("17.13")
def test_a_traceback_is_indented(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, out = log
    try:
        raise ValueError(f"bad value\n{FORGED}")
    except ValueError:
        logger.exception("failed")
    first, *rest = out.getvalue().splitlines()
    assert first == "ERROR failed"
    assert rest[-1] == f"    {FORGED}"
    assert all(line.startswith("    ") for line in rest)


def test_korean_is_left_as_it_is(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, out = log
    logger.warning("삭제: %s", "한글 — “따옴표”")
    assert out.getvalue() == "WARNING 삭제: 한글 — “따옴표”\n"


@pytest.mark.asvs("16.2.2")
@pytest.mark.truth("20.13")
def test_the_time_is_utc_and_says_so() -> None:
    """Lines of several hosts are put together by their times; they had Korean ones that did not say so."""
    record = logging.LogRecord("portal", logging.INFO, __file__, 1, "well", None, None)
    record.created, record.msecs = 1_795_000_000.25, 250.0
    formatter = OneLineFormatter(settings.LOGGING["formatters"]["line"]["format"], style="{")
    assert formatter.format(record) == "2026-11-18T11:06:40.250Z INFO portal well"
