"""What other apps tell this one: a consent was decided about."""

from consents.models import Agreement, Decision
from privacy.disclosures.actions import notices
from privacy.ledger.actors import System

CONSENTS = System("consents")


def consent_was_decided(sender: object, *, instance: Decision, created: bool, **kwargs: object) -> None:
    """Tell the recipients, in the transaction of a decision that ends a consent to provision."""
    if created and instance.choice == Decision.Choice.WITHDRAW and instance.agreement.kind == Agreement.Kind.PROVISION:
        notices.tell_withdrawal(instance, actor=CONSENTS, at=instance.recorded_at)
