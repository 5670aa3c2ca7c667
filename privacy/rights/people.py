"""The requester as an actor: somebody without an account who holds a case's number and code."""

from dataclasses import dataclass

from privacy.lib.codes import Codes
from privacy.subjects.holders import CodeHolder

CODES = Codes("rights")
CATEGORY = "rights-request"


@dataclass(frozen=True, slots=True)
class Requester(CodeHolder):
    """May see what their own case says."""

    category: str = CATEGORY
