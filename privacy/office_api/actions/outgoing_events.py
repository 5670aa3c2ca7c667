"""Events on their way: written with their cause, given to each subscription in order, sent, given up, sent again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.listeners import RecordedAct
from privacy.office_api.event_kinds import TOLD
from privacy.office_api.events import Event
from privacy.office_api.models import EventDelivery, OutgoingEvent, Subscription
from privacy.office_api.refusals import IncompleteWebhook, WrongState
from privacy.rights.models import Request

KEEP = "office_api.keep_webhooks"
DISTRIBUTE, DELIVER = "office_api.distribute", "office_api.event"
# How long events are kept to be replayed, and how many a replay sends.
KEPT = timedelta(days=90)
MOST_REPLAYED = 5_000
REMOVED_AT_ONCE = 10_000
State = EventDelivery.State
CASES = "case."
# The reason of what an ended webhook no longer gets.
ENDED = "webhook-ended"


def write_event(act: RecordedAct) -> None:
    """Write down what an act is told as, in the act's own transaction, if anybody is to hear of it."""
    wanted = {
        kind for kinds in Subscription.objects.standing().order_by().values_list("kinds", flat=True) for kind in kinds
    }
    if not wanted:
        return
    telling = TOLD[act.word](act)
    if telling.kind.value not in wanted:
        return
    made = OutgoingEvent(
        kind=telling.kind.value, about=telling.about, at=act.at, body=telling.body.model_dump(mode="json")
    )
    made.save(force_insert=True)
    outbox.enqueue(DISTRIBUTE, ids={"event": str(made.event_id)}, key=f"{DISTRIBUTE}:{made.event_id}")


def distribute(*, at: datetime) -> int:
    """Give each event that nobody got yet to the subscriptions that want it, in order; return how many deliveries.

    A second worker waits for the first: whoever numbered an event before another gave it out before.
    """
    with transaction.atomic():
        events = list(OutgoingEvent.objects.filter(distributed_at=None).order_by("sequence").select_for_update())
        standing = list(Subscription.objects.standing().order_by("id"))
        made = [
            EventDelivery(subscription=one, event=event, about=event.about, queued_at=at)
            for event in events
            for one in standing
            if event.kind in one.kinds and one.approved_at is not None and event.at >= one.approved_at
        ]
        EventDelivery.objects.bulk_create(made)
        _say_how_cases_stand(events)
        OutgoingEvent.objects.filter(pk__in=[event.pk for event in events]).update(distributed_at=at)
        _enqueue(made, mark="first")
    return len(made)


