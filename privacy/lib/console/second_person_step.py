"""What a record's page knows of the step for which it needs a second person: the page then says who must act next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SecondPersonStep:
    """``waits`` says whether it is due now, ``permission`` what it takes: of a chain, that of its next step.

    Who asked, or in a chain took the step before, and when, is asked of the database (``accounts.asked_of``).
    """

    permission: str | Callable[[Any], str]
    waits: Callable[[Any], bool]
    is_chain: bool = False
