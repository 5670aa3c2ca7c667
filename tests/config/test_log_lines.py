"""Nobody forges a line of the log from outside."""

import io
import logging

import pytest

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


@pytest.mark.attack("17.13")
@pytest.mark.asvs("16.4.1")
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
