"""The doors that a number and a code open: wrong tries are counted by what they were about and where they came from.

One answer to every failure, and the same work for a number that exists and one that doesn't (SEC-16).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.lib import clock
from privacy.lib.codes import Codes, same
from privacy.lib.refusals import Refusal, TooMany
from privacy.policies import rulebook
from privacy.subjects.models import Try
from privacy.vault import actions as vault


class WrongCode(Refusal):
    """Number and code don't belong together. The same words for every reason (SEC-16)."""

    code = "unknown-case"


def source_index(address: str) -> bytes:
    """Return the blind index of an address: tries are counted by it, and the address itself is not kept."""
    return vault.blind_index("text", f"address {address}")


def check_code(codes: Codes, *, name: str, code: str, digest: str | None, address: str, at: datetime) -> None:
    """Let ``code`` through if ``digest``, kept under ``name``, is its own; nothing is kept where there is no such name.

    Raises TooMany after too many wrong tries at this name or from this address in an hour, and WrongCode.
    """
    keys = [vault.blind_index("text", f"case {name or '-'}"), source_index(address or "-")]
    most = rulebook.parameter("door.tries.hourly", clock.kst_date(at))
    for key in keys:
        tries = Try.objects.filter(door=codes.door, key=key, at__gt=at - timedelta(hours=1)).count()
        if tries >= most:
            raise TooMany(_("Too many tries. Wait an hour, or call us."))
    # Without a name the digest of nothing is compared: no code has it, and the work is the same.
    if not same(digest or codes.digest(""), codes.digest(code)) or not digest:
        with transaction.atomic():
            Try.objects.bulk_create(Try(door=codes.door, key=key, at=at) for key in keys)
        raise WrongCode(
            _("Number and code don't belong together. Check both; the code was shown once, when you asked.")
        )


def forget_tries(*, at: datetime) -> int:
    """Remove tries older than a day: they served their purpose."""
    removed, _each = Try.objects.filter(at__lt=at - timedelta(days=1)).delete()
    return removed
