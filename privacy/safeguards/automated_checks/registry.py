"""What the portal looks at itself each day: its own safeguards, from the outside where they show and from the inside.

A probe answers *in order*, *not in order*, or *not known*: what can't be seen is never taken for granted. Probes read
and never write; ``safeguards.record_check_results`` records what they saw.
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
class CheckResult:
    """What one probe saw."""

    result: Result
    detail: str


@dataclass(frozen=True)
class AutomatedCheck:
    """One look at one measure."""

    look: Callable[[datetime], CheckResult]
    kind: str
    clause: str
    cycle_days: int = 1


CHECKS: dict[str, AutomatedCheck] = {}


def passed(detail: str) -> CheckResult:
    return CheckResult(Result.PASSED, detail)


def failed(detail: str) -> CheckResult:
    return CheckResult(Result.FAILED, detail)


def unknown(detail: str) -> CheckResult:
    return CheckResult(Result.UNKNOWN, detail)


def automated_check(
    code: str, name: Any, *, kind: str, clause: str
) -> Callable[[Callable[[datetime], CheckResult]], Callable[[datetime], CheckResult]]:
    """Register a look at the measure ``code``, which is called ``name``."""

    def register(function: Callable[[datetime], CheckResult]) -> Callable[[datetime], CheckResult]:
        CHECKS[code] = AutomatedCheck(function, kind, clause)
        STANDARD_NAMES[code] = name
        return function

    return register


def run_checks(at: datetime) -> dict[str, CheckResult]:
    """Look at everything. A probe that breaks is a failure, not a silence."""
    seen = {}
    with override("ko"):
        for code, one in CHECKS.items():
            try:
                seen[code] = one.look(at)
            except Exception as error:  # noqa: BLE001 - whatever stops a look is what it saw
                seen[code] = failed(_("The check itself failed: %(error)s.") % {"error": type(error).__name__})
    return seen
