"""Who acts in the console."""

from django.http import HttpRequest

from privacy.accounts.models import User


def actor_of(request: HttpRequest) -> User:
    """Return the account behind a request; the console lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user
