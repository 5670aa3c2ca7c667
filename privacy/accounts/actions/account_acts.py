"""Accounts opened, sign-ins reset, second factors removed: one officer asks, and another approves."""

from datetime import datetime

from allauth.mfa.models import Authenticator
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
from privacy.accounts.signin import second_factors
from privacy.ledger import actions as ledger
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal

PERMISSIONS = {
    AccountAct.Kind.OPEN: "accounts.keep_accounts",
    AccountAct.Kind.RESET: "accounts.reset_sign_in",
    AccountAct.Kind.FACTOR: "accounts.reset_sign_in",
}


class LastFactor(Refusal):
    """Without it the account had none: that takes a reset and an invitation."""

    code = "last-factor"

    def __init__(self) -> None:
        super().__init__(str(second_factors.LAST_FACTOR))


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
def ask_factor_removal(user: User, *, factor: int, reason: str, actor: User, at: datetime) -> AccountAct:
    """Ask that one of a colleague's second factors be removed, of several. Nothing changes yet.

    One's own is removed under "My sign-in". Raises NotPermitted, OwnSignIn, UserInactive, LastFactor, AlreadyRequested.
    """
    require_permission(actor, PERMISSIONS[AccountAct.Kind.FACTOR], about=user)
    if actor == user:
        raise signin.OwnSignIn(_("You remove your own second factor under “My sign-in”."))
    user = lock_employed(user.pk)
    _factor_to_remove(user, factor)
    if AccountAct.objects.open().filter(kind=AccountAct.Kind.FACTOR, user=user, factor=factor).exists():
        raise AlreadyRequested(_("The removal has already been requested. Another officer must decide."))
    made = AccountAct.objects.create(
        kind=AccountAct.Kind.FACTOR, user=user, factor=factor, reason=reason.strip(), asked_by=actor.ref, asked_at=at
    )
    facts = {"kind": made.kind, "user": user.reference}
    ledger.record(Event.ACT_ASKED, actor=actor, at=at, about=made, facts=facts)
    return made


@transaction.atomic
def approve_act(act: AccountAct, *, reason: str, actor: User, at: datetime) -> AccountAct:
    """Do what another officer asked for: open the account or reset the sign-in, and invite the person; remove a factor.

    Raises NotPermitted, OwnAccess, RequestClosed, AccountExists, UserInactive, LastFactor.
    """
    row = _lock_open(act, actor=actor)
    if actor.pk == row.user_id:
        raise OwnAccess
    approver = require_second_person(actor, asked_by=row.asked_by, about=row, same=OwnAccess(), at=at)
    if row.kind == AccountAct.Kind.OPEN:
        _must_be_new(row.email)
        row.user = create_user(
            email=row.email,
            name=row.name,
            roles=[row.role],
            password=None,
            is_outside=row.is_outside,
            asked_by=row.asked_by,
            granted_by=approver,
            actor=actor,
            at=at,
        )
    else:
        assert row.user_id is not None
        row.user = lock_employed(row.user_id)
        if row.kind == AccountAct.Kind.FACTOR:
            signin.remove_factor(_factor_to_remove(row.user, row.factor), actor=actor)
        else:
            signin.reset(row.user, actor=actor, at=at)
    _decide(row, AccountAct.State.APPROVED, Event.ACT_APPROVED, reason=reason, decided_by=approver, actor=actor, at=at)
    if row.kind != AccountAct.Kind.FACTOR:
        invite(row.user, asked_by=row.asked_by, actor=actor, at=at)
    return row


@transaction.atomic
def refuse_act(act: AccountAct, *, reason: str, actor: User, at: datetime) -> AccountAct:
    """Refuse, or take one's own request back; nothing is done. Raises NotPermitted, RequestClosed."""
    row = _lock_open(act, actor=actor)
    return _decide(row, AccountAct.State.REFUSED, Event.ACT_REFUSED, reason=reason, actor=actor, at=at)


def _factor_to_remove(user: User, factor: int | None) -> Authenticator:
    found = Authenticator.objects.filter(user=user, pk=factor).first()
    if found is None:
        raise UnknownScope(_("This second factor has already been removed."))
    if not second_factors.has_other(found):
        raise LastFactor
    return found


def _must_be_new(email: str) -> None:
    if User.objects.filter(email=email).exists():
        raise AccountExists(_("An account with this e-mail address already exists."))


def _lock_open(act: AccountAct, *, actor: User) -> AccountAct:
    require_permission(actor, PERMISSIONS[AccountAct.Kind(act.kind)], about=act)
    row = AccountAct.objects.select_for_update().get(pk=act.pk)
    if row.state != AccountAct.State.REQUESTED:
        raise RequestClosed
    return row


def _decide(
    row: AccountAct, state: str, word: Event, *, reason: str, actor: User, at: datetime, decided_by: str = ""
) -> AccountAct:
    row.state, row.decided_by, row.decided_at, row.decision = state, decided_by or actor.ref, at, reason
    row.email = row.name = ""
    row.save(update_fields=["state", "user", "decided_by", "decided_at", "decision", "email", "name"])
    facts = {"kind": row.kind, "asked_by": row.asked_by, **({"user": row.user.reference} if row.user else {})}
    ledger.record(word, actor=actor, at=at, about=row, facts=facts)
    return row
