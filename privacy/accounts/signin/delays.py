"""How long to wait after failed sign-ins: a delay that grows, and never a door that stays shut (law S-13, SEC-17).

Counted for the account, whoever tries, and for the network address. A browser that its owner has signed in from is
counted by itself, so that nobody keeps a person out of their own account by failing in their name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from privacy.accounts.models import Attempts, Browser
from privacy.accounts.signin.places import Place, digest

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
# After this long without a failure, nothing is counted any more.
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Counted:
    """A key that failures are counted under, and how many are free."""

    key: str
    free: int


def wait_after(failures: int, free: int) -> timedelta | None:
    """Return how long to wait after so many failures: 30 s after the first that isn't free, then twice as long each."""
    if failures <= free:
        return None
    doublings = min(failures - free - 1, 12)
    return min(FIRST_WAIT * int(2**doublings), LONGEST_WAIT)


def at_the_password(email: str, place: Place) -> Iterator[Counted]:
    """What a wrong password is counted under. The same rows for an account that exists and one that doesn't."""
    email = email.strip().lower()
    token = digest(place.token, of="browser") if place.token else ""
    known = Browser.objects.filter(user__email=email, token_digest=token).exists()
    name = f"{email} {token}" if known else email
    yield Counted(f"password:{digest(name, of='attempts')}", settings.SIGN_IN_FREE_FAILURES)
    yield from at_the_address(place)


def at_the_factor(user_id: object, place: Place) -> Iterator[Counted]:
    """What a wrong code is counted under; who gets here knows the password."""
    yield Counted(f"factor:{digest(str(user_id), of='attempts')}", settings.SIGN_IN_FREE_FAILURES)
    yield from at_the_address(place)


def at_the_address(place: Place) -> Iterator[Counted]:
    if place.address:
        yield Counted(f"address:{digest(place.address, of='attempts')}", settings.SIGN_IN_FREE_FAILURES_OF_ADDRESS)


def forget_old(row: Attempts, *, at: datetime) -> None:
    """Start counting anew where the last failure is long ago (in memory; the verb saves)."""
    if at - row.failed_at > FORGOTTEN_AFTER:
        row.failures, row.wait_until = 0, None
