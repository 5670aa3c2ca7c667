"""When somebody leaves, everything of theirs ends at once (law S-09)."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from privacy.accounts import leaving
from privacy.accounts.actions.access_grants import UserInactive, end_grant
from privacy.accounts.actions.sessions import end_all_sessions
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessRequest, AccountAct, Invitation, SignIn, User
from privacy.accounts.signin import actions as signin
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates.clock import kst_date
from privacy.lib.errors.refusals import Refusal
from privacy.lib.postgres.advisory_locks import lock_in_transaction

OFFICER = "officer"
OFFICE_UNMANNED = "accounts.office-unmanned"
# The trigger that keeps the last second factor of an account that is open.
LAST_FACTOR = "accounts_last_factor_goes_by_a_reset"


class OwnAccount(Refusal):
    """Nobody closes their own account: the register would have no second person."""

    code = "own-account"


@transaction.atomic
def deactivate_user(user: User, *, why: str, actor: Actor, at: datetime) -> User:
    """Close the account of somebody who leaves: grants, roles, open requests, sessions and sign-in end together.

    From then on the leaving pledge is owed (``workforce.compliance``). Raises NotPermitted, UserInactive, OwnAccount.
    """
    require_permission(actor, "accounts.keep_accounts", about=user)
    if actor.ref == user.ref:
        raise OwnAccount(_("Someone else must close your account. Ask a colleague."))
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        raise UserInactive(_("This account is already closed."))
    sessions = end_all_sessions(user, why=SignIn.End.LEFT, actor=actor, at=at)
    # What was over before ended on its own day; the register goes on saying so.
    grants = list(AccessGrant.objects.filter(user=user).living(on=kst_date(at)))
    for grant in grants:
        end_grant(grant, why=why, actor=actor, at=at)
    withdrawn = AccessRequest.objects.filter(user=user, state=AccessRequest.State.OPEN).update(
        state=AccessRequest.State.WITHDRAWN, decided_at=at, decided_by=actor.ref, decision=why
    )
    user.is_active, user.left_at = False, at
    user.save(update_fields=["is_active", "left_at"])
    ended = _end_all_else(user, actor=actor, at=at)
    facts = {"grants": len(grants), "requests": withdrawn, "sessions": sessions, **ended}
    ledger.record(Event.USER_DEACTIVATED, actor=actor, at=at, about=user, facts=facts)
    if any(grant.role == OFFICER and grant.valid_from <= kst_date(at) for grant in grants):
        _warn_of_an_unmanned_office(user, actor=actor, at=at)
    return user


@transaction.atomic
def reactivate_user(user: User, *, actor: Actor, at: datetime) -> User:
    """Make a closed account one that officers can invite and grant to again; it gets nothing of what it had.

    Raises NotPermitted, UserInactive for one that is active.
    """
    require_permission(actor, "accounts.keep_accounts", about=user)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active:
        raise UserInactive(_("This account is active."))
    # Also of an account that was closed before all of this ended with it; asked while it is still closed.
    _end_all_else(user, actor=actor, at=at)
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {LAST_FACTOR} IMMEDIATE; SET CONSTRAINTS {LAST_FACTOR} DEFERRED")
    user.is_active, user.left_at = True, None
    user.save(update_fields=["is_active", "left_at"])
    ledger.record(Event.USER_REACTIVATED, actor=actor, at=at, about=user)
    return user


def _end_all_else(user: User, *, actor: Actor, at: datetime) -> dict[str, int]:
    """End the ways to sign in, what waits for a decision about or by the person, and what other apps declared."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    factors = list(Authenticator.objects.filter(user=user))
    for factor in factors:
        signin.remove_factor(factor, actor=actor)
    SocialAccount.objects.filter(user=user).delete()
    Invitation.objects.filter(user=user, used_at=None, withdrawn_at=None).update(withdrawn_at=at)
    waiting = AccountAct.objects.open().filter(Q(asked_by=user.reference) | Q(user=user))
    acts = waiting.update(state=AccountAct.State.REFUSED, decided_at=at, decided_by=actor.ref, email="", name="")
    return {"factors": len(factors), "acts": acts, **leaving.end_everything(user, actor=actor, at=at)}


def _warn_of_an_unmanned_office(user: User, *, actor: Actor, at: datetime) -> None:
    """Raise the alarm where the last officer left: nobody in the console could (decision 0420)."""
    # Of two last officers who are closed at once, the second waits here for the first, and then sees it closed.
    lock_in_transaction("accounts.unmanned-office")
    if User.objects.holding(OFFICER, on=kst_date(at)).exists():
        return
    ledger.record(Event.OFFICE_UNMANNED, actor=actor, at=at, about=user)
    outbox.enqueue(OFFICE_UNMANNED, ids={"at": at.isoformat()}, key=f"{OFFICE_UNMANNED}:{user.pk}:{at.isoformat()}")
