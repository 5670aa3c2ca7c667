"""Telling people about their advertising consent: the result within 14 days, the question every two years.

Nobody's answer is needed to keep a consent standing (law C-19); who can't be reached sees it on the device and on the
consent pages.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from consents import advertising
from consents.events import Event
from consents.models import AdvertisingNotice, Agreement, Decision, Standing
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock, periods

# How long before the last day the question goes out.
AHEAD = timedelta(days=30)
SLICE = 500


def queue_result(decision: Decision, *, at: datetime) -> None:
    """Queue the notice of a decision about advertising, in the transaction of the decision (law C-18)."""
    if decision.agreement.kind not in {Agreement.Kind.ADVERTISING, Agreement.Kind.NIGHT}:
        return
    due_on = periods.answer_target(clock.kst_date(decision.decided_at), days=advertising.RESULT_DAYS)
    _queue(decision, AdvertisingNotice.Kind.RESULT, max(due_on, clock.kst_date(at)), at=at)


def ask_to_confirm(*, on: date, actor: Actor, at: datetime) -> int:
    """Queue the question for consents whose two years are nearly over; return how many (law C-19). One slice a call."""
    decided_before = at - timedelta(days=365 * advertising.CONFIRM_YEARS) + AHEAD + timedelta(days=1)
    asked_lately = AdvertisingNotice.objects.filter(
        decision=OuterRef("decision"),
        kind=AdvertisingNotice.Kind.CONFIRMATION,
        made_at__gte=at - timedelta(days=365 * advertising.CONFIRM_YEARS) + AHEAD + timedelta(days=1),
    )
    standing = (
        Standing.objects.agreed()
        .filter(agreement__kind=Agreement.Kind.ADVERTISING, decided_at__lt=decided_before)
        .exclude(Exists(asked_lately))
        .select_related("decision__agreement")
        .order_by("decided_at")[:SLICE]
    )
    asked = 0
    for row in standing:
        confirm_by = advertising.confirm_by(row.decision)
        if confirm_by - AHEAD > on:
            continue
        with transaction.atomic():
            _queue(row.decision, AdvertisingNotice.Kind.CONFIRMATION, confirm_by, at=at)
            ledger.record(
                Event.CONFIRMATION_ASKED, actor=actor, at=at, about=row.decision, facts={"due_on": str(confirm_by)}
            )
        asked += 1
    return asked


@transaction.atomic
def mark_sent(notice_id: UUID, *, message_id: str, actor: Actor, at: datetime) -> None:
    """Note that a notice went out; safe to repeat."""
    _settle(notice_id, AdvertisingNotice.State.SENT, Event.NOTICE_SENT, actor=actor, at=at, message_id=message_id)


@transaction.atomic
def mark_unreachable(notice_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Note that there is no way to reach the person; safe to repeat."""
    _settle(notice_id, AdvertisingNotice.State.UNREACHABLE, Event.NOTICE_UNREACHABLE, actor=actor, at=at)


def _settle(
    notice_id: UUID,
    state: AdvertisingNotice.State,
    word: Event,
    *,
    actor: Actor,
    at: datetime,
    message_id: str = "",
) -> None:
    row = AdvertisingNotice.objects.select_for_update().get(pk=notice_id)
    if row.state == AdvertisingNotice.State.SENT or row.state == state:
        return
    row.state, row.message_id = state, message_id
    row.sent_at = at if state == AdvertisingNotice.State.SENT else None
    row.save(update_fields=["state", "message_id", "sent_at"])
    facts: dict[str, Any] = {"kind": row.kind, "due_on": str(row.due_on)}
    ledger.record(word, actor=actor, at=at, about=row, subjects=[row.subject_id], facts=facts)


def _queue(decision: Decision, kind: AdvertisingNotice.Kind, due_on: date, *, at: datetime) -> None:
    notice, made = AdvertisingNotice.objects.get_or_create(
        decision=decision,
        kind=kind,
        due_on=due_on,
        defaults={"subject_id": decision.subject_id, "made_at": at},
    )
    if made:
        outbox.put("consents.advertising", ids={"notice": str(notice.id)}, key=f"consents.advertising:{notice.id}")
