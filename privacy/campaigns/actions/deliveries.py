"""Verbs of campaigns: begun with a fixed text, listed in slices, told one by one, each with its proof (P0.3, B-02)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.campaigns import recipients, revision_notice
from privacy.campaigns.actions.ways import MAIL, enlist, enlist_untold, take_way, way_left
from privacy.campaigns.events import Event
from privacy.campaigns.lateness import has_happened, is_late
from privacy.campaigns.models import Campaign, Delivery, DeliveryQuerySet, UseNoticeRefusal, digest_of
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations.mail import fixed_message_id
from privacy.policies.models import Notice, PolicyVersion
from privacy.subjects.models import Subject

LIST = "campaigns.list"
BATCH_SIZE = 500


class NotPublished(Refusal):
    """Only what is published can be told."""

    code = "not-announced"


class AlreadyNotified(Refusal):
    """The same occasion is told once."""

    code = "already-told"


class DeliverySettled(Refusal):
    "This person has already been notified."

    code = "settled"


def start_campaign(
    *,
    kind: Campaign.Kind,
    about: str,
    occasion: str,
    title: dict[str, str],
    text: dict[str, str],
    subject_ids: Collection[UUID] | None,
    template: str = "",
    told_before: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> Campaign:
    """Begin telling these people, or everybody, what another verb has permitted. Raises AlreadyNotified.

    From ``told_before`` on nobody is told any more: what is told is no longer to come then.
    """
    with transaction.atomic():
        campaign = Campaign(
            kind=kind,
            about=about,
            occasion=occasion,
            title_ko=title["ko"],
            title_en=title["en"],
            text_ko=text["ko"],
            text_en=text["en"],
            template=template,
            everybody=subject_ids is None,
            told_before=told_before,
            started_at=at,
            started_by=actor.ref,
        )
        campaign.digest = digest_of(campaign)
        try:
            with transaction.atomic():
                campaign.save(force_insert=True)
        except IntegrityError as error:  # also of somebody who began at the same moment
            raise AlreadyNotified(
                _("People are already being notified of this. Open the individual notice.")
            ) from error
        ledger.record(
            Event.STARTED,
            actor=actor,
            at=at,
            about=campaign,
            facts={
                "kind": str(kind),
                "of": about,
                "digest": campaign.digest,
                "template": template,
                "people": "everybody" if subject_ids is None else len(subject_ids),
            },
        )
        if subject_ids is None:
            _go_on_listing(campaign, after="")
        else:
            ids = sorted(subject_ids)
            for start in range(0, len(ids), BATCH_SIZE):
                enlist(campaign, ids[start : start + BATCH_SIZE], at=at)
            _listed(campaign, actor=actor, at=at)
    return campaign


def notify_of_version(version: PolicyVersion, *, actor: Actor, at: datetime) -> Campaign:
    """Tell everybody individually of a published version (P0.3). Raises NotPermitted, NotPublished, AlreadyNotified."""
    require_permission(actor, "campaigns.start_campaign", about=version)
    notice = Notice.objects.filter(version=version, kind=Notice.Kind.REVISION).first()
    if notice is None or not version.is_public:
        raise NotPublished(_("Publish the version first. People are notified of what was announced."))
    words, title, text = revision_notice.compose(version, notice)
    return start_campaign(
        kind=Campaign.Kind.POLICY,
        about=f"policies.policyversion:{version.pk}",
        occasion=version.number,
        title=title,
        text=text,
        template=words,
        subject_ids=None,
        actor=actor,
        at=at,
    )


def list_next_slice(campaign_id: UUID, *, after: str, actor: Actor, at: datetime) -> int:
    """List the next people of a campaign to everybody; return how many. Safe to repeat.

    From the day of the notice on they are listed as not told.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if campaign.stopped_at is not None:
            return 0
        people = Subject.objects.not_destroyed().order_by("id")
        if after:
            people = people.filter(id__gt=UUID(after))
        ids = list(people.values_list("id", flat=True)[:BATCH_SIZE])
        if is_late(campaign, at):
            list_as_untold(campaign, ids, actor=actor, at=at)
        else:
            enlist(campaign, ids, at=at)
        if len(ids) == BATCH_SIZE:
            _go_on_listing(campaign, after=str(ids[-1]))
        else:
            _listed(campaign, actor=actor, at=at)
    return len(ids)


