"""Telling earlier recipients that what they hold was corrected or erased (P1.6, law R-20)."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consents.models import Decision
from privacy.disclosures import item_values
from privacy.disclosures.acknowledgement_tokens import digest_of, token_of
from privacy.disclosures.actions import proofs
from privacy.disclosures.events import Event
from privacy.disclosures.item_values import ItemValue
from privacy.disclosures.models import DisclosedItem, Notice, ThirdParty
from privacy.disclosures.outgoing import DELIVERY, destination_of
from privacy.disclosures.recipient_actor import Recipient
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
# The Message-ID of what follows a notice: its id, the round of the proof, and whether it is a reminder.
FOLLOW_UP_ID = re.compile(r"notice-([0-9a-f-]{36})-\d+-")
BATCH_SIZE = 500


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
    proofs.begin_proofs(fresh, at=at)
    proofs.supersede(fresh, actor=actor, at=at)
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
        proofs.notice_came_back(row, actor=actor, at=at)
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
    proofs.notice_came_back(row, actor=actor, at=at)
    return row


def refresh_link(notice: Notice) -> None:
    """Make the link of a notice that goes out now the one that opens, also after the portal's secret was renewed."""
    digest = digest_of(token_of(notice.id))
    if notice.token_digest != digest:
        notice.token_digest = digest
        notice.save(update_fields=["token_digest"])


def note_printed(notice: Notice, *, at: datetime) -> None:
    """Remember that a letter of a notice is printed. Building block of the printing, which the vault records."""
    Notice.objects.filter(id=notice.id, printed_at=None).update(printed_at=at)


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
        outbox.enqueue(DELIVERY, ids={"notice": str(row.id)}, key=key, destination=destination_of(party))
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
                outbox.enqueue(DELIVERY, ids={"notice": str(row.id)}, key=key, destination=destination_of(party))
    return moved


def find_by_token(token: str, *, at: datetime) -> Notice:
    """Return the notice of a link. Raises UnknownToken for a wrong link, and for one that is too old.

    While its proof takes answers its recipient can confirm and answer, however late.
    """
    found = Notice.objects.select_related("third_party", "proof").filter(token_digest=digest_of(token)).first()
    if found is None or not (link_is_fresh(found, at=at) or _takes_answers(found)):
        raise UnknownToken(_("This link is not valid or has expired. Ask us for a new one."))
    return found


def link_is_fresh(notice: Notice, *, at: datetime) -> bool:
    """Whether a link is young enough to show the corrected value."""
    proof = getattr(notice, "proof", None)
    since = (proof.asked_at if proof is not None and proof.round > 1 else None) or notice.sent_at
    # A letter that waits to be posted again: its paper of before grows older all the same.
    since = since or notice.acknowledged_at or notice.printed_at
    return since is None or since + timedelta(days=LINK_DAYS) >= at


def _takes_answers(notice: Notice) -> bool:
    proof = getattr(notice, "proof", None)
    return proof is not None and bool(proof.takes_answers)


@transaction.atomic
def acknowledge(token: str, *, at: datetime) -> Notice:
    """Note that a recipient says it has received a notice: it proves no correction. Raises UnknownToken.

    A second acknowledgement changes nothing.
    """
    found = find_by_token(token, at=at)
    row = Notice.objects.select_for_update(of=("self",)).select_related("third_party", "proof").get(id=found.id)
    came = row.state != Notice.State.ACKNOWLEDGED
    note_received(row, at=at)
    if came:
        # Also one that nobody has marked as posted, or that was thought not to have arrived.
        proofs.notice_left(row, actor=Recipient(row), at=at)
    return row


def note_received(row: Notice, *, at: datetime) -> None:
    """Note on a locked notice that its recipient has it. Building block of what a recipient does."""
    if row.state != Notice.State.ACKNOWLEDGED:
        row.state = Notice.State.ACKNOWLEDGED
        row.acknowledged_at = at
        row.sent_at = row.sent_at or at
        # It came to its recipient after all: nothing keeps it with the officer any more.
        row.parked_at, row.trouble = None, ""
        row.save(update_fields=["state", "acknowledged_at", "sent_at", "parked_at", "trouble"])
        outbox.close_dead_letters(DELIVERY, ids={"notice": str(row.id)})
        ledger.record(Event.NOTICE_ACKNOWLEDGED, actor=Recipient(row), at=at, about=row, subjects=[row.subject_id])


def notice_of_message(message_id: str) -> Notice | None:
    """Return the notice that a mail to a recipient was about: the notice itself, or what followed it."""
    if (found := Notice.objects.filter(message_id=message_id).first()) is not None:
        return found
    known = FOLLOW_UP_ID.search(message_id)
    return Notice.objects.filter(id=known[1]).first() if known else None


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
            to = waiting.setdefault(destination_of(notice.third_party), {})
            to[f"{DELIVERY}:{notice.id}"] = {"notice": str(notice.id)}
    for destination in sorted(waiting):
        outbox.enqueue_many(DELIVERY, waiting[destination], shard=shard, destination=destination)


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
        proofs.notice_left(row, actor=actor, at=at)
    return row
