"""Days and numbers that the law moves: extra holidays (T-04) and dated parameters (rule base §1)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib.refusals import Refusal
from privacy.policies import calendar
from privacy.policies.events import Event
from privacy.policies.models import ExtraHoliday, Parameter
from privacy.policies.rulebook import UnknownParameter

EDIT = "policies.edit_calendar"


class HolidayKnown(Refusal):
    code = "holiday-known"


class ParameterKnown(Refusal):
    code = "parameter-known"


def add_holiday(*, day: date, name: str, actor: Actor, at: datetime) -> ExtraHoliday:
    """Add a temporary holiday; open deadlines that end on it move on at once (T-04).

    Raises ``NotPermitted`` and ``HolidayKnown``.
    """
    require(actor, EDIT)
    try:
        with transaction.atomic():
            holiday = ExtraHoliday.objects.create(day=day, name=name, added_at=at)
            ledger.record(Event.HOLIDAY_ADDED, actor=actor, at=at, about=holiday, facts={"day": day.isoformat()})
            calendar.tell(day, at)
    except IntegrityError as error:
        raise HolidayKnown(_("%(day)s is already on the list.") % {"day": day.isoformat()}) from error
    return holiday


def withdraw_holiday(holiday: ExtraHoliday, *, actor: Actor, at: datetime) -> None:
    """Take an extra holiday back; open deadlines move back at once. Raises ``NotPermitted``."""
    require(actor, EDIT, about=holiday)
    with transaction.atomic():
        held = ExtraHoliday.objects.select_for_update().get(pk=holiday.pk)
        ledger.record(Event.HOLIDAY_WITHDRAWN, actor=actor, at=at, about=held, facts={"day": held.day.isoformat()})
        held.delete()
        calendar.tell(holiday.day, at)


def set_parameter(*, code: str, value: int, effective_on: date, basis: str, actor: Actor, at: datetime) -> Parameter:
    """Add the value of a known parameter from a day on; earlier values stay for what happened before.

    Raises ``NotPermitted``, ``UnknownParameter``, and ``ParameterKnown`` for a day that already has a value.
    """
    require(actor, "policies.set_parameter")
    known = Parameter.objects.filter(code=code).first()
    if known is None:
        raise UnknownParameter(_("The portal knows no parameter “%(code)s”.") % {"code": code})
    try:
        with transaction.atomic():
            parameter = Parameter.objects.create(
                code=code, value=value, unit=known.unit, effective_on=effective_on, basis=basis
            )
            facts = {"code": code, "value": value, "effective_on": effective_on.isoformat(), "basis": basis}
            ledger.record(Event.PARAMETER_SET, actor=actor, at=at, about=parameter, facts=facts)
    except IntegrityError as error:
        raise ParameterKnown(
            _("“%(code)s” already has a value from %(day)s on.") % {"code": code, "day": effective_on.isoformat()}
        ) from error
    return parameter
