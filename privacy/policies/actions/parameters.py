"""Days and numbers that the law moves: extra holidays (T-04) and dated parameters (rule base §1)."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.policies import extra_holidays
from privacy.policies.events import Event
from privacy.policies.models import ExtraHoliday, Parameter, ParameterChange
from privacy.policies.rulebook import UnknownParameter

EDIT, SET = "policies.edit_calendar", "policies.set_parameter"


class HolidayExists(Refusal):
    code = "holiday-known"


class HolidayNotFound(Refusal):
    code = "holiday-gone"


class ParameterExists(Refusal):
    """A parameter has one value from a day on."""

    code = "parameter-known"

    def __init__(self, code: str, effective_on: date) -> None:
        super().__init__(
            _("“%(code)s” already has a value starting on %(day)s.") % {"code": code, "day": effective_on.isoformat()}
        )


class NeedsTwoPeople(Refusal):
    """The value lessens a protection: one officer asks for it, another approves it."""

    code = "needs-two-people"


class ParameterOutOfRange(Refusal):
    """No term is that long, and no day has that hour."""

    code = "impossible-value"


# The largest value of each unit: a century of time, the last hour of a day, and what a person can count.
LARGEST = {"hours": 876_000, "days": 36_500, "months": 1_200, "years": 100, "hour": 23, "count": 1_000_000_000}
# Periods of nothing and reviews of no months can't be counted; an hour of midnight and a count of nothing can.
SMALLEST = {"months": 1, "years": 1}
# An office can lengthen the wait before a destruction on request and of a changed contact, and what makes two accounts
# two people; nobody of the office shortens any below these (decisions 0105, 0136, 0146).
SMALLEST_OF_ACCOUNTS = {
    "withdrawal.wait.hours": 24,
    "contact.wait.hours": 24,
    "duties.account.days": 1,
    "duties.apart.days": 30,
    "duties.emergency.wait.hours": 24,
}
LARGEST_OF_ACCOUNTS = {"duties.emergency.review.hours": 72}


def add_holiday(*, day: date, name: str, actor: Actor, at: datetime) -> ExtraHoliday:
    """Add a temporary holiday; open deadlines that end on it move on at once (T-04).

    Raises ``NotPermitted`` and ``HolidayExists``.
    """
    require_permission(actor, EDIT)
    with transaction.atomic():
        try:
            with transaction.atomic():
                holiday = ExtraHoliday.objects.create(day=day, name=name, added_at=at)
        except IntegrityError as error:
            raise HolidayExists(_("%(day)s is already on the list.") % {"day": day.isoformat()}) from error
        # What listeners can't do is no sign that the day is known: it goes up as it is.
        ledger.record(Event.HOLIDAY_ADDED, actor=actor, at=at, about=holiday, facts={"day": day.isoformat()})
        extra_holidays.notify_listeners(day, at)
    return holiday


def withdraw_holiday(holiday: ExtraHoliday, *, actor: Actor, at: datetime) -> None:
    """Take an extra holiday back; open deadlines move back at once. Raises ``NotPermitted`` and ``HolidayNotFound``."""
    require_permission(actor, EDIT, about=holiday)
    with transaction.atomic():
        held = ExtraHoliday.objects.select_for_update().filter(pk=holiday.pk).first()
        if held is None:
            raise HolidayNotFound(_("Someone has already removed this holiday from the list."))
        ledger.record(Event.HOLIDAY_WITHDRAWN, actor=actor, at=at, about=held, facts={"day": held.day.isoformat()})
        held.delete()
        extra_holidays.notify_listeners(holiday.day, at)


@transaction.atomic
def set_parameter(*, code: str, value: int, effective_on: date, basis: str, actor: Actor, at: datetime) -> Parameter:
    """Add the value of a known parameter from a day on; earlier values stay for what happened before.

    Raises ``NotPermitted``, ``UnknownParameter``, ``ParameterOutOfRange`` for what no calendar can compute,
    ``ParameterExists`` for a day that already has a value, and ``NeedsTwoPeople`` for one that lessens a protection.
    """
    require_permission(actor, SET)
    require_in_range(code, value, actor=actor)
    if lessened := lessened_on(code, value, effective_on):
        if actor.kind == "user":
            raise NeedsTwoPeople(_why_two(code, value, effective_on, lessened), pointer="/value")
        ParameterChange.objects.create(
            code=code, value=value, effective_on=effective_on, basis=basis, asked_by=actor.ref, asked_at=at,
            approved_by=actor.ref, approved_at=at,
        )  # fmt: skip
    return put_parameter(code=code, value=value, effective_on=effective_on, basis=basis, actor=actor, at=at)


def lessened_on(code: str, value: int, effective_on: date) -> date | None:
    """Return the day on which a protection is lessened if this value is added; the database decides (decision 0166).

    The value's own day, or that of a later value that lowers it again. Until the transaction ends, nobody else adds a
    value of this code.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT policies_lessened_on(%s, %s, %s)", [code, value, effective_on])
        day: date | None = cursor.fetchone()[0]
    return day


def _why_two(code: str, value: int, effective_on: date, lessened: date) -> str:
    """Say why one officer can't set a value, and from which day on one can: after every value that is already set."""
    if lessened == effective_on:
        return _("This value lessens a protection. Request it under “requested values”; another officer approves it.")
    last = Parameter.objects.filter(code=code).aggregate(last=Max("effective_on"))["last"]
    if lessened_on(code, value, last + timedelta(days=1)) is None:
        why = _(
            "On %(day)s a value that is already set would lessen the protection again. Choose a date after %(last)s, "
            "or request this value under “requested values”; another officer approves it."
        )
    else:
        why = _(
            "On %(day)s a value that is already set would lessen the protection again. Request this value under "
            "“requested values”; another officer approves it."
        )
    return why % {"day": lessened.isoformat(), "last": last.isoformat()}


def require_in_range(code: str, value: int, *, actor: Actor) -> None:
    """Raise UnknownParameter, or ParameterOutOfRange for what no calendar can compute or no account may set."""
    known = Parameter.objects.filter(code=code).first()
    if known is None:
        raise UnknownParameter(_("The portal has no parameter “%(code)s”.") % {"code": code})
    smallest, largest = SMALLEST.get(known.unit, 0), LARGEST[known.unit]
    if actor.kind == "user":
        smallest = max(smallest, SMALLEST_OF_ACCOUNTS.get(code, 0))
        largest = min(largest, LARGEST_OF_ACCOUNTS.get(code, largest))
    if not smallest <= value <= largest:
        raise ParameterOutOfRange(
            _("“%(code)s” must be from %(smallest)d to %(largest)d.")
            % {"code": code, "smallest": smallest, "largest": largest}
        )


def put_parameter(*, code: str, value: int, effective_on: date, basis: str, actor: Actor, at: datetime) -> Parameter:
    """Write the value and its entry; who calls it has asked whether it may be. Raises ParameterExists."""
    unit = Parameter.objects.filter(code=code).values_list("unit", flat=True)[0]
    try:
        with transaction.atomic():
            parameter = Parameter.objects.create(
                code=code, value=value, unit=unit, effective_on=effective_on, basis=basis
            )
            facts = {"code": code, "value": value, "effective_on": effective_on.isoformat(), "basis": basis}
            ledger.record(Event.PARAMETER_SET, actor=actor, at=at, about=parameter, facts=facts)
    except IntegrityError as error:
        raise ParameterExists(code, effective_on) from error
    return parameter
