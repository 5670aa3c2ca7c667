"""Suspending processing, and resuming it when the person says so (P1.1, P1.7, law R-21)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT
from privacy.rights.actions.approval_digests import must_be_as_read
from privacy.rights.actions.cases import lock_right, people_of, record
from privacy.rights.events import Event
from privacy.rights.models import Right
from privacy.rights.refusals import WrongState
from privacy.vault import actions as vault


def execute(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Freeze a category or all, in every record, until processing is resumed; parts left out are in use.

    Also those that an earlier decision on the same right had frozen.
    """
    categories = _categories(right, at=at)
    for subject_id in people_of(right.request):
        for category in categories:
            vault.freeze(
                subject_id=subject_id,
                category=category,
                cause="suspension",
                case=right.freeze_reference,
                actor=actor,
                at=at,
            )
    vault.unfreeze(case=right.freeze_reference, keep=categories, actor=actor, at=at)
    return {"categories": categories}


def resume_processing(right: Right, *, read: str = "", actor: Actor, at: datetime) -> Right:
    """Lift a suspension at the person's wish; ``read`` as with ``grant``.

    Raises WrongState where nothing is suspended, ContentChanged.
    """
    require_permission(actor, "rights.carry_out_request", about=right)
    with transaction.atomic():
        row = lock_right(right)
        if row.kind != Right.Kind.SUSPENSION or row.carried_out_at is None or row.resumed_at is not None:
            raise WrongState(_("No processing is suspended under this right."))
        must_be_as_read(row.request, read)
        vault.unfreeze(case=row.freeze_reference, actor=actor, at=at)
        row.resumed_at = at
        row.save(update_fields=["resumed_at"])
        record(row.request, Event.RESUMED, actor=actor, at=at, right=row)
    return row


def _categories(right: Right, *, at: datetime) -> list[str]:
    """The whole person is one freeze of everything; with parts left out, the other categories one by one.

    The person's contacts are none of the policy's categories, and are not left out.
    """
    if right.category:
        return [right.category]
    if not right.excluded:
        return [""]
    return sorted({*rulebook.in_force(clock.kst_date(at)).categories, CONTACT} - set(right.excluded))
