"""What a rights request is made of: the case, its rights, what the person wrote (sealed), and what follows from it."""

from privacy.rights.models.access_packages import Package, PackageBuild, PackagePiece
from privacy.rights.models.cases import CasePerson, Request, Step
from privacy.rights.models.forwardings import Forwarding
from privacy.rights.models.identity_documents import DocumentOpening, IdentityDocument
from privacy.rights.models.incoming_mail import IncomingMail
from privacy.rights.models.letters import Letter, Objection, Postponement
from privacy.rights.models.messages import CaseMessage
from privacy.rights.models.particulars import Particulars
from privacy.rights.models.rights import (
    ANSWER_DAYS,
    AUTOMATED,
    CHANGING,
    COVERED_BY,
    GROUNDS_BY_KIND,
    GROUNDS_OF_OTHERS,
    GROUNDS_WITH_LAW,
    Right,
)
from privacy.rights.models.suspension_measures import SuspensionMeasure
from privacy.rights.models.term_extensions import TermExtension

__all__ = [
    "ANSWER_DAYS",
    "AUTOMATED",
    "CHANGING",
    "COVERED_BY",
    "GROUNDS_BY_KIND",
    "GROUNDS_OF_OTHERS",
    "GROUNDS_WITH_LAW",
    "CaseMessage",
    "CasePerson",
    "DocumentOpening",
    "Forwarding",
    "IdentityDocument",
    "IncomingMail",
    "Letter",
    "Objection",
    "Package",
    "PackageBuild",
    "PackagePiece",
    "Particulars",
    "Postponement",
    "Request",
    "Right",
    "Step",
    "SuspensionMeasure",
    "TermExtension",
]
