"""Opening accounts and resetting sign-ins: one officer asks, another approves, and the person is invited."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.actions.access_grants import OwnAccess, lock_employed
from privacy.accounts.actions.access_requests import AlreadyRequested, RequestClosed, UnknownScope
from privacy.accounts.actions.invitations import invite
from privacy.accounts.actions.users import AccountExists, create_user
from privacy.accounts.events import Event
from privacy.accounts.models import AccountAct, User
from privacy.accounts.roles import ROLES
from privacy.accounts.second_person import require_second_person
from privacy.accounts.signin import actions as signin
from privacy.ledger import actions as ledger
from privacy.ledger.authorization import require_permission

PERMISSIONS = {AccountAct.Kind.OPEN: "accounts.keep_accounts", AccountAct.Kind.RESET: "accounts.reset_sign_in"}


@transaction.atomic
def ask_account(
    *, email: str, name: str, role: str, is_outside: bool, reason: str, actor: User, at: datetime
) -> AccountAct:
    """Ask that a colleague's account be opened with its first role. Nothing is opened yet.

    Raises NotPermitted, AccountExists, AlreadyRequested, UnknownScope.
    """
    require_permission(actor, PERMISSIONS[AccountAct.Kind.OPEN])
    email = email.strip().lower()
    if role not in ROLES:
        raise UnknownScope(_("There is no such role. Choose another."))
    _must_be_new(email)
    if AccountAct.objects.open().filter(kind=AccountAct.Kind.OPEN, email=email).exists():
        raise AlreadyRequested(_("This account has already been requested. Another officer must decide."))
    made = AccountAct.objects.create(
        kind=AccountAct.Kind.OPEN,
        email=email,
        name=name.strip(),
        role=role,
        is_outside=is_outside,
        reason=reason.strip(),
        asked_by=actor.ref,
        asked_at=at,
    )
    facts = {"kind": made.kind, "role": role, "outside": is_outside}
    ledger.record(Event.ACT_ASKED, actor=actor, at=at, about=made, facts=facts)
    return made


@transaction.atomic
def ask_reset(user: User, *, reason: str, actor: User, at: datetime) -> AccountAct:
    """Ask that a person who lost password or second factor be invited again. Nothing changes yet.

    Raises NotPermitted, OwnSignIn, UserInactive, AlreadyRequested.
    """
    require_permission(actor, PERMISSIONS[AccountAct.Kind.RESET], about=user)
    if actor == user:
        raise signin.OwnSignIn(_("Another officer must reset your sign-in."))
    user = lock_employed(user.pk)
    if AccountAct.objects.open().filter(kind=AccountAct.Kind.RESET, user=user).exists():
        raise AlreadyRequested(_("A reset of this sign-in has already been requested. Another officer must decide."))
    made = AccountAct.objects.create(
        kind=AccountAct.Kind.RESET, user=user, reason=reason.strip(), asked_by=actor.ref, asked_at=at
    )
    facts = {"kind": made.kind, "user": user.reference}
    ledger.record(Event.ACT_ASKED, actor=actor, at=at, about=made, facts=facts)
    return made


@transaction.atomic
def approve_act(act: AccountAct, *, reason: str, actor: User, at: datetime) -> AccountAct:
    """Do what another officer asked for: open the account, or reset the sign-in; the person is invited by mail.

    Raises NotPermitted, OwnAccess, RequestClosed, AccountExists, UserInactive.
    """
    row = _lock_open(act, actor=actor)
    if actor.ref == row.asked_by or actor.pk == row.user_id:
        raise OwnAccess
    require_second_person(actor, asked_by=row.asked_by, at=at)
    if row.kind == AccountAct.Kind.OPEN:
        _must_be_new(row.email)
        row.user = create_user(
            email=row.email,
            name=row.name,
            roles=[row.role],
            password=None,
            is_outside=row.is_outside,
            asked_by=row.asked_by,
            actor=actor,
            at=at,
        )
    else:
        assert row.user_id is not None
        row.user = lock_employed(row.user_id)
        signin.reset(row.user, actor=actor, at=at)
    _decide(row, AccountAct.State.APPROVED, Event.ACT_APPROVED, reason=reason, actor=actor, at=at)
    invite(row.user, asked_by=row.asked_by, actor=actor, at=at)
    return row


@transaction.atomic
def refuse_act(act: AccountAct, *, reason: str, actor: User, at: datetime) -> AccountAct:
    """Refuse, or take one's own request back; nothing is done. Raises NotPermitted, RequestClosed."""
    row = _lock_open(act, actor=actor)
    return _decide(row, AccountAct.State.REFUSED, Event.ACT_REFUSED, reason=reason, actor=actor, at=at)


def _must_be_new(email: str) -> None:
    if User.objects.filter(email=email).exists():
        raise AccountExists(_("An account with this e-mail address already exists."))


def _lock_open(act: AccountAct, *, actor: User) -> AccountAct:
    require_permission(actor, PERMISSIONS[AccountAct.Kind(act.kind)], about=act)
    row = AccountAct.objects.select_for_update().get(pk=act.pk)
    if row.state != AccountAct.State.REQUESTED:
        raise RequestClosed
    return row


def _decide(row: AccountAct, state: str, word: Event, *, reason: str, actor: User, at: datetime) -> AccountAct:
    row.state, row.decided_by, row.decided_at, row.decision = state, actor.ref, at, reason
    row.email = row.name = ""
    row.save(update_fields=["state", "user", "decided_by", "decided_at", "decision", "email", "name"])
    facts = {"kind": row.kind, "asked_by": row.asked_by, **({"user": row.user.reference} if row.user else {})}
    ledger.record(word, actor=actor, at=at, about=row, facts=facts)
    return row
