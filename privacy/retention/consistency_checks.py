"""What must agree across databases: each app says it in its ``holdings.py``; the nightly comparison asks them all.

There are no foreign keys and no two-phase commit across databases (docs/architecture.md), so what an act leaves on
one side must be found on the other. A declaration yields what does not agree, now; the comparison keeps it as a
finding until it is gone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise


@dataclass(frozen=True)
class Difference:
    """Something on which two databases differ: named by reference or table, never by a person; how often."""

    about: str
    count: int = 1


Compare = Callable[[datetime], Iterator[Difference]]


@dataclass(frozen=True)
class ConsistencyCheck:
    """One thing that must agree: what it is called on the console, and how it is compared."""

    description: Promise | str
    compare: Compare


_checks: dict[str, ConsistencyCheck] = {}


def declare(code: str, *, description: Promise | str, compare: Compare) -> None:
    """Say what must agree, in words for the officer, and how differences are found (sliced, read only).

    ``code`` is ``app.what``; it is kept with each finding, so it never changes.
    """
    made = ConsistencyCheck(description, compare)
    if _checks.get(code, made) != made:
        raise ImproperlyConfigured(f"{code} is declared twice.")
    _checks[code] = made


def declared() -> Mapping[str, ConsistencyCheck]:
    """Return every agreement, by code."""
    return MappingProxyType(_checks)


def describe(code: str) -> str:
    """Return what an agreement says; the code itself where its app is gone."""
    known = _checks.get(code)
    return str(known.description) if known else code
