"""What the representative decides by a one-time link: who a colleague is, and what one officer approved alone."""

from datetime import datetime

from django.db import transaction

from privacy.accounts.actions.access_grants import lock_employed
from privacy.accounts.actions.emergency_approvals import close_emergency
from privacy.accounts.actions.representative_links import (
    REPRESENTATIVE,
    LinkInvalid,
    ask_representative,
    find_representative_link,
)
from privacy.accounts.events import Event
from privacy.accounts.models import EmergencyApproval, RepresentativeLink, User
from privacy.ledger import actions as ledger
from privacy.ledger.authorization import require_permission


@transaction.atomic
def ask_confirmation(user: User, *, reason: str, actor: User, at: datetime) -> RepresentativeLink:
    """Ask the representative to confirm that a colleague is who they are, so that the two may approve for each other.

    Raises NotPermitted, UserInactive, NoRepresentative.
    """
    require_permission(actor, "accounts.keep_accounts", about=user)
    user = lock_employed(user.pk)
    made = ask_representative(user=user, reason=reason.strip(), actor=actor, at=at)
    ledger.record(Event.CONFIRMATION_ASKED, actor=actor, at=at, about=user, facts={"link": str(made.pk)})
    return made


@transaction.atomic
def answer_representative_link(token: str, *, answer: str, note: str, at: datetime) -> RepresentativeLink:
    """Take the representative's answer: the colleague is confirmed or not, the approval by emergency reviewed.

    Raises LinkInvalid, AlreadyReviewed, NoEmergency.
    """
    found = find_representative_link(token, at=at)
    row = RepresentativeLink.objects.waiting(at=at).select_for_update().filter(pk=found.pk).first()
    if row is None:
        raise LinkInvalid
    row.answer, row.answered_at = answer, at
    row.save(update_fields=["answer", "answered_at"])
    yes = answer == RepresentativeLink.Answer.YES
    if row.emergency_id is not None:
        emergency = EmergencyApproval.objects.select_for_update().get(pk=row.emergency_id)
        outcome = EmergencyApproval.Outcome.JUSTIFIED if yes else EmergencyApproval.Outcome.UNJUSTIFIED
        close_emergency(emergency, outcome=outcome, note=note, actor=REPRESENTATIVE, at=at)
    else:
        word = Event.COLLEAGUE_CONFIRMED if yes else Event.COLLEAGUE_NOT_CONFIRMED
        ledger.record(word, actor=REPRESENTATIVE, at=at, about=row.user, facts={"link": str(row.pk)})
    return row