def list_as_untold(campaign: Campaign, ids: Sequence[UUID], *, actor: Actor, at: datetime) -> None:
    """Put these people on the list of a locked campaign whose day has come; the office tells them."""
    new = enlist_untold(campaign, ids)
    count_untold(campaign, Delivery.objects.filter(pk__in=new), actor=actor, at=at)


def count_untold(
    campaign: Campaign, rows: DeliveryQuerySet, *, subjects: Sequence[UUID] = (), actor: Actor, at: datetime
) -> None:  # fmt: skip
    """Put on the trail how many people a locked campaign does not tell any more, as its day has come.

    Each person counts once, whatever told them, or came back, in between.
    """
    if counted := rows.filter(untold_at=None).update(untold_at=at):
        facts = {"campaign": campaign.reference, "people": counted}
        ledger.record(Event.LATE, actor=actor, at=at, about=campaign, subjects=subjects, facts=facts)


def _go_on_listing(campaign: Campaign, *, after: str) -> None:
    outbox.enqueue(LIST, ids={"campaign": str(campaign.pk), "after": after}, key=f"{LIST}:{campaign.pk}:{after}")


def _listed(campaign: Campaign, *, actor: Actor, at: datetime) -> None:
    if campaign.listed_at is None:
        campaign.listed_at = at
        campaign.save(update_fields=["listed_at"])
        facts = {"people": campaign.deliveries.count()}
        ledger.record(Event.LISTED, actor=actor, at=at, about=campaign, facts=facts)
    finish_if_settled(campaign, actor=actor, at=at)


