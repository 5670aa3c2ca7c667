"""Who hears of overdue work: who has it, and the designated officer, or every officer where that one has no address."""

from collections.abc import Iterable
from datetime import date

from privacy.accounts.models import User
from privacy.policies.models import Officer

DESIGNATED_OFFICER = "designated-officer"


def overdue_notice_recipients(on: date, *, have: Iterable[str] = ()) -> list[str]:
    """Return who is told of what is overdue, by reference or as ``DESIGNATED_OFFICER``; ``have`` are those whose work
    it is.
    """
    working = User.objects.filter(reference__in=sorted(set(have)), is_active=True).values_list("reference", flat=True)
    return sorted({*working, *escalation_recipients(on)})


def escalation_recipients(on: date) -> list[str]:
    """Return to whom overdue work goes up: the designated officer, else every account that holds the officer's role."""
    if _designated(on):
        return [DESIGNATED_OFFICER]
    return sorted(User.objects.holding("officer", on=on).values_list("reference", flat=True))


def is_anybody_told(on: date) -> bool:
    """Whether overdue work goes up to anybody at all, in one question wherever an account holds the officer's role."""
    return User.objects.holding("officer", on=on).exists() or bool(_designated(on))


def email_address(reader: str, *, on: date) -> str:
    """Return the address of a reader; none for one who has left since."""
    if reader == DESIGNATED_OFFICER:
        return _designated(on)
    return User.objects.filter(reference=reader, is_active=True).values_list("email", flat=True).first() or ""


def _designated(on: date) -> str:
    officer = Officer.objects.on(on)
    return officer.email if officer is not None else ""
