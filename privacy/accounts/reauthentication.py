"""Asking who is there once more, before an act that binds the person: the one function for it."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import throttling
from privacy.accounts.signin.middleware import BEGAN
from privacy.lib.errors.refusals import Refusal


class WrongPassword(Refusal):
    """The password is not that of the signed-in account; the try is on record as a failed sign-in."""

    code = "not-you"


def reauthenticate(request: HttpRequest, *, password: str, at: datetime) -> User:
    """Return the signed-in person if the password is theirs. Raises WrongPassword, TooManyFailures."""
    assert isinstance(request.user, User)
    counted = list(throttling.session_keys(request.session.get(BEGAN), request.user.pk))
    signin.record_attempt(counted, user=request.user, at=at)
    if authenticate(request, username=request.user.email, password=password) != request.user:
        raise WrongPassword(_("That password is wrong. Enter the password you sign in with."))
    signin.reset_attempts(counted)
    return request.user