def lock_delivery(delivery_id: UUID) -> Delivery:
    """Lock a delivery, and its campaign before it: who lists people or refuses for one holds the campaign first."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(deliveries=delivery_id)
    row = Delivery.objects.select_for_update().get(pk=delivery_id)
    row.campaign = campaign
    return row


def mark_sent(delivery: Delivery, *, actor: Actor, at: datetime) -> None:
    """Note that the mail went out, with its Message-ID; safe to repeat."""
    with transaction.atomic():
        row = lock_delivery(delivery.pk)
        if row.state != Delivery.State.SENT:
            message_id = fixed_message_id(message_key(row))
            # Whoever was told another way while the mail was under way keeps that proof; the mail is on record too.
            if row.state != Delivery.State.TOLD:
                row.state, row.settled_at, row.settled_by = Delivery.State.SENT, at, actor.ref
                row.message_id, row.way, row.trouble = message_id, "", ""
                row.save(update_fields=["state", "way", "settled_at", "settled_by", "message_id", "trouble"])
            facts = {"campaign": row.campaign.reference, "message_id": message_id, "digest": row.campaign.digest}
            ledger.record(Event.SENT, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
            finish_if_settled(row.campaign, actor=actor, at=at)


def message_key(delivery: Delivery) -> str:
    """Return what the mail of a delivery is known by, however often it is sent."""
    return message_key_of(delivery.pk)


def message_key_of(delivery_id: object) -> str:
    """Return the key of a delivery that is known by its id."""
    return f"campaign-{delivery_id}"


@transaction.atomic
def mark_without_address(delivery: Delivery, *, failed: str, actor: Actor, at: datetime) -> None:
    """Note that there is no address or number any more; the other way is taken, or the office tells the person."""
    row = lock_delivery(delivery.pk)
    if row.state in Delivery.UNSENT:
        give_up(row, failed, state=Delivery.State.WITHOUT_ADDRESS, trouble="", actor=actor, at=at)


def give_up(
    row: Delivery, failed: str, *, state: Delivery.State, trouble: str, actor: Actor, at: datetime
) -> None:  # fmt: skip
    """Take the other way for a locked delivery; where there is none it gets ``state``.

    Whoever refused the notice meanwhile is told no other way, and nobody is once it was stopped, or is late.
    """
    over, way = what_is_left(row, failed, actor=actor, at=at)
    if way is not None:
        take_way(row, way)
        return
    if over is not None:
        state, trouble = over, ""
    row.state, row.way, row.message_id, row.trouble = state, "", "", trouble[:200]
    row.save(update_fields=["state", "way", "message_id", "trouble"])
    if state == Delivery.State.PARKED:
        facts = {"why": trouble[:80]}
        ledger.record(Event.PARKED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    if over is not None:
        finish_if_settled(row.campaign, actor=actor, at=at)


def why_over(row: Delivery) -> Delivery.State | None:
    """Return why a person is told no more of it, whatever became of a message; nothing where the campaign goes on."""
    if row.campaign.kind == Campaign.Kind.USE:
        refusals = UseNoticeRefusal.objects.against(row.campaign)
        if refusals.filter(subject_id=row.subject_id).exists():
            return Delivery.State.REFUSED
    return Delivery.State.STOPPED if row.campaign.stopped_at is not None else None


def what_is_left(
    row: Delivery, failed: str, *, actor: Actor, at: datetime
) -> tuple[Delivery.State | None, str | None]:  # fmt: skip
    """Return why a person is told no more of it, or else a way that is left; neither: the office or the website.

    Whoever has a way left that only the day of the notice holds back was reached by nothing and is not told: no website
    stands in for it (decision 0437).
    """
    if over := why_over(row):
        return over, None
    way = way_left(row, failed, at=at)
    if way is None or not is_late(row.campaign, at):
        return None, way
    this = Delivery.objects.filter(pk=row.pk)
    count_untold(row.campaign, this, subjects=[row.subject_id], actor=actor, at=at)
    return Delivery.State.STOPPED, None


def end_undeliverable(*, actor: Actor, at: datetime) -> int:
    """End the deliveries to people of whom nothing is held any more; return how many. Safe to repeat.

    Whoever was destroyed before she was told can't be told: her delivery says so, and holds up no campaign.
    """
    ended, last = 0, UUID(int=0)
    waiting = Delivery.objects.open().order_by("id")
    while page := list(waiting.filter(id__gt=last).values_list("id", "subject_id")[:BATCH_SIZE]):
        last = page[-1][0]
        gone = recipients.erased({subject_id for _id, subject_id in page})
        for delivery_id, subject_id in page:
            if subject_id in gone:
                ended += _end(delivery_id, actor=actor, at=at)
    return ended


@transaction.atomic
def _end(delivery_id: UUID, *, actor: Actor, at: datetime) -> bool:
    row = lock_delivery(delivery_id)
    if row.state not in Delivery.OPEN or row.is_under_way:
        return False
    row.state = Delivery.State.ENDED
    row.save(update_fields=["state"])
    facts = {"campaign": row.campaign.reference}
    ledger.record(Event.ENDED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    finish_if_settled(row.campaign, actor=actor, at=at)
    return True


def record_delivery_error(*deliveries: Delivery, why: str) -> None:
    """Keep why the last try failed."""
    Delivery.objects.filter(pk__in=[one.pk for one in deliveries]).update(trouble=why[:200])


@transaction.atomic
def mark_parked(delivery: Delivery, *, failed: str, why: str, actor: Actor, at: datetime) -> None:
    """Take the other way, or give a delivery to a person: the worker tried often enough."""
    row = lock_delivery(delivery.pk)
    if row.state == Delivery.State.WAITING:
        give_up(row, failed, state=Delivery.State.PARKED, trouble=why, actor=actor, at=at)


def mark_bounced(delivery: Delivery, *, why: str, actor: Actor, at: datetime) -> bool:
    """Note that a mail came back: nobody was told by it, and a person must look; a finished campaign goes on again.

    Whoever has refused the yearly notice since it went out is told no other way, and it goes on for nobody. Return
    whether that is new. Raises NotPermitted.
    """
    require_permission(actor, "campaigns.record_telling", about=delivery)
    with transaction.atomic():
        row = lock_delivery(delivery.pk)
        if row.state != Delivery.State.SENT or row.way:
            return False
        over, way = what_is_left(row, MAIL, actor=actor, at=at)
        row.state = over or Delivery.State.PARKED
        row.settled_at, row.settled_by, row.trouble = None, "", why[:200]
        row.save(update_fields=["state", "settled_at", "settled_by", "trouble"])
        ledger.record(Event.BOUNCED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts={"why": why[:80]})
        if over is None:
            if way is not None:
                take_way(row, way)
            reopen(row.campaign)
    return True


def record_offline_notice(delivery: Delivery, *, way: str, on: date, actor: Actor, at: datetime) -> Delivery:
    """Note that a person was told another way than by e-mail. Raises NotPermitted and DeliverySettled."""
    require_permission(actor, "campaigns.record_telling", about=delivery)
    with transaction.atomic():
        row = lock_delivery(delivery.pk)
        if row.state in {Delivery.State.SENT, Delivery.State.TOLD}:
            raise DeliverySettled(_("This person has already been notified."))
        if row.state == Delivery.State.STOPPED and row.campaign.stopped_at is not None:
            raise DeliverySettled(_("This notice was stopped. There is nothing to record."))
        if row.state == Delivery.State.REFUSED:
            raise DeliverySettled(_("This person refused this notice. There is nothing to record."))
        if on > clock.kst_date(at) or on < clock.kst_date(row.campaign.started_at):
            raise Refusal(_("Enter a day between the start of the notice and today."), code="clock")
        row.state, row.way = Delivery.State.TOLD, Delivery.Way(way)
        # She was told by the end of that day, whenever it is recorded: the terms of a breach count from then.
        row.settled_at, row.settled_by = min(at, periods.end_of_day(on)), actor.ref
        # A mail that came back is no proof of this telling; it stays on the audit trail.
        row.message_id = row.trouble = ""
        row.save(update_fields=["state", "way", "settled_at", "settled_by", "message_id", "trouble"])
        facts = {"campaign": row.campaign.reference, "way": way, "on": on.isoformat()}
        ledger.record(Event.TOLD, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
        finish_if_settled(row.campaign, actor=actor, at=at)
    return row


def reopen(campaign: Campaign) -> None:
    """Let a locked campaign go on that had ended: somebody is not told by it after all, and still can be."""
    if campaign.state == Campaign.State.FINISHED and not has_happened(campaign):
        campaign.state, campaign.finished_at = Campaign.State.RUNNING, None
        campaign.save(update_fields=["state", "finished_at"])


def finish_if_settled(campaign: Campaign, *, actor: Actor, at: datetime) -> bool:
    """End a campaign once everybody listed was told, or can't be; return whether it has ended."""
    with transaction.atomic():
        row = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if row.state == Campaign.State.FINISHED:
            return True
        if row.listed_at is None or row.deliveries.open().exists():
            return False
        _finish(row, actor=actor, at=at)
    return True


def finish_campaign(campaign: Campaign, *, actor: Actor, at: datetime) -> None:
    """End a campaign of what has come to pass: whom it did not reach was told by the website, and waits no more."""
    with transaction.atomic():
        row = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if row.state != Campaign.State.FINISHED:
            _finish(row, actor=actor, at=at)


def _finish(row: Campaign, *, actor: Actor, at: datetime) -> None:
    row.state, row.finished_at = Campaign.State.FINISHED, at
    row.save(update_fields=["state", "finished_at"])
    came_to = row.progress
    facts = {"sent": came_to.sent, "told": came_to.told, "ended": came_to.ended}
    facts |= {"stopped": came_to.stopped} if row.stopped_at is not None else {}
    ledger.record(Event.FINISHED, actor=actor, at=at, about=row, facts=facts)
