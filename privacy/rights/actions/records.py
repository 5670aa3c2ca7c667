"""Correcting a single report: what it says and should say, and that the correction is possible before it is granted."""

import json
from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, require
from privacy.rights.actions.correcting import content_key, content_of, holding_of, wanted_value
from privacy.rights.actions.timeline import must_be_verified, record, take_right, words_of
from privacy.rights.events import Event
from privacy.rights.models import Right
from privacy.rights.refusals import AlreadyDecided, NoSuchItem, WrongState
from privacy.subjects.holdings import Holding
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


def write_content(right: Right, *, content: str, actor: Actor, at: datetime) -> Right:
    """Write down the right content of a single report in its own form (JSON), beside the requester's words.

    Before the decision only: the decision fixes it. Raises WrongState, AlreadyDecided, NoSuchItem, and what the
    holding refuses.
    """
    require(actor, "rights.carry_out_request", about=right)
    particulars = words_of(right.request)
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.content.written", actor=actor, at=at, reason=f"request {right.request}"
    ) as door:
        wanted: dict[str, str] = door.reveal(particulars, "wanted") or {}
    with transaction.atomic():
        row = take_right(right)
        must_be_verified(row.request)
        if row.is_decided:
            raise AlreadyDecided(_("This right was already decided; its content is fixed."))
        if row.request.rights.to_carry_out().exists():
            raise WrongState(_("Carry out first what was granted: it is fixed by what stands in the request now."))
        must_be_possible(row, content, actor=actor, at=at)
        record(row.request, Event.CONTENT_WRITTEN, actor=actor, at=at, right=row)
        vault.seal(particulars, {"wanted": {**wanted, content_key(row): content.strip()}}, at=at)
        with transaction.atomic(using="personal"):
            particulars.save(update_fields=["wanted"])
    return row


def read_record(right: Right, *, actor: Actor, at: datetime) -> tuple[str, str]:
    """Open a disputed report: what it says now, as JSON, and what the requester wants. Raises NoSuchItem."""
    require(actor, "rights.carry_out_request", about=right)
    holding = holding_of(right)
    row = _record_of(right, holding)
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.record.shown", actor=actor, at=at, reason=f"request {right.request}"
    ) as door:
        now = door.reveal(row, holding.items[right.item])
    return json.dumps(now, ensure_ascii=False, indent=1, sort_keys=True), wanted_value(right, actor=actor, at=at)


def must_be_possible(right: Right, wanted: str, *, actor: Actor, at: datetime) -> None:
    """See that what is granted can be carried out: a contact is held; a report's correction is tried and taken back.

    Raises what hinders it.
    """
    holding = holding_of(right)
    subject_id = right.request.subject_id
    if subject_id is None:
        return
    if holding.item_from:
        if not holding.rows([subject_id]).filter(**{holding.item_from: right.item}).exists():
            raise NoSuchItem(_("We hold no such item of this person: there is nothing to correct."))
        return
    if not holding.kind:
        return
    _record_of(right, holding)
    assert holding.correct is not None
    value = content_of(holding, wanted)
    with transaction.atomic(), transaction.atomic(using="personal"):
        holding.correct(
            subject_id, right.item, value,
            event=right.event_id, actor=actor, at=at, record_id=right.record_id,
        )  # fmt: skip
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="personal")


def _record_of(right: Right, holding: Holding) -> Model:
    assert right.request.subject_id is not None
    found = holding.rows([right.request.subject_id]).filter(pk=right.record_id).first()
    if found is None or getattr(found, holding.kind).replace("-", "_") != right.item:
        raise NoSuchItem(_("This person has no such report of this kind. Check its number with the requester."))
    return found
