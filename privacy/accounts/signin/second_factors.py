"""Second factors: who must have one, whether a session has shown one, and when a person last did."""

from datetime import datetime
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from privacy.accounts.models import User

# What is said to whoever would be left without one: the last goes by a reset, of two officers.
LAST_FACTOR = gettext_lazy(
    "This is the only second factor. Add another one first; if that isn't possible, another officer asks for a reset."
)
PERIOD_SECONDS = 30
# The app on a phone may be a step early or late; a step is taken once (RFC 6238, 5.2).
TOLERATED_STEPS = 1


def is_required(user: User) -> bool:
    """Officers, handlers and auditors: whoever may enter the console."""
    return bool(user.is_staff)


def factors_of(user_id: UUID) -> QuerySet[Authenticator]:
    """Return the second factors of an account; recovery codes are none."""
    held: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user_id)
    return held.exclude(type=Authenticator.Type.RECOVERY_CODES)


def is_enrolled(user: User) -> bool:
    return factors_of(user.pk).exists()


def has_other(factor: Authenticator) -> bool:
    """Whether its owner has another second factor beside it."""
    return factors_of(factor.user_id).exclude(pk=factor.pk).exists()


def is_verified(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor."""
    records = get_authentication_records(request, request.user)
    return any(bool(record.get("method") == "mfa") for record in records)


def shown_means(request: HttpRequest, user: User) -> str:
    """Return by what a person signed in, in the order that they showed it: ``password, totp``."""
    records = get_authentication_records(request, user)
    return ", ".join(str(record.get("type") or record["method"]) for record in records)


def recently_reauthenticated(request: HttpRequest, *, at: datetime) -> bool:
    """Whether the person showed their strongest means of sign-in within ``STEP_UP_SECONDS`` (SEC-09)."""
    records = get_authentication_records(request, request.user)
    strong = [record for record in records if record.get("method") == "mfa"] or records
    newest = max((float(record["at"]) for record in strong), default=0.0)
    return bool(at.timestamp() - newest < settings.STEP_UP_SECONDS)


def matching_time_step(secret: str, code: str, *, after: int, at: datetime) -> int | None:
    """Return the time step that a code belongs to, if it is near now and later than the last one taken."""
    now = int(at.timestamp()) // PERIOD_SECONDS
    for step in range(now - TOLERATED_STEPS, now + TOLERATED_STEPS + 1):
        if step > after and bool(totp.compare_user_code(actual=code, expected=totp_code(secret, step))):
            return step
    return None


def totp_code(secret: str, step: int) -> str:
    """Return the code of a time step."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, step)))


def next_time_step(user: User, *, at: datetime) -> int:
    """Return the first time step whose code the person's app has not used yet: now, or the one after the last."""
    found = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    return max(int(at.timestamp()) // PERIOD_SECONDS, int(found.data.get("step", 0)) + 1)


def totp_secret(user: User) -> str | None:
    """Return the secret of a person's authenticator app: for the demo, whose people have no telephone."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return str(decrypt(found.data["secret"])) if found else None


def new_totp_secret() -> str:
    return str(totp.generate_totp_secret())
