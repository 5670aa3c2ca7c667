"""Verbs of signing in: counting failures, taking codes, beginning and ending sessions, resetting."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from secrets import token_urlsafe

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.events import Event
from privacy.accounts.models import Browser, SentForm, SignIn, SignInThrottle, User
from privacy.accounts.signin import second_factors, throttling
from privacy.accounts.signin.client_info import ClientInfo, digest
from privacy.accounts.signin.throttling import ThrottleKey
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, ExternalActor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal

NOTICE = "accounts.notice"
# What is kept of ended sessions; the ledger keeps the rest for its own term (law S-02).
SESSION_RECORD_RETENTION = timedelta(days=400)
# A form is sent in the session that showed it, so in hours.
SENT_FORM_RETENTION = timedelta(days=7)


class TooManyFailures(Refusal):
    code = "too-many-failures"


class OtherIdentityLinked(Refusal):
    code = "other-identity"


class StaleCounter(Exception):
    """A security key's counter did not grow."""


class OwnSignIn(Refusal):
    code = "own-sign-in"


# -- failures ---------------------------------------------------------------------------------------------------


def record_attempt(counted: Iterable[ThrottleKey], *, user: User | None, at: datetime) -> None:
    """Count an attempt as failed before it is made; ``TooManyFailures`` while there is something to wait for.

    Counted first and taken back on success, so that two hundred attempts at once are no more than two hundred in a row.
    """
    wait_until = _record_attempt({each.key: each.free for each in counted}, at)
    if wait_until is not None:
        ledger.record(Event.SIGN_IN_DELAYED, actor=user or ExternalActor("visitor", "unknown"), at=at, about=user)
        moment = f"{wait_until.astimezone(clock.KST):%H:%M:%S}"
        raise TooManyFailures(_("Too many failed attempts. Try again after %(time)s.") % {"time": moment})


@transaction.atomic
def _record_attempt(free: dict[str, int], at: datetime) -> datetime | None:
    """Add a failure to each key; if one of them must wait, add nothing and return until when."""
    rows = []
    for key in sorted(free):
        SignInThrottle.objects.get_or_create(key=key, defaults={"failed_at": at})
        rows.append(SignInThrottle.objects.select_for_update().get(key=key))
    waits = [row.wait_until for row in rows if row.wait_until is not None and row.wait_until > at]
    if waits:
        return max(waits)
    for row in rows:
        throttling.reset_if_old(row, at=at)
        row.failures += 1
        row.failed_at = at
        wait = throttling.delay_after(row.failures, free[row.key])
        row.wait_until = at + wait if wait is not None else None
        row.save(update_fields=["failures", "failed_at", "wait_until"])
    return None


@transaction.atomic
def reset_attempts(counted: Iterable[ThrottleKey]) -> None:
    """The attempt succeeded: forget the person's failures; of an address only this one, for others may share it."""
    for row in (
        SignInThrottle.objects.select_for_update().filter(key__in=[each.key for each in counted]).order_by("key")
    ):
        row.failures = max(0, row.failures - 1) if row.key.startswith("address:") else 0
        row.wait_until = None
        row.save(update_fields=["failures", "wait_until"])


# -- second factors ---------------------------------------------------------------------------------------------


@transaction.atomic
def verify_code(*, user: User, code: str, at: datetime) -> Authenticator | None:
    """Take a code of the authenticator app or a recovery code, each once; return what it belongs to, or nothing."""
    for row in Authenticator.objects.select_for_update().filter(user=user).order_by("pk"):
        if row.type == Authenticator.Type.TOTP:
            step = second_factors.matching_time_step(
                decrypt(row.data["secret"]), code, after=row.data.get("step", 0), at=at
            )
            if step is not None:
                row.data["step"] = step
                row.save(update_fields=["data"])
                return row
        elif row.type == Authenticator.Type.RECOVERY_CODES and row.wrap().validate_code(code):
            row.refresh_from_db()
            return row
    record_failed_factor(user=user, method="code", at=at)
    return None


@transaction.atomic
def record_failed_factor(*, user: User, method: str, at: datetime) -> None:
    """Put on record that a second factor did not fit: a ``code``, or a key (``webauthn``)."""
    ledger.record(Event.FACTOR_FAILED, actor=user, at=at, about=user, facts={"method": method})


