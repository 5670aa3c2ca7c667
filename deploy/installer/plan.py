"""Steps that say what they do before they do it, and do nothing where it is done."""

import sys
from collections.abc import Callable
from dataclasses import dataclass


class Stopped(Exception):
    """The installation can't go on; the message says what to do."""


@dataclass(frozen=True)
class Step:
    """One thing that an installation needs: what it is in words, whether it is there, and how it is made."""

    says: str
    is_done: Callable[[], bool]
    do: Callable[[], object]


class Plan:
    """Carries out steps in their order, or with ``dry`` only says which it would."""

    def __init__(self, *, dry: bool) -> None:
        self.dry = dry
        self.done = 0

    def title(self, text: str) -> None:
        print(f"\n{text}")

    def take(self, step: Step) -> None:
        """Take a step where it is needed. What can't be known yet in a dry run is said as what would be done."""
        try:
            there = step.is_done()
        except Unknown:
            there = False
        print(f"  {'=' if there else '+'} {step.says}")
        sys.stdout.flush()
        if not there and not self.dry:
            step.do()
            self.done += 1


class Unknown(Exception):
    """Whether a step is done can't be known before an earlier one."""


def always() -> bool:
    """Of a step that is cheap, and right each time."""
    return False
