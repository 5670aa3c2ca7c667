"""Telling earlier recipients that what they hold was corrected or erased (P1.6, law R-20)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consents.models import Decision
from privacy.disclosures import item_values
from privacy.disclosures.acknowledgement_tokens import digest_of, token_of
from privacy.disclosures.events import Event
from privacy.disclosures.item_values import ItemValue
from privacy.disclosures.models import DisclosedItem, Notice, ThirdParty
from privacy.disclosures.refusals import MissingReason, UnknownToken, WrongState
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.identifiers.ids import new_id
from privacy.lib.integrations.mail import fixed_message_id
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

LINK_DAYS = 30
DELIVERY = "disclosures.notice"
BATCH_SIZE = 500


@dataclass(frozen=True)
class Recipient:
    """The actor behind an acknowledgement link: it may see what was corrected in its own notice, nothing else."""

    notice: Notice

    @property
    def kind(self) -> str:
        return "recipient"

    @property
    def ref(self) -> str:
        return self.notice.third_party.reference

    def may(self, permission: str) -> bool:
        return False

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        return category == self.notice.category and purpose == Purpose.DISCLOSURE


def earlier_recipients(
    *, subject_id: UUID, category: str = "", item: str = "", record_id: UUID | None = None
) -> list[ThirdParty]:
    """Return the third parties that were provided with an item of a person, in a fixed order."""
    told = DisclosedItem.objects.provided().of(subject_id=subject_id, category=category, item=item, record_id=record_id)
    return list(ThirdParty.objects.filter(id__in=told.values("disclosure__third_party")).order_by("id"))


@transaction.atomic
def queue_notices(
    *,
    kind: str,
    case_id: UUID,
    case_reference: str,
    subject_id: UUID,
    category: str,
    items: Collection[str],
    record_id: UUID | None = None,
    agreement: str = "",
    partly_kept: bool = False,
    decision: Decision | None = None,
    actor: Actor,
    at: datetime,
) -> list[Notice]:
    """Queue one notice for each earlier recipient of these items, with its delivery, in the caller's transaction.

    ``agreement`` narrows to what was provided on its basis; a ``decision`` that ended it stands in the place of the
    case. Calling it again for the same case queues nothing more.
    Building block of a case's verb, which asks permission.
    """
    disclosed = DisclosedItem.objects.provided().of(subject_id=subject_id, category=category, record_id=record_id)
    if agreement:
        disclosed = disclosed.filter(disclosure__agreement=agreement)
    held: dict[UUID, set[tuple[str, str]]] = {}
    for party, item, reference in disclosed.filter(item__in=items).values_list(
        "disclosure__third_party_id", "item", "disclosure__reference"
    ):
        held.setdefault(party, set()).add((item, reference))
    parties = ThirdParty.objects.in_bulk(held)
    made = [
        _new_notice(
            parties[party],
            kind=kind,
            case_id=case_id,
            case_reference=case_reference,
            subject_id=subject_id,
            record_id=record_id,
            category=category,
            pairs=pairs,
            partly_kept=partly_kept,
            at=at,
        )
        for party, pairs in sorted(held.items())
    ]
    known = set(
        Notice.objects.of_case(case_id).filter(kind=kind).values_list("third_party_id", "subject_id", "item_set")
    )
    fresh = [notice for notice in made if (notice.third_party_id, notice.subject_id, notice.item_set) not in known]
    Notice.objects.bulk_create(fresh, batch_size=BATCH_SIZE)
    _enqueue(fresh, shard=case_reference)
    if fresh:
        ledger.record(
            Event.NOTICE_QUEUED,
            actor=actor,
            at=at,
            about=decision or ("rights.request", case_id),
            subjects=[subject_id],
            facts={"kind": kind, "category": category, "items": sorted(items), "notices": len(fresh)},
        )
    return fresh


def mark_sent(notice: Notice, *, actor: Actor, at: datetime) -> Notice:
    """Note that a notice left the house by e-mail or webhook."""
    return _sent(notice, actor=actor, at=at)


def mark_posted(notice: Notice, *, actor: Actor, at: datetime) -> Notice:
    """Note that an officer has posted the letter, whichever way the notice was to go. Raises WrongState."""
    require_permission(actor, "disclosures.send_notice", about=notice)
    with transaction.atomic():
        row = Notice.objects.select_for_update().get(id=notice.id)
        if row.state not in {Notice.State.QUEUED, Notice.State.PARKED}:
            raise WrongState(
                _("This notice is “%(state)s”, so there is no letter to send.") % {"state": row.get_state_display()}
            )
        row.channel = ThirdParty.Channel.LETTER
        row.save(update_fields=["channel"])
        return _sent(row, actor=actor, at=at)


@transaction.atomic
def mark_parked(notice: Notice, *, why: str, actor: Actor, at: datetime) -> Notice:
    """Give a notice that could not be delivered to the officer; it is never dropped (P1.6)."""
    row = Notice.objects.select_for_update().get(id=notice.id)
    if row.state in {Notice.State.QUEUED, Notice.State.PARKED}:
        row.state = Notice.State.PARKED
        row.parked_at = at
        row.trouble = why[:200]
        row.save(update_fields=["state", "parked_at", "trouble"])
        ledger.record(Event.NOTICE_PARKED, actor=actor, at=at, about=row, facts={"why": row.trouble})
    return row


@transaction.atomic
def mark_bounced(notice: Notice, *, actor: Actor, at: datetime, why: str = "bounced") -> Notice:
    """Note that a notice came back: it waits for the officer, who finds another way. Raises WrongState."""
    require_permission(actor, "disclosures.send_notice", about=notice)
    row = Notice.objects.select_for_update().get(id=notice.id)
    if row.state != Notice.State.SENT:
        raise WrongState(_("Only a notice that was sent and not acknowledged can be recorded as returned."))
    row.state = Notice.State.PARKED
    row.sent_at = None
    row.sent_by = ""
    row.parked_at = at
    row.trouble = why[:200]
    row.save(update_fields=["state", "sent_at", "sent_by", "parked_at", "trouble"])
    ledger.record(Event.NOTICE_BOUNCED, actor=actor, at=at, about=row, facts={"why": row.trouble})
    return row


def refresh_link(notice: Notice) -> None:
    """Make the link of a notice that goes out now the one that opens, also after the portal's secret was renewed."""
    digest = digest_of(token_of(notice.id))
    if notice.token_digest != digest:
        notice.token_digest = digest
        notice.save(update_fields=["token_digest"])


