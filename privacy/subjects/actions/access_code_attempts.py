"""The doors that a number and a code open: wrong tries are counted by where they came from.

One answer to every failure, and the same work for a number that exists and one that doesn't (SEC-16). Nothing is
counted by number: 130 bits are not guessed, and a stranger's tries must not shut the owner out.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.access_codes import AccessCodes, constant_time_equal
from privacy.subjects.actions.hourly_limits import address_index, require_below_limit
from privacy.subjects.models import FailedCodeAttempt

logger = logging.getLogger("portal.subjects")


class WrongCode(Refusal):
    """Number and code don't belong together. The same words for every reason (SEC-16)."""

    code = "unknown-case"


def check_code(codes: AccessCodes, *, code: str, digest: str | None, address: str, at: datetime) -> None:
    """Let ``code`` through if ``digest`` is its own; there is no digest where there is no such number.

    Raises TooManyAttempts after too many wrong tries from this address in an hour, and WrongCode.
    """
    attempt = _count_attempt(codes.door, address_index(address or "-"), at=at)
    # Without a number the digest of nothing is compared: no code has it, and the work is the same.
    if constant_time_equal(digest or codes.digest(""), codes.digest(code)) and digest:
        attempt.delete()
    else:
        logger.warning("a wrong code at the door %s", codes.door)
        raise WrongCode(_("The number and the code don't match. Check both; the code was shown once, when you asked."))


@transaction.atomic
def _count_attempt(door: str, key: bytes, *, at: datetime) -> FailedCodeAttempt:
    """Count an attempt before it is made, so that tries at once are no more than tries in a row."""
    require_below_limit(
        f"tries {door}",
        key,
        done_since=partial(_tries_since, door, key),
        limit="door.tries.hourly",
        refusal=_("Too many attempts. Wait an hour, or call us."),
        at=at,
    )
    return FailedCodeAttempt.objects.create(door=door, key=key, at=at)


def _tries_since(door: str, key: bytes, since: datetime) -> int:
    return FailedCodeAttempt.objects.filter(door=door, key=key, at__gt=since).count()


def delete_old_attempts(*, at: datetime) -> int:
    """Remove tries older than a day: they served their purpose."""
    removed, _each = FailedCodeAttempt.objects.filter(at__lt=at - timedelta(days=1)).delete()
    return removed