@transaction.atomic
def enrol_totp(*, user: User, secret: str) -> None:
    """Give an account an authenticator app with a known secret: example accounts and tests, nobody else."""
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(user, secret)


@transaction.atomic
def record_time_step(authenticator: Authenticator, step: int) -> None:
    """Remember the time step of the code that an app was added with: it is used up."""
    authenticator.data["step"] = step
    authenticator.save(update_fields=["data"])


@transaction.atomic
def record_counter(authenticator: Authenticator, counter: int) -> None:
    """Keep a security key's counter of signatures. Raises StaleCounter where it does not grow: the key was copied.

    A key without a counter always says 0 (WebAuthn 3, 7.2.22).
    """
    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    last = row.data.get("counter", row.wrap().authenticator_data.counter)
    if (counter or last) and counter <= last:
        raise StaleCounter
    row.data["counter"] = counter
    row.save(update_fields=["data"])


def record_factor_change(word: Event, *, user: User, kind: str, actor: Actor, at: datetime) -> None:
    """Put a change of a person's second factors on record, with who made it, and tell the person by mail."""
    ledger.record(word, actor=actor, at=at, about=user, facts={"kind": kind})
    _queue_notice(user, str(word), at)


def record_reauthentication(*, user: User, method: str, at: datetime) -> None:
    ledger.record(Event.CONFIRMED, actor=user, at=at, about=user, facts={"method": method})


# -- the company's identity provider ----------------------------------------------------------------------------


@transaction.atomic
def link_identity(*, user: User, provider: str, uid: str, at: datetime) -> SocialAccount:
    """Tie an account to the identity that its owner shows for the first time; from now on only this one opens it.

    Raises OtherIdentityLinked where another is tied to it: an address that was given to a new colleague opens nothing.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if SocialAccount.objects.filter(user=locked).exists():
        raise OtherIdentityLinked(
            _("Another company account is linked to this account. A protection officer can reset it.")
        )
    made = SocialAccount.objects.create(user=locked, provider=provider, uid=uid, extra_data={})
    ledger.record(Event.IDENTITY_LINKED, actor=locked, at=at, about=locked, facts={"provider": provider})
    _queue_notice(locked, str(Event.IDENTITY_LINKED), at)
    return made


# -- sessions ---------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(*, user: User, session_key: str, place: ClientInfo, shown: str = "", at: datetime) -> str | None:
    """Put a sign-in on record, with what was ``shown`` (``password, totp``).

    Return a token for the browser where this person was never seen in it.
    """
    token = None
    known = digest(place.token, of="browser") if place.token else ""
    browser = Browser.objects.select_for_update().filter(user=user, token_digest=known).first()
    if browser is None:
        token = token_urlsafe(32)
        browser = Browser.objects.create(
            user=user,
            token_digest=digest(token, of="browser"),
            title=place.title,
            address=place.address,
            first_seen_at=at,
            last_seen_at=at,
        )
        ledger.record(Event.BROWSER_SEEN, actor=user, at=at, about=user, facts={"browser": str(browser.pk)})
        _queue_notice(user, str(Event.BROWSER_SEEN), at, browser=str(browser.pk))
    else:
        browser.last_seen_at, browser.address, browser.title = at, place.address, place.title or browser.title
        browser.save(update_fields=["last_seen_at", "address", "title"])
    others = SignIn.objects.select_for_update().filter(user=user).going_on(at=at).order_by("-began_at")
    for older in list(others)[settings.SESSIONS_AT_ONCE - 1 :]:
        _end(older, SignIn.End.REPLACED, actor=user, at=at)
    made = SignIn.objects.create(
        user=user, session_key=session_key, browser=browser, address=place.address, began_at=at
    )
    ledger.record(Event.SIGNED_IN, actor=user, at=at, about=user, facts={"session": str(made.pk), "method": shown})
    return token


@transaction.atomic
def end(*, user: User, session_key: str, why: SignIn.End, at: datetime) -> None:
    """End the session that a browser shows: signed out, idle, or over."""
    going_on = SignIn.objects.select_for_update().filter(user=user, session_key=session_key, ended_at__isnull=True)
    for sign_in in going_on:
        _end(sign_in, why, actor=user, at=at)


@transaction.atomic
def revoke(sign_in: SignIn, *, actor: User, at: datetime) -> None:
    """End one of one's own sessions wherever it is; it is gone with the next request."""
    if sign_in.user_id != actor.pk:
        raise OwnSignIn(_("This is someone else's session."))
    locked = SignIn.objects.select_for_update().get(pk=sign_in.pk)
    if locked.ended_at is None:
        _end(locked, SignIn.End.REVOKED, actor=actor, at=at)


