"""Going on alone where no second person is to be had, and the review that closes it (decision 0145)."""

from datetime import datetime, timedelta

from django.db import IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.accounts.actions.representative_links import ask_representative
from privacy.accounts.events import Event
from privacy.accounts.models import EmergencyApproval, User
from privacy.accounts.second_person import REASONS, require_second_person, why_not
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.entries.payloads import about_key
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import parameters

WAIT, REVIEW_WITHIN = "duties.emergency.wait.hours", "duties.emergency.review.hours"
OFFICER_TOLD = "accounts.emergency"
MIN_REASON_LENGTH = 20


class NoEmergency(Refusal):
    """It is not yet, or not at all, an act that one officer may complete alone."""

    code = "no-emergency"


class EmergenciesEnded(Refusal):
    """An earlier approval by emergency was not reviewed in time, or was found not justified."""

    code = "emergencies-ended"


class AlreadyReviewed(Refusal):
    code = "reviewed-already"


def asked_of(about: models.Model) -> tuple[str, datetime] | None:
    """Return who asked for the act that a record waits for, and when; nothing for a record that waits for none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_asked_of(%s, %s)", [about._meta.db_table, about.pk])
        asked_by, asked_at = cursor.fetchone()
    return (asked_by, asked_at) if asked_by and asked_at else None


def alone_from(asked_at: datetime, *, at: datetime) -> datetime:
    """Return the moment from which one officer may go on alone."""
    return asked_at + timedelta(hours=parameters.number(WAIT, clock.kst_date(at)))


@transaction.atomic
def go_alone(about: models.Model, *, reason: str, actor: User, at: datetime) -> EmergencyApproval:
    """Put on record that one officer completes the act on a record alone, and tell the representative and all officers.

    The act itself is then done by its own verb, by the same officer, while the review is not overdue. Raises
    NotPermitted, NoEmergency, EmergenciesEnded.
    """
    require_permission(actor, "accounts.approve_alone", about=about)
    if len(reason.strip()) < MIN_REASON_LENGTH:
        raise NoEmergency(
            ngettext(
                "State in at least %(count)d character why this can't wait and why nobody else can approve.",
                "State in at least %(count)d characters why this can't wait and why nobody else can approve.",
                MIN_REASON_LENGTH,
            )
            % {"count": MIN_REASON_LENGTH},
            pointer="/reason",
        )
    if why := why_not(actor.ref, asked_by="system:emergency", at=at):
        raise NoEmergency(str(REASONS[why]))
    if (asked := asked_of(about)) is None:
        raise NoEmergency(_("Nothing here is waiting for a second person."))
    if at < alone_from(asked[1], at=at):
        raise NoEmergency(_("The waiting period isn't over yet. Ask a colleague to approve."))
    User.objects.select_for_update().get(pk=actor.pk)
    _must_have_none_that_ended_them(actor, at=at)
    if found := EmergencyApproval.objects.usable(about, made_by=actor.ref, at=at).first():
        return found
    return _record(about, reason=reason.strip(), actor=actor, at=at)


def _must_have_none_that_ended_them(actor: User, *, at: datetime) -> None:
    mine = EmergencyApproval.objects.filter(made_by=actor.ref)
    if mine.overdue(at=at).exists() or mine.filter(outcome=EmergencyApproval.Outcome.UNJUSTIFIED).exists():
        raise EmergenciesEnded(
            _(
                "You can't approve anything alone: an earlier emergency approval wasn't reviewed "
                "in time or was found not justified. The representative decides."
            )
        )


def _record(about: models.Model, *, reason: str, actor: User, at: datetime) -> EmergencyApproval:
    officers = list(User.objects.holding("officer", on=clock.kst_date(at)).order_by("reference"))
    hours = parameters.number(REVIEW_WITHIN, clock.kst_date(at))
    try:
        with transaction.atomic():
            made = EmergencyApproval.objects.create(
                about_table=about._meta.db_table,
                about_id=about.pk,
                made_by=actor.ref,
                made_at=at,
                reason=reason,
                told=len(officers) + 1,
                review_due_at=at + timedelta(hours=hours),
            )
    except IntegrityError as error:
        raise NoEmergency(_("The waiting period isn't over yet. Ask a colleague to approve.")) from error
    made.refresh_from_db()
    facts = {
        "emergency": made.reference,
        "asked_by": made.asked_by,
        "told": [officer.reference for officer in officers],
        "due_at": made.review_due_at.isoformat(),
    }
    # On the record of the act too, so that its page tells it.
    ledger.record(Event.EMERGENCY_MADE, actor=actor, at=at, about=about, facts=facts)
    ledger.record(Event.EMERGENCY_MADE, actor=actor, at=at, about=made, facts={**facts, "about": about_key(about)})
    for officer in officers:
        outbox.enqueue(
            OFFICER_TOLD,
            ids={"emergency": str(made.pk), "to": officer.reference},
            key=f"{OFFICER_TOLD}:{made.pk}:{officer.reference}",
            shard=made.reference,
        )
    ask_representative(emergency=made, actor=actor, at=at)
    return made


@transaction.atomic
def review_emergency(
    emergency: EmergencyApproval, *, outcome: str, note: str, actor: User, at: datetime
) -> EmergencyApproval:
    """Close an approval by emergency as another person, in time. Raises NotPermitted, NotASecondPerson,
    AlreadyReviewed, and NoEmergency once it is the representative's.
    """
    require_permission(actor, "accounts.review_emergency", about=emergency)
    row = EmergencyApproval.objects.select_for_update().get(pk=emergency.pk)
    require_second_person(actor, asked_by=row.made_by, at=at)
    if row.review_due_at < at:
        raise NoEmergency(
            _("The time for the review is over, so the representative decides by the link in the e-mail.")
        )
    return close_emergency(row, outcome=outcome, note=note, actor=actor, at=at)


def close_emergency(
    row: EmergencyApproval, *, outcome: str, note: str, actor: Actor, at: datetime
) -> EmergencyApproval:
    """Write the review, within the transaction of whoever may: a second person in time, or the representative."""
    if row.reviewed_at is not None:
        raise AlreadyReviewed(_("This emergency approval has already been reviewed."))
    if outcome not in EmergencyApproval.Outcome.values or not note.strip():
        raise NoEmergency(_("State the outcome and what you found."), pointer="/note")
    row.reviewed_by, row.reviewed_at, row.outcome, row.note = actor.ref, at, outcome, note.strip()
    row.save(update_fields=["reviewed_by", "reviewed_at", "outcome", "note"])
    ledger.record(Event.EMERGENCY_REVIEWED, actor=actor, at=at, about=row, facts={"outcome": outcome})
    return row


def escalate_overdue(*, actor: Actor, at: datetime) -> int:
    """Hand what nobody reviewed in time to the representative, and ask again while no link of theirs works.

    Return how many were handed over. Safe to run twice.
    """
    handed = 0
    with transaction.atomic():
        for row in EmergencyApproval.objects.select_for_update().overdue(at=at):
            if row.escalated_at is None:
                row.escalated_at = at
                row.save(update_fields=["escalated_at"])
                ledger.record(Event.EMERGENCY_OVERDUE, actor=actor, at=at, about=row, facts={"made_by": row.made_by})
                handed += 1
            elif row.links.waiting(at=at).exists():
                continue
            ask_representative(emergency=row, actor=actor, at=at)
    return handed
