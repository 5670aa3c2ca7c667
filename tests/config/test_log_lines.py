"""Nobody forges a line of the log from outside."""

import io
import logging

import pytest
from django.conf import settings
from django.test import Client

from config.log_lines import OneLineFormatter
from privacy.ledger import request_context

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


@pytest.mark.asvs("16.4.1")
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
    with request_context.override(request_id="r-1"):
        assert formatter.format(record) == "2026-11-18T11:06:40.250Z INFO portal r-1 well"


@pytest.mark.asvs("16.2.1", "16.2.4")
@pytest.mark.django_db(databases=["default", "personal", "archive"])
def test_a_line_is_put_together_with_the_entries_and_the_answer_of_its_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By its id: also what Django says of an answer when the request is over, and what is no request."""
    formatter = OneLineFormatter(settings.LOGGING["formatters"]["line"]["format"], style="{")
    answer = Client().delete("/livez", headers={"X-Request-ID": "forged", "portal.request_id": "forged"})
    (record,) = [one for one in caplog.records if one.name == "django.request"]
    assert formatter.format(record).endswith(
        f" django.request {answer.headers['X-Request-ID']} Method Not Allowed: /livez"
    )
    told = logging.LogRecord("portal", logging.INFO, __file__, 1, "well", None, None)
    with request_context.override(door="job") as job:
        assert formatter.format(told).endswith(f" portal {job.request_id} well")
    assert formatter.format(told).endswith(f" portal {request_context.current().request_id} well")
