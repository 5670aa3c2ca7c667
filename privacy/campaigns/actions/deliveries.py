"""Verbs of campaigns: begun with a fixed text, listed in slices, told one by one, each with its proof (P0.3, B-02)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.campaigns import recipients
from privacy.campaigns.events import Event
from privacy.campaigns.models import Campaign, Delivery, UseNoticeRefusal, digest_of
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations.mail import fixed_message_id
from privacy.policies.models import Notice, PolicyVersion
from privacy.subjects.models import Subject

LIST, MAIL = "campaigns.list", "campaigns.mail"
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
    actor: Actor,
    at: datetime,
) -> Campaign:
    """Begin telling these people, or everybody, what another verb has permitted. Raises AlreadyNotified."""
    with transaction.atomic():
        campaign = Campaign(
            kind=kind,
            about=about,
            occasion=occasion,
            title_ko=title["ko"],
            title_en=title["en"],
            text_ko=text["ko"],
            text_en=text["en"],
            everybody=subject_ids is None,
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
                "people": "everybody" if subject_ids is None else len(subject_ids),
            },
        )
        if subject_ids is None:
            _go_on_listing(campaign, after="")
        else:
            ids = sorted(subject_ids)
            for start in range(0, len(ids), BATCH_SIZE):
                _enlist(campaign, ids[start : start + BATCH_SIZE], at=at)
            _listed(campaign, actor=actor, at=at)
    return campaign


def notify_of_version(version: PolicyVersion, *, actor: Actor, at: datetime) -> Campaign:
    """Tell everybody individually of a published version (P0.3). Raises NotPermitted, NotPublished, AlreadyNotified."""
    require_permission(actor, "campaigns.start_campaign", about=version)
    notice = Notice.objects.filter(version=version, kind=Notice.Kind.REVISION).first()
    if notice is None or not version.is_public:
        raise NotPublished(_("Publish the version first. People are notified of what was announced."))
    text = {}
    for language in ("ko", "en"):
        with override(language):
            body = notice.body_en if language == "en" else notice.body_ko
            text[language] = "\n\n".join([body.strip(), *_where_to_read(version)])
    return start_campaign(
        kind=Campaign.Kind.POLICY,
        about=f"policies.policyversion:{version.pk}",
        occasion=version.number,
        title={"ko": notice.title_ko, "en": notice.title_en},
        text=text,
        subject_ids=None,
        actor=actor,
        at=at,
    )


def _where_to_read(version: PolicyVersion) -> Iterable[str]:
    yield _("Read the new version: %(address)s") % {"address": _address("policies:version", version.number)}
    if version.based_on is not None:
        address = _address("policies:difference", version.based_on.number, version.number)
        yield _("See what changes, before and after: %(address)s") % {"address": address}
    address = _address("rights:guide")
    yield _("You can view, correct or delete your information and withdraw consent at any time: %(address)s") % {
        "address": address
    }


def _address(name: str, *arguments: str) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, args=arguments)}"


def list_next_slice(campaign_id: UUID, *, after: str, actor: Actor, at: datetime) -> int:
    """List the next people of a campaign to everybody; return how many. Safe to repeat."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        people = Subject.objects.not_destroyed().order_by("id")
        if after:
            people = people.filter(id__gt=UUID(after))
        ids = list(people.values_list("id", flat=True)[:BATCH_SIZE])
        _enlist(campaign, ids, at=at)
        if len(ids) == BATCH_SIZE:
            _go_on_listing(campaign, after=str(ids[-1]))
        else:
            _listed(campaign, actor=actor, at=at)
    return len(ids)


def _go_on_listing(campaign: Campaign, *, after: str) -> None:
    outbox.enqueue(LIST, ids={"campaign": str(campaign.pk), "after": after}, key=f"{LIST}:{campaign.pk}:{after}")


def _listed(campaign: Campaign, *, actor: Actor, at: datetime) -> None:
    if campaign.listed_at is None:
        campaign.listed_at = at
        campaign.save(update_fields=["listed_at"])
        facts = {"people": campaign.deliveries.count()}
        ledger.record(Event.LISTED, actor=actor, at=at, about=campaign, facts=facts)
    finish_if_settled(campaign, actor=actor, at=at)


def _enlist(campaign: Campaign, ids: Sequence[UUID], *, at: datetime) -> None:
    """Make a delivery for each of these people, and queue the mail of those whose address is on record.

    The yearly notice leaves out who refused it, and whom no address is held of (PIPA art. 20-2(1) proviso).
    """
    reachable = recipients.reachable(ids)
    if campaign.kind == Campaign.Kind.USE:
        refused = UseNoticeRefusal.objects.standing().filter(subject_id__in=ids).values_list("subject_id", flat=True)
        told = (reachable | recipients.writable(ids, at=at)) - set(refused)
        ids = [one for one in ids if one in told]
    languages = recipients.languages(ids)
    state = Delivery.State
    Delivery.objects.bulk_create(
        (
            Delivery(
                campaign=campaign,
                subject_id=one,
                language=languages.get(one, "ko"),
                state=state.WAITING if one in reachable else state.WITHOUT_ADDRESS,
            )
            for one in ids
        ),
        ignore_conflicts=True,
    )
    waiting = campaign.deliveries.filter(subject_id__in=ids, state=state.WAITING).values_list("id", flat=True)
    rows = {f"{MAIL}:{delivery}": {"delivery": str(delivery)} for delivery in waiting}
    outbox.enqueue_many(MAIL, rows, shard=campaign.reference)


