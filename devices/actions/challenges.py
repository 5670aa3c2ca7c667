"""Proof of possession: a code that the portal shows to the person, who types it on the device (law R-06).

Whoever asks about a device that we don't know gets the same question, for an id that no gateway has: the row, the
page and the work are the same (SEC-16).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import choice
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from devices.actions.registration import owned_device
from devices.actors import GatewayActor
from devices.events import Event
from devices.models import Challenge
from devices.models.gateways import EXPIRED, OUT_OF_TRIES
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.access_codes import normalize_code
from privacy.lib.identifiers.ids import CROCKFORD_BASE32, new_id
from privacy.lib.postgres import advisory_locks
from privacy.policies import rulebook

LIFETIME = timedelta(minutes=30)
# So often a wrong code may be typed; then the question is over.
MAX_TRIES = 3
# How many questions of one case a device gets in 24 hours; all together put as many as so many of them may.
CHALLENGES_DAILY = "door.challenges.daily"
CASES_DAILY = 3

# Sent in the transaction of the answer, with ``challenge`` and ``at``: apps above learn of it without being imported.
challenge_answered = Signal()


class UnknownChallenge(Refusal):
    """No such challenge waits for this device."""

    code = "unknown-challenge"


class ChallengeOver(Refusal):
    """The challenge ran out, or was answered otherwise."""

    code = "challenge-over"


class WrongChallengeCode(Refusal):
    """What was typed on the device is not the code that the portal shows."""

    code = "wrong-code"


class TooManyChallenges(Refusal):
    """The device was asked as often today as it may be for one case."""

    code = "too-many-challenges"


@transaction.atomic
def issue_challenge(
    *,
    device_id: UUID,
    case: str,
    actor: Actor,
    at: datetime,
    lifetime: timedelta = LIFETIME,
    stand_in: UUID | None = None,
) -> Challenge:
    """Ask the holder of a device to type a code on it, for a case.

    Asking again within its life returns the same question, whatever has become of it: a new one would tell whoever
    asks that somebody at the device refused. ``stand_in``, an id that no gateway has, is asked where the device was
    asked so often by all cases together that nobody should go on being asked. Raises TooManyChallenges.
    """
    _lock(device_id)
    of_case = Challenge.objects.select_for_update().filter(device_id__in=[device_id, stand_in or device_id], case=case)
    last = of_case.order_by("-asked_at").first()
    if last is not None and last.expires_at > at:
        return last
    # The case's own limit counts both, so that nothing tells who of them was asked.
    if not _may_ask([device_id, stand_in or device_id], case, limit=CHALLENGES_DAILY, at=at):
        raise TooManyChallenges(
            _("The device can't be asked again today. Try again tomorrow, or prove your identity in another way.")
        )
    if stand_in is not None and _asked_today([device_id], at=at) >= CASES_DAILY * _most(CHALLENGES_DAILY, at=at):
        device_id = stand_in
    if last is not None and last.state == Challenge.State.WAITING:
        _close(last, Challenge.State.DENIED, by=EXPIRED, at=at)
    return _ask(device_id, case, actor=actor, at=at, lifetime=lifetime)


@transaction.atomic
def issue_silent_challenge(*, device_id: UUID | None, case: str, limit: str, actor: Actor, at: datetime) -> Challenge:
    """Ask a device as ``issue_challenge`` does; where it may not be asked, or there is none, ask nobody.

    ``limit`` is the number of the rulebook that says how often in 24 hours.
    What comes back looks the same in every case, and costs the same.
    """
    asked = device_id or new_id()
    _lock(asked)
    if not _may_ask([asked], case, limit=limit, at=at):
        asked = new_id()
    return _ask(asked, case, actor=actor, at=at, lifetime=LIFETIME)


def pending_challenge(device_id: UUID, *, gateway: GatewayActor, at: datetime) -> Challenge | None:
    """Return the newest challenge that waits for a device of this gateway. Raises UnknownDevice."""
    owned_device(device_id, gateway)
    return Challenge.objects.of_device(device_id).open(at=at).first()


def answer_challenge(
    *, device_id: UUID, challenge_id: UUID, confirmed: bool, code: str = "", gateway: GatewayActor, at: datetime
) -> Challenge:
    """Record what the holder of the device answered; the same answer again changes nothing.

    Only the code that the portal shows confirms it. A third wrong one ends the challenge.
    Raises UnknownDevice, UnknownChallenge, ChallengeOver, WrongChallengeCode.
    """
    owned_device(device_id, gateway)
    state = Challenge.State.CONFIRMED if confirmed else Challenge.State.DENIED
    with transaction.atomic():
        row = Challenge.objects.select_for_update().filter(pk=challenge_id, device_id=device_id).first()
        if row is None:
            raise UnknownChallenge(_("There is no such challenge for this device."))
        right = not confirmed or compare_digest(normalize_code(code).encode(), row.shown.encode())
        if row.state == state and right:
            return row
        if row.state != Challenge.State.WAITING or row.expires_at <= at:
            raise ChallengeOver(_("This challenge is over. Ask for a new one."))
        if right:
            _close(row, state, by=gateway.ref, at=at)
            word = Event.CHALLENGE_CONFIRMED if confirmed else Event.CHALLENGE_DENIED
            ledger.record(word, actor=gateway, at=at, about=row, subjects=[str(device_id)], facts={"case": row.case})
            challenge_answered.send(sender=Challenge, challenge=row, at=at)
            return row
        _count_wrong_code(row, gateway=gateway, at=at)
    raise WrongChallengeCode(_("This is not the code that the portal shows."), pointer="/code")


def _count_wrong_code(row: Challenge, *, gateway: GatewayActor, at: datetime) -> None:
    row.wrong_codes += 1
    row.save(update_fields=["wrong_codes"])
    if row.wrong_codes >= MAX_TRIES:
        _close(row, Challenge.State.DENIED, by=OUT_OF_TRIES, at=at)
        facts = {"case": row.case, "because": OUT_OF_TRIES}
        ledger.record(
            Event.CHALLENGE_DENIED, actor=gateway, at=at, about=row, subjects=[str(row.device_id)], facts=facts
        )


def _lock(device_id: UUID) -> None:
    """Let one ask at a time about a device: the second finds the first one's question, and no limit is passed."""
    advisory_locks.lock_in_transaction(f"challenge {device_id}")


