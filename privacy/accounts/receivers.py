"""What happens by itself: roles after a migration, and the record of every sign-in (law S-01)."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.lib import clock


def apply_roles(*, sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Give each role exactly the permissions of ``roles.ROLES``, after the last app has made its own."""
    last = [app for app in apps.get_app_configs() if app.models_module is not None][-1]
    if using == "default" and sender is last:
        accounts.apply_roles()


@receiver(user_logged_in, dispatch_uid="accounts.signed_in")
def signed_in(*, user: User, **kwargs: Any) -> None:
    accounts.record_sign_in(user=user, at=clock.now())


@receiver(user_logged_out, dispatch_uid="accounts.signed_out")
def signed_out(*, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        accounts.record_sign_out(user=user, at=clock.now())


@receiver(user_login_failed, dispatch_uid="accounts.sign_in_failed")
def sign_in_failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    accounts.record_failed_sign_in(email=str(credentials.get("username", "")), at=clock.now())
