"""Verbs of campaigns: begun with a fixed text, listed in slices, told one by one, each with its proof (P0.3, B-02)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from consents.models import Decision
from privacy.campaigns.events import Event
from privacy.campaigns.models import Campaign, Delivery, digest_of
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.mail import fixed_message_id
from privacy.lib.refusals import Refusal
from privacy.policies.models import Notice, PolicyVersion
from privacy.subjects.models import Contact, Subject

LIST, MAIL = "campaigns.list", "campaigns.mail"
SLICE = 500


class NotAnnounced(Refusal):
    """Only what is published can be told."""

    code = "not-announced"


class AlreadyTold(Refusal):
    """The same occasion is told once."""

    code = "already-told"


class Settled(Refusal):
    """This person was told already."""

    code = "settled"


def begin(
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
    """Begin telling these people, or everybody, what another verb has permitted. Raises AlreadyTold."""
    with transaction.atomic():
        if Campaign.objects.filter(about=about, occasion=occasion).exists():
            raise AlreadyTold(_("People are being told of this already: open the individual notice."))
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
        campaign.save(force_insert=True)
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
            for start in range(0, len(ids), SLICE):
                _enlist(campaign, ids[start : start + SLICE])
            _listed(campaign, actor=actor, at=at)
    return campaign


def notify_of_version(version: PolicyVersion, *, actor: Actor, at: datetime) -> Campaign:
    """Tell everybody individually of a published version (P0.3). Raises NotPermitted, NotAnnounced, AlreadyTold."""
    require(actor, "campaigns.start_campaign", about=version)
    notice = Notice.objects.filter(version=version, kind=Notice.Kind.REVISION).first()
    if notice is None or not version.is_public:
        raise NotAnnounced(_("Publish the version first: people are told what was announced."))
    text = {}
    for language in ("ko", "en"):
        with override(language):
            body = notice.body_en if language == "en" else notice.body_ko
            text[language] = "\n\n".join([body.strip(), *_where_to_read(version)])
    return begin(
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


def list_more(campaign_id: UUID, *, after: str, actor: Actor, at: datetime) -> int:
    """List the next people of a campaign to everybody; return how many. Safe to repeat."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        people = Subject.objects.with_something_left().order_by("id")
        if after:
            people = people.filter(id__gt=UUID(after))
        ids = list(people.values_list("id", flat=True)[:SLICE])
        _enlist(campaign, ids)
        if len(ids) == SLICE:
            _go_on_listing(campaign, after=str(ids[-1]))
        else:
            _listed(campaign, actor=actor, at=at)
    return len(ids)


def _go_on_listing(campaign: Campaign, *, after: str) -> None:
    outbox.put(LIST, ids={"campaign": str(campaign.pk), "after": after}, key=f"{LIST}:{campaign.pk}:{after}")


def _listed(campaign: Campaign, *, actor: Actor, at: datetime) -> None:
    if campaign.listed_at is None:
        campaign.listed_at = at
        campaign.save(update_fields=["listed_at"])
        facts = {"people": campaign.deliveries.count()}
        ledger.record(Event.LISTED, actor=actor, at=at, about=campaign, facts=facts)
    finish_if_settled(campaign, actor=actor, at=at)


def _enlist(campaign: Campaign, ids: Sequence[UUID]) -> None:
    """Make a delivery for each of these people, and queue the mail of those whose address is on record."""
    reachable = set(
        Contact.objects.filter(subject_id__in=ids, kind=Contact.Kind.EMAIL).values_list("subject_id", flat=True)
    )
    languages = languages_of(ids)
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
    outbox.put_many(MAIL, rows, shard=campaign.reference)


def languages_of(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the language in which each person last read a consent text; who never did is not in it."""
    newest = Decision.objects.filter(subject_id__in=ids).order_by("subject_id", "-decided_at").distinct("subject_id")
    return dict(newest.values_list("subject_id", "language"))


def mark_sent(delivery: Delivery, *, actor: Actor, at: datetime) -> None:
    """Note that the mail went out, with its Message-ID; safe to repeat."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update().select_related("campaign").get(pk=delivery.pk)
        if row.state != Delivery.State.SENT:
            row.state, row.settled_at, row.settled_by = Delivery.State.SENT, at, actor.ref
            row.message_id, row.trouble = fixed_message_id(message_key(row)), ""
            row.save(update_fields=["state", "settled_at", "settled_by", "message_id", "trouble"])
            facts = {"campaign": row.campaign.reference, "message_id": row.message_id, "digest": row.campaign.digest}
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


def note_trouble(delivery: Delivery, *, why: str) -> None:
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


def record_telling(delivery: Delivery, *, way: str, on: date, actor: Actor, at: datetime) -> Delivery:
    """Note that a person was told another way than by e-mail. Raises NotPermitted and Settled."""
    require(actor, "campaigns.record_telling", about=delivery)
    with transaction.atomic():
        row = Delivery.objects.select_for_update().select_related("campaign").get(pk=delivery.pk)
        if row.state in {Delivery.State.SENT, Delivery.State.TOLD}:
            raise Settled(_("This person was told already."))
        if on > clock.kst_date(at) or on < clock.kst_date(row.campaign.started_at):
            raise Refusal(_("Give a day between the start of the notice and today."), code="clock")
        row.state, row.way = Delivery.State.TOLD, Delivery.Way(way)
        row.settled_at, row.settled_by = at, actor.ref
        row.save(update_fields=["state", "way", "settled_at", "settled_by"])
        facts = {"campaign": row.campaign.reference, "way": way, "on": on.isoformat()}
        ledger.record(Event.TOLD, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
        finish_if_settled(row.campaign, actor=actor, at=at)
    return row


def finish_if_settled(campaign: Campaign, *, actor: Actor, at: datetime) -> bool:
    """End a campaign once everybody listed was told; return whether it has ended."""
    with transaction.atomic():
        row = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if row.state == Campaign.State.FINISHED:
            return True
        if row.listed_at is None or row.deliveries.open().exists():
            return False
        row.state, row.finished_at = Campaign.State.FINISHED, at
        row.save(update_fields=["state", "finished_at"])
        facts = {"sent": row.progress.sent, "told": row.progress.told}
        ledger.record(Event.FINISHED, actor=actor, at=at, about=row, facts=facts)
    return True
