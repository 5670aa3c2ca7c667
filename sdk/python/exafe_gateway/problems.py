"""What can go wrong with a call: the portal's problem documents (RFC 9457), and no answer at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ProblemItem:
    """One offending item: a JSON pointer into what was sent, the code, a sentence without the value."""

    pointer: str
    code: str
    message: str


class GatewayError(Exception):
    """Anything that a call of the portal can raise."""


class Unreachable(GatewayError):
    """No answer came, however often it was tried. Whether the portal did it is unknown: the same call again is safe."""


class UnexpectedAnswer(GatewayError):
    """The answer isn't one of the portal's API: another server answers at this address."""


class Problem(GatewayError):
    """A refusal. ``code`` says which, ``retry_after`` in how many seconds to ask again, if so."""

    def __init__(
        self, status: int, code: str, detail: str, *, items: tuple[ProblemItem, ...] = (), retry_after: float | None
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.items = items
        self.retry_after = retry_after


class NotAuthorized(Problem):
    """401 and 403: the token is wrong, has ended, lacks a scope, or the request isn't signed as it must be."""


class Ended(Problem):
    """The user stopped the processing, or the data was destroyed: stop sending about this device."""


class TryLater(Problem):
    """429, 5xx and what is under way: nothing was refused, ask again."""


ENDED = frozenset({"suspended", "withdrawn", "destroyed"})


def problem_of(status: int, told: Mapping[str, Any], retry_after: float | None) -> Problem:
    """Return the problem that a document describes. Raises UnexpectedAnswer for what is none."""
    try:
        items = tuple(ProblemItem(str(one["pointer"]), str(one["code"]), str(one["message"])) for one in told["errors"])
        code, detail = str(told["code"]), str(told["detail"])
    except (KeyError, TypeError):
        raise UnexpectedAnswer(f"status {status} without a problem document") from None
    kind = Problem
    if status == 429 or status >= 500 or code == "under-way":
        kind = TryLater
    elif status in {401, 403}:
        kind = NotAuthorized
    elif code in ENDED:
        kind = Ended
    return kind(status, code, detail, items=items, retry_after=retry_after)
