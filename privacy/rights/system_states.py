"""How the connected systems stand in a case: for its status page, its page in the console, its copy and its answer."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from consents.models import Decision
from privacy.policies.models.localized_fields import in_language
from privacy.rights.models import Request, Right
from privacy.systems.models import Act, ConnectedSystem, SystemTask, TaskQuerySet
from privacy.systems.states import SystemState, told


def tasks_of(case: Request) -> TaskQuerySet:
    """Return what other systems were asked because of a case; its withdrawals have names of their own."""
    found = SystemTask.objects.of_case(case.reference)
    if case.subject_id is not None and case.rights.filter(kind=Right.Kind.CONSENT_WITHDRAWAL).exists():
        decided = Decision.objects.filter(
            subject_id__in=case.people.values("subject_id"),
            choice=Decision.Choice.WITHDRAW,
            recorded_at__gte=case.received_at,
        )
        found = found | SystemTask.objects.filter(case__in=decided.values("reference"))
    return found.exclude(state=SystemTask.State.DROPPED)


def states_of(case: Request, *, on: date) -> list[SystemState]:
    """Return each system's state in plain words; nothing before the identity is verified, for it tells what is held."""
    if not case.is_verified:
        return []
    return told(tasks_of(case).select_related("system").order_by("system__code", "ordered_at"), on=on)


def unconfirmed(right: Right, act: Act) -> list[str]:
    """Return the codes of the systems that have not confirmed what a right brought about, as its answer keeps it."""
    done = (SystemTask.State.CONFIRMED, SystemTask.State.NOT_HELD, SystemTask.State.DROPPED)
    tasks = SystemTask.objects.filter(case=right.freeze_reference, act=act).exclude(state__in=done)
    return sorted(set(tasks.values_list("system__code", flat=True)))


def answer_line(right: Right) -> str:
    """Return what an answer says of the systems that had not confirmed when it was written; nothing where all had."""
    waiting = right.result.get("systems_open")
    if not waiting:
        return ""
    return _(
        "These other systems of ours have not confirmed it: %(systems)s. Your status page shows the state of each."
    ) % {"systems": _names(waiting)}


def _names(codes: list[str]) -> str:
    return ", ".join(
        in_language(one, "name") for one in ConnectedSystem.objects.filter(code__in=codes).order_by("code")
    )


def located(right: Right) -> list[dict[str, Any]]:
    """Return for a copy which systems hold what of the person, by item; and which have not said so yet."""
    tasks = SystemTask.objects.filter(case=right.freeze_reference, act=Act.LOCATE).select_related("system")
    return [
        {
            "system": task.system.code,
            "name": task.system.name_ko,
            "state": task.state,
            "found": task.found,
            "told_at": task.ended_at.isoformat() if task.ended_at else "",
        }
        for task in tasks.order_by("system__code", "subject_id")
    ]
