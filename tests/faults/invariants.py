"""What must be so after every fault (I1 … I10), each a function that yields a line for what is not.

A test keeps a ``Memory`` of what the portal told people before and during the fault; ``assert_hold`` compares it with
the tables. ``test_invariants.py`` breaks each of them and sees it named.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import close_old_connections, connections
from django.test import Client

from devices.models import Batch, Device, Report
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.ledger import verify
from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.integrity.verification import verify_log
from privacy.ledger.merkle import log_sequencer
from privacy.ledger.models import Entry
from privacy.retention.models import Certificate, DestructionList
from privacy.retention.restore_gate import gate
from privacy.rights.models import Particulars, Request, Right
from privacy.vault.models import SubjectKey
from tests.database import PortalDatabase

LONGEST_SECONDS = 10.0
WORKS_AGAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody who asked got: the status, when to ask again, and how long it took."""

    asked: str
    status: int
    retry_after: str
    seconds: float


@dataclass
class Memory:
    """What the portal told people, and whom it may not touch."""

    cases: dict[str, date] = field(default_factory=dict)  # number of a case that was acknowledged → its last day
    batches: dict[UUID, int] = field(default_factory=dict)  # batch that was acknowledged → reports stored
    readings: list[str] = field(default_factory=list)  # reason under which something was shown
    safe: list[UUID] = field(default_factory=list)  # people who are held, or not due
    destroyed: list[UUID] = field(default_factory=list)  # people whose destruction was certified
    answers: list[Answer] = field(default_factory=list)

    def ask(self, client: Client, method: str, path: str, *arguments: Any, **options: Any) -> Any:
        """Send a request in this process, and remember how it was answered."""
        # What a server does before each request, and the test client leaves out.
        close_old_connections()
        begun = time.monotonic()
        response = getattr(client, method)(path, *arguments, **options)
        self.heard(f"{method} {path}", response.status_code, response.headers, time.monotonic() - begun)
        return response

    def heard(self, asked: str, status: int, headers: Mapping[str, str], seconds: float) -> None:
        """Remember an answer."""
        self.answers.append(Answer(asked, status, headers.get("Retry-After", ""), seconds))

    def filed(self, number: str) -> None:
        """Remember a case that somebody was given the number of."""
        self.cases[number] = Request.objects.get(number=number).due_on


def acknowledged_is_there(memory: Memory) -> Iterator[str]:
    """I1: what was acknowledged is there, whole."""
    words = set(Particulars.objects.filter(about="case").values_list("subject_id", flat=True))
    there = dict(Request.objects.values_list("number", "id"))
    yield from (f"case {number} is gone" for number in memory.cases.keys() - there.keys())
    yield from (f"case {n} has no words" for n in memory.cases.keys() & there.keys() if there[n] not in words)
    held = dict(Batch.objects.values_list("batch", "stored"))
    for batch, stored in memory.batches.items():
        if held.get(batch) != stored:
            yield f"batch {batch}: {stored} reports acknowledged, {held.get(batch)} stored"
    if memory.batches and (reports := Report.objects.count()) != sum(held.values()):
        yield f"{reports} reports, and the batches say {sum(held.values())}"


def one_effect_each(memory: Memory) -> Iterator[str]:
    """I2: one decision of a right, one certificate of a list, one effect of a key."""
    begun = Counter(Entry.objects.filter(word="rights.right.begun").values_list("about", flat=True))
    yield from (f"{about} was begun {times} times" for about, times in begun.items() if times > 1)
    papers = Counter(Certificate.objects.values_list("list", "kind"))
    yield from (f"list {key} has {times} certificates" for key, times in papers.items() if times > 1)
    for right in Right.objects.exclude(carried_out_at=None).filter(decided_at=None):
        yield f"right {right.id} was carried out undecided"


def shown_is_on_record(memory: Memory) -> Iterator[str]:
    """I3: nothing was shown without its entry."""
    said = Counter(
        json.loads(payload).get("reason", "")
        for payload in Entry.objects.filter(kind="read").values_list("payload", flat=True)
    )
    yield from (f"what was shown for “{reason}” is not on record" for reason in memory.readings if not said[reason])


