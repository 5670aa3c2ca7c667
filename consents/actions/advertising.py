"""Telling people about their advertising consent: the result within 14 days, the question every few years.

Nobody's answer is needed to keep a consent standing (law C-19). Who can't be reached sees what was decided on the
consent pages, and is written to as soon as there is an address.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from consents import advertising
from consents.events import Event
from consents.models import AdvertisingNotice, Agreement, CurrentConsent, Decision
from consents.models.advertising import COUNTED_FROM
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.subjects.models import Contact

BATCH_SIZE = 500


def queue_result(decision: Decision, *, at: datetime) -> None:
    """Queue the notice of a decision about advertising, in the transaction of the decision (law C-18).

    One that reaches the portal after its days is late from then on, whoever held it back.
    """
    if decision.agreement.kind not in {Agreement.Kind.ADVERTISING, Agreement.Kind.NIGHT}:
        return
    due_on = advertising.result_due(clock.kst_date(decision.decided_at))
    _queue(decision, AdvertisingNotice.Kind.RESULT, due_on, at=at)


def queue_confirmations(*, on: date, actor: Actor, at: datetime, most: int = BATCH_SIZE) -> int:
    """Queue the question for ``most`` consents whose years are nearly over; return how many it was (law C-19).

    Who has been asked and not answered for is left out until the question went out: nobody is asked twice for one day,
    and nobody who can't be reached stands in the way of those behind.
    """
    terms = advertising.ConsentValidity.read()
    waiting = AdvertisingNotice.objects.filter(
        decision=OuterRef("decision"), kind=AdvertisingNotice.Kind.CONFIRMATION, sent_at=None
    )
    confirmed = AdvertisingNotice.objects.confirmations().filter(decision=OuterRef("decision")).order_by("-sent_at")
    counted = confirmed.annotate(counted=COUNTED_FROM).values("counted")[:1]
    due = Q(pk__in=[])
    for begins, end in terms.ending(date(1900, 1, 1), on + advertising.CONFIRM_BEFORE):
        due |= Q(since__gte=clock.midnight(begins), since__lt=clock.midnight(end))
    standing = (
        CurrentConsent.objects.agreed()
        .of_registered()
        .filter(agreement__in=Agreement.objects.of_advertising())
        .alias(since=Coalesce(Subquery(counted), "decided_at"))
        .filter(due)
        .exclude(Exists(waiting))
        .select_related("decision__agreement")
        .order_by("since", "pk")[:most]
    )
    asked = 0
    for row in standing:
        confirm_by = advertising.confirm_by(row.decision, terms=terms)
        with transaction.atomic():
            if _queue(row.decision, AdvertisingNotice.Kind.CONFIRMATION, confirm_by, at=at):
                facts = {"due_on": str(confirm_by)}
                ledger.record(Event.CONFIRMATION_QUEUED, actor=actor, at=at, about=row.decision, facts=facts)
                asked += 1
    return asked


def retry_unreachable(*, actor: Actor, at: datetime) -> int:
    """Queue again what could not be sent to people who have given an address since; return how many.

    Few people give an address, so the walk is over addresses. A decision that a later one replaced needs no notice, and
    what came back waits for another address.
    """
    queued, last = 0, UUID(int=0)
    current = CurrentConsent.objects.filter(decision=OuterRef("decision"))
    while True:
        emails = Contact.objects.current().filter(kind=Contact.Kind.EMAIL)
        reachable = emails.filter(subject_id__gt=last).order_by("subject_id")
        people = dict(reachable.values_list("subject_id", "recorded_at")[:BATCH_SIZE])
        if not people:
            return queued
        last = max(people)
        with transaction.atomic():
            rows = AdvertisingNotice.objects.select_for_update(of=("self",)).order_by("pk")
            unreachable = rows.filter(
                Exists(current), state=AdvertisingNotice.State.UNREACHABLE, subject_id__in=list(people)
            )
            missed = [
                notice
                for notice in unreachable
                if notice.returned_at is None or people[notice.subject_id] > notice.returned_at
            ]
            for notice in missed:
                notice.state = AdvertisingNotice.State.DUE
                notice.save(update_fields=["state"])
                outbox.enqueue(
                    "consents.advertising",
                    ids={"notice": str(notice.id)},
                    key=f"consents.advertising:{notice.id}:{at.isoformat()}",
                )
            if missed:
                ledger.record(Event.NOTICES_RETRIED, actor=actor, at=at, facts={"notices": len(missed)})
        queued += len(missed)


@transaction.atomic
def mark_sent(notice_id: UUID, *, message_id: str, template: str = "", actor: Actor, at: datetime) -> None:
    """Note that a notice went out, in the words of a template; safe to repeat."""
    state = AdvertisingNotice.State.SENT
    _set_state(
        notice_id, state, Event.NOTICE_SENT, actor=actor, at=at, message_id=message_id, template=template
    )  # fmt: skip


@transaction.atomic
def mark_unreachable(notice_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Note that there is no way to reach the person; safe to repeat."""
    _set_state(notice_id, AdvertisingNotice.State.UNREACHABLE, Event.NOTICE_UNREACHABLE, actor=actor, at=at)


