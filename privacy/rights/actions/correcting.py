"""Correcting an item: the value changes, the freeze ends, and every earlier recipient is told (P1.5, P1.6)."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.rights.actions.timeline import words_of
from privacy.rights.models import Right
from privacy.rights.refusals import NoSuchItem
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

TOLD = "rights.correction.told"


def act(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Put the right value in place, and beside it one outbox row for each earlier recipient, in one transaction.

    The rows in the personal database make sure that the change can't stand without its notices, whatever dies next.
    """
    case = right.request
    subject_id = case.subject_id
    assert subject_id is not None
    holding = holding_of(right)
    wanted = content_of(holding, wanted_value(right, actor=actor, at=at))
    recipients = disclosures.earlier_recipients(
        subject_id=subject_id, category=right.category, item=right.item, record_id=right.record_id
    )
    with transaction.atomic(using="personal"):
        assert holding.correct is not None
        holding.correct(
            subject_id, right.item, wanted, event=right.event_id, actor=actor, at=at, record_id=right.record_id
        )
        for party in recipients:
            outbox.put(
                TOLD,
                ids={"right": str(right.id), "third_party": str(party.id)},
                key=f"{TOLD}:{right.id}:{party.id}",
                using="personal",
                shard=case.reference,
            )
    return {"recipients": len(recipients)}


def close(right: Right, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Lift the freeze and queue the notices, in the closing transaction."""
    case = right.request
    assert case.subject_id is not None
    vault.thaw(case=right.freeze_case, actor=actor, at=at)
    notices = disclosures.queue_notices(
        kind=Notice.Kind.CORRECTED,
        case_id=case.id,
        case_reference=case.reference,
        subject_id=case.subject_id,
        category=right.category,
        items=[right.item],
        record_id=right.record_id,
        actor=actor,
        at=at,
    )
    return {"notices": len(notices)}


def wanted_value(right: Right, *, actor: Actor, at: datetime) -> str:
    """Open what the requester wants the item to be, on record."""
    particulars = words_of(right.request)
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="rights.correction.begun",
        actor=actor,
        at=at,
        reason=f"request {right.request.number}",
    ) as door:
        wanted: dict[str, str] = door.reveal(particulars, "wanted") or {}
    # What the office wrote down of a report's content stands beside the requester's own words.
    try:
        return wanted.get(content_key(right)) or wanted[str(right.position)]
    except KeyError:
        raise NoSuchItem(_("The request does not say what the item should be.")) from None


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
            _("The right content of this report is not written down yet, or is no JSON. Write it down first."),
            pointer="/content",
        ) from None


def holding_of(right: Right) -> Holding:
    """Return the holding that keeps the item and can correct it. Raises NoSuchItem."""
    for holding in holdings.for_category(right.category):
        if holding.correct is not None and right.item in holding.items:
            return holding
    raise NoSuchItem(_("This item can't be corrected here."))
