"""Reminding a colleague of one record that waits for them: by mail, at most once a day, on record."""

from datetime import date, datetime

from django.db.models import Model
from django.utils.translation import gettext as _

from privacy.accounts.display_names import name_with_reference
from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.record_labels import about_label

WORK_REMINDER = "accounts.work-reminder"


class NobodyToRemind(Refusal):
    """Nobody who works here has to act on it."""

    code = "nobody-to-remind"


class AlreadyReminded(Refusal):
    """One reminder of a record is enough for one person and day."""

    code = "already-reminded"


def queue_work_reminder(
    record: Model, *, name: str, to: str, due_on: date | None, path: str, actor_ref: str, at: datetime
) -> None:
    """Queue the mail in the caller's transaction, which holds the record's lock and puts the reminder on record.

    ``name`` is the record's number or reference, ``to`` the account that has to act, ``path`` the record's page. Raises
    NobodyToRemind, AlreadyReminded.
    """
    if not User.objects.filter(reference=to, is_active=True).exists():
        raise NobodyToRemind(_("Nobody is responsible for it, or they have left. Assign it to someone."))
    on = clock.kst_date(at)
    key = f"{WORK_REMINDER}:{about_label(record)}:{record.pk}:{to}:{on}"
    if outbox.is_queued(key):
        raise AlreadyReminded(_("%(who)s was already reminded today.") % {"who": name_with_reference(to)})
    ids = {"name": name, "to": to, "due_on": due_on.isoformat() if due_on else "", "path": path, "by": actor_ref}
    outbox.enqueue(WORK_REMINDER, ids={**ids, "on": on.isoformat()}, key=key)
