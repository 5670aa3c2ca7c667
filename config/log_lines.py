"""Log lines that nobody can forge from outside: an event is a line, what follows it is indented (ASVS 16.4.1)."""

import logging
import re
import time
from typing import Any

# Line ends of every kind (Unicode 5.8), and what moves a terminal's cursor.
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class OneLineFormatter(logging.Formatter):
    """The usual line in UTC, control characters of its message escaped; a traceback follows, each line indented."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        return CONTROLS.sub(_escaped, super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        told = super().formatException(ei)
        return "\n".join(f"    {CONTROLS.sub(_escaped, line)}" for line in told.splitlines())


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