def record_delivery_error(notice: Notice, *, why: str) -> None:
    """Keep why the last try failed, for the officer to see."""
    Notice.objects.filter(id=notice.id, state=Notice.State.QUEUED).update(trouble=why[:200])


@transaction.atomic
def resend(notice: Notice, *, actor: Actor, at: datetime) -> Notice:
    """Deliver a notice again: a parked one, or one that nobody acknowledged. It keeps its Message-ID and link."""
    require_permission(actor, "disclosures.send_notice", about=notice)
    row = Notice.objects.select_for_update().get(id=notice.id)
    if row.state == Notice.State.ACKNOWLEDGED:
        raise WrongState(_("The recipient has already acknowledged this notice."))
    party = ThirdParty.objects.get(id=row.third_party_id)
    row.channel = party.channel
    row.state = Notice.State.QUEUED
    row.parked_at = None
    row.trouble = ""
    row.sent_at, row.sent_by = None, ""
    row.save(update_fields=["channel", "state", "parked_at", "trouble", "sent_at", "sent_by"])
    outbox.close_dead_letters(DELIVERY, ids={"notice": str(row.id)})
    if row.channel != ThirdParty.Channel.LETTER:
        key = f"{DELIVERY}:{row.id}:{at.isoformat()}"
        outbox.enqueue(DELIVERY, ids={"notice": str(row.id)}, key=key, destination=_destination(party))
    ledger.record(Event.NOTICE_RESENT, actor=actor, at=at, about=row, facts={"channel": row.channel})
    return row


def switch_channel(party: ThirdParty, *, at: datetime) -> int:
    """Let the notices that wait go by the way that a third party was given now; return how many.

    Building block of the verb that changed it.
    """
    waiting = Notice.objects.select_for_update().filter(third_party=party, state=Notice.State.QUEUED).order_by("id")
    moved = 0
    for row in waiting:
        if row.channel != party.channel:
            row.channel = party.channel
            row.save(update_fields=["channel"])
            moved += 1
            # A delivery of its own, now and by the new way: the earlier one backs off, and waits for another machine.
            outbox.close_waiting(DELIVERY, ids={"notice": str(row.id)})
            if row.channel != ThirdParty.Channel.LETTER:
                key = f"{DELIVERY}:{row.id}:{at.isoformat()}"
                outbox.enqueue(DELIVERY, ids={"notice": str(row.id)}, key=key, destination=_destination(party))
    return moved


def find_by_token(token: str, *, at: datetime) -> Notice:
    """Return the notice of a link. Raises UnknownToken for a wrong link, and for one that is too old."""
    notice = Notice.objects.select_related("third_party").filter(token_digest=digest_of(token)).first()
    if notice is None or (notice.sent_at is not None and notice.sent_at + timedelta(days=LINK_DAYS) < at):
        raise UnknownToken(_("This link is not valid or has expired. Ask us for a new one."))
    return notice


