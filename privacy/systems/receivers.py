"""What the vault tells this app: a freeze was placed or lifted."""

from privacy.ledger.actors import SystemActor
from privacy.systems import actions as systems
from privacy.vault.models import Freeze

FREEZES = SystemActor("systems")


def freeze_was_saved(sender: object, *, instance: Freeze, created: bool, **kwargs: object) -> None:
    """Have it frozen or released elsewhere too, in the transaction of the freeze itself."""
    if created:
        systems.order_freeze(
            cause_id=instance.id,
            subject_id=instance.subject_id,
            category=instance.category,
            item=instance.item,
            why=instance.cause,
            case=instance.case,
            actor=FREEZES,
            at=instance.frozen_at,
        )
    elif instance.lifted_at is not None:
        systems.order_release(cause_id=instance.id, actor=FREEZES, at=instance.lifted_at)
