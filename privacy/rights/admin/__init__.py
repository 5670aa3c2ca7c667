"""The desk: cases with their buttons, objections, answers, packages."""

from privacy.rights.admin.cases import RequestAdmin
from privacy.rights.admin.incoming_mail import IncomingMailAdmin
from privacy.rights.admin.objections import LetterAdmin, ObjectionAdmin, PackageAdmin

__all__ = ["IncomingMailAdmin", "LetterAdmin", "ObjectionAdmin", "PackageAdmin", "RequestAdmin"]