@transaction.atomic
def acknowledge(token: str, *, at: datetime) -> Notice:
    """Note that a recipient was told. A second acknowledgement changes nothing. Raises UnknownToken."""
    found = find_by_token(token, at=at)
    row = Notice.objects.select_for_update().get(id=found.id)
    row.third_party = found.third_party
    if row.state != Notice.State.ACKNOWLEDGED:
        row.state = Notice.State.ACKNOWLEDGED
        row.acknowledged_at = at
        row.sent_at = row.sent_at or at
        # It came to its recipient after all: nothing keeps it with the officer any more.
        row.parked_at, row.trouble = None, ""
        row.save(update_fields=["state", "acknowledged_at", "sent_at", "parked_at", "trouble"])
        outbox.close_dead_letters(DELIVERY, ids={"notice": str(row.id)})
        ledger.record(Event.NOTICE_ACKNOWLEDGED, actor=Recipient(row), at=at, about=row, subjects=[row.subject_id])
    return row


def read_corrected(
    notice: Notice, *, actor: Actor, at: datetime, task: str = "disclosures.notice.shown"
) -> list[ItemValue]:
    """Return the corrected values that a notice is about. Raises the vault's refusals, Frozen among them."""
    if notice.kind != Notice.Kind.CORRECTED:
        raise MissingReason(_("An erasure notice contains no values."))
    with vault.opened(
        purpose=Purpose.DISCLOSURE,
        task=task,
        actor=actor,
        at=at,
        reason=f"notice {notice.reference}, case {notice.case_reference}",
    ) as vault_session:
        return list(
            item_values.read_items(
                vault_session,
                subject_id=notice.subject_id,
                category=notice.category,
                items=notice.items,
                record_id=notice.record_id,
            )
        )


def _new_notice(
    party: ThirdParty,
    *,
    kind: str,
    case_id: UUID,
    case_reference: str,
    subject_id: UUID,
    record_id: UUID | None,
    category: str,
    pairs: Iterable[tuple[str, str]],
    partly_kept: bool,
    at: datetime,
) -> Notice:
    items = sorted({item for item, _reference in pairs})
    identifier = new_id()
    return Notice(
        id=identifier,
        kind=kind,
        case_id=case_id,
        case_reference=case_reference,
        third_party=party,
        subject_id=subject_id,
        record_id=record_id,
        category=category,
        items=items,
        item_set=_item_set_of(category=category, items=items, record_id=record_id),
        disclosures=sorted({reference for _item, reference in pairs}),
        partly_kept=partly_kept,
        channel=party.channel,
        message_id=fixed_message_id(f"notice-{identifier}"),
        token_digest=digest_of(token_of(identifier)),
        queued_at=at,
    )


def _item_set_of(*, category: str, items: Collection[str], record_id: UUID | None) -> str:
    """Return the one spelling of a set of items, so that the same notice is never queued twice for a case."""
    return f"{category}:{','.join(sorted(items))}:{record_id or ''}"


def _enqueue(notices: Iterable[Notice], *, shard: str) -> None:
    """A letter waits for an officer; everything else for the worker."""
    waiting: dict[str, dict[str, dict[str, str]]] = {}
    for notice in notices:
        if notice.channel != ThirdParty.Channel.LETTER:
            to = waiting.setdefault(_destination(notice.third_party), {})
            to[f"{DELIVERY}:{notice.id}"] = {"notice": str(notice.id)}
    for destination in sorted(waiting):
        outbox.enqueue_many(DELIVERY, waiting[destination], shard=shard, destination=destination)


def _destination(party: ThirdParty) -> str:
    """Each recipient's machine is waited for alone: one that hangs holds up no other's notices."""
    return f"webhook:{party.reference}" if party.channel == ThirdParty.Channel.WEBHOOK else outbox.MAIL


@transaction.atomic
def _sent(notice: Notice, *, actor: Actor, at: datetime) -> Notice:
    row = Notice.objects.select_for_update().get(id=notice.id)
    if row.state in {Notice.State.QUEUED, Notice.State.PARKED}:
        row.state = Notice.State.SENT
        row.sent_at = at
        row.sent_by = actor.ref
        row.parked_at = None
        row.trouble = ""
        row.save(update_fields=["state", "sent_at", "sent_by", "parked_at", "trouble"])
        outbox.close_dead_letters(DELIVERY, ids={"notice": str(row.id)})
        ledger.record(
            Event.NOTICE_SENT, actor=actor, at=at, about=row, subjects=[row.subject_id], facts={"channel": row.channel}
        )
    return row
