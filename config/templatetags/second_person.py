"""Who must act next on a record that waits for a second person, and why somebody may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.display_names import name_with_reference
from privacy.accounts.models import EmergencyApproval, User
from privacy.accounts.roles import ROLES_OF_PERMISSION
from privacy.accounts.second_person import why_not
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock

register = template.Library()

# The same reasons as ``second_person.REASONS``, said of a colleague, and what only this page knows.
OF_OTHERS: dict[str, Promise] = {
    "same": _("asked for it"),
    "about": _("it is about them"),
    "alone": _("took the step before alone"),
    "factor": _("has not accepted the invitation and added a second factor"),
    "new": _("sign-in set up too recently"),
    "pledge": _("no valid security pledge"),
    "training": _("no valid training"),
    "unread": _("the scan was destroyed before they read it"),
    "related": _("one of the two was recently involved in the other's account, sign-in or role"),
}

OF_CHAINS: dict[str, Promise] = {"same": _("took the step before")}


@dataclass(frozen=True)
class NextStep:
    """Who asked, who may approve, who may not and why, and from when one officer may go on alone: None if never."""

    asked_by: str
    able: list[str]
    unable: list[tuple[str, Promise]]
    alone_from: datetime | None
    may_go_alone: bool
    emergency: EmergencyApproval | None
    table: str
    is_chain: bool
    is_read_first: bool
    is_work: bool


@register.simple_tag
def next_step(adminform: Any, record: Model | None, user: User) -> NextStep | None:
    """Return what the page says of the second person, where the record waits for one."""
    step: SecondPersonStep | None = getattr(getattr(adminform, "model_admin", None), "second_person", None)
    if step is None or record is None or not step.waits(record):
        return None
    at = clock.now()
    askers, asked_at = _asked(step, record)
    if not askers:
        return None
    able, unable = [], []
    about = step.about(record) if step.about else None
    reading = step.read_first
    there = reading is not None and reading.is_there(record)
    permission = step.permission if isinstance(step.permission, str) else step.permission(record)
    for person in User.objects.holding(*ROLES_OF_PERMISSION[permission], on=clock.kst_date(at)):
        why = "about" if person.ref == about else _why_not(person.ref, askers, at=at)
        if not why and reading and not there and not reading.has_read(record, person.ref):
            why = "unread"
        if why:
            unable.append((person.name, OF_CHAINS.get(why, OF_OTHERS[why]) if step.is_chain else OF_OTHERS[why]))
        else:
            able.append(person.name)
    alone_from = accounts.alone_from(asked_at, at=at) if asked_at else None
    made = EmergencyApproval.objects.usable(record, made_by=user.ref, at=at).first() if alone_from else None
    may = alone_from is not None and alone_from <= at and not made and user.may("accounts.approve_alone")
    table = record._meta.db_table
    names = ", ".join(name_with_reference(asker) for asker in askers)
    who = sorted(able), sorted(unable)
    return NextStep(names, *who, alone_from, may, made, table, step.is_chain, there, step.is_work)


def _asked(step: SecondPersonStep, record: Model) -> tuple[list[str], datetime | None]:
    """Return who asked, and since when where one officer may go on alone."""
    if step.asked_by is not None:
        return step.askers(record), None
    asked = accounts.asked_of(record)
    return ([asked[0]], asked[1]) if asked else ([], None)


def _why_not(person: str, askers: list[str], *, at: datetime) -> str:
    return next(filter(None, (why_not(person, asked_by=asker, at=at) for asker in askers)), "")


def withheld(model_admin: Any, record: Model, user: User) -> set[str]:
    """Return the buttons that are not shown to this person: the approval of what they asked for or are the subject of.

    Whoever may go on alone in an emergency, once they have said so, is shown it.
    """
    step: SecondPersonStep | None = getattr(model_admin, "second_person", None)
    own = set(model_admin.withheld_from(record, user)) if hasattr(model_admin, "withheld_from") else set()
    if step is None or step.is_chain or not step.waits(record):
        return own
    at = clock.now()
    askers, _asked_at = _asked(step, record)
    if not askers or EmergencyApproval.objects.usable(record, made_by=user.ref, at=at).exists():
        return own
    is_about = step.about is not None and step.about(record) == user.ref
    is_asker = user.ref in askers or "same" in {why_not(user.ref, asked_by=asker, at=at) for asker in askers}
    return own | ({step.button} if is_about or is_asker else set())