def end_others(*, user: User, session_key: str | None, why: SignIn.End, actor: Actor, at: datetime) -> None:
    """End every session of a person but one."""
    with transaction.atomic():
        going_on = SignIn.objects.select_for_update().filter(user=user, ended_at__isnull=True)
        for sign_in in going_on.exclude(session_key=session_key or ""):
            _end(sign_in, why, actor=actor, at=at)


def _end(sign_in: SignIn, why: SignIn.End, *, actor: Actor, at: datetime) -> None:
    sign_in.ended_at, sign_in.ended_by = at, why
    sign_in.save(update_fields=["ended_at", "ended_by"])
    if why is not SignIn.End.SIGNED_OUT:
        Session.objects.filter(session_key=sign_in.session_key).delete()
    word = Event.SIGNED_OUT if why is SignIn.End.SIGNED_OUT else Event.SESSION_ENDED
    facts = {"session": str(sign_in.pk), "why": str(why)}
    ledger.record(word, actor=actor, at=at, about=sign_in.user, facts=facts)


@transaction.atomic
def session_key_changed(*, user: User, before: str | None, after: str | None) -> None:
    """Follow a session that goes on under a new key, so that it can still be seen and ended."""
    SignIn.objects.filter(user=user, session_key=before or "").update(session_key=after or "")


@transaction.atomic
def password_changed(*, user: User, before: str | None, after: str | None, at: datetime) -> None:
    """Put a new password on record, end the person's other sessions, and tell them by mail.

    This session goes on under a new key: ``before`` and ``after`` the change.
    """
    session_key_changed(user=user, before=before, after=after)
    ledger.record(Event.PASSWORD_CHANGED, actor=user, at=at, about=user)
    end_others(user=user, session_key=after, why=SignIn.End.PASSWORD, actor=user, at=at)
    _queue_notice(user, str(Event.PASSWORD_CHANGED), at)


@transaction.atomic
def reset(user: User, *, actor: User, at: datetime) -> None:
    """Take password, second factors and the tie to a company account away, within the reset that was approved.

    Every session ends. An invitation gives the person a new start; nobody resets their own sign-in.
    """
    require_permission(actor, "accounts.reset_sign_in", about=user)
    if actor == user:
        raise OwnSignIn(_("Another officer must reset your sign-in."))
    locked = User.objects.select_for_update().get(pk=user.pk)
    locked.set_unusable_password()
    locked.save(update_fields=["password"])
    for factor in Authenticator.objects.filter(user=locked):
        remove_factor(factor, actor=actor)
    SocialAccount.objects.filter(user=locked).delete()
    end_others(user=locked, session_key=None, why=SignIn.End.RESET, actor=actor, at=at)
    ledger.record(Event.FACTORS_RESET, actor=actor, at=at, about=locked)
    _queue_notice(locked, str(Event.FACTORS_RESET), at)


def remove_factor(factor: Authenticator, *, actor: Actor) -> None:
    """Take a second factor away; the record of it, which the deletion brings about, names who did it."""
    factor.removed_by = actor
    factor.delete()


@transaction.atomic
def delete_expired(*, at: datetime) -> None:
    """Remove what nobody needs any more: sessions that are over, their forms, and failures that are forgotten."""
    Session.objects.filter(expire_date__lt=at).delete()
    SignIn.objects.filter(began_at__lt=at - SESSION_RECORD_RETENTION).delete()
    Browser.objects.filter(last_seen_at__lt=at - SESSION_RECORD_RETENTION).delete()
    SentForm.objects.filter(sent_at__lt=at - SENT_FORM_RETENTION).delete()
    SignInThrottle.objects.filter(failed_at__lt=at - 2 * throttling.RESET_AFTER).delete()


def _queue_notice(user: User, what: str, at: datetime, **more: str) -> None:
    ids = {"user": str(user.pk), "what": what, "at": at.isoformat(), **more}
    outbox.enqueue(NOTICE, ids=ids, key=f"{NOTICE}:{user.pk}:{what}:{at.isoformat()}", shard=user.reference)
