"""The requester as an actor: somebody without an account who holds a case's number and code."""

from dataclasses import dataclass

from privacy.lib.identifiers.access_codes import AccessCodes
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.subjects.actors import CodeHolder

CODES = AccessCodes("rights")


@dataclass(frozen=True, slots=True)
class Requester(CodeHolder):
    """May see what their own case says."""

    category: str = RIGHTS_REQUEST
