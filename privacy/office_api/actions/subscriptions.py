"""Webhooks: which program is told of what, at which address; asked for by one person, approved by another."""

from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.office_api import webhook_client
from privacy.office_api.actions.outgoing_events import KEEP, discard_rest, enqueue_waiting
from privacy.office_api.event_kinds import Kind
from privacy.office_api.events import Event
from privacy.office_api.models import Subscription
from privacy.office_api.refusals import IncompleteWebhook, SamePerson, WrongState

# How long the old secret signs beside the new one.
OVERLAP = timedelta(days=7)


def ask_webhook(
    *, title: str, address: str, kinds: Collection[str], reason: str, actor: Actor, at: datetime
) -> Subscription:
    """Ask that a program be told of events at an address; it counts once another person approves.

    Raises IncompleteWebhook.
    """
    require_permission(actor, KEEP)
    if not title.strip() or not reason.strip():
        raise IncompleteWebhook(_("State which program it is, and who gave you the address."), pointer="/reason")
    if not webhook_client.check_address(address.strip()):
        raise IncompleteWebhook(_("Enter the address as https://host/path, without a user name."), pointer="/address")
    if not kinds or not set(kinds) <= set(Kind.values):
        raise IncompleteWebhook(_("Choose what the program is told of."), pointer="/kinds")
    with transaction.atomic():
        row = Subscription.objects.create(
            title=title.strip(), address=address.strip(), kinds=sorted(set(kinds)), reason=reason.strip(),
            asked_by=actor.ref, asked_at=at,
        )  # fmt: skip
        _record(Event.WEBHOOK_ASKED, row, actor=actor, at=at)
    return row


def approve_webhook(webhook: Subscription, *, actor: Actor, at: datetime) -> Subscription:
    """Let a webhook count, as the second person: from now on its events are sent. Raises SamePerson, WrongState."""
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = _waiting(webhook)
        same = SamePerson(_("You requested this webhook, so another person must approve it."))
        row.approved_by = require_second_person(actor, asked_by=row.asked_by, about=row, same=same, at=at)
        row.approved_at = at
        row.save(update_fields=["approved_by", "approved_at"])
        _record(Event.WEBHOOK_APPROVED, row, actor=actor, at=at)
    return row


def refuse_webhook(webhook: Subscription, *, actor: Actor, at: datetime) -> Subscription:
    """Refuse a webhook that waits; whoever asked may take it back so. Raises WrongState."""
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = _waiting(webhook)
        row.refused_by, row.refused_at = actor.ref, at
        row.save(update_fields=["refused_by", "refused_at"])
        _record(Event.WEBHOOK_REFUSED, row, actor=actor, at=at)
    return row


def end_webhook(webhook: Subscription, *, actor: Actor, at: datetime) -> Subscription:
    """Send nothing to an address any more, at once. Raises WrongState."""
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = _standing(webhook)
        row.ended_by, row.ended_at = actor.ref, at
        row.save(update_fields=["ended_by", "ended_at"])
        discard_rest(row, actor=actor, at=at)
        _record(Event.WEBHOOK_ENDED, row, actor=actor, at=at)
    return row


def show_webhook_secret(webhook: Subscription, *, actor: Actor, at: datetime) -> str:
    """Return the newest secret for whoever sets the program up; it is on record. Raises WrongState."""
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = _standing(webhook)
        _record(Event.WEBHOOK_SECRET_SHOWN, row, actor=actor, at=at)
    return webhook_client.secret_text(row)


def renew_webhook_secret(webhook: Subscription, *, actor: Actor, at: datetime) -> Subscription:
    """Sign with a new secret from now on; the old one signs too for a week. Raises WrongState."""
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = _standing(webhook)
        row.secret_generation += 1
        row.old_secret_until = at + OVERLAP
        row.save(update_fields=["secret_generation", "old_secret_until"])
        _record(Event.WEBHOOK_SECRET_RENEWED, row, actor=actor, at=at)
    return row


def end_old_secret(webhook: Subscription, *, actor: Actor, at: datetime) -> Subscription:
    """Sign with the newest secret alone. Raises WrongState."""
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = _standing(webhook)
        if row.old_secret_until is None or row.old_secret_until <= at:
            raise WrongState(_("Only the newest secret signs already."))
        row.old_secret_until = None
        row.save(update_fields=["old_secret_until"])
        _record(Event.WEBHOOK_OLD_SECRET_ENDED, row, actor=actor, at=at)
    return row


def resume_webhook(webhook: Subscription, *, actor: Actor, at: datetime) -> Subscription:
    """Send what waits for a suspended address, and what comes. Raises WrongState."""
    require_permission(actor, KEEP, about=webhook)
    with transaction.atomic():
        row = _standing(webhook)
        if row.suspended_at is None:
            raise WrongState(_("This webhook is not suspended."))
        row.suspended_at = row.failing_since = None
        row.save(update_fields=["suspended_at", "failing_since"])
        waiting = enqueue_waiting(row, mark=f"resumed-{at.timestamp()}")
        _record(Event.WEBHOOK_RESUMED, row, actor=actor, at=at, more={"events": waiting})
    return row


def _waiting(webhook: Subscription) -> Subscription:
    row = Subscription.objects.select_for_update().get(pk=webhook.pk)
    if not row.waits:
        raise WrongState(_("This webhook is already approved or refused."))
    return row


def _standing(webhook: Subscription) -> Subscription:
    row = Subscription.objects.select_for_update().get(pk=webhook.pk)
    if not row.stands:
        raise WrongState(_("This webhook was not approved, or has ended."))
    return row


def _record(
    event: Event, row: Subscription, *, actor: Actor, at: datetime, more: dict[str, object] | None = None
) -> None:
    # The path of an address may be a secret of the receiver; the row's digest vouches for the whole of it.
    host = urlsplit(row.address).hostname or ""
    facts = {"webhook": row.reference, "host": host, "kinds": row.kinds, "generation": row.secret_generation}
    ledger.record(event, actor=actor, at=at, about=row, facts={**facts, **(more or {})})
