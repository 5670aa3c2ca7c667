"""Whoever holds the code of a page of their own, as an actor without an account."""

from dataclasses import dataclass
from datetime import date

from privacy.vault.purposes import Purpose


@dataclass(frozen=True, slots=True)
class CodeHolder:
    """May see what their own case or complaint says, for answering their right, and nothing else."""

    ref: str
    category: str
    kind: str = "subject"

    def may(self, permission: str) -> bool:
        return False

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        return category == self.category and purpose == Purpose.RIGHTS
