"""The device in one's hand as a proof for the consent pages: a code is shown here, and typed there."""

from datetime import datetime
from secrets import token_hex
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consents import identity_verification
from devices import actions as devices
from devices import lookup
from devices.items import INDEXED_LABELS
from devices.models import Challenge
from privacy.ledger.actors import ExternalActor

CASE = "consents/"
# How many questions of these pages a device gets in 24 hours; more are shown here and asked nowhere. Nobody has a case
# here, so all of them count together.
CHALLENGES_DAILY = "consents.challenges.daily"


def begin(term: str, address: str, at: datetime) -> identity_verification.PendingVerification:
    """Ask the device for a confirmation; for a device we don't know the page and the work are the same (SEC-16)."""
    actor = ExternalActor("subject", "consent-pages")
    found = lookup.find_devices(term, actor=actor, at=at).only("id", "subject_id", "registered_at")
    device = lookup.answering_device(found)
    made = devices.issue_silent_challenge(
        device_id=device.id if device else None, case=CASE + token_hex(12), limit=CHALLENGES_DAILY, actor=actor, at=at
    )
    return identity_verification.PendingVerification(made.case, made.shown, made.expires_at)


def holder(key: str, at: datetime) -> UUID | None:
    """Return whose device confirmed this question, while it is fresh."""
    if not key.startswith(CASE):
        return None
    row = Challenge.objects.for_case(key).filter(state=Challenge.State.CONFIRMED, expires_at__gt=at).first()
    return None if row is None else row.device_id


identity_verification.declare(
    identity_verification.VerificationMethod(
        code="device",
        label=_("With my device"),
        help_text=format_lazy(
            _("One whole identifier ({identifiers}) or the device's reference (D-…)"), identifiers=INDEXED_LABELS
        ),
        begin=begin,
        holder=holder,
    )
)
