"""On which grounds a right is refused: told by the app that enforces them, shown beside the policy's own text.

The company's text names grounds more widely than the law allows; what is enforced is not written a second time here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class RefusalGrounds:
    """One right and the grounds on which it can be refused, in the active language."""

    right: str
    grounds: Sequence[str]


type Source = Callable[[date], Sequence[RefusalGrounds]]

_sources: list[Source] = []


def declare(source: Source) -> None:
    """Say who tells the grounds; telling it again changes nothing."""
    if source not in _sources:
        _sources.append(source)


def enforced(on: date) -> list[RefusalGrounds]:
    """Return the grounds that are enforced on a day, right by right."""
    return [one for source in _sources for one in source(on)]
