"""What a record's page knows of the step for which it needs a second person: the page then says who must act next."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReadFirst:
    """A document that who confirms must have read: whether it is still there, and whether an account has read it."""

    is_there: Callable[[Any], bool]
    has_read: Callable[[Any, str], bool]


@dataclass(frozen=True)
class SecondPersonStep:
    """``waits`` says whether it is due now, ``permission`` what it takes: of a chain, that of its next step.

    Who asked, or in a chain took the step before, and when, is asked of the database (``accounts.asked_of``). Of an act
    that nobody takes alone, ``asked_by`` names who asked, or all whose work it is. ``about`` names the account that it
    is about, which can't approve it. ``read_first`` is the document that whoever takes it must have read.
    ``rows`` are the lookups of the records for which it waits: the first page counts them. Without, it counts the
    register in words of its own.
    """

    permission: str | Callable[[Any], str]
    waits: Callable[[Any], bool]
    is_chain: bool = False
    asked_by: Callable[[Any], str | Collection[str]] | None = None
    about: Callable[[Any], str] | None = None
    read_first: ReadFirst | None = None
    # The button by which the second person takes it: who asked is not shown it.
    button: str = "approve"
    rows: Mapping[str, str | bool] | None = None
    # Whether ``asked_by`` names whose work another person looks at, and not who asked for something.
    is_work: bool = False

    def askers(self, record: Any) -> list[str]:
        """Return whose second person it takes, as ``asked_by`` names them."""
        named = self.asked_by(record) if self.asked_by is not None else ()
        return [named] if isinstance(named, str) else list(named)
