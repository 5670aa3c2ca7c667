"""Correcting a single report: what it says and should say, and that the correction is possible before it is granted."""

import json
from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.rights.actions.cases import lock_right, must_be_verified, particulars_of, people_of, record
from privacy.rights.actions.corrections import (
    content_key,
    content_of,
    holding_of,
    is_destroyed,
    is_held,
    subjects_of,
    wanted_value,
)
from privacy.rights.events import Event
from privacy.rights.models import Right
from privacy.rights.refusals import AlreadyDecided, NoSuchItem, WrongState
from privacy.subjects.holdings import Holding
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


def write_corrected_report(right: Right, *, content: str, actor: Actor, at: datetime) -> Right:
    """Write down the right content of a single report in its own form (JSON), beside the requester's words.

    Before the decision only: the decision fixes it. Raises WrongState, AlreadyDecided, NoSuchItem, and what the
    holding refuses.
    """
    require_permission(actor, "rights.carry_out_request", about=right)
    particulars = particulars_of(right.request)
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.content.written", actor=actor, at=at, reason=f"request {right.request}"
    ) as vault_session:
        wanted: dict[str, str] = vault_session.decrypt(particulars, "wanted") or {}
    with transaction.atomic():
        row = lock_right(right)
        must_be_verified(row.request)
        if row.is_decided:
            raise AlreadyDecided(_("This right has already been decided, so its content can't be changed."))
        if row.request.rights.to_carry_out().exists():
            raise WrongState(_("First carry out what was granted: it is based on what the request contains now."))
        must_be_correctable(row, content, actor=actor, at=at)
        record(row.request, Event.CONTENT_WRITTEN, actor=actor, at=at, right=row)
        vault.encrypt(particulars, {"wanted": {**wanted, content_key(row): content.strip()}}, at=at)
        with transaction.atomic(using="personal"):
            particulars.save(update_fields=["wanted"])
    return row


def read_report(right: Right, *, actor: Actor, at: datetime) -> tuple[str, str]:
    """Open a disputed report: what it says now, as JSON, and what the requester wants. Raises NoSuchItem."""
    require_permission(actor, "rights.carry_out_request", about=right)
    holding = holding_of(right)
    row = _record_of(right, holding)
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.record.shown", actor=actor, at=at, reason=f"request {right.request}"
    ) as vault_session:
        now = vault_session.decrypt(row, holding.items[right.item])
    return json.dumps(now, ensure_ascii=False, indent=1, sort_keys=True), wanted_value(right, actor=actor, at=at)


def must_be_correctable(right: Right, wanted: str, *, actor: Actor, at: datetime) -> None:
    """See that what is granted can be carried out: the item is held; a report's correction is tried and taken back.

    What was destroyed since it was asked for can be granted too, for no ground of refusal fits: the answer then says
    that it was destroyed. Raises what hinders it.
    """
    holding = holding_of(right)
    if not people_of(right.request) or is_destroyed(right, holding):
        return
    if not holding.kind:
        if not is_held(right, holding):
            raise NoSuchItem(
                _("We hold no such item about this person that is in use, so there is nothing to correct.")
            )
        return
    _record_of(right, holding)
    assert holding.correct is not None
    value = content_of(holding, wanted)
    with transaction.atomic(), transaction.atomic(using="personal"):
        for subject_id in subjects_of(right, holding):
            holding.correct(
                subject_id, right.item, value,
                event=right.event_id, actor=actor, at=at, record_id=right.record_id,
            )  # fmt: skip
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="personal")


def _record_of(right: Right, holding: Holding) -> Model:
    found = holding.rows(people_of(right.request)).filter(pk=right.record_id).first()
    if found is None or getattr(found, holding.kind).replace("-", "_") != right.item:
        raise NoSuchItem(
            _("This person has no report of this kind with that number. Check the number with the requester.")
        )
    return found
