"""When an agreement ends, what rested on it is destroyed (law R-24); advertising simply stops."""

from datetime import datetime

from consents.events import Event
from consents.models import Agreement, Decision, Standing
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention.actions.ordering import destroy_subject_data
from privacy.retention.models.runs import Cause
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject


def end_collection(decision: Decision, *, actor: Actor, at: datetime) -> bool:
    """Destroy what rested on an agreement that this decision ended; return whether all of it is destroyed.

    The required agreement carries the registration: with it everything of the person goes. If she has agreed again
    since, or never had agreed to an optional thing, there is nothing to destroy. Call it outside a transaction; it is
    safe to repeat. Raises OnHold while a hold covers the data.
    """
    agreement = decision.agreement
    if agreement.kind != Agreement.Kind.COLLECTION or decision.choice == Decision.Choice.AGREE:
        return True
    if not Standing.objects.filter(decision=decision).exists():
        return True
    subject = Subject.objects.get(pk=decision.subject_id)
    agreed_before = Decision.objects.filter(
        subject_id=subject.id, agreement=agreement, choice=Decision.Choice.AGREE
    ).exists()
    if not agreement.required and not agreed_before:
        return True
    if agreement.required:
        subjects.mark_withdrawn(subject, actor=actor, at=at, case=decision.reference)
    outcomes = destroy_subject_data(
        subject,
        None if agreement.required else list(agreement.categories),
        cause=Cause.WITHDRAWAL,
        case=decision.reference,
        actor=actor,
        at=at,
    )
    done = all(outcome.destroyed for outcome in outcomes)
    if done:
        ledger.record(
            Event.ENDED_COLLECTION,
            actor=actor,
            at=at,
            about=decision,
            subjects=[subject.reference],
            facts={
                "agreement": agreement.code,
                "certificates": {outcome.category: outcome.certificate for outcome in outcomes},
            },
        )
    return done
