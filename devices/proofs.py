"""The device in one's hand as a proof for the consent pages: a code is shown here and there, and confirmed there."""

from datetime import datetime, timedelta
from secrets import choice, token_hex
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from consents import proofs
from devices import actions as devices
from devices import finding
from devices.models import Challenge
from privacy.ledger.actors import Outsider
from privacy.lib.ids import ALPHABET

CASE = "consents:"
# So many questions wait on one device at once; more are shown here and asked nowhere.
MOST = 3


def begin(term: str, address: str, at: datetime) -> proofs.Waiting:
    """Ask the device for a confirmation; for a device we don't know the page looks the same (SEC-16)."""
    actor = Outsider("subject", "consent-pages")
    key = CASE + token_hex(12)
    device = finding.devices(term, actor=actor, at=at).first()
    if device is not None and _open(device.id, at) < MOST:
        made = devices.challenge(device_id=device.id, case=key, actor=actor, at=at)
        return proofs.Waiting(key, made.shown, made.expires_at)
    shown = "".join(choice(ALPHABET) for _digit in range(6))
    return proofs.Waiting(key, shown, at + timedelta(minutes=30))


def holder(key: str, at: datetime) -> UUID | None:
    """Return whose device confirmed this question, while it is fresh."""
    if not key.startswith(CASE):
        return None
    row = Challenge.objects.for_case(key).filter(state=Challenge.State.CONFIRMED, expires_at__gt=at).first()
    return None if row is None else row.device_id


def _open(device_id: UUID, at: datetime) -> int:
    return Challenge.objects.of_device(device_id).open(at=at).filter(case__startswith=CASE).count()


proofs.declare(
    proofs.Proof(
        code="device",
        label=_("With my device"),
        help_text=_("The whole IMEI, serial or ADB number, or the device's reference (D-…)"),
        begin=begin,
        holder=holder,
    )
)
