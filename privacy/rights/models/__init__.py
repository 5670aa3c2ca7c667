"""What a rights request is made of: the case, its rights, what the person wrote (sealed), and what follows from it."""

from privacy.rights.models.cases import CaseNumber, Request, Step
from privacy.rights.models.follow import Letter, Objection, Package, Postponement
from privacy.rights.models.particulars import Particulars
from privacy.rights.models.rights import GROUNDS_OF, GROUNDS_WITH_LAW, Right

__all__ = [
    "GROUNDS_OF",
    "GROUNDS_WITH_LAW",
    "CaseNumber",
    "Letter",
    "Objection",
    "Package",
    "Particulars",
    "Postponement",
    "Request",
    "Right",
    "Step",
]
