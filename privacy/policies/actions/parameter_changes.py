"""A value that lessens a protection: one officer asks for it, another approves it (decision 0166)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.policies.actions.parameters import SET, ParameterExists, lessened_on, put_parameter, require_in_range
from privacy.policies.events import Event
from privacy.policies.models import Parameter, ParameterChange


class LessensNothing(Refusal):
    """One officer sets a value that lessens no protection."""

    code = "lessens-nothing"


class OwnChange(Refusal):
    code = "same-person"


class DayTaken(ParameterExists):
    """Another value was set for the day while this one waited."""

    def __init__(self, taken: Parameter) -> None:
        Refusal.__init__(
            self,
            _(
                "“%(code)s” is already set to %(value)d from %(day)s. Refuse this request. If the value is "
                "still needed, request it for another day."
            )
            % {"code": taken.code, "value": taken.value, "day": taken.effective_on.isoformat()},
        )


class ChangeDecided(Refusal):
    """The request was approved or refused already."""

    code = "decided-already"


@transaction.atomic
def ask_change(*, code: str, value: int, effective_on: date, basis: str, actor: Actor, at: datetime) -> ParameterChange:
    """Ask for a value that lessens a protection from a day on; nothing changes until another officer approves it.

    Raises NotPermitted, UnknownParameter, ParameterOutOfRange, ParameterExists, LessensNothing.
    """
    require_permission(actor, SET)
    require_in_range(code, value, actor=actor)
    if Parameter.objects.filter(code=code, effective_on=effective_on).exists():
        raise ParameterExists(code, effective_on)
    if lessened_on(code, value, effective_on) is None:
        raise LessensNothing(_("This value lessens no protection, so no second person is needed. Set it directly."))
    made = ParameterChange.objects.create(
        code=code, value=value, effective_on=effective_on, basis=basis, asked_by=actor.ref, asked_at=at
    )
    ledger.record(Event.CHANGE_ASKED, actor=actor, at=at, about=made, facts=_facts(made))
    return made


@transaction.atomic
def approve_change(change: ParameterChange, *, actor: Actor, at: datetime) -> Parameter:
    """Set the value, as the second person, if it still lessens a protection.

    Raises NotPermitted, ChangeDecided, ParameterOutOfRange, DayTaken, LessensNothing, OwnChange, NotASecondPerson.
    """
    row = _open(change, actor=actor)
    require_in_range(row.code, row.value, actor=actor)
    lessened = lessened_on(row.code, row.value, row.effective_on)
    if taken := Parameter.objects.filter(code=row.code, effective_on=row.effective_on).first():
        raise DayTaken(taken)
    if lessened is None:
        raise LessensNothing(
            _(
                "This value no longer lessens a protection, so no second person is needed. Refuse this request. If the "
                "value is still needed, any officer can set it directly."
            )
        )
    same = OwnChange(_("You requested this value, so another officer must approve it."))
    row.approved_by = require_second_person(actor, asked_by=row.asked_by, about=row, same=same, at=at)
    row.approved_at = at
    row.save(update_fields=["approved_by", "approved_at"])
    ledger.record(Event.CHANGE_APPROVED, actor=actor, at=at, about=row, facts=_facts(row))
    return put_parameter(
        code=row.code, value=row.value, effective_on=row.effective_on, basis=row.basis, actor=actor, at=at
    )


@transaction.atomic
def refuse_change(change: ParameterChange, *, actor: Actor, at: datetime) -> ParameterChange:
    """Close a request without setting its value; who asked may do so too. Raises NotPermitted, ChangeDecided."""
    row = _open(change, actor=actor)
    row.refused_by, row.refused_at = actor.ref, at
    row.save(update_fields=["refused_by", "refused_at"])
    ledger.record(Event.CHANGE_REFUSED, actor=actor, at=at, about=row, facts=_facts(row))
    return row


def _open(change: ParameterChange, *, actor: Actor) -> ParameterChange:
    require_permission(actor, SET, about=change)
    row = ParameterChange.objects.select_for_update().get(pk=change.pk)
    if not row.is_open:
        raise ChangeDecided(_("This request was already approved or refused."))
    return row


def _facts(change: ParameterChange) -> dict[str, object]:
    return {
        "code": change.code,
        "value": change.value,
        "effective_on": change.effective_on.isoformat(),
        "basis": change.basis,
    }
