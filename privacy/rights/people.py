"""The requester as an actor: somebody without an account who holds a case's number and code."""

from dataclasses import dataclass
from datetime import date

from privacy.lib.codes import Codes
from privacy.vault.purposes import Purpose

CODES = Codes("rights")
CATEGORY = "rights-request"


@dataclass(frozen=True, slots=True)
class Requester:
    """May see what their own case says, for answering their right, and nothing else."""

    ref: str
    kind: str = "subject"

    def may(self, permission: str) -> bool:
        return False

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        return category == CATEGORY and purpose == Purpose.RIGHTS
