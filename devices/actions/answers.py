"""Answers remembered by Idempotency-Key: the same write again gets the same answer (SEC-38).

The writes themselves may be repeated harmlessly; this lets a client that lost an answer have it again.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from devices.callers import Caller
from devices.models import Answer
from privacy.lib.refusals import Refusal

KEPT = timedelta(days=7)
# A write whose process died is taken over after this long.
GIVEN_UP = timedelta(seconds=60)


class KeyReused(Refusal):
    """The key was used for another request."""

    code = "key-reused"


class UnderWay(Refusal):
    """The same write is being carried out at this moment."""

    code = "under-way"


class Remembered(NamedTuple):
    """An answer that was given before."""

    status: int
    body: Any


def claim_answer(*, gateway: Caller, key: str, digest: bytes, at: datetime) -> Remembered | None:
    """Claim a key for a write, or return the answer it got before. Raises KeyReused, UnderWay."""
    try:
        with transaction.atomic():
            Answer.objects.create(gateway_id=gateway.gateway_id, key=key, digest=digest, claimed_at=at)
        return None
    except IntegrityError:
        pass
    with transaction.atomic():
        held = Answer.objects.select_for_update().filter(gateway_id=gateway.gateway_id, key=key).first()
        if held is None:
            raise UnderWay(_("The same request is being carried out. Ask again in a moment."))
        if bytes(held.digest) != digest:
            raise KeyReused(_("This Idempotency-Key was used for another request."))
        if held.status is not None:
            return Remembered(held.status, held.body)
        if held.claimed_at > at - GIVEN_UP:
            raise UnderWay(_("The same request is being carried out. Ask again in a moment."))
        held.claimed_at = at
        held.save(update_fields=["claimed_at"])
    return None


def remember_answer(*, gateway: Caller, key: str, status: int, body: Any) -> None:
    """Keep the answer of a write that was carried out."""
    Answer.objects.filter(gateway_id=gateway.gateway_id, key=key).update(status=status, body=body)


def release_answer(*, gateway: Caller, key: str) -> None:
    """Let go of the claim of a write that was refused: the next try is judged anew."""
    Answer.objects.filter(gateway_id=gateway.gateway_id, key=key, status=None).delete()


def forget_answers(*, at: datetime) -> int:
    """Remove answers older than a week. Return how many."""
    removed, _each = Answer.objects.filter(claimed_at__lt=at - KEPT).delete()
    return removed
