"""Answering about an automated decision: explained, reviewed or taken back by a person (PIPA 37-2, R-34)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.rights import automated_decision_texts
from privacy.rights.actions.execution import begin_execution, complete_execution
from privacy.rights.actions.letters import write_explanation
from privacy.rights.models import AUTOMATED, Right
from privacy.rights.refusals import MissingReason, WrongState


def answer_decision(
    right: Right, *, outcome: str = "", said: Mapping[str, str], read: str = "", actor: Actor, at: datetime
) -> Right:
    """Carry out a granted right about an automated decision, in the words of who explains or reviews it.

    ``said`` has what ``automated_decision_texts.FIELDS`` asks for, ``read`` is as with ``carry_out``. Who granted
    it does not answer. Raises WrongState, MissingReason, SamePerson, and what carrying out raises.
    """
    require_permission(actor, "rights.carry_out_request", about=right)
    if right.kind not in AUTOMATED:
        raise WrongState(_("This right is not about an automated decision."))
    if outcome not in automated_decision_texts.OUTCOMES[right.kind]:
        raise MissingReason(_("State what became of the decision."), pointer="/outcome")
    for name in automated_decision_texts.FIELDS[right.kind]:
        if not said.get(name, "").strip():
            raise MissingReason(_("Fill in every part of the answer."), pointer=f"/{name}")
    with transaction.atomic(), transaction.atomic(using="personal"):
        row = begin_execution(right, read=read, is_answered=True, actor=actor, at=at)
        with override(row.request.language):
            text = automated_decision_texts.written(row.kind, said)
        write_explanation(row.request, text, of=row.event_id, at=at)
        return complete_execution(row, {"outcome": outcome}, actor=actor, at=at)
