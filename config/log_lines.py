"""Log lines that nobody can forge from outside: an event is a line, what follows it is indented (ASVS 16.4.1).

Each says in which request, or which act of a job or command, it was written: by the id that the answer, the reverse
proxy's line and the audit trail's entries of it have too (ASVS 16.2.1).
"""

import logging
import re
import time
from typing import Any

from privacy.ledger import request_context

# Line ends of every kind (Unicode 5.8), and what moves a terminal's cursor.
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class OneLineFormatter(logging.Formatter):
    """The usual line in UTC, control characters of its message escaped; a traceback follows, each line indented.

    ``{act}`` in its format is the id of the running request or act.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        # Django writes of an answer when its request is over, and hands the request on.
        request = getattr(record, "request", None)
        record.act = (
            getattr(request, "META", {}).get(request_context.REQUEST_ID) or request_context.current().request_id
        )
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        return CONTROLS.sub(_escaped, super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        told = super().formatException(ei)
        return "\n".join(f"    {CONTROLS.sub(_escaped, line)}" for line in told.splitlines())


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