def next_attempt(number: int) -> EventDelivery | None:
    """Return a delivery that is to be sent now, or None where there is nothing to send.

    One behind an earlier event about the same subject is queued anew when that one is over.
    """
    found = EventDelivery.objects.select_related("subscription", "event").filter(pk=number).first()
    if found is None or found.state != State.WAITING or not found.subscription.stands:
        return None
    if found.subscription.suspended_at is not None:
        return None
    with transaction.atomic():
        # Whoever is ending an earlier one holds its row: either they see this one waiting, or it is over when we do.
        earlier = EventDelivery.objects.before(found)
        list(earlier.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
        return None if earlier.all().exists() else found


def record_taken(delivery: EventDelivery, *, at: datetime) -> None:
    """Note that the address took an event: whatever failed before, it works."""
    with transaction.atomic():
        EventDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(
            state=State.TAKEN, tries=delivery.tries + 1, trouble="", ended_at=at
        )
        Subscription.objects.filter(pk=delivery.subscription_id, failing_since__isnull=False).update(failing_since=None)
        _enqueue_next(delivery, at=at)


def record_failure(delivery: EventDelivery, trouble: str, *, at: datetime) -> None:
    """Note that the address did not take an event; it is tried again."""
    with transaction.atomic():
        EventDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(
            tries=delivery.tries + 1, trouble=trouble[:60], failed_at=delivery.failed_at or at
        )
        Subscription.objects.filter(pk=delivery.subscription_id, failing_since=None).update(failing_since=at)


def record_dead(number: int, *, actor: Actor, at: datetime) -> None:
    """Give an event to a person whom its address did not take for days; suspend an address that took nothing at all."""
    with transaction.atomic():
        row = _locked(number)
        if row is None or row.state != State.WAITING:
            return
        row.state, row.ended_at = State.DEAD, at
        row.save(update_fields=["state", "ended_at"])
        webhook = Subscription.objects.select_for_update().get(pk=row.subscription_id)
        facts = {"webhook": webhook.reference, "event": row.event.kind, "trouble": row.trouble}
        ledger.record(Event.DELIVERY_DIED, actor=actor, at=at, about=row, facts=facts)
        silent = webhook.failing_since is not None and webhook.failing_since <= (row.failed_at or at)
        if webhook.stands and webhook.suspended_at is None and silent:
            webhook.suspended_at = at
            webhook.save(update_fields=["suspended_at"])
            ledger.record(Event.WEBHOOK_SUSPENDED, actor=actor, at=at, about=webhook, facts={"trouble": row.trouble})
        else:
            _enqueue_next(row, at=at)


def send_again(delivery: EventDelivery, *, actor: Actor, at: datetime) -> EventDelivery:
    """Send an event once more that was given to a person. Raises WrongState."""
    require_permission(actor, KEEP, about=delivery)
    with transaction.atomic():
        row = _dead(delivery)
        if not row.subscription.stands or row.subscription.suspended_at is not None:
            raise WrongState(_("Its webhook is suspended or ended. Resume it first."))
        row.state, row.ended_at, row.failed_at, row.settled_by = State.WAITING, None, None, actor.ref
        row.save(update_fields=["state", "ended_at", "failed_at", "settled_by"])
        facts = {"webhook": row.subscription.reference, "event": row.event.kind}
        ledger.record(Event.DELIVERY_SENT_AGAIN, actor=actor, at=at, about=row, facts=facts)
        outbox.close_dead_letters(DELIVER, ids={"delivery": str(row.pk)})
        _enqueue([row], mark=f"again-{row.tries}-{at.timestamp()}")
    return row


def discard(delivery: EventDelivery, *, reason: str, actor: Actor, at: datetime) -> EventDelivery:
    """Record that an event is not sent any more, and why. Raises IncompleteWebhook, WrongState."""
    require_permission(actor, KEEP, about=delivery)
    if not reason.strip():
        raise IncompleteWebhook(_("State why it is no longer sent."), pointer="/reason")
    with transaction.atomic():
        row = _dead(delivery)
        row.state, row.reason, row.settled_by, row.ended_at = State.DISCARDED, reason.strip(), actor.ref, at
        row.save(update_fields=["state", "reason", "settled_by", "ended_at"])
        facts = {"webhook": row.subscription.reference, "event": row.event.kind}
        ledger.record(Event.DELIVERY_DISCARDED, actor=actor, at=at, about=row, facts=facts)
        outbox.close_dead_letters(DELIVER, ids={"delivery": str(row.pk)})
    return row


def replay(webhook: Subscription, *, begins: datetime, ends: datetime, actor: Actor, at: datetime) -> int:
    """Send the events of a period once more, in order and with their ids; return how many.

    Raises IncompleteWebhook for a period without events or with too many, WrongState.
    """
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = Subscription.objects.select_for_update().get(pk=webhook.pk)
        if not row.stands or row.suspended_at is not None:
            raise WrongState(_("This webhook is suspended or ended. Resume it first."))
        events = OutgoingEvent.objects.filter(at__gte=begins, at__lt=ends, kind__in=row.kinds)
        found = list(events.filter(distributed_at__isnull=False).order_by("sequence")[: MOST_REPLAYED + 1])
        if not found:
            nothing = _("Nothing happened in this period that this webhook would be told of.")
            raise IncompleteWebhook(nothing, pointer="/first")
        if len(found) > MOST_REPLAYED:
            message = _("These are more than %(most)d events. Choose a shorter period.")
            raise IncompleteWebhook(message % {"most": MOST_REPLAYED}, pointer="/last")
        row.replays += 1
        row.save(update_fields=["replays"])
        made = [
            EventDelivery(subscription=row, event=event, about=event.about, queued_at=at, round=row.replays)
            for event in found
        ]
        EventDelivery.objects.bulk_create(made)
        _enqueue(made, mark="first")
        facts = {"events": len(made), "from": begins.isoformat(), "until": ends.isoformat()}
        ledger.record(Event.EVENTS_REPLAYED, actor=actor, at=at, about=row, facts=facts)
    return len(made)


def enqueue_waiting(webhook: Subscription, *, mark: str) -> int:
    """Send what waits for a webhook that was suspended; return how many."""
    waiting = list(EventDelivery.objects.waiting().filter(subscription=webhook).order_by("number"))
    outbox.close_waiting(DELIVER, ids={"webhook": str(webhook.pk)})
    _enqueue(waiting, mark=mark)
    return len(waiting)


def remove_old_events(*, at: datetime) -> int:
    """Remove events that are old enough, with what became of them; those that a person must see to stay."""
    old = OutgoingEvent.objects.filter(at__lt=at - KEPT, distributed_at__isnull=False)
    kept = EventDelivery.objects.filter(state__in=[State.WAITING, State.DEAD]).values("event_id")
    removed = 0
    while True:
        with transaction.atomic():
            gone = list(old.exclude(pk__in=kept).order_by("pk").values_list("pk", flat=True)[:REMOVED_AT_ONCE])
            EventDelivery.objects.filter(event_id__in=gone).delete()
            OutgoingEvent.objects.filter(pk__in=gone).delete()
        removed += len(gone)
        if len(gone) < REMOVED_AT_ONCE:
            return removed


def discard_rest(webhook: Subscription, *, actor: Actor, at: datetime) -> None:
    """Close what a webhook that has ended was still to get."""
    rest = EventDelivery.objects.filter(subscription=webhook, state__in=[State.WAITING, State.DEAD])
    rest.update(state=State.DISCARDED, reason=ENDED, settled_by=actor.ref, ended_at=at)
    outbox.close_waiting(DELIVER, ids={"webhook": str(webhook.pk)})
    outbox.close_dead_letters(DELIVER, ids={"webhook": str(webhook.pk)})


def _say_how_cases_stand(events: list[OutgoingEvent]) -> None:
    """Say of requests how they stand now: a verb may put its act on record before the last step of it."""
    of_cases = [event for event in events if event.kind.startswith(CASES)]
    found = Request.objects.filter(number__in={event.about for event in of_cases})
    standing = {number: (state, due_on) for number, state, due_on in found.values_list("number", "state", "due_on")}
    for event in of_cases:
        state, due_on = standing[event.about]
        event.body = {**event.body, "state": state, "due_on": due_on.isoformat()}
    OutgoingEvent.objects.bulk_update(of_cases, ["body"], batch_size=500)


def _enqueue_next(done: EventDelivery, *, at: datetime) -> None:
    """Queue what waited behind a delivery: the next event about the same subject.

    One that a person has sent again ends a second time, so the moment is part of the mark.
    """
    same = EventDelivery.objects.waiting().filter(subscription_id=done.subscription_id, about=done.about)
    following = same.filter(number__gt=done.number).order_by("number").first()
    if following is not None:
        _enqueue([following], mark=f"after-{done.pk}-{at.timestamp()}")


def _enqueue(deliveries: Iterable[EventDelivery], *, mark: str) -> None:
    for webhook_id, rows in _by_webhook(deliveries).items():
        outbox.enqueue_many(
            DELIVER,
            {f"{DELIVER}:{row.pk}:{mark}": {"delivery": str(row.pk), "webhook": str(webhook_id)} for row in rows},
            destination=f"webhook:{webhook_id}",
        )


def _by_webhook(deliveries: Iterable[EventDelivery]) -> dict[UUID, list[EventDelivery]]:
    found: dict[UUID, list[EventDelivery]] = {}
    for row in deliveries:
        found.setdefault(row.subscription_id, []).append(row)
    return found


def _locked(number: int) -> EventDelivery | None:
    rows = EventDelivery.objects.select_for_update(of=("self",)).select_related("subscription", "event")
    return rows.filter(pk=number).first()


def _dead(delivery: EventDelivery) -> EventDelivery:
    row = _locked(delivery.pk)
    if row is None or row.state != State.DEAD:
        raise WrongState(_("This event no longer waits for a person."))
    return row
