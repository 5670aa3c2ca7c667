"""What other apps tell this one: a consent was decided about, what rested on one was destroyed."""

from collections.abc import Mapping
from datetime import datetime

from consents.models import Agreement, CurrentConsent, Decision
from privacy.disclosures.actions import ended_processing
from privacy.ledger.actors import SystemActor

CONSENTS = SystemActor("consents")


def consent_was_decided(sender: object, *, instance: Decision, created: bool, **kwargs: object) -> None:
    """Tell the recipients, in the transaction of a decision that ends a consent to provision, however it is worded.

    One that arrives after a later decision changes nothing, and is told to nobody.
    """
    if not created or instance.agreement.kind != Agreement.Kind.PROVISION:
        return
    agreed = CurrentConsent.objects.of(instance.subject_id).agreed().filter(agreement=instance.agreement)
    if instance.choice != Decision.Choice.AGREE and agreed.filter(decided_at__lte=instance.decided_at).exists():
        ended_processing.queue_withdrawal_notices(instance, actor=CONSENTS, at=instance.recorded_at)


def collection_has_ended(
    sender: object, *, decision: Decision, kept: Mapping[str, bool], at: datetime, **kwargs: object
) -> None:
    """Tell the recipients of what was destroyed, in the transaction that puts its destruction on record (law R-20)."""
    for category in sorted(kept):
        ended_processing.queue_erasure_notices(
            case_id=decision.id,
            case_reference=decision.reference,
            subject_id=decision.subject_id,
            category=category,
            partly_kept=kept[category],
            decision=decision,
            actor=CONSENTS,
            at=at,
        )