def _may_ask(devices: Collection[UUID], case: str, *, limit: str, at: datetime) -> bool:
    """Whether these were asked less often in 24 hours than they may be for one case (with all that belongs to it)."""
    return _asked_today(devices, series=Challenge.series_of(case), at=at) < _most(limit, at=at)


def _asked_today(devices: Collection[UUID], *, series: str = "", at: datetime) -> int:
    """Return how often these were asked in 24 hours, in all or for one case."""
    asked = Challenge.objects.filter(device_id__in=devices, asked_at__gt=at - timedelta(days=1))
    return (asked.of_series(series) if series else asked).count()


def _most(limit: str, *, at: datetime) -> int:
    return rulebook.parameter(limit, clock.kst_date(at))


def _ask(device_id: UUID, case: str, *, actor: Actor, at: datetime, lifetime: timedelta) -> Challenge:
    made = Challenge.objects.create(
        device_id=device_id,
        case=case,
        shown="".join(choice(CROCKFORD_BASE32) for _digit in range(6)),
        asked_at=at,
        expires_at=at + lifetime,
    )
    ledger.record(Event.CHALLENGED, actor=actor, at=at, about=made, subjects=[str(device_id)], facts={"case": case})
    return made


def _close(row: Challenge, state: Challenge.State, *, by: str, at: datetime) -> None:
    row.state, row.answered_at, row.answered_by = state, at, by
    row.save(update_fields=["state", "answered_at", "answered_by"])
