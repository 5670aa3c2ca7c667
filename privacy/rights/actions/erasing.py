"""Deleting on request and withdrawing consent: destroyed, or archived where a law preserves (P1.7, R-18, R-24)."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from consents import actions as consents
from consents.models import Agreement, Decision, Standing
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import DisclosedItem, Notice
from privacy.ledger.actors import Actor
from privacy.lib import clock
from privacy.policies import rulebook
from privacy.retention import actions as retention
from privacy.retention.models.runs import Cause
from privacy.rights.models import Request, Right
from privacy.rights.refusals import UnderWay
from privacy.subjects.models import Subject

# A withdrawal keeps the way it was asked for (law C-07).
METHODS = {
    Request.Channel.WEB: Decision.Method.WEBSITE,
    Request.Channel.EMAIL: Decision.Method.EMAIL,
    Request.Channel.PHONE: Decision.Method.PHONE,
    Request.Channel.WRITING: Decision.Method.PAPER,
    Request.Channel.VISIT: Decision.Method.PAPER,
}
CONTACT = "contact"


def act(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Destroy what was granted, category by category. Raises OnHold, and UnderWay while the worker still destroys."""
    case = right.request
    assert case.subject_id is not None
    outcomes = retention.destroy_subject_data(
        case.subject_id, categories_of(right, at=at), cause=Cause.DELETION, case=right.freeze_case, actor=actor, at=at
    )
    if not all(outcome.destroyed for outcome in outcomes):
        raise UnderWay(_("The destruction is ordered and under way. The case goes on by itself when it is proven."))
    return {
        "certificates": [outcome.certificate for outcome in outcomes],
        "archived": sum(outcome.archived for outcome in outcomes),
    }


def withdraw_consent(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Record the withdrawal of one agreement, or of all; the consents app destroys what rested on it (law R-24)."""
    case = right.request
    assert case.subject_id is not None
    subject = Subject.objects.get(id=case.subject_id)
    standing = Standing.objects.of(subject.id).select_related("agreement", "decision__version")
    if right.agreement:
        standing = standing.filter(agreement__code=right.agreement)
    withdrawn = []
    for one in standing.order_by("agreement__position"):
        if one.choice == Decision.Choice.AGREE and one.agreement.code not in right.excluded:
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
    return {"withdrawn": withdrawn}


def close(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Queue a notice for each recipient of what was erased here (law R-20), in the closing transaction."""
    case = right.request
    assert case.subject_id is not None
    queued = 0
    for category in categories_of(right, at=at):
        disclosed = DisclosedItem.objects.provided().of(subject_id=case.subject_id, category=category)
        items = sorted(set(disclosed.values_list("item", flat=True)))
        if items:
            notices = disclosures.queue_notices(
                kind=Notice.Kind.ERASED,
                case_id=case.id,
                case_reference=case.reference,
                subject_id=case.subject_id,
                category=category,
                items=items,
                actor=actor,
                at=at,
            )
            queued += len(notices)
    return {"notices": queued}


def categories_of(right: Right, *, at: datetime) -> list[str]:
    """Return the categories that a right reaches, without the parts left out."""
    if right.kind == Right.Kind.CONSENT_WITHDRAWAL:
        agreements = Agreement.objects.filter(kind=Agreement.Kind.COLLECTION)
        if right.agreement:
            agreements = agreements.filter(code=right.agreement)
        reached = {category for agreement in agreements for category in agreement.categories}
    elif right.category:
        reached = {right.category}
    else:
        reached = {*rulebook.in_force(clock.kst_date(at)).categories, CONTACT}
    return sorted(reached - set(right.excluded))
