"""How long to wait after failed sign-ins: a delay that grows, and never a door that stays shut (law S-13, SEC-17).

Counted for the account, whoever tries, and for the network address. A browser that its owner has signed in from, and a
session that is signed in, are counted by themselves alone: nobody keeps a person out of their own account, or from
confirming an act, by failing in their name or from their network.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from privacy.accounts.models import Browser, SignInThrottle
from privacy.accounts.signin.client_info import ClientInfo, digest
from privacy.lib.http.network_addresses import client_network

FIRST_DELAY = timedelta(seconds=30)
MAX_DELAY = timedelta(hours=1)
# After this long without a failure, nothing is counted any more.
RESET_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class ThrottleKey:
    """A key that failures are counted under, and how many are free."""

    key: str
    free: int


def delay_after(failures: int, free: int) -> timedelta | None:
    """Return how long to wait after so many failures: 30 s after the first that isn't free, then twice as long each."""
    if failures <= free:
        return None
    doublings = min(failures - free - 1, 12)
    return min(FIRST_DELAY * int(2**doublings), MAX_DELAY)


def password_keys(email: str, place: ClientInfo) -> Iterator[ThrottleKey]:
    """What a wrong password is counted under. The same rows for an account that exists and one that doesn't."""
    email = email.strip().lower()
    token = digest(place.token, of="browser") if place.token else ""
    if Browser.objects.filter(user__email=email, token_digest=token).exists():
        yield _of_person("password", f"{email} {token}")
        return
    yield _of_person("password", email)
    yield from address_keys(place)


def second_factor_keys(user_id: UUID | str, place: ClientInfo) -> Iterator[ThrottleKey]:
    """What a wrong code is counted under at sign-in; who gets here knows the password."""
    token = digest(place.token, of="browser") if place.token else ""
    if Browser.objects.filter(user_id=user_id, token_digest=token).exists():
        yield _of_person("factor", f"{user_id} {token}")
        return
    yield _of_person("factor", str(user_id))
    yield from address_keys(place)


def session_keys(began_at: object, user_id: UUID | str) -> Iterator[ThrottleKey]:
    """What a wrong password or code is counted under where somebody who is signed in confirms who they are.

    The moment the session began tells it from others: its key is new after each confirmation.
    """
    yield _of_person("session", f"{user_id} {began_at}")


def _of_person(kind: str, name: str) -> ThrottleKey:
    return ThrottleKey(f"{kind}:{digest(name, of='attempts')}", settings.SIGN_IN_FREE_FAILURES)


def address_keys(place: ClientInfo) -> Iterator[ThrottleKey]:
    if place.address:
        network = client_network(place.address)
        yield ThrottleKey(f"address:{digest(network, of='attempts')}", settings.SIGN_IN_FREE_FAILURES_OF_ADDRESS)


def reset_if_old(row: SignInThrottle, *, at: datetime) -> None:
    """Start counting anew where the last failure is long ago (in memory; the verb saves)."""
    if at - row.failed_at > RESET_AFTER:
        row.failures, row.wait_until = 0, None