def deliveries_are_once(memory: Memory) -> Iterator[str]:
    """I4: what is done was begun, and nothing was done under two keys of one thing."""
    for outbox in (GeneralOutbox, PersonalOutbox):
        for row in outbox.objects.exclude(done_at=None).filter(starts=0):
            yield f"{row} is done, and was never begun"


def destroyed_stays_destroyed(memory: Memory) -> Iterator[str]:
    """I5: nothing that was destroyed is back, and no database is behind the journal."""
    back = SubjectKey.objects.filter(subject_id__in=memory.destroyed, category="device-registration")
    yield from (f"the key of {subject} is back" for subject in back.values_list("subject_id", flat=True))
    there = Device.objects.filter(pk__in=memory.destroyed)
    yield from (f"device {device} is back" for device in there.values_list("pk", flat=True))
    yield from (f"{place} is behind the journal" for place in gate.databases_behind())


def safe_is_untouched(memory: Memory) -> Iterator[str]:
    """I6: nothing that is held or not due is destroyed."""
    keys = SubjectKey.objects.filter(subject_id__in=memory.safe, category="device-registration")
    there = set(keys.values_list("subject_id", flat=True)) & set(
        Device.objects.filter(pk__in=memory.safe).values_list("pk", flat=True)
    )
    yield from (f"{subject} is held or not due, and destroyed" for subject in set(memory.safe) - there)


def counts_agree(memory: Memory) -> Iterator[str]:
    """I7: a certificate counts what its list counts."""
    for row in DestructionList.objects.filter(state="done"):
        for certificate in row.certificates.filter(kind="destruction"):
            if certificate.statement["destroyed"]["rows"] != row.rows_removed:
                yield f"{certificate} says {certificate.statement['destroyed']['rows']}, the list {row.rows_removed}"
        if not row.certificates.exists():
            yield f"{row.reference} is done without a certificate"


def deadlines_stand(memory: Memory) -> Iterator[str]:
    """I8: no deadline is lost or moved."""
    due = dict(Request.objects.filter(number__in=memory.cases).values_list("number", "due_on"))
    for number, day in memory.cases.items():
        if number in due and due[number] != day:
            yield f"case {number} was due {day}, and is due {due[number]}"


def answers_are_civil(memory: Memory) -> Iterator[str]:
    """I9: an answer is 2xx to 4xx or 503 with the time to ask again, within ten seconds."""
    for one in memory.answers:
        if not (200 <= one.status < 500 or (one.status == 503 and one.retry_after)):
            yield f"{one.asked} was answered {one.status} (Retry-After: {one.retry_after or 'none'})"
        if one.seconds > LONGEST_SECONDS:
            yield f"{one.asked} took {one.seconds:.1f} s"


def works_by_itself(memory: Memory) -> Iterator[str]:
    """I10: without anybody's help the host is ready again within seconds."""
    deadline = time.monotonic() + WORKS_AGAIN_SECONDS
    while (answer := Client().get("/readyz")).status_code != 200:
        if time.monotonic() > deadline:
            yield f"not ready: {answer.content.decode()}"
            return
        time.sleep(0.2)


INVARIANTS: dict[str, Callable[[Memory], Iterator[str]]] = {
    "I1": acknowledged_is_there,
    "I2": one_effect_each,
    "I3": shown_is_on_record,
    "I4": deliveries_are_once,
    "I5": destroyed_stays_destroyed,
    "I6": safe_is_untouched,
    "I7": counts_agree,
    "I8": deadlines_stand,
    "I9": answers_are_civil,
    "I10": works_by_itself,
}


def violations(memory: Memory) -> list[str]:
    """Return what is not as it must be, each with the invariant."""
    for alias in connections:
        connections[alias].close()
    return [f"{name}: {line}" for name, check in INVARIANTS.items() for line in check(memory)]


def assert_hold(memory: Memory) -> None:
    """Fail with every violation."""
    found = violations(memory)
    assert not found, "\n".join(found)


def assert_trail_is_whole(database: PortalDatabase) -> None:
    """I7 of the audit trail: what is committed can be sealed, and each entry is what its leaf says."""
    with database.connect("portal_sequencer") as sequencer:
        while log_sequencer.seal(sequencer) != 0:
            pass
    with database.connect("portal_auditor") as auditor:
        report = verify_log(auditor, ExternalCheckpoints([], [], None))
    assert report.code != verify.ALTERED, [finding.message for finding in report.findings]
