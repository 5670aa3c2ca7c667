"""The terms in which the people concerned are told: of the possibility, of the breach, and whoever is found later."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from privacy.incidents import notifications
from privacy.incidents.models import Incident, Stage
from privacy.incidents.notifications import BREACH_STAGES, POSSIBLE_BREACH_STAGES
from privacy.incidents.statutory_deadlines import StatutoryDeadline, statutory_due
from privacy.lib.dates import clock
from privacy.policies import amendments


def possible_breach_due(incident: Incident) -> datetime | None:
    """Return until when a possible breach is told (B-07); nothing of one known before the law asked for it."""
    since = clock.kst_date(incident.aware_at)
    return incident.possible_due_at if amendments.is_in_force("possible-breach", since) else None


def possible_breach_deadline(incident: Incident) -> Iterator[StatutoryDeadline]:
    """The notice of a possible breach; a decision in time takes its place (B-07)."""
    due_at = possible_breach_due(incident)
    if due_at is None:
        return
    settled_at = incident.confirmed_at or incident.ruled_out_at
    if settled_at and settled_at <= due_at and not notifications.notifications_of(incident, [Stage.POSSIBLE]):
        return
    concerned = notifications.affected_with_notice_time(incident, POSSIBLE_BREACH_STAGES)
    if settled_at:
        concerned = concerned.filter(added_at__lte=settled_at)
    done_at = notifications.all_notified_at(incident, POSSIBLE_BREACH_STAGES, concerned)
    name = _("Notice of a possible breach to data subjects")
    yield StatutoryDeadline("possible-notice", name, due_at, done_at or settled_at)
    # What waited for force majeure goes out at once when that has ended (Decree 39-3(1) proviso).
    ended_at = incident.delay_ended_at
    if ended_at is not None and ended_at > due_at and (settled_at is None or ended_at <= settled_at):
        name = _("Notice of a possible breach, at once after the delay")
        yield StatutoryDeadline("possible-after-delay", name, ended_at, done_at or settled_at)


def breach_notice_deadlines(incident: Incident) -> Iterator[StatutoryDeadline]:
    """The notice of the breach; people found after its term and after the first notice have a term of their own.

    Those are who is added to the list then, and those by whom the estimate grows beyond it.
    """
    if incident.notify_due_at is None:
        return
    concerned = notifications.affected_with_notice_time(incident, BREACH_STAGES)
    first = (
        notifications.notifications_of(incident, BREACH_STAGES)
        .order_by("made_at")
        .values_list("made_at", flat=True)
        .first()
    )
    later, estimated_at = concerned.none(), None
    if first is not None:
        cut = max(first, incident.notify_due_at)
        later = concerned.filter(added_at__gt=cut)
        concerned = concerned.exclude(pk__in=later.values("pk"))
        estimated_at = notifications.estimate_grew_at(incident, cut)
    done_at = notifications.all_notified_at(incident, BREACH_STAGES, concerned, unlisted=estimated_at is None)
    yield StatutoryDeadline("notice", _("Notice to data subjects"), incident.notify_due_at, done_at)
    # What waited for a reason goes out at once when it has ended (B-05); within the 72 hours these are the term.
    if incident.delay_ended_at is not None and incident.delay_ended_at > incident.notify_due_at:
        name = _("Notice to data subjects, at once after the delay")
        yield StatutoryDeadline("after-delay", name, incident.delay_ended_at, done_at)
    left = later.filter(told_at=None).order_by("added_at").first()
    slowest = left or later.order_by((F("told_at") - F("added_at")).desc()).first()
    found = [(slowest.added_at, slowest.told_at)] if slowest is not None else []
    if estimated_at is not None:
        website = notifications.public_notice(incident, BREACH_STAGES)
        found.append((estimated_at, website.told_at(estimated_at) if website else None))
    if found:
        since, told_at = max(found, key=lambda one: (one[1] is None, one[1] - one[0] if one[1] else timedelta()))
        due_at = statutory_due("breach.notify.hours", since)
        yield StatutoryDeadline("late-notice", _("Notice to people found later"), due_at, told_at)
