"""Who of the office may take which step of a case: none is verified, decided and carried out by one person.

Who follows another in the chain is a second person by the accounts' rule: two accounts of one person are one (decision
0130). Constraints and triggers hold the same (``models``, ``migrations/0003_guards.py`` and later ones); here
it is said in words, with who can go on (decision 0105). Where nobody can, one officer takes the step alone, under the
name of an approval by emergency of the case (decision 0160).
"""

from datetime import datetime
from typing import NoReturn

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.accounts.second_person import (
    REASONS,
    NotASecondPerson,
    are_related,
    emergency_of,
    person_behind,
    require_second_person,
)
from privacy.ledger.actors import Actor
from privacy.rights.actions.identity_documents import (
    documents,
    mandate_documents,
    unopened_documents,
    unopened_of,
)
from privacy.rights.models import AUTOMATED, IdentityDocument, Request, Right
from privacy.rights.refusals import SamePerson, UnseenDocuments
from privacy.rights.representation import renewed_by

# What gives a person's data away or destroys it.
BY_TWO_PEOPLE = (Right.Kind.ACCESS, Right.Kind.DELETION, Right.Kind.CONSENT_WITHDRAWAL)


def must_be_verifiable_by(case: Request, method: str, *, actor: Actor, at: datetime) -> str:
    """Return whom the case names as its verifier: the actor, or their approval by emergency.

    Raises SamePerson for who recorded the case, NotASecondPerson for who does not count as another person than who did,
    and UnseenDocuments unless the actor opened what others attached, where it rests on documents: by this method, or
    because somebody acts for another.
    """
    name = actor.ref
    if case.received_by and actor.kind == "user":
        same = SamePerson(
            _("You recorded this request, so someone else must verify the identity: another officer or handler.")
        )
        name = require_second_person(actor, asked_by=case.received_by, about=case, same=same, at=at)
    # A device says who holds it, and nothing of whom they act for.
    if method == Request.IdentityMethod.DOCUMENTS or case.requester != Request.Requester.SELF:
        return _with_documents(case, name, actor=actor, at=at)
    return name


def _with_documents(case: Request, name: str, *, actor: Actor, at: datetime) -> str:
    attached = IdentityDocument.objects.filter(request=case)
    if not attached.exists():
        raise UnseenDocuments(
            _("No document is attached to this case. Attach what the requester showed or sent, or request a document.")
        )
    if _attached_alone(attached, actor=actor, at=at):
        name = emergency_of(actor, case, at=at)
        if not name:
            _ask_another(attached, actor=actor)
    if unopened_documents(case, by=actor.ref).exists():
        raise UnseenDocuments(_("Open the documents of this case and read them first. Then verify the identity."))
    return name


def must_have_read_mandate(case: Request, *, actor: Actor, at: datetime) -> None:
    """Raise UnseenDocuments unless the actor opened all that came for a mandate since it was last proven.

    Raises SamePerson or NotASecondPerson for who recorded the case, who may know its code and send in what proves it,
    and where only they attached it. No emergency forgives that: an approval by emergency is of a step of the case, and
    a representative can send it themselves, or make a new request.
    """
    if case.received_by:
        same = SamePerson(
            _("You recorded this request, so someone else must check the mandate: another officer or handler.")
        )
        require_second_person(actor, asked_by=case.received_by, same=same, at=at)
    came = mandate_documents(case)
    files = documents(case).usable().filter(id__in=list(came.values_list("file_id", flat=True)))
    came = came.filter(file_id__in=list(files.values_list("id", flat=True)))
    if not came:
        raise UnseenDocuments(
            _(
                "No document has come for a new mandate since it was found missing. Request one, or attach the one "
                "that the representative showed or sent."
            )
        )
    if _attached_alone(came, actor=actor, at=at):
        _ask_another(came, actor=actor)
    if unopened_of(files, case, by=actor.ref).exists():
        raise UnseenDocuments(_("Open the documents of this case and read them first. Then record the mandate."))


def _attached_alone(attached: QuerySet[IdentityDocument], *, actor: Actor, at: datetime) -> bool:
    """Whether nobody but the actor, or who does not count as another person, attached these documents."""
    others = attached.exclude(attached_by=actor.ref).values_list("attached_by", flat=True)
    return all(are_related(actor.ref, other, at=at) for other in set(others))


def _ask_another(attached: QuerySet[IdentityDocument], *, actor: Actor) -> NoReturn:
    if attached.exclude(attached_by=actor.ref).exists():
        raise NotASecondPerson(str(REASONS["related"]))
    raise SamePerson(_("You attached the documents, so someone else must check them: another officer or handler."))


def must_be_decidable_by(case: Request, *, actor: Actor, at: datetime) -> str:
    """Return whom the right names as its decider.

    Raises SamePerson for who checked the documents of the case, or those of a mandate proven anew, else
    NotASecondPerson.
    """
    checked_by = [""]
    if case.identity_method == Request.IdentityMethod.DOCUMENTS:
        checked_by = [case.verified_by, *renewed_by(case)]
    same = SamePerson(_("You checked the documents of this request, so another officer must decide it."))
    names = [require_second_person(actor, asked_by=one, about=case, same=same, at=at) for one in checked_by]
    return next((name for name in names if name != actor.ref), actor.ref)


def must_be_releasable_by(right: Right, *, actor: Actor, at: datetime) -> str:
    """Return whom the right names as who released it.

    Raises SamePerson for who decided alone: a device proved the identity, or they recorded the newest mandate too, so
    no second person has seen the case as it is. Raises NotASecondPerson where the actor does not count as another
    person than the one who stands for it too.
    """
    if right.kind in AUTOMATED:
        same = SamePerson(_("You granted this, so someone else must answer about the automated decision."))
        return require_second_person(actor, asked_by=right.decided_by, about=right.request, same=same, at=at)
    if right.kind not in BY_TWO_PEOPLE:
        return actor.ref
    same = SamePerson(
        _(
            "You decided this request, so someone else must carry it out: another officer or handler. Nobody hands "
            "over or destroys a person's data alone."
        )
    )
    other = other_person(right, than=actor.ref) or actor.ref
    return require_second_person(actor, asked_by=other, about=right.request, same=same, at=at)


def other_person(right: Right, *, than: str) -> str:
    """Return who else stands for what ``than`` releases: the decider, or who checked the documents; else nothing.

    Where a mandate was proven anew, who checked that: whoever checked the first has not seen this one.
    """
    me, checked_by = person_behind(than), right.verifier
    if checked_by:
        checked_by = (renewed_by(right.request) or [checked_by])[-1]
    return next((name for name in (right.decided_by, checked_by) if name and person_behind(name) != me), "")
