"""What happens by itself: the record of every sign-in (law S-01)."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from privacy.accounts import actions as accounts
from privacy.accounts.events import Event
from privacy.accounts.models import SignIn, User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import second_factors
from privacy.accounts.signin.client_info import get_client_info
from privacy.accounts.signin.middleware import BEGAN, SEEN
from privacy.lib.dates import clock


@receiver(user_logged_in, dispatch_uid="accounts.signed_in")
def signed_in(*, user: User, request: HttpRequest, **kwargs: Any) -> None:
    """Put a sign-in on record, and count its session's time from now."""
    at = clock.now()
    if request.session.session_key is None:
        request.session.create()
    request.session[BEGAN] = request.session[SEEN] = at.timestamp()
    key = request.session.session_key or ""
    shown = second_factors.shown_means(request, user)
    token = signin.begin(user=user, session_key=key, place=get_client_info(request), shown=shown, at=at)
    if token is not None:
        request.new_browser_token = token  # type: ignore[attr-defined]


@receiver(user_logged_out, dispatch_uid="accounts.signed_out")
def signed_out(*, user: User | None, request: HttpRequest, **kwargs: Any) -> None:
    if user is not None:
        why = getattr(request, "ended_because", SignIn.End.SIGNED_OUT)
        signin.end(user=user, session_key=request.session.session_key or "", why=why, at=clock.now())


@receiver(user_login_failed, dispatch_uid="accounts.sign_in_failed")
def sign_in_failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    email = str(credentials.get("email") or credentials.get("username", ""))
    accounts.record_failed_sign_in(email=email, method="password", at=clock.now())


@receiver(post_save, sender=Authenticator, dispatch_uid="accounts.factor_added")
def factor_added(*, instance: Authenticator, created: bool, **kwargs: Any) -> None:
    """In the transaction that adds it, so that no second factor comes or goes without an entry."""
    if created:
        user = instance.user
        signin.record_factor_change(Event.FACTOR_ADDED, user=user, kind=instance.type, actor=user, at=clock.now())
        if instance.type != Authenticator.Type.RECOVERY_CODES:
            accounts.record_first_factor(user=user, at=clock.now())


@receiver(post_delete, sender=Authenticator, dispatch_uid="accounts.factor_removed")
def factor_removed(*, instance: Authenticator, origin: Any = None, **kwargs: Any) -> None:
    if not isinstance(origin, User):
        user = instance.user
        signin.record_factor_change(
            Event.FACTOR_REMOVED,
            user=user,
            kind=instance.type,
            actor=getattr(instance, "removed_by", user),
            at=clock.now(),
        )


@receiver(authentication_step_completed, dispatch_uid="accounts.confirmed")
def reauthenticated(*, user: User, method: str, **extra: Any) -> None:
    if extra.get("reauthenticated"):
        signin.record_reauthentication(user=user, method=method, at=clock.now())


def recently_reauthenticated(request: HttpRequest) -> bool:
    """The accounts' answer to acts that ask for step-up."""
    return second_factors.recently_reauthenticated(request, at=clock.now())
