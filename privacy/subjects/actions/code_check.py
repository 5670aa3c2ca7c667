"""The doors that a number and a code open: wrong tries are counted by where they came from.

One answer to every failure, and the same work for a number that exists and one that doesn't (SEC-16). Nothing is
counted by number: 130 bits are not guessed, and a stranger's tries must not shut the owner out.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, TooManyAttempts
from privacy.lib.http.network_addresses import client_network
from privacy.lib.identifiers.access_codes import AccessCodes, constant_time_equal
from privacy.lib.postgres import advisory_locks
from privacy.lib.postgres.advisory_locks import LockBusy
from privacy.policies import rulebook
from privacy.subjects.models import FailedCodeAttempt
from privacy.vault import actions as vault


class WrongCode(Refusal):
    """Number and code don't belong together. The same words for every reason (SEC-16)."""

    code = "unknown-case"


def address_index(address: str) -> bytes:
    """Return the blind index of an address, of IPv6 its /64: tries are counted by it; the address is not kept."""
    return vault.blind_index("text", f"address {client_network(address)}")


def check_code(codes: AccessCodes, *, code: str, digest: str | None, address: str, at: datetime) -> None:
    """Let ``code`` through if ``digest`` is its own; there is no digest where there is no such number.

    Raises TooManyAttempts after too many wrong tries from this address in an hour, and WrongCode.
    """
    attempt = _count_attempt(codes.door, address_index(address or "-"), at=at)
    # Without a number the digest of nothing is compared: no code has it, and the work is the same.
    if constant_time_equal(digest or codes.digest(""), codes.digest(code)) and digest:
        attempt.delete()
    else:
        raise WrongCode(_("The number and the code don't match. Check both; the code was shown once, when you asked."))


@transaction.atomic
def _count_attempt(door: str, key: bytes, *, at: datetime) -> FailedCodeAttempt:
    """Count an attempt before it is made, so that tries at once are no more than tries in a row."""
    refusal = TooManyAttempts(_("Too many attempts. Wait an hour, or call us."))
    try:
        advisory_locks.lock_in_transaction(f"attempts {door} {key.hex()}")
    except LockBusy:
        # So many at once from one place that they wait for each other.
        raise refusal from None
    tries = FailedCodeAttempt.objects.filter(door=door, key=key, at__gt=at - timedelta(hours=1)).count()
    if tries >= rulebook.parameter("door.tries.hourly", clock.kst_date(at)):
        raise refusal
    return FailedCodeAttempt.objects.create(door=door, key=key, at=at)


def delete_old_attempts(*, at: datetime) -> int:
    """Remove tries older than a day: they served their purpose."""
    removed, _each = FailedCodeAttempt.objects.filter(at__lt=at - timedelta(days=1)).delete()
    return removed
