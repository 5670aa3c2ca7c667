"""What runs later: the daily look at our own safeguards, reminders, alarms. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger.actors import System
from privacy.lib import clock, mail
from privacy.policies.models import Officer
from privacy.safeguards import actions as safeguards
from privacy.safeguards import pressing, probes
from privacy.safeguards.actions.measures import ALARM
from privacy.safeguards.models import Measure

WORKER = System("safeguards")
REMINDER = "safeguards.reminder"
DESIGNATED = "designated-officer"
DECIDES = "safeguards.keep_measures"


def look() -> int:
    """Look at everything the portal can see of its own safeguards and keep it as evidence. Rings every morning."""
    at = clock.now()
    safeguards.adopt_measures(actor=WORKER, at=at)
    return len(safeguards.observe(probes.look(at), actor=WORKER, at=at))


def remind() -> int:
    """Escalate what is past its day and remind those who answer for it. Rings every morning."""
    return remind_on(clock.today(), at=clock.now())


def remind_on(on: date, *, at: datetime) -> int:
    """Queue one reminder for each reader and day; the designated officer hears of what is overdue."""
    safeguards.escalate_findings(on=on, actor=WORKER, at=at)
    found = pressing.pressing(on=on)
    readers = {row.responsible for row in found.findings} | {row.owner for row in found.measures if row.owner}
    readers |= {row.inspector for row in found.inspections}
    if found:
        readers |= {user.reference for user in User.objects.filter(is_active=True) if user.may(DECIDES)}
    if found.is_late(on):
        readers.add(DESIGNATED)
    for reader in readers:
        outbox.put(REMINDER, ids={"on": on.isoformat(), "to": reader}, key=f"{REMINDER}:{on}:{reader}")
    return len(readers)


@outbox.deliverer(REMINDER)
def deliver_reminder(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one reader what presses: references and days."""
    on = date.fromisoformat(ids["on"])
    mailbox = _mailbox(ids["to"], on=on)
    if not mailbox:
        return
    with override("ko"):
        subject = _("Safeguards: what is due, %(day)s") % {"day": on.isoformat()}
    mail.send(
        to=mailbox,
        subject=subject,
        template="safeguards_reminder",
        context={"pressing": pressing.pressing(on=on), "on": on},
        language="ko",
        message_id=f"safeguards-{event}",
    )


@outbox.deliverer(ALARM)
def deliver_alarm(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell those who keep the measures, and who answers for it, that one is not in order."""
    measure = Measure.objects.get(pk=ids["measure"])
    seen = measure.evidence.order_by("-at").first()
    people = {user.email for user in User.objects.filter(is_active=True) if user.may(DECIDES)}
    people |= set(User.objects.filter(reference=measure.owner, is_active=True).values_list("email", flat=True))
    with override("ko"):
        subject = _("Alarm: a safeguard is not in order: %(measure)s") % {"measure": measure.name}
    for number, mailbox in enumerate(sorted(people)):
        mail.send(
            to=mailbox,
            subject=subject,
            template="safeguards_alarm",
            context={"measure": measure, "seen": seen},
            language="ko",
            message_id=f"safeguards-{event}-{number}",
        )


def _mailbox(reader: str, *, on: date) -> str:
    if reader == DESIGNATED:
        officer = Officer.objects.on(on)
        return officer.email if officer is not None else ""
    return User.objects.filter(reference=reader, is_active=True).values_list("email", flat=True).first() or ""
