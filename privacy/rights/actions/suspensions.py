"""Suspending processing, dealing with the data, and resuming it when the person says so (P1.1, P1.7, R-21, R-23)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT
from privacy.rights.actions.approval_digests import must_be_as_read
from privacy.rights.actions.cases import lock_right, people_of, record
from privacy.rights.events import Event
from privacy.rights.models import Right, SuspensionMeasure
from privacy.rights.refusals import MissingReason, WrongState
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
    if people_of(right.request):
        on = clock.kst_date(at)
        # Without delay, as destruction is (D-02): a term that rolls over no rest day (T-10).
        due_on = periods.answer_due_unrolled(on, days=rulebook.parameter("destruction.within.days", on))
        SuspensionMeasure.objects.get_or_create(right=right, event_id=right.event_id, defaults={"due_on": due_on})
    return {"categories": categories}


def keep_suspended(right: Right, *, reason: str, actor: Actor, at: datetime) -> SuspensionMeasure:
    """Decide that suspended data is not destroyed and stays closed to every use, and why (PIPA art. 37(5)).

    Its retention period runs on and ends it. Raises MissingReason, WrongState.
    """
    require_permission(actor, "rights.decide_request", about=right)
    if not reason.strip():
        raise MissingReason(_("State why the data is kept and not destroyed."), pointer="/reason")
    with transaction.atomic():
        held = lock_right(right)
        row = SuspensionMeasure.objects.select_for_update().filter(right=held, event_id=held.event_id).first()
        if row is None or held.carried_out_at is None or held.resumed_at is not None:
            raise WrongState(_("No processing is suspended under this right."))
        if row.decided_at is not None:
            raise WrongState(_("It has already been decided to keep this data blocked."))
        if not SuspensionMeasure.objects.open().filter(pk=row.pk).exists():
            raise WrongState(_("The suspended data is destroyed. There is nothing left to decide."))
        row.reason, row.decided_by, row.decided_at = reason.strip(), actor.ref, at
        row.save(update_fields=["reason", "decided_by", "decided_at"])
        facts = {"late": clock.kst_date(at) > row.due_on}
        record(held.request, Event.KEPT_CLOSED, actor=actor, at=at, right=held, facts=facts)
    return row


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
