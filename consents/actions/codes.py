"""Consent codes: issued to whoever decided, shown once, and the only thing on paper that opens the consent pages."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consents.events import Event
from consents.models import Agreement, ConsentCode, CurrentConsent, Decision
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.access_codes import AccessCodes
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject

CODES = AccessCodes("consents")


class CodeReplaced(Refusal):
    """The form that was sent again is older than the code that holds now."""

    code = "code-replaced"


@transaction.atomic
def issue_code(decision: Decision, *, submission: str, replace: bool = False, actor: Actor, at: datetime) -> str | None:
    """Return the code of the decision in force, or None where it was shown already or a later decision replaced it.

    ``submission`` is a mark that only its sender has: the same one gets the same code again, so that a lost answer
    loses no code. ``replace`` issues another code; the one before stops opening. Raises CodeReplaced for a mark whose
    code was replaced since.
    """
    person = Subject.objects.select_for_update().get(pk=decision.subject_id)
    if not CurrentConsent.objects.filter(decision=decision).exists():
        return None
    code = CODES.of(f"{submission}\0{decision.id}")
    digest = CODES.digest(code)
    held = ConsentCode.objects.filter(decision=decision, valid_until=None).first()
    if held is not None:
        if held.digest == digest:
            return code
        if not replace:
            return None
        if ConsentCode.objects.filter(digest=digest).exists():
            raise CodeReplaced(
                _("This page is older than your newest consent code. Use that code, or get another one.")
            )
        held.valid_until = at
        held.save(update_fields=["valid_until"])
    made = ConsentCode.objects.create(subject_id=decision.subject_id, decision=decision, digest=digest, issued_at=at)
    facts = {"receipt": decision.reference}
    ledger.record(Event.CODE_ISSUED, actor=actor, at=at, about=made, subjects=[person.reference], facts=facts)
    return code


def end_codes(subject_id: UUID, agreement: Agreement, *, until: datetime, but: Decision | None = None) -> None:
    """Let the codes of a person's decisions about one agreement open the pages no longer than ``until``.

    Those of the decision ``but`` go on.
    """
    codes = ConsentCode.objects.valid(until).about(subject_id, agreement)
    (codes if but is None else codes.exclude(decision=but)).update(valid_until=until)


def person_of_code(code: str, *, address: str, at: datetime) -> UUID:
    """Return whose consent pages a code opens. Raises WrongCode, and TooManyAttempts by the address it came from."""
    held = ConsentCode.objects.valid(at).filter(digest=CODES.digest(code)).first()
    subjects.check_code(CODES, code=code, digest=held.digest if held else None, address=address, at=at)
    if held is None:
        raise AssertionError("a code without its digest is never let through")
    return held.subject_id
