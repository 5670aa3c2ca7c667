"""What runs by itself: reminders each week, the review of access each quarter, its alarm, old lines forgotten."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import mail
from privacy.workforce import actions as workforce
from privacy.workforce import reminders
from privacy.workforce.actions.pledges import REMINDER

WORKER = SystemActor("workforce")
REPORT = "workforce.report"
LANGUAGES = ("ko", "en")


def maintain_access() -> None:
    """Keep somebody who may grant access, open and press the review of the quarter, forget old lines. Each morning."""
    maintain_access_on(clock.today(), at=clock.now())


def maintain_access_on(on: date, *, at: datetime) -> None:
    """The same for a given day; safe to run twice."""
    accounts.extend_last_granter(on=on, actor=WORKER, at=at)
    accounts.open_review(on=on, actor=WORKER, at=at)
    accounts.record_overdue_reviews(on=on, actor=WORKER, at=at)
    accounts.delete_old_grants(on=on, actor=WORKER, at=at)


def remind() -> int:
    """Remind everybody of what they owe, and the officers of who owes what. Rings every morning."""
    return remind_on(clock.today())


def remind_on(on: date) -> int:
    """Queue one mail a week for each person who owes something, and one a day for each officer where there is need."""
    week = on.isocalendar()
    queued = 0
    for one in reminders.personal_reminders(on=on):
        key = f"{REMINDER}:{week.year}-{week.week}:{one.user.reference}"
        outbox.enqueue(REMINDER, ids={"on": on.isoformat(), "to": one.user.reference}, key=key)
        queued += 1
    if reminders.officer_report(on=on):
        for officer in User.objects.holding("officer", on=on):
            key = f"{REPORT}:{on}:{officer.reference}"
            outbox.enqueue(REPORT, ids={"on": on.isoformat(), "to": officer.reference}, key=key)
            queued += 1
    return queued


@outbox.deliverer(REMINDER, destination=outbox.MAIL)
def deliver_reminder(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one person's reminder in both languages, unless everything was done meanwhile."""
    found = [one for one in reminders.personal_reminders(on=clock.kst_date(at)) if one.user.reference == ids["to"]]
    if not found:
        return
    with override("ko"):
        subject = _("Security pledge and training: action needed")
    mail.send(
        to=found[0].user.email,
        subject=subject,
        template="workforce_reminder",
        context={"owed": found[0], "languages": LANGUAGES},
        language="ko",
        message_id=f"workforce-{event}",
    )
    workforce.record_reminder(found[0].user, actor=WORKER, at=at)


@outbox.deliverer(REPORT, destination=outbox.MAIL)
def deliver_report(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one officer the list of who owes what, of leavers, dormant accounts and late reviews.

    Nothing goes to who is no longer an officer, or where nothing is left to say.
    """
    on = date.fromisoformat(ids["on"])
    officer = User.objects.holding("officer", on=clock.kst_date(at)).filter(reference=ids["to"]).first()
    found = reminders.officer_report(on=on)
    if officer is None or not found:
        return
    with override("ko"):
        subject = _("Pledges, training and access, %(day)s") % {"day": on.isoformat()}
    mail.send(
        to=officer.email,
        subject=subject,
        template="workforce_report",
        context={"office": found, "on": on, "languages": LANGUAGES},
        language="ko",
        message_id=f"workforce-{event}",
    )
