"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.rights.models import (
    CaseMessage,
    CasePerson,
    DocumentOpening,
    Forwarding,
    IdentityDocument,
    IncomingMail,
    Letter,
    Objection,
    Package,
    PackageBuild,
    PackagePiece,
    Particulars,
    Postponement,
    Request,
    Right,
    Step,
    SuspensionMeasure,
    TermExtension,
)

protected_tables.declare(
    Request,
    CasePerson,
    Step,
    Right,
    Postponement,
    Objection,
    Letter,
    Package,
    IdentityDocument,
    DocumentOpening,
    Forwarding,
    SuspensionMeasure,
    TermExtension,
    CaseMessage,
    IncomingMail,
    Particulars,
)

protected_tables.exempt(PackageBuild, PackagePiece, because="a package in the making; the finished one has its digest")
