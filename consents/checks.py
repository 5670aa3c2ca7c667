"""What must be so before people decide about consents in earnest."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError

from consents.actions.withdrawal import wait
from privacy.lib.dates import clock


@register("portal", deploy=True)
def withdrawals_wait(**kwargs: Any) -> Iterable[CheckMessage]:
    """consents.E001: what a withdrawal destroys waits, so that whoever did not withdraw can stop it."""
    try:
        waits = bool(wait(clock.now()))
    except DatabaseError:
        return  # config.E005 says so
    if not waits:
        yield Error(
            "A withdrawal destroys data without any wait.",
            hint="Give the parameter withdrawal.wait.hours a value of at least 1 hour (24 as shipped).",
            id="consents.E001",
        )
