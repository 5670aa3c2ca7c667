"""What clients asked and were told, and whether one order of events explains every answer (linearizability).

Clients note when they asked, when they were answered and what. Of each thing (a device's consent, a batch) the answers
must be those that one portal would give that does one thing after the other, in some order in which whatever was
answered before another was asked comes before it. What got no answer may have happened, at any later time, or not.
Wing and Gong's search, with the states that were tried remembered (Lowe).
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

NEVER = float("inf")


@dataclass
class Operation:
    """One thing that a client asked: of what, to do what, and the answer; without one it ended never."""

    of: str
    asked: str
    given: Any
    began: float
    ended: float = NEVER
    told: Any = None

    @property
    def was_answered(self) -> bool:
        return self.ended != NEVER

    def __str__(self) -> str:
        return f"{self.of}: {self.asked} {self.given!r} → {self.told!r} [{self.began:.3f}, {self.ended:.3f}]"


# From a state and an operation to the state after it, and the answer that it must get.
type Step = Callable[[Any, Operation], tuple[Any, Any]]


@dataclass
class History:
    """The operations of all clients."""

    operations: list[Operation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, of: str, asked: str, given: Any = None) -> Operation:
        """Note that something is asked now."""
        made = Operation(of, asked, given, time.monotonic())
        with self._lock:
            self.operations.append(made)
        return made

    def answer(self, operation: Operation, told: Any) -> None:
        """Note the answer."""
        operation.told, operation.ended = told, time.monotonic()

    def refused(self, operation: Operation) -> None:
        """Note that it was refused: then it did nothing, and explains nothing."""
        with self._lock:
            self.operations.remove(operation)

    def unexplained(self, step: Step, start: Any = None) -> list[str]:
        """Return a line for each thing of which no order of events explains the answers."""
        by_thing: dict[str, list[Operation]] = defaultdict(list)
        for one in self.operations:
            by_thing[one.of].append(one)
        return [line for of in sorted(by_thing) for line in _explain(by_thing[of], step, start)]


def _explain(operations: list[Operation], step: Step, start: Any) -> Iterator[str]:
    """Search an order; yield the answers up to the first that none explains.

    What was done so far is an integer with a bit for each operation: a set of them for each state that was tried would
    take the memory of the machine where a thing was asked of thousands of times.
    """
    ordered = sorted(operations, key=lambda one: one.began)
    answered = sum(1 << number for number, one in enumerate(ordered) if one.was_answered)
    furthest = 0
    # Each with what was done so far, and the state that it left.
    todo: list[tuple[int, Any]] = [(0, start)]
    tried: set[tuple[int, Any]] = set(todo)
    while todo:
        done, state = todo.pop()
        if not answered & ~done:
            return
        if (done & answered).bit_count() > (furthest & answered).bit_count():
            furthest = done
        for number in _next(ordered, done):
            after, told = step(state, ordered[number])
            if after == state and not ordered[number].was_answered:
                continue  # it may as well happen later, or never
            reached = (done | 1 << number, after)
            if (told == ordered[number].told or not ordered[number].was_answered) and reached not in tried:
                tried.add(reached)
                todo.append(reached)
    stuck = [str(ordered[number]) for number in _next(ordered, furthest) if answered >> number & 1]
    told = "\n  ".join(map(str, ordered))
    yield f"no order explains: {'; '.join(stuck)}, among\n  {told}"


def _next(ordered: list[Operation], done: int) -> list[int]:
    """Return what may come next: nothing that is left was answered before it was asked."""
    possible, soonest = [], NEVER
    left = ~done & (1 << len(ordered)) - 1
    while left:
        number = (left & -left).bit_length() - 1
        if ordered[number].began > soonest:
            break  # and so did all that were asked after it
        possible.append(number)
        soonest = min(soonest, ordered[number].ended)
        left &= left - 1
    # Those that got no answer last: mostly they did nothing, and a search that begins with them is long.
    possible = [number for number in possible if ordered[number].began <= soonest]
    return sorted(possible, key=lambda number: (ordered[number].was_answered, -number))


# -- what the portal's things are ------------------------------------------------------------------------------------


def consent_or_batch(state: Any, operation: Operation) -> tuple[Any, Any]:
    """A consent keeps the latest decision, whenever it arrives; a batch is stored once, and its answer is the same."""
    match operation.asked:
        case "decide":
            return max(state or ("", ""), operation.given), operation.given
        case "store":
            return operation.given, operation.given
        case _:
            return state, state
