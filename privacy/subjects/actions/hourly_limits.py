"""How often one place may do something at a public page in an hour: one way to count for all of them.

Places are counted by the blind index of their address, in the table of what was done: requests, complaints, tries.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from privacy.lib.dates import clock
from privacy.lib.errors.refusals import TooManyAttempts
from privacy.lib.http.network_addresses import client_network
from privacy.lib.postgres import advisory_locks
from privacy.policies import rulebook
from privacy.vault import actions as vault

HOUR = timedelta(hours=1)


def address_index(address: str) -> bytes:
    """Return the blind index of an address, of IPv6 its /64: what is done is counted by it; the address is not kept."""
    return vault.blind_index("text", f"address {client_network(address)}")


def require_below_limit(
    name: str,
    place: bytes,
    *,
    done_since: Callable[[datetime], int],
    limit: str,
    refusal: Any,
    at: datetime,
) -> None:
    """Let a place do something once more, if it did less than the parameter ``limit`` allows in the last hour.

    Within the transaction that then writes it down: who comes at the same time waits and counts it. Whoever is over the
    limit is told at once, without waiting. ``done_since`` counts what the place did after a moment. Raises
    TooManyAttempts with the words of ``refusal``, and LockBusy (503) where many come at once and wait too long.
    """
    most = rulebook.parameter(limit, clock.kst_date(at))
    if done_since(at - HOUR) < most:
        advisory_locks.lock_in_transaction(f"hourly {name} {place.hex()}")
        if done_since(at - HOUR) < most:
            return
    raise TooManyAttempts(refusal)
