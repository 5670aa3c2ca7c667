"""Who of the office may take which step of a case: none is verified, decided and carried out by one person.

The same is held by constraints and triggers (``models``, ``migrations/0003_guards.py``); here it is said in words, with
who can go on (decision 0105).
"""

from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.rights.actions.identity_documents import unopened_documents
from privacy.rights.models import IdentityDocument, Request, Right
from privacy.rights.refusals import SamePerson, UnseenDocuments

# What gives a person's data away or destroys it.
BY_TWO_PEOPLE = (Right.Kind.ACCESS, Right.Kind.DELETION, Right.Kind.CONSENT_WITHDRAWAL)


def must_be_verifiable_by(case: Request, method: str, *, actor: Actor) -> None:
    """Raise SamePerson for who recorded the case, UnseenDocuments unless the actor opened what others attached."""
    if case.received_by == actor.ref:
        raise SamePerson(
            _("You recorded this request, so someone else must verify the identity: another officer or handler.")
        )
    if method != Request.IdentityMethod.DOCUMENTS:
        return
    attached = IdentityDocument.objects.filter(request=case)
    if not attached.exists():
        raise UnseenDocuments(
            _("No document is attached to this case. Attach what the requester showed or sent, or ask for a document.")
        )
    if not attached.exclude(attached_by=actor.ref).exists():
        raise SamePerson(_("You attached the documents, so someone else must check them: another officer or handler."))
    if unopened_documents(case, by=actor.ref).exists():
        raise UnseenDocuments(_("Open the documents of this case and read them first. Then verify the identity."))


def must_be_decidable_by(case: Request, *, actor: Actor) -> None:
    """Raise SamePerson for the person who checked the documents of the case."""
    if case.identity_method == Request.IdentityMethod.DOCUMENTS and case.verified_by == actor.ref:
        raise SamePerson(_("You checked the documents of this request, so another officer must decide it."))


def must_be_releasable_by(right: Right, *, actor: Actor) -> None:
    """Raise SamePerson for who decided alone: a device proved the identity, so no second person has seen the case."""
    alone = right.request.identity_method != Request.IdentityMethod.DOCUMENTS and right.decided_by == actor.ref
    if right.kind in BY_TWO_PEOPLE and alone:
        raise SamePerson(
            _(
                "You decided this request, so someone else must carry it out: another officer or handler. Nobody gives "
                "away or destroys a person's data alone."
            )
        )
