"""Whether an approved plan is still what was approved: against its seal, and against the seal on the audit trail."""

import json
from typing import Any

from privacy.ledger.models import Entry
from privacy.lib import canonical
from privacy.safeguards.events import Event
from privacy.safeguards.models import ManagementPlan


def seal_of(plan: ManagementPlan) -> str:
    """Return the SHA-256 of what an approval covers: the number, the day it takes effect, the sixteen sections."""
    return canonical.digest({"number": plan.number, "effective_on": plan.effective_on, "sections": plan.sections})


def is_intact(plan: ManagementPlan) -> bool:
    """Whether the text matches its seal, and the seal is the one that was put on record.

    Who can change the text behind the portal's back can change the seal beside it too, but not the trail (ledger.md).
    """
    return bool(plan.seal) and seal_of(plan) == plan.seal == recorded_seal(plan)


def recorded_seal(plan: ManagementPlan) -> str | None:
    """Return the seal that was put on record when the plan was approved, or ``None`` before."""
    payload = (
        Entry.objects.about(f"safeguards.managementplan:{plan.pk}")
        .filter(word=Event.PLAN_APPROVED)
        .order_by("id")
        .values_list("payload", flat=True)
        .first()
    )
    facts: dict[str, Any] = json.loads(payload)["facts"] if payload else {}
    return facts.get("seal")
