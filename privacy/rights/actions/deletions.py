"""Deleting on request and withdrawing consent: destroyed, or archived where a law preserves (P1.7, R-18, R-24)."""

from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from consents import actions as consents
from consents.models import CurrentConsent, Decision
from privacy.disclosures import actions as disclosures
from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.destruction import blockers
from privacy.retention.models.destruction_lists import Cause
from privacy.rights import right_scope, system_states
from privacy.rights.actions.cases import people_of
from privacy.rights.actions.separation_of_duties import other_person
from privacy.rights.models import Request, Right
from privacy.rights.refusals import InProgress
from privacy.subjects.models import Subject
from privacy.systems.models import Act

# A withdrawal keeps the way it was asked for (law C-07).
# A deletion that was released and waits for the worker.
ORDERED = "rights.deletion.ordered"
METHODS = {
    Request.Channel.WEB: Decision.Method.WEBSITE,
    Request.Channel.EMAIL: Decision.Method.EMAIL,
    Request.Channel.PHONE: Decision.Method.PHONE,
    Request.Channel.WRITING: Decision.Method.PAPER,
    Request.Channel.VISIT: Decision.Method.PAPER,
}


def execute(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Destroy what was granted, category by category. Raises OnHold, and InProgress while the worker still destroys."""
    categories = categories_of(right, at=at)
    # Released alone in an emergency: the decision is then the same person's, under another name.
    approved_by = other_person(right, than=right.started_by) or right.decided_by
    outcomes = [
        outcome
        for subject_id in people_of(right.request)
        for outcome in retention.destroy_subject_data(
            subject_id, categories, cause=Cause.DELETION, case=right.freeze_reference, actor=actor, at=at,
            ordered_by=right.started_by, approved_by=approved_by,
            since=clock.kst_date(right.decided_at) if right.decided_at else None,
        )
    ]  # fmt: skip
    if not all(outcome.destroyed for outcome in outcomes):
        if settings.PORTAL_PROCESS in retention.SERVING:
            # Pages destroy nothing: the worker goes on at once.
            key = f"{ORDERED}:{right.id}:{at.isoformat()}"
            outbox.enqueue(ORDERED, ids={"right": str(right.id)}, key=key, shard=right.request.reference)
        raise InProgress(_("Destruction is under way. The case continues automatically once it has been verified."))
    return {
        "certificates": [outcome.certificate for outcome in outcomes],
        "archived": sum(outcome.archived for outcome in outcomes),
    }


def withdraw_consent(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Record the withdrawal of one agreement, or of all (law R-24).

    The consents app destroys what rested on it, as soon as no hold keeps it; the recipients are told then.
    """
    withdrawn: dict[str, None] = {}
    for subject in Subject.objects.filter(id__in=people_of(right.request)).order_by("id"):
        withdrawn |= dict.fromkeys(_withdraw(right, subject, actor=actor, at=at))
    return {"withdrawn": list(withdrawn)}


def _withdraw(right: Right, subject: Subject, *, actor: Actor, at: datetime) -> list[str]:
    case = right.request
    withdrawn = []
    for one in consents_meant(right, subject.id).select_related("agreement", "decision__version"):
        if one.choice == Decision.Choice.AGREE:
            consents.decide(
                subject=subject,
                version=one.decision.version,
                decision=Decision.Choice.WITHDRAW,
                decided_at=right.started_at or at,
                method=METHODS[Request.Channel(case.channel)],
                language=case.language,
                actor=actor,
                at=at,
            )
        if one.choice in {Decision.Choice.AGREE, Decision.Choice.WITHDRAW}:
            withdrawn.append(one.agreement.code)
    return withdrawn


def consents_meant(right: Right, subject_id: UUID) -> QuerySet[CurrentConsent]:
    """Return a person's standing decisions that a withdrawal is about, in the order of the agreements."""
    standing = CurrentConsent.objects.of(subject_id)
    if right.agreement:
        standing = standing.filter(agreement__code=right.agreement)
    return standing.exclude(agreement__code__in=right.excluded).order_by("agreement__position")


def complete(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Queue a notice for each recipient of what was destroyed (law R-20), in the closing transaction."""
    case = right.request
    retention.reopen_data(case=right.freeze_reference, actor=actor, at=at)
    archived = retention.archived_by_order(cause=Cause.DELETION, case=right.freeze_reference)
    queued = 0
    for subject_id, category in product(people_of(case), categories_of(right, at=at)):
        notices = disclosures.queue_erasure_notices(
            case_id=case.id,
            case_reference=case.reference,
            subject_id=subject_id,
            category=category,
            partly_kept=archived.get((subject_id, category), 0) > 0,
            actor=actor,
            at=at,
        )
        queued += len(notices)
    open_there = system_states.unconfirmed(right, Act.DESTROY)
    return {"notices": queued, **({"systems_open": open_there} if open_there else {})}


def is_held(right: Right, *, at: datetime) -> bool:
    """Whether a hold covers anything that a deletion reaches: then nothing of it is destroyed."""
    people = people_of(right.request)
    return any(blockers.on_hold(people, category, at) for category in categories_of(right, at=at))


def categories_of(right: Right, *, at: datetime) -> list[str]:
    """Return the categories that a deletion reaches, without the parts left out."""
    return right_scope.deleted_categories(right, on=clock.kst_date(at))
