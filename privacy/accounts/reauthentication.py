"""Asking who is there once more, before an act that binds the person: the one function for it."""

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.lib.refusals import Refusal


class NotYou(Refusal):
    """The password is not that of the signed-in account; the try is on record as a failed sign-in."""

    code = "not-you"


def reauthenticate(request: HttpRequest, *, password: str) -> User:
    """Return the signed-in person if the password is theirs. Raises NotYou."""
    assert isinstance(request.user, User)
    if authenticate(request, username=request.user.email, password=password) != request.user:
        raise NotYou(_("That is not your password. Type the password you sign in with."))
    return request.user
