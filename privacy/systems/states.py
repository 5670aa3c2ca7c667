"""How the states of tasks are told: to the office by their shape, to the person in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.policies.models.localized_fields import in_language
from privacy.systems.models import Act, SystemTask

State = SystemTask.State
# The shapes of docs/look.md.
SHAPES = {
    State.WAITING: "wait", State.SENT: "active", State.ANSWERED: "active", State.CONFIRMED: "good",
    State.NOT_HELD: "done", State.KEPT: "frozen", State.CONTRADICTED: "alarm", State.FAILED: "late",
    State.DROPPED: "done", State.GIVEN_UP: "no",
}  # fmt: skip
TROUBLES = {
    "no-identifier": gettext_lazy("nothing is held by which the system could find the person"),
    "kept-for-now": gettext_lazy("it keeps the data because of a freeze, and is asked again when that ends"),
    "no-value": gettext_lazy("the right value is no longer held here"),
    "single-record": gettext_lazy("one record among several: the protocol can't name it, so a person asks"),
    "known-by-earlier": gettext_lazy(
        "an earlier correction there has no proof, so it may know the person by the old identifier: ask its owner"
    ),
    "earlier-task": gettext_lazy("it is asked once an earlier task is over"),
    "earlier-task-in-trouble": gettext_lazy("it is asked once somebody has settled an earlier task"),
    "status-401": gettext_lazy("the system refused our signature: compare the shared secret and the clocks"),
    "status-422": gettext_lazy("the system says that it can't do this"),
    "wrong-signature": gettext_lazy("the answer was not signed with the registered key"),
    "not-signed": gettext_lazy("the answer was not signed"),
    "private-address": gettext_lazy("its address lies outside the networks that may be called"),
    "unresolved": gettext_lazy("its host name can't be found"),
    "ConnectionRefusedError": gettext_lazy("nothing answers at its address"),
    "TimeoutError": gettext_lazy("it did not answer in time"),
}


def shape_of(state: str) -> str:
    """Return the badge kind of a task's state."""
    return SHAPES.get(State(state), "active")


def trouble_text(code: str) -> Any:
    """Return in words why a call gave no answer; the code itself where it is a rare one."""
    return TROUBLES.get(code, code)


@dataclass(frozen=True)
class SystemState:
    """How one system stands in a case, in one sentence; ``ended`` says that nothing more is to come."""

    name: str
    says: str
    ended: bool
    is_late: bool


def states_of_case(case: str, *, on: date) -> list[SystemState]:
    """Return how each system stands that a case asked, by act, for the person and for the office."""
    tasks = SystemTask.objects.of_case(case).exclude(state=State.DROPPED).select_related("system")
    return told(tasks.order_by("system__code", "ordered_at"), on=on)


def told(tasks: Iterable[SystemTask], *, on: date) -> list[SystemState]:
    """Return the tasks of each system and act in one sentence each: what is worst of several is said."""
    groups: dict[tuple[Any, str], list[SystemTask]] = {}
    for task in _not_over(list(tasks)):
        groups.setdefault((task.system_id, task.act), []).append(task)
    found = []
    for several in groups.values():
        worst = min(several, key=lambda one: ORDER.index(State(one.state)))
        found.append(
            SystemState(
                name=in_language(worst.system, "name"),
                says=_sentence(worst),
                ended=not any(one.is_open for one in several),
                is_late=any(one.is_late(on) for one in several),
            )
        )
    return found


def _not_over(tasks: list[SystemTask]) -> list[SystemTask]:
    """Leave out a freeze whose end was ordered, and the end of a freeze of what is destroyed."""
    released = {(task.system_id, task.cause_id) for task in tasks if task.act == Act.RELEASE}
    destroyed = {task.system_id for task in tasks if task.act == Act.DESTROY}
    return [
        task
        for task in tasks
        if not (task.act == Act.FREEZE and (task.system_id, task.cause_id) in released)
        and not (task.act == Act.RELEASE and task.system_id in destroyed)
    ]


# What is said of several tasks of one system: the first of these that any of them is.
ORDER = (
    State.CONTRADICTED, State.FAILED, State.WAITING, State.SENT, State.ANSWERED, State.GIVEN_UP, State.KEPT,
    State.CONFIRMED, State.NOT_HELD, State.DROPPED,
)  # fmt: skip


def _sentence(task: SystemTask) -> str:
    if task.state == State.NOT_HELD:
        return _("It holds nothing about you.")
    if task.state == State.GIVEN_UP:
        return _("It never confirmed, and is no longer asked.")
    if task.state == State.KEPT or (task.is_open and task.kept_because):
        return _("It keeps the data for now: %(why)s.") % {"why": task.get_kept_because_display()}
    if task.state == State.CONFIRMED:
        return {
            Act.LOCATE: _("It holds data about you."),
            Act.FREEZE: _("The data there is frozen."),
            Act.RELEASE: _("The data there is in use again."),
            Act.CORRECT: _("The data there is corrected, and this was verified."),
            Act.DESTROY: _("The data there is destroyed, and this was verified."),
        }[Act(task.act)]
    if task.sent_at is None and not task.done_by:
        return _("It is still to be asked.")
    return {
        Act.LOCATE: _("It has been asked what it holds, and has not confirmed yet."),
        Act.FREEZE: _("It has been told to freeze the data, and has not confirmed yet."),
        Act.RELEASE: _("It has been told to use the data again, and has not confirmed yet."),
        Act.CORRECT: _("It has been told to correct the data, and has not confirmed yet."),
        Act.DESTROY: _("It has been told to destroy the data, and has not confirmed yet."),
    }[Act(task.act)]
