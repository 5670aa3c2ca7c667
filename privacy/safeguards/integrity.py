"""Whether an approved plan is still what was approved: against its seal, and against the seal on the audit trail."""

from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json
from privacy.safeguards.events import Event
from privacy.safeguards.models import ManagementPlan


def compute_seal(plan: ManagementPlan) -> str:
    """Return the SHA-256 of what an approval covers: the number, the day it takes effect, the sixteen sections."""
    return canonical_json.digest({"number": plan.number, "effective_on": plan.effective_on, "sections": plan.sections})


def text_digest(plan: ManagementPlan) -> str:
    """Return the SHA-256 of a version's text as it stands: what is approved is what was read."""
    return canonical_json.digest({"number": plan.number, "sections": plan.sections, "reason": plan.reason})


def is_intact(plan: ManagementPlan) -> bool:
    """Whether the text matches its seal, and the seal is the one that was put on record.

    Who can change the text behind the portal's back can change the seal beside it too, but not the trail (ledger.md).
    """
    return bool(plan.seal) and compute_seal(plan) == plan.seal == recorded_seal(plan)


def is_past_term(plan: ManagementPlan) -> bool:
    """Whether the text matches its own seal, and the entry that would confirm the seal is past its own term."""
    if not plan.seal or compute_seal(plan) != plan.seal or plan.approved_at is None:
        return False
    return recorded_seal(plan) is None and Entry.objects.is_pruned(plan.approved_at)


def recorded_seal(plan: ManagementPlan) -> str | None:
    """Return the seal that was put on record when the plan was approved, or ``None`` before."""
    payload = (
        Entry.objects.about(f"safeguards.managementplan:{plan.pk}")
        .filter(word=Event.PLAN_APPROVED)
        .order_by("id")
        .values_list("payload", flat=True)
        .first()
    )
    return None if payload is None else str(facts_in(payload).get("seal", ""))
