"""What a run left: in the systems themselves, in what the portal says of them, and on its papers."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import translation

from privacy.retention.certificates import documents
from privacy.retention.models import Certificate, Hold
from privacy.rights.models import Request
from privacy.systems.models import SystemTask
from privacy.vault.models import Freeze
from tests.faults.company import Crm, OneSystem
from tests.faults.company_run import LIAR, OFFLINE, Run, State
from tests.pdf_text import text_of, without_spaces

WORDS = {"confirmed": "destruction confirmed: 1", "not-held": "nothing held there: 1"}
SETTLED = [{state: 1} for state in WORDS]


def false_done(run: Run) -> list[str]:
    """Return what is said to be done and is not, of what stays done once it is."""
    people = {one.subject_id: one for one in run.everybody}
    # Before anybody looks into the systems: what is said by then has to be so.
    said = run.tasks()
    held = {code: system.contents(run.everybody) for code, system in run.systems.items()}
    wrong = []
    for task in said:
        if task.state not in (State.CONFIRMED, State.NOT_HELD) or task.act not in ("destroy", "correct"):
            continue
        person, there = people[task.subject_id], held[task.system.code]
        what = f"{task.reference} {task.system.code} {task.act} of {person.number} is {task.state}"
        if task.system.code == LIAR:
            wrong.append(f"{what}, and it lies")
        elif task.act == "correct" and task.state == State.CONFIRMED:
            if there.get(person.number, person.wanted) != person.wanted:
                wrong.append(f"{what}, and it holds {there[person.number]}")
        elif person.number in there:
            wrong.append(f"{what}, and it holds it")
    return wrong


def wrong(run: Run) -> list[str]:
    """Return what in the systems is otherwise than what is said of them, or than it has to be."""
    wrong = false_done(run)
    for system in run.systems.values():
        frozen = system.frozen(run.everybody)
        wrong += wrongly_frozen(run, system, frozen)
        for person in run.people["bystander"]:
            if not system.held(person) or (system.corrects and system.imei(person) != person.imei):
                wrong.append(f"{system.code} lost what it held of {person.number}")
        if system.code in (LIAR, OFFLINE):
            continue
        for kind in ("deletion", "held-deletion", "corrected-deletion"):
            wrong += [f"{system.code} holds {one.number}" for one in run.people[kind] if system.held(one)]
        for kind in ("correction", "held-correction") if system.corrects else ():
            wrong += [f"{system.code} has not corrected {one.number}" for one in run.people[kind]
                      if system.imei(one) != one.wanted]  # fmt: skip
    crm = run.systems["crm"]
    assert isinstance(crm, Crm)
    wrong += [f"{one.number} came back, and was destroyed again" for one in run.people["deletion"]
              if one.returned and not crm.is_back(one)]  # fmt: skip
    for task in SystemTask.objects.filter(system__code=OFFLINE, ordered_at__gt=run.offline_since):
        if not task.is_open and task.state != State.DROPPED:
            wrong.append(f"{task.reference} was ended by a system that was away")
    return wrong


def wrongly_frozen(run: Run, system: OneSystem, frozen: set[int]) -> Iterator[str]:
    """Yield who is frozen in a system and should not be, or the other way about."""
    said = {(task.subject_id, task.act, task.cause_id): task for task in run.tasks()
            if task.system.code == system.code}  # fmt: skip
    for person in run.everybody:
        mine = [task for (subject, _act, _cause), task in said.items() if subject == person.subject_id]
        freezes = [task for task in mine if task.act == "freeze"]
        released = {task.cause_id for task in mine if task.act == "release" and task.state == State.CONFIRMED}
        ordered = {task.cause_id for task in mine if task.act == "release"}
        stands = [one for one in freezes if one.state == State.CONFIRMED and one.cause_id not in ordered]
        if stands and person.number not in frozen and system.held(person):
            yield f"{system.code} does not freeze {person.number}, and said so: {stands[0].reference}"
        nothing = [one for one in freezes if one.state == State.NOT_HELD and one.cause_id not in ordered]
        if nothing and system.held(person):
            yield f"{system.code} holds {person.number}, and said that it doesn't: {nothing[0].reference}"
        # One that is asked for no more may have been sent before: it stands until the release that follows is over.
        gone = {one.cause_id for one in freezes if one.state == State.DROPPED} - ordered
        over = all(one.cause_id in released | gone for one in freezes)
        if over and person.number in frozen and system.held(person) and system.code != OFFLINE:
            yield f"{system.code} still freezes {person.number}"


def wrong_papers(run: Run) -> list[str]:
    """Return where a certificate, with its addenda, names otherwise than it is who confirmed."""
    wrong = []
    tasks = SystemTask.objects.filter(act="destroy", category="device-registration").select_related("system")
    lists: dict[Any, list[SystemTask]] = {}
    for task in tasks:
        lists.setdefault(task.cause_id, []).append(task)
    people = {one.subject_id: one for one in run.everybody}
    for number, (cause, several) in enumerate(sorted(lists.items())):
        papers = Certificate.objects.filter(list_id=cause, kind__in=("destruction", "addendum")).order_by("issued_at")
        if not papers:
            wrong.append(f"{cause} has no certificate")
            continue
        said: dict[str, dict[str, int]] = {}
        for paper in papers:
            said |= {one["code"]: one["states"] for one in paper.statement["systems"]}
        for task in several:
            system, person = run.systems[task.system.code], people[task.subject_id]
            confirmed = said.get(system.code) in SETTLED
            if confirmed and (system.held(person) or system.code == LIAR):
                wrong.append(f"{papers[0].number} names {system.code}, which holds {person.number}")
            if not confirmed and system.code not in (LIAR, OFFLINE):
                wrong.append(f"{papers[0].number} does not name {system.code}: {said.get(system.code)}")
            if (
                not confirmed
                and system.code in (LIAR, OFFLINE)
                and not any(
                    state in State.values and state not in SystemTask.ENDED for state in said.get(system.code, {})
                )
            ):
                wrong.append(f"{papers[0].number} does not say that {system.code} has not confirmed")
        if number < 5:
            wrong += wrong_words(list(papers), said)
    return wrong


def wrong_words(papers: list[Certificate], said: dict[str, dict[str, int]]) -> Iterator[str]:
    """Yield what the papers' own text leaves out, as it is printed: each system's name, and beside it how it stands."""
    with translation.override("en"):
        text = "".join(without_spaces(text_of(documents.certificate_pdf(one, language="en"))) for one in papers)
    for code, states in said.items():
        words = WORDS[next(iter(states))] if states in SETTLED else "not confirmed yet: 1"
        if without_spaces(f"System {code} {words}") not in text:
            yield f"{papers[0].number} does not print “System {code} {words}”"


def done_twice(run: Run) -> Iterator[str]:
    """Yield what is there twice of one."""
    if (cases := Request.objects.count()) != run.door.sent:
        yield f"{run.door.sent} forms were sent, and {cases} cases are there"
    for cause, times in Counter(Hold.objects.values_list("subject_id", flat=True)).items():
        if times > 1:
            yield f"{times} holds of {cause}"
    for (held, kind), times in Counter(
        Certificate.objects.exclude(kind="addendum").values_list("list", "kind")
    ).items():
        if times > 1:
            yield f"{times} certificates {kind} of {held}"


def latencies(run: Run) -> list[float]:
    """Return the seconds from each person's first freeze here until each system that answers shows it."""
    began: dict[Any, datetime] = {}
    for subject, at in [*Freeze.objects.values_list("subject_id", "frozen_at"),
                        *Hold.objects.values_list("subject_id", "placed_at")]:  # fmt: skip
        began[subject] = min(at, began.get(subject, at))
    numbers = {one.number: began[one.subject_id] for one in run.everybody if one.subject_id in began}
    seen = [system.first_frozen() for code, system in run.systems.items() if code != OFFLINE]
    seen.append(run.photographed)
    return sorted((at - numbers[who]).total_seconds() for one in seen for who, at in one.items() if who in numbers)
