"""Proof of possession: a code that the portal shows to the person and the agent shows on the device (law R-06)."""

from datetime import datetime, timedelta
from secrets import choice
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from devices.actions.registration import owned
from devices.callers import Caller
from devices.events import Event
from devices.models import Challenge
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.ids import ALPHABET
from privacy.lib.refusals import Refusal

LIFETIME = timedelta(minutes=30)

# Sent in the transaction of the answer, with ``challenge`` and ``at``: apps above learn of it without being imported.
challenge_answered = Signal()


class NoSuchChallenge(Refusal):
    """No such challenge waits for this device."""

    code = "unknown-challenge"


class ChallengeOver(Refusal):
    """The challenge ran out, or was answered otherwise."""

    code = "challenge-over"


@transaction.atomic
def challenge(*, device_id: UUID, case: str, actor: Actor, at: datetime, lifetime: timedelta = LIFETIME) -> Challenge:
    """Ask the holder of a device to confirm a code on it, for a case; asking again returns the one that waits."""
    waiting = Challenge.objects.select_for_update().filter(device_id=device_id, case=case, state="waiting").first()
    if waiting is not None:
        if waiting.expires_at > at:
            return waiting
        _close(waiting, Challenge.State.DENIED, by="expired", at=at)
    made = Challenge.objects.create(
        device_id=device_id,
        case=case,
        shown="".join(choice(ALPHABET) for _digit in range(6)),
        asked_at=at,
        expires_at=at + lifetime,
    )
    ledger.record(Event.CHALLENGED, actor=actor, at=at, about=made, subjects=[str(device_id)], facts={"case": case})
    return made


def waiting_for(device_id: UUID, *, gateway: Caller, at: datetime) -> Challenge | None:
    """Return the newest challenge that waits for a device of this gateway. Raises UnknownDevice."""
    owned(device_id, gateway)
    return Challenge.objects.of_device(device_id).open(at=at).first()


def answer_challenge(
    *, device_id: UUID, challenge_id: UUID, confirmed: bool, gateway: Caller, at: datetime
) -> Challenge:
    """Record what the holder of the device answered; the same answer again changes nothing.

    Raises UnknownDevice, NoSuchChallenge, ChallengeOver.
    """
    owned(device_id, gateway)
    state = Challenge.State.CONFIRMED if confirmed else Challenge.State.DENIED
    with transaction.atomic():
        row = Challenge.objects.select_for_update().filter(pk=challenge_id, device_id=device_id).first()
        if row is None:
            raise NoSuchChallenge(_("There is no such challenge for this device."))
        if row.state == state:
            return row
        if row.state != Challenge.State.WAITING or row.expires_at <= at:
            raise ChallengeOver(_("This challenge is over. Ask for a new one."))
        _close(row, state, by=gateway.ref, at=at)
        word = Event.CHALLENGE_CONFIRMED if confirmed else Event.CHALLENGE_DENIED
        ledger.record(word, actor=gateway, at=at, about=row, subjects=[str(device_id)], facts={"case": row.case})
        challenge_answered.send(sender=Challenge, challenge=row, at=at)
    return row


def _close(row: Challenge, state: Challenge.State, *, by: str, at: datetime) -> None:
    row.state, row.answered_at, row.answered_by = state, at, by
    row.save(update_fields=["state", "answered_at", "answered_by"])