@transaction.atomic
def mark_returned(notice_id: UUID, *, why: str, actor: Actor, at: datetime) -> bool:
    """Note that a notice came back: it told nobody and confirms nothing (law C-19). Return whether that is new."""
    row = AdvertisingNotice.objects.select_for_update().get(pk=notice_id)
    if row.state != AdvertisingNotice.State.SENT:
        return False
    row.state, row.sent_at, row.returned_at = AdvertisingNotice.State.UNREACHABLE, None, at
    row.counted_from = None
    row.save(update_fields=["state", "sent_at", "returned_at", "counted_from"])
    facts = {"kind": row.kind, "due_on": str(row.due_on), "why": why[:80]}
    ledger.record(Event.NOTICE_RETURNED, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    return True


def message_key(notice: AdvertisingNotice) -> str:
    """Return what the mail of a notice is known by; one that is sent anew after it came back has another."""
    sending = f"-{int(notice.returned_at.timestamp())}" if notice.returned_at else ""
    return f"advertising-{notice.id}{sending}"


@transaction.atomic
def drop_notice(notice_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Note that a notice is not needed any more: the person decided anew, or has left; safe to repeat."""
    _set_state(notice_id, AdvertisingNotice.State.DROPPED, Event.NOTICE_DROPPED, actor=actor, at=at)


def _set_state(
    notice_id: UUID,
    state: AdvertisingNotice.State,
    word: Event,
    *,
    actor: Actor,
    at: datetime,
    message_id: str = "",
    template: str = "",
) -> None:
    row = AdvertisingNotice.objects.select_for_update().get(pk=notice_id)
    if row.state == AdvertisingNotice.State.SENT or row.state == state:
        return
    row.state, row.message_id = state, message_id
    row.sent_at = at if state == AdvertisingNotice.State.SENT else None
    if row.sent_at is not None and row.kind == AdvertisingNotice.Kind.CONFIRMATION:
        row.counted_from = advertising.counted_from(row.due_on, sent_on=clock.kst_date(at))
    row.save(update_fields=["state", "message_id", "sent_at", "counted_from"])
    facts: dict[str, Any] = {"kind": row.kind, "due_on": str(row.due_on)} | ({"template": template} if template else {})
    ledger.record(word, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)
    if row.kind == AdvertisingNotice.Kind.CONFIRMATION and state == AdvertisingNotice.State.SENT:
        facts = {"due_on": str(row.due_on)}
        ledger.record(Event.CONFIRMATION_ASKED, actor=actor, at=at, about=row.decision, facts=facts)


def _queue(decision: Decision, kind: AdvertisingNotice.Kind, due_on: date, *, at: datetime) -> bool:
    """Queue a notice unless there is one for that day; return whether it is new."""
    notice, made = AdvertisingNotice.objects.get_or_create(
        decision=decision,
        kind=kind,
        due_on=due_on,
        defaults={"subject_id": decision.subject_id, "made_at": at},
    )
    if made:
        outbox.enqueue("consents.advertising", ids={"notice": str(notice.id)}, key=f"consents.advertising:{notice.id}")
    return made
