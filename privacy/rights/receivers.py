"""What other apps tell this one: a device has answered a challenge."""

from datetime import datetime
from typing import Any

from devices.models import Challenge
from privacy.jobs import outbox

CHALLENGE_ANSWERED = "rights.challenge.answered"


def challenge_was_answered(sender: object, *, challenge: Challenge, at: datetime, **kwargs: Any) -> None:
    """Queue the verification in the transaction of the device's answer."""
    if challenge.state == Challenge.State.CONFIRMED:
        outbox.enqueue(
            CHALLENGE_ANSWERED,
            ids={"case": challenge.case},
            key=f"{CHALLENGE_ANSWERED}:{challenge.id}",
            shard=challenge.case,
        )
