"""Answers remembered by Idempotency-Key: the same write again gets the same answer (SEC-38).

The writes themselves may be repeated harmlessly; this lets a client that lost an answer have it again.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from devices.models import IdempotentResponse
from privacy.lib.errors.refusals import Refusal

RETENTION = timedelta(days=7)
# A write whose process died is taken over after this long.
CLAIM_TIMEOUT = timedelta(seconds=60)


class IdempotencyKeyReused(Refusal):
    """The key was used for another request."""

    code = "key-reused"


class RequestInProgress(Refusal):
    """The same write is being carried out at this moment."""

    code = "under-way"


class StoredResponse(NamedTuple):
    """An answer that was given before."""

    status: int
    body: Any


def claim_idempotency_key(*, caller_id: UUID, key: str, digest: bytes, at: datetime) -> StoredResponse | None:
    """Claim a key for a write, or return the answer it got before. Raises IdempotencyKeyReused, RequestInProgress."""
    try:
        with transaction.atomic():
            IdempotentResponse.objects.create(gateway_id=caller_id, key=key, digest=digest, claimed_at=at)
        return None
    except IntegrityError:
        pass
    with transaction.atomic():
        held = IdempotentResponse.objects.select_for_update().filter(gateway_id=caller_id, key=key).first()
        if held is None:
            raise RequestInProgress(_("The same request is being carried out. Ask again in a moment."))
        if bytes(held.digest) != digest:
            raise IdempotencyKeyReused(_("This Idempotency-Key was used for another request."))
        if held.status is not None:
            return StoredResponse(held.status, held.body)
        if held.claimed_at > at - CLAIM_TIMEOUT:
            raise RequestInProgress(_("The same request is being carried out. Ask again in a moment."))
        held.claimed_at = at
        held.save(update_fields=["claimed_at"])
    return None


def store_response(*, caller_id: UUID, key: str, status: int, body: Any) -> None:
    """Keep the answer of a write that was carried out."""
    IdempotentResponse.objects.filter(gateway_id=caller_id, key=key).update(status=status, body=body)


def release_idempotency_key(*, caller_id: UUID, key: str) -> None:
    """Let go of the claim of a write that was refused: the next try is judged anew."""
    IdempotentResponse.objects.filter(gateway_id=caller_id, key=key, status=None).delete()


def delete_expired_responses(*, at: datetime) -> int:
    """Remove answers older than a week. Return how many."""
    removed, _each = IdempotentResponse.objects.filter(claimed_at__lt=at - RETENTION).delete()
    return removed
