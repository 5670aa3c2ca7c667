"""Sessions for tests that are not about signing in: as if password and second factor had just been shown.

Django's ``force_login`` knows no second factor, and the console opens for nobody without one. So what it makes is
completed here, for the test client as for the browsers; ``tests/privacy/accounts/signin`` and
``tests/browser/test_sign_in.py`` sign in for real.
"""

import time
from typing import Any

from django.conf import settings
from django.test import Client
from django.test.client import ClientMixin

from privacy.accounts.models import User

_login = ClientMixin._login  # type: ignore[attr-defined]


def _login_with_factor(self: Any, user: User, *args: Any, **kwargs: Any) -> None:
    _login(self, user, *args, **kwargs)
    session = self.session
    method = {"method": "mfa", "type": "totp"} if user.is_staff else {"method": "password"}
    session["account_authentication_methods"] = [{**method, "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def complete_force_login() -> None:
    """From now on ``force_login`` shows a second factor too."""
    ClientMixin._login = _login_with_factor  # type: ignore[attr-defined]


def without_factor(client: Client) -> None:
    """Make a client's session one that only the password was shown to."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()


def cookies_of(user: User) -> list[tuple[str, str]]:
    """Return the cookies of a new session of a person, for a browser."""
    client = Client()
    client.force_login(user)
    return [(name, client.cookies[name].value) for name in (settings.SESSION_COOKIE_NAME,)]
