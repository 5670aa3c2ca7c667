"""What runs later: the daily look at our own safeguards, reminders, alarms. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import mail
from privacy.policies import overdue_escalation
from privacy.safeguards import actions as safeguards
from privacy.safeguards import reminders, staff_accounts
from privacy.safeguards.actions.measures import ALARM
from privacy.safeguards.automated_checks import registry
from privacy.safeguards.models import Measure
from privacy.safeguards.models.measures import Result

WORKER = SystemActor("safeguards")
REMINDER = "safeguards.reminder"


def run_automated_checks() -> int:
    """Look at everything the portal can see of its own safeguards and keep it as evidence. Rings every morning."""
    at = clock.now()
    safeguards.register_automated_measures(actor=WORKER, at=at)
    return len(safeguards.record_check_results(registry.run_checks(at), actor=WORKER, at=at))


def remind() -> int:
    """Escalate what is past its day and remind those who answer for it. Rings every morning."""
    return remind_on(clock.today(), at=clock.now())


def remind_on(on: date, *, at: datetime) -> int:
    """Queue one reminder for each reader and day; what is overdue goes up to who answers for it."""
    safeguards.supersede_plans(on=on)
    safeguards.escalate_findings(on=on, actor=WORKER, at=at)
    found = reminders.daily_reminder(on=on)
    readers = {row.responsible for row in found.findings} | {row.owner for row in found.measures if row.owner}
    readers |= {row.inspector for row in found.inspections}
    if found:
        readers |= staff_accounts.keepers_of_measures()
    if found.is_late(on):
        readers |= set(overdue_escalation.escalation_recipients(on))
    for reader in sorted(readers):
        outbox.enqueue(REMINDER, ids={"on": on.isoformat(), "to": reader}, key=f"{REMINDER}:{on}:{reader}")
    return len(readers)


@outbox.deliverer(REMINDER, destination=outbox.MAIL)
def deliver_reminder(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one reader what presses, references and days; nothing where nothing does any more."""
    on = date.fromisoformat(ids["on"])
    mailbox, found = overdue_escalation.email_address(ids["to"], on=on), reminders.daily_reminder(on=on)
    if not mailbox or not found:
        return
    with override("ko"):
        subject = _("Safeguards: what is due, %(day)s") % {"day": on.isoformat()}
    mail.send(
        to=mailbox,
        subject=subject,
        template="safeguards_reminder",
        context={"pressing": found, "on": on},
        language="ko",
        message_id=f"safeguards-{event}",
    )


@outbox.deliverer(ALARM, destination=outbox.MAIL)
def deliver_alarm(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell one who keeps the measures, or who answers for it, that one is not in order."""
    measure = Measure.objects.get(pk=ids["measure"])
    mailbox = overdue_escalation.email_address(ids["to"], on=clock.kst_date(at))
    if not mailbox or measure.result != Result.FAILED or measure.retired_at is not None:
        return  # it was seen in order, or is out of use: what this mail would say is no longer so
    seen = measure.evidence.filter(result=Result.FAILED).order_by("-at").first()
    with override("ko"):
        subject = _("Alarm: a safeguard is not in order: %(measure)s") % {"measure": measure.name}
    mail.send(
        to=mailbox,
        subject=subject,
        template="safeguards_alarm",
        context={"measure": measure, "seen": seen},
        language="ko",
        message_id=f"safeguards-{event}",
    )
