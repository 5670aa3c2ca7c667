"""The secret address of a calendar feed: made anew, shown once, revoked at once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.safeguards.events import Event
from privacy.safeguards.models import Calendar
from privacy.safeguards.refusals import WrongState


@dataclass(frozen=True)
class NewCalendarFeed:
    """A new address; its token is shown this once."""

    calendar: Calendar
    token: str


def token_digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(b"privacy.safeguards.calendar\0" + token.encode()).digest()


def create_calendar_feed(*, language: str, actor: User, at: datetime) -> NewCalendarFeed:
    """Make a new address for one's own feed; the one before stops working at once."""
    require_permission(actor, "safeguards.view_calendar")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        for earlier in Calendar.objects.select_for_update().filter(user_id=actor.pk, revoked_at=None):
            _revoke(earlier, actor=actor, at=at)
        row = Calendar.objects.create(user_id=actor.pk, digest=token_digest(token), language=language, made_at=at)
        ledger.record(Event.CALENDAR_MADE, actor=actor, at=at, about=row)
    return NewCalendarFeed(row, token)


def revoke_calendar_feed(*, actor: User, at: datetime) -> None:
    """Close one's own feed. Raises WrongState where there is none."""
    require_permission(actor, "safeguards.view_calendar")
    with transaction.atomic():
        row = Calendar.objects.select_for_update().filter(user_id=actor.pk, revoked_at=None).first()
        if row is None:
            raise WrongState(_("You have no calendar address."))
        _revoke(row, actor=actor, at=at)


def end_feeds_of(user: User, actor: Actor, at: datetime) -> int:
    """Close the feed of a person who leaves; return how many there were."""
    standing = list(Calendar.objects.select_for_update().filter(user_id=user.pk, revoked_at=None))
    for row in standing:
        _revoke(row, actor=actor, at=at)
    return len(standing)


def _revoke(row: Calendar, *, actor: Actor, at: datetime) -> None:
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    ledger.record(Event.CALENDAR_REVOKED, actor=actor, at=at, about=row)