def _lock(delivery_id: UUID) -> Delivery:
    """Lock a delivery, and its campaign before it: who lists people or refuses for one holds the campaign first."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(deliveries=delivery_id)
    row = Delivery.objects.select_for_update().get(pk=delivery_id)
    row.campaign = campaign
    return row


def mark_sent(delivery: Delivery, *, actor: Actor, at: datetime) -> None:
    """Note that the mail went out, with its Message-ID; safe to repeat."""
    with transaction.atomic():
        row = _lock(delivery.pk)
        if row.state != Delivery.State.SENT:
            message_id = fixed_message_id(message_key(row))
            # Whoever was told another way while the mail was under way keeps that proof; the mail is on record too.
            if row.state != Delivery.State.TOLD:
                row.state, row.settled_at, row.settled_by = Delivery.State.SENT, at, actor.ref
                row.message_id, row.trouble = message_id, ""
                row.save(update_fields=["state", "settled_at", "settled_by", "message_id", "trouble"])
            facts = {"campaign": row.campaign.reference, "message_id": message_id, "digest": row.campaign.digest}
            ledger.record(Event.SENT, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
            finish_if_settled(row.campaign, actor=actor, at=at)


def message_key(delivery: Delivery) -> str:
    """Return what the mail of a delivery is known by, however often it is sent."""
    return f"campaign-{delivery.pk}"


def mark_without_address(delivery: Delivery) -> None:
    """Note that there is no e-mail address any more; the office tells the person another way."""
    Delivery.objects.filter(pk=delivery.pk, state__in=("waiting", "parked")).update(
        state=Delivery.State.WITHOUT_ADDRESS, trouble=""
    )


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
    row = _lock(delivery_id)
    if row.state not in Delivery.OPEN:
        return False
    row.state = Delivery.State.ENDED
    row.save(update_fields=["state"])
    facts = {"campaign": row.campaign.reference}
    ledger.record(Event.ENDED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    finish_if_settled(row.campaign, actor=actor, at=at)
    return True


def record_delivery_error(delivery: Delivery, *, why: str) -> None:
    """Keep why the last try failed."""
    Delivery.objects.filter(pk=delivery.pk).update(trouble=why[:200])


@transaction.atomic
def mark_parked(delivery: Delivery, *, why: str, actor: Actor, at: datetime) -> None:
    """Give a delivery to a person: the worker tried often enough."""
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.state == Delivery.State.WAITING:
        row.state, row.trouble = Delivery.State.PARKED, why[:200]
        row.save(update_fields=["state", "trouble"])
        ledger.record(Event.PARKED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts={"why": why[:80]})


def mark_bounced(delivery: Delivery, *, why: str, actor: Actor, at: datetime) -> bool:
    """Note that a mail came back: nobody was told by it, and a person must look; a finished campaign goes on again.

    Whoever has refused the yearly notice since it went out is told no other way, and it goes on for nobody. Return
    whether that is new. Raises NotPermitted.
    """
    require_permission(actor, "campaigns.record_telling", about=delivery)
    with transaction.atomic():
        row = _lock(delivery.pk)
        if row.state != Delivery.State.SENT:
            return False
        refused = row.campaign.kind == Campaign.Kind.USE and (
            UseNoticeRefusal.objects.against(row.campaign).filter(subject_id=row.subject_id).exists()
        )
        row.state = Delivery.State.REFUSED if refused else Delivery.State.PARKED
        row.settled_at, row.settled_by, row.trouble = None, "", why[:200]
        row.save(update_fields=["state", "settled_at", "settled_by", "trouble"])
        ledger.record(Event.BOUNCED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts={"why": why[:80]})
        if not refused and row.campaign.state == Campaign.State.FINISHED:
            row.campaign.state, row.campaign.finished_at = Campaign.State.RUNNING, None
            row.campaign.save(update_fields=["state", "finished_at"])
    return True


def record_offline_notice(delivery: Delivery, *, way: str, on: date, actor: Actor, at: datetime) -> Delivery:
    """Note that a person was told another way than by e-mail. Raises NotPermitted and DeliverySettled."""
    require_permission(actor, "campaigns.record_telling", about=delivery)
    with transaction.atomic():
        row = _lock(delivery.pk)
        if row.state in {Delivery.State.SENT, Delivery.State.TOLD}:
            raise DeliverySettled(_("This person has already been notified."))
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


def finish_if_settled(campaign: Campaign, *, actor: Actor, at: datetime) -> bool:
    """End a campaign once everybody listed was told, or can't be; return whether it has ended."""
    with transaction.atomic():
        row = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if row.state == Campaign.State.FINISHED:
            return True
        if row.listed_at is None or row.deliveries.open().exists():
            return False
        row.state, row.finished_at = Campaign.State.FINISHED, at
        row.save(update_fields=["state", "finished_at"])
        facts = {"sent": row.progress.sent, "told": row.progress.told, "ended": row.progress.ended}
        ledger.record(Event.FINISHED, actor=actor, at=at, about=row, facts=facts)
    return True
