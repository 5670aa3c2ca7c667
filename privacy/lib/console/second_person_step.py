"""What a record's page knows of the step for which it needs a second person: the page then says who must act next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SecondPersonStep:
    """``asked_by`` is the field of who asked, ``permission`` that of the approval, ``waits`` whether it is due now."""

    asked_by: str
    permission: str
    waits: Callable[[Any], bool]
