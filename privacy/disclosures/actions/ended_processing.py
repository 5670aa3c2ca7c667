"""Telling earlier recipients that processing has ended here: data destroyed (law R-20), a consent withdrawn (R-24)."""

from datetime import datetime
from uuid import UUID

from consents.models import Decision
from privacy.disclosures.actions.notices import queue_notices
from privacy.disclosures.models import DisclosedItem, Notice
from privacy.ledger.actors import Actor


def queue_erasure_notices(
    *,
    case_id: UUID,
    case_reference: str,
    subject_id: UUID,
    category: str,
    partly_kept: bool,
    decision: Decision | None = None,
    actor: Actor,
    at: datetime,
) -> list[Notice]:
    """Queue a notice for each recipient of a category that was destroyed, in the caller's transaction (law R-20).

    ``partly_kept`` says that another law keeps some of it, in the archive. Safe to repeat for the same case.
    Building block of the verb that has seen it destroyed.
    """
    disclosed = DisclosedItem.objects.provided().of(subject_id=subject_id, category=category)
    items = sorted(set(disclosed.values_list("item", flat=True)))
    if not items:
        return []
    return queue_notices(
        kind=Notice.Kind.ERASED,
        case_id=case_id,
        case_reference=case_reference,
        subject_id=subject_id,
        category=category,
        items=items,
        partly_kept=partly_kept,
        decision=decision,
        actor=actor,
        at=at,
    )


def queue_withdrawal_notices(decision: Decision, *, actor: Actor, at: datetime) -> list[Notice]:
    """Queue a notice for each recipient of what was provided on a consent that ended now (law R-24, ISMS 3.5.2).

    In the transaction of the decision, by whatever door it came; the decision stands in the place of the case.
    """
    disclosed = DisclosedItem.objects.provided().of(subject_id=decision.subject_id)
    disclosed = disclosed.filter(disclosure__agreement=decision.agreement.code)
    items: dict[str, set[str]] = {}
    for category, item in disclosed.values_list("category", "item"):
        items.setdefault(category, set()).add(item)
    queued: list[Notice] = []
    for category in sorted(items):
        queued += queue_notices(
            kind=Notice.Kind.WITHDRAWN,
            case_id=decision.id,
            case_reference=decision.reference,
            subject_id=decision.subject_id,
            category=category,
            items=items[category],
            agreement=decision.agreement.code,
            decision=decision,
            actor=actor,
            at=at,
        )
    return queued
