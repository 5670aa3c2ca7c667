"""What the portal looks at itself each day: its own safeguards, from the outside where they show and from the inside.

A probe answers *in order*, *not in order*, or *not known*: what can't be seen is never taken for granted. Probes read
and never write; ``safeguards.actions.observe`` records what they saw.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.safeguards.models.measures import STANDARD_NAMES, Measure, Result

Kind = Measure.Kind


@dataclass(frozen=True)
class Seen:
    """What one probe saw."""

    result: Result
    detail: str


@dataclass(frozen=True)
class Probe:
    """One look at one measure."""

    look: Callable[[datetime], Seen]
    kind: str
    clause: str
    cycle_days: int = 1


PROBES: dict[str, Probe] = {}


def passed(detail: str) -> Seen:
    return Seen(Result.PASSED, detail)


def failed(detail: str) -> Seen:
    return Seen(Result.FAILED, detail)


def unknown(detail: str) -> Seen:
    return Seen(Result.UNKNOWN, detail)


def probe(
    code: str, name: Any, *, kind: str, clause: str
) -> Callable[[Callable[[datetime], Seen]], Callable[[datetime], Seen]]:
    """Register a look at the measure ``code``, which is called ``name``."""

    def register(function: Callable[[datetime], Seen]) -> Callable[[datetime], Seen]:
        PROBES[code] = Probe(function, kind, clause)
        STANDARD_NAMES[code] = name
        return function

    return register


def look(at: datetime) -> dict[str, Seen]:
    """Look at everything. A probe that breaks is a failure, not a silence."""
    seen = {}
    with override("ko"):
        for code, one in PROBES.items():
            try:
                seen[code] = one.look(at)
            except Exception as error:  # noqa: BLE001 - whatever stops a look is what it saw
                seen[code] = failed(_("The look itself failed: %(error)s.") % {"error": type(error).__name__})
    return seen
