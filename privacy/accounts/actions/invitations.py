"""Invitations: how the owner of an account, and nobody else, sets its password and second factor."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.events import Event
from privacy.accounts.models import Invitation, SignIn, User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin.client_info import digest
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, SystemActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import parameters

INVITATION = "accounts.invitation"


class InvitationInvalid(Refusal):
    """It was used, replaced or has expired, or there never was one: the answer does not say which."""

    code = "invitation-invalid"

    def __init__(self) -> None:
        super().__init__(_("This invitation has expired or was already used. Ask the privacy office for a new one."))


@transaction.atomic
def invite(user: User, *, asked_by: str, actor: Actor, at: datetime, by_mail: bool = True) -> Invitation:
    """Make the one invitation that opens an account from now on, within the act that was approved."""
    Invitation.objects.filter(user=user, used_at=None, withdrawn_at=None).update(withdrawn_at=at)
    hours = parameters.number("invitation.hours", clock.kst_date(at))
    made = Invitation.objects.create(
        user=user, asked_by=asked_by, approved_by=actor.ref, made_at=at, expires_at=at + timedelta(hours=hours)
    )
    ledger.record(Event.INVITED, actor=actor, at=at, about=user, facts={"invitation": str(made.pk)})
    if by_mail:
        outbox.enqueue(
            INVITATION,
            ids={"invitation": str(made.pk)},
            key=f"{INVITATION}:{made.pk}",
            shard=user.reference,
        )
    return made


@transaction.atomic
def issue_invitation_token(invitation_id: UUID, *, actor: SystemActor, at: datetime) -> str | None:
    """Return the secret of the link, made now and kept nowhere; nothing for an invitation that can't be used.

    A mail that is sent again carries a new one, and the one before opens nothing.
    """
    row = Invitation.objects.waiting(at=at).select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if row is None:
        return None
    token = token_urlsafe(32)
    row.digest = digest(token, of="invitation")
    row.save(update_fields=["digest"])
    ledger.record(Event.INVITATION_SENT, actor=actor, at=at, about=row.user, facts={"invitation": str(row.pk)})
    return token


def find_invitation(token: str, *, at: datetime) -> Invitation:
    """Return the invitation that a link belongs to. Raises InvitationInvalid."""
    known = digest(token, of="invitation")
    found = Invitation.objects.waiting(at=at).select_related("user").filter(digest=known).first()
    if found is None:
        raise InvitationInvalid
    return found


@transaction.atomic
def accept_invitation(token: str, *, password: str, at: datetime) -> User:
    """Set the password that the owner chose; the invitation is used up.

    Raises InvitationInvalid, and Django's ValidationError for a password that is too weak.
    """
    found = find_invitation(token, at=at)
    user = User.objects.select_for_update().get(pk=found.user_id)
    # Whoever sent the form at the same moment has used it by now.
    row = Invitation.objects.waiting(at=at).select_for_update(of=("self",)).filter(pk=found.pk).first()
    if row is None:
        raise InvitationInvalid
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    row.used_at, row.digest = at, ""
    row.save(update_fields=["used_at", "digest"])
    signin.end_others(user=user, session_key=None, why=SignIn.End.RESET, actor=user, at=at)
    ledger.record(Event.INVITATION_USED, actor=user, at=at, about=user, facts={"invitation": str(row.pk)})
    return user


@transaction.atomic
def record_first_factor(*, user: User, at: datetime) -> None:
    """Note on the invitation in use that its owner has added a second factor."""
    newest = Invitation.objects.select_for_update().filter(user=user, withdrawn_at=None).order_by("-made_at").first()
    if newest is not None and newest.used_at is not None and newest.factor_at is None:
        newest.factor_at = max(at, newest.used_at)
        newest.save(update_fields=["factor_at"])
