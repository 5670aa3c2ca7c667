"""The yearly notice of use and provision: told to whom it can reach, and not to whom has refused it (law C-22)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.campaigns import recipients, use_notice_text
from privacy.campaigns.actions.deliveries import NotPublished, finish_if_settled, start_campaign
from privacy.campaigns.events import Event
from privacy.campaigns.models import Campaign, Delivery, UseNoticeRefusal
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies.models import PolicyVersion
from privacy.subjects.models import Subject

START, RECORD = "campaigns.start_campaign", "campaigns.record_telling"


class UnknownPerson(Refusal):
    """Nobody is registered under this reference."""

    code = "unknown-person"


class AlreadyRefused(Refusal):
    """One refusal of a person stands at a time."""

    code = "already-refused"


def notify_of_use(*, actor: Actor, at: datetime) -> Campaign:
    """Tell everybody who can be reached, once a calendar year, what is used and provided (PIPA art. 20-2).

    Raises NotPermitted, NotPublished without a policy in force, AlreadyNotified.
    """
    require_permission(actor, START)
    today = clock.kst_date(at)
    version = PolicyVersion.objects.in_force(today)
    if version is None:
        raise NotPublished(_("No privacy policy is in force. The notice says what the policy states."))
    words, title, text = use_notice_text.compose(version, today)
    return start_campaign(
        kind=Campaign.Kind.USE,
        about=use_notice_text.about(today.year),
        occasion=str(today.year),
        title=title,
        text=text,
        template=words,
        subject_ids=None,
        actor=actor,
        at=at,
    )


def refuse_use_notice(*, person: str, refused_on: date, how: str, actor: Actor, at: datetime) -> UseNoticeRefusal:
    """Record that a person, by their reference, wants no such notice; one that waits is not sent (Decree art. 15-3(2)).

    Raises NotPermitted, UnknownPerson, AlreadyRefused.
    """
    require_permission(actor, RECORD)
    subject = Subject.objects.not_destroyed().filter(reference=person.strip().upper()).first()
    if subject is None:
        raise UnknownPerson(_("Nobody is registered under this reference."), pointer="/person")
    if refused_on > clock.kst_date(at):
        raise Refusal(
            _("Enter the day of the refusal. It can't be in the future."), code="clock", pointer="/refused_on"
        )
    with transaction.atomic():
        # A campaign is locked while its people are listed, or a mail comes back: each delivery is here already, or
        # sees the refusal.
        yearly = list(Campaign.objects.select_for_update().filter(kind=Campaign.Kind.USE))
        if UseNoticeRefusal.objects.standing().filter(subject_id=subject.id).exists():
            raise AlreadyRefused(_("This person's refusal is already recorded."), pointer="/person")
        row = UseNoticeRefusal.objects.create(
            subject_id=subject.id, refused_on=refused_on, how=how.strip(), recorded_by=actor.ref, recorded_at=at
        )
        # A text message that the provider has counts by what becomes of it.
        waiting = Delivery.objects.open().not_under_way().select_for_update(of=("self",))
        for delivery in waiting.filter(campaign__in=yearly, subject_id=subject.id):
            delivery.state = Delivery.State.REFUSED
            delivery.save(update_fields=["state"])
        facts = {"day": refused_on.isoformat()}
        ledger.record(Event.USE_NOTICE_REFUSED, actor=actor, at=at, about=row, subjects=[subject.id], facts=facts)
        for campaign in yearly:
            finish_if_settled(campaign, actor=actor, at=at)
    return row


def withdraw_refusal(refusal: UseNoticeRefusal, *, actor: Actor, at: datetime) -> UseNoticeRefusal:
    """Record that a person wants the notice again, from the next one on. Raises NotPermitted, AlreadyRefused."""
    require_permission(actor, RECORD, about=refusal)
    with transaction.atomic():
        # What is still being listed has started: it leaves out this person however far the listing is.
        started = Campaign.objects.select_for_update().filter(kind=Campaign.Kind.USE, listed_at=None)
        for campaign in started:
            Delivery.objects.get_or_create(
                campaign=campaign,
                subject_id=refusal.subject_id,
                defaults={
                    "state": Delivery.State.REFUSED,
                    "language": recipients.languages([refusal.subject_id]).get(refusal.subject_id, "ko"),
                },
            )
        row = UseNoticeRefusal.objects.select_for_update().get(pk=refusal.pk)
        if row.withdrawn_on is not None:
            raise AlreadyRefused(_("This refusal is already withdrawn."))
        row.withdrawn_on, row.withdrawn_by = clock.kst_date(at), actor.ref
        row.save(update_fields=["withdrawn_on", "withdrawn_by"])
        ledger.record(Event.USE_NOTICE_WANTED, actor=actor, at=at, about=row, subjects=[row.subject_id])
    return row
