"""What the letters that ask for a document say they need it for."""

from datetime import datetime

from django.utils.translation import gettext as _

from privacy.rights import identity_evidence, representation
from privacy.rights.models import Letter, Request


def opening(kind: str, case: Request, *, at: datetime) -> str:
    """Return the opening of a letter of this kind: what is needed, and that the term runs on while it does."""
    what = representation.what_is_missing(case, at=at)
    if kind == Letter.Kind.PROOF:
        what = _("We need a document that shows what is right, so that we can correct or delete it.")
    if not what:
        what = _("We need a document that shows who you are, or who you are acting for.")
        what = f"{what} {identity_evidence.at_most(case)}"
    return f"{what} {_('The deadline for our answer keeps running.')}" if case.state in Request.UNANSWERED else what
