"""What the vault does by the clock; each call is short and safe to repeat."""

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.vault import actions as vault

SECONDS = 45.0


def expire_freezes() -> None:
    """Lift the freezes whose case nobody verified in time."""
    at = clock.now()
    while vault.expire_freezes(at=at):
        continue


def scan_files() -> int:
    """Ask the malware scanner about files that wait for it. Rings every minute."""
    return vault.scan_files(actor=SystemActor("scanner"), at=clock.now())


def rotate_master_key() -> None:
    """Begin, go on with, or end the monthly turn of the master key."""
    vault.rotate_monthly(actor=SystemActor("vault"), at=clock.now(), seconds=SECONDS)
