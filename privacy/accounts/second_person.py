"""Who may approve as the second person what another asked for: one rule, for every act that takes two people.

The database holds it too (``accounts_second_person``, triggers on each table with an asker and an approver); here it is
asked first, so that the person reads why (decision 0106). Where no second person is to be had, an approval by emergency
of the same record takes the place of the second name (decision 0145).
"""

from datetime import datetime

from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import EmergencyApproval
from privacy.ledger.actors import Actor
from privacy.lib.errors.refusals import Refusal

# How old a sign-in must be, how long a part in the other's account counts, and when one officer goes on alone; 0 is for
# examples (config.E019).
SECOND_PERSON_WAITS = ("duties.account.days", "duties.apart.days", "duties.emergency.wait.hours")

NOT_TWO_PEOPLE = _("These two accounts can't count as two people here. Someone else must complete it.")
REASONS: dict[str, Promise] = {
    "same": _("You requested this yourself, so another person must approve it."),
    "alone": _("You took the step before this alone, in an emergency. Someone else must take this one."),
    "unknown": _("This account isn't known, so it can't approve anything."),
    "factor": _("You can't approve as the second person yet: use your invitation and add a second factor first."),
    "new": _("You can't approve as the second person yet: your sign-in was set up too recently. Ask a colleague."),
    "pledge": _("You can't approve as the second person: sign the security pledge first."),
    "training": _("You can't approve as the second person: complete the training first."),
    "related": _(
        "You can't approve this: one of you was recently involved in the other's account, "
        "sign-in or role. Ask a third person."
    ),
}


class NotASecondPerson(Refusal):
    """Whoever asks and whoever approves must be two people, not two accounts of one."""

    code = "not-a-second-person"


def why_not(approver: str, *, asked_by: str, at: datetime) -> str:
    """Return why an account can't approve as the second person, as a code of ``REASONS``; empty where it can."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_second_person(%s, %s, %s)", [approver, asked_by, at])
        return str(cursor.fetchone()[0])


def may_be_second_person(approver: str, asked_by: str, at: datetime) -> bool:
    """Whether an account may be the second person after another: for apps that lie below this one."""
    return not why_not(approver, asked_by=asked_by, at=at)


def had_a_part(one: str, other: str, at: datetime) -> bool:
    """Whether two accounts are related: for apps that lie below this one."""
    return are_related(one, other, at=at)


def are_related(one: str, other: str, *, at: datetime) -> bool:
    """Whether one of two accounts had a part in the other's account, sign-in or role in the last days."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_related(%s, %s, %s)", [one, other, at])
        return bool(cursor.fetchone()[0])


def person_behind(name: str) -> str:
    """Return the officer who went on alone, where the name is that of an approval by emergency; else the name."""
    if not name.startswith("EM-"):
        return name
    found = EmergencyApproval.objects.filter(reference=name).values_list("made_by", flat=True).first()
    return found or name


def emergency_of(actor: Actor, about: models.Model, *, at: datetime) -> str:
    """Return the name under which the actor completes alone what a record waits for now; empty without an emergency."""
    found = EmergencyApproval.objects.usable(about, made_by=actor.ref, at=at).first()
    return found.reference if found is not None else ""


def require_second_person(
    actor: Actor, *, asked_by: str, at: datetime, about: models.Model | None = None, same: Refusal | None = None
) -> str:
    """Let the act go on if the actor may approve what ``asked_by`` asked for; return whom the record names.

    That is the actor, or the actor's approval by emergency of the record ``about``. Raises NotASecondPerson, and
    ``same`` where the two are one account.
    """
    why = why_not(actor.ref, asked_by=asked_by, at=at)
    if not why:
        return actor.ref
    if about is not None and (alone := emergency_of(actor, about, at=at)):
        return alone
    if why == "same" and same is not None:
        raise same
    raise NotASecondPerson(str(REASONS[why]))
