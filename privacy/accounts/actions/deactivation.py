"""When somebody leaves, everything of theirs ends at once (law S-09)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.actions.access_grants import UserInactive, end_grant
from privacy.accounts.actions.sessions import end_all_sessions
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessRequest, SignIn, User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates.clock import kst_date
from privacy.lib.errors.refusals import Refusal


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
    facts = {"grants": len(grants), "requests": withdrawn, "sessions": sessions}
    ledger.record(Event.USER_DEACTIVATED, actor=actor, at=at, about=user, facts=facts)
    return user
