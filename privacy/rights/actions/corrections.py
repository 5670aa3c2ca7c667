"""Correcting an item: the value changes, the freeze ends, and every earlier recipient is told (P1.5, P1.6)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.rights import recipient_states, system_states
from privacy.rights.actions.cases import particulars_of, people_of
from privacy.rights.models import Right
from privacy.rights.refusals import NoSuchItem
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.systems import actions as systems
from privacy.systems.models import Act
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

CORRECTED = "rights.correction.told"


def execute(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Put the right value in place, and beside it one outbox row for each earlier recipient, in one transaction.

    The rows in the personal database make sure that the change can't stand without its notices, whatever dies next.
    What was destroyed since it was asked for is left as it is: nobody is told that it was corrected.
    """
    case = right.request
    holding = holding_of(right)
    if not is_held(right, holding):
        return {"destroyed": True}
    people = subjects_of(right, holding)
    wanted = content_of(holding, wanted_value(right, actor=actor, at=at))
    recipients = {
        party.id: party
        for subject_id in people
        for party in disclosures.earlier_recipients(
            subject_id=subject_id, category=right.category, item=right.item, record_id=right.record_id
        )
    }
    if not holding.kind:
        systems.seal_identifiers(
            act=Act.CORRECT, cause_id=right.id, category=right.category, item=right.item, subject_ids=people,
            case=right.freeze_reference, actor=actor, at=at,
        )  # fmt: skip
    with transaction.atomic(using="personal"):
        assert holding.correct is not None
        for subject_id in people:
            holding.correct(
                subject_id, right.item, wanted, event=right.event_id, actor=actor, at=at, record_id=right.record_id
            )
        for party in recipients.values():
            outbox.enqueue(
                CORRECTED,
                ids={"right": str(right.id), "third_party": str(party.id)},
                key=f"{CORRECTED}:{right.id}:{party.id}",
                using="personal",
                shard=case.reference,
            )
    return {"recipients": len(recipients)}


def complete(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Lift the freeze and queue the notices, in the closing transaction."""
    case = right.request
    corrected = [] if right.result.get("destroyed") else subjects_of(right, holding_of(right))
    # Before the freeze ends there: what is wrong must not come into use again in between.
    for subject_id in corrected:
        systems.order_correction(
            cause_id=right.id, subject_id=subject_id, category=right.category, item=right.item,
            case=right.freeze_reference, single=right.record_id is not None, actor=actor, at=at,
        )  # fmt: skip
    if not corrected:
        systems.remove_orphans(cause_id=right.id, actor=actor, at=at)
    vault.unfreeze(case=right.freeze_reference, actor=actor, at=at)
    told: list[Notice] = []
    for subject_id in corrected:
        told += disclosures.queue_notices(
            kind=Notice.Kind.CORRECTED,
            case_id=case.id,
            case_reference=case.reference,
            subject_id=subject_id,
            category=right.category,
            items=[right.item],
            record_id=right.record_id,
            actor=actor,
            at=at,
        )
    open_there, asked = system_states.unconfirmed(right, Act.CORRECT), recipient_states.asked(told)
    return {
        "notices": len(told),
        **({"systems_open": open_there} if open_there else {}),
        **({"recipients_asked": asked} if asked else {}),
    }


def is_held(right: Right, holding: Holding) -> bool:
    """Whether what is to be put right is held, of somebody the case is about."""
    return rows_of(right, holding).exists()


def rows_of(right: Right, holding: Holding) -> QuerySet[Model]:
    """Return the rows of the item that is to be put right, of everybody the case is about."""
    rows = holding.rows(people_of(right.request)).filter(**holding.correctable)
    if holding.kind:
        return rows.filter(pk=right.record_id)
    return rows.filter(**({holding.item_from: right.item} if holding.item_from else {}))


def is_destroyed(right: Right, holding: Holding) -> bool:
    """Whether it is not held any more because it was destroyed, by another right of the case or another way."""
    people = people_of(right.request)
    return not is_held(right, holding) and any(vault.is_destroyed(one, right.category) for one in people)


def subjects_of(right: Right, holding: Holding) -> list[UUID]:
    """Return whose item is put right: everybody of the case of whom it is held, or whose one report is wrong."""
    rows = rows_of(right, holding)
    if right.record_id is not None:
        rows = rows.filter(pk=right.record_id)
    return list(rows.order_by(holding.subject).values_list(holding.subject, flat=True).distinct())


def wanted_value(right: Right, *, actor: Actor, at: datetime) -> str:
    """Open what the requester wants the item to be, on record."""
    particulars = particulars_of(right.request)
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="rights.correction.begun",
        actor=actor,
        at=at,
        reason=f"request {right.request.number}",
    ) as vault_session:
        wanted: dict[str, str] = vault_session.decrypt(particulars, "wanted") or {}
    text = wanted_text(right, wanted)
    if text is None:
        raise NoSuchItem(_("The request does not say what the item should be."))
    return text


def wanted_text(right: Right, wanted: Mapping[str, str]) -> str | None:
    """Return what a correction writes: a report's content as the office wrote it down, or the requester's own words."""
    return wanted.get(content_key(right)) or wanted.get(str(right.position))


def content_key(right: Right) -> str:
    """Return under which name the content of a right stands among the sealed words."""
    return f"{right.position}:content"


def content_of(holding: Holding, wanted: str) -> Any:
    """Return a value as its holding keeps it: a report's body is JSON, everything else text. Raises NoSuchItem."""
    if not holding.kind:
        return wanted
    try:
        return json.loads(wanted)
    except ValueError:
        raise NoSuchItem(
            _("The correct content of this report is not recorded yet, or is not JSON. Record it first."),
            pointer="/content",
        ) from None


def holding_of(right: Right) -> Holding:
    """Return the holding that keeps the item and can correct it. Raises NoSuchItem."""
    for holding in holdings.for_category(right.category):
        if holding.correct is not None and right.item in holding.items:
            return holding
    raise NoSuchItem(_("This item can't be corrected here."))
