"""A run of the portal's processes over a company's systems: people come and ask, officers act, everything is killed.

It is told what to do by ``test_systems_kills.py``; what is so in the end is looked up by ``company_checks.py``.
"""

import contextlib
import http.client
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from config import web_server
from privacy.lib.dates import clock
from privacy.retention.models import Hold
from privacy.rights.models import Right
from privacy.subjects.models import Subject
from privacy.systems.models import SystemTask
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.config.test_web_server import alive, free_port
from tests.database import ROOT, PortalDatabase
from tests.faults.company import Crm, OneSystem, Person

# So many rights wait to be carried out at once at most.
MOST_OPEN = 12
# A delivery that was begun so long ago is taken as a dead worker's; the portal itself waits for two minutes.
DEAD_SECONDS = 25
# How often a contradicted liar is asked anew before the run ends.
TOLD_OFF = 1
# What becomes of people, in turn. A hold is placed before their request comes, and lifted some people later.
KINDS = (
    "correction", "deletion", "suspension", "deletion", "resumed", "correction", "hold", "bystander", "held-correction",
    "deletion", "held-deletion", "lifted", "corrected-deletion",
)  # fmt: skip
ASKED = {
    "correction": "correction", "held-correction": "correction", "corrected-deletion": "correction",
    "deletion": "deletion", "held-deletion": "deletion",
    "suspension": "suspension", "resumed": "suspension",
}  # fmt: skip
JOBS = ("jobs.tasks.dispatch_internal", "jobs.tasks.dispatch_external", "rights.tasks.resume")
LIAR, OFFLINE = "desk", "leads"
State = SystemTask.State


class Portal:
    """The portal's processes: pages, worker, and an office in which officers are at work."""

    def __init__(self, database: PortalDatabase, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.port = free_port()
        python = [sys.executable, "manage.py"]
        self.commands = {
            "pages": web_server.command(host="127.0.0.1", port=self.port, workers=1),
            "worker": [*python, "qcluster"],
            "office": [sys.executable, "-m", "tests.faults.office_at_work", str(folder)],
        }
        own = {"OPEN_UNSCANNED_UPLOADS": "1"}
        self.environs = {
            "pages": {**database.environ("portal_app"), "PORTAL_PROCESS": "pages", **own},
            "worker": {**database.environ("portal_worker"), "PORTAL_PROCESS": "worker", **own},
            "office": {**database.environ(), **own},
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, env=self.environs[name], stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """Kill a process with all that it started; of the office who is at work."""
        if name == "office":
            with contextlib.suppress(OSError, ValueError):
                os.kill(int((self.folder / "at-work").read_text()), signal.SIGKILL)
            return
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def order(self, person: Person, word: str) -> None:
        """Tell the office what it does of its own accord."""
        with (self.folder / "orders").open("a") as orders:
            orders.write(f"{person.subject_id} {word}\n")


class Door(threading.Thread):
    """People who fill in the public form, and send it until it is answered."""

    def __init__(self, portal: Portal) -> None:
        super().__init__(daemon=True)
        self.portal, self.waiting = portal, queue.Queue[tuple[Person, str] | None]()
        self.sent = self.tries = 0
        self.rude: list[str] = []

    def run(self) -> None:
        while (asked := self.waiting.get()) is not None:
            while not self.send(*asked):
                time.sleep(0.2)
            self.sent += 1

    def send(self, person: Person, right: str) -> bool:
        self.tries += 1
        said = {
            "rights": right, "target_kind": "licence_key", "target": f"EXAFE-{person.number:08d}",
            "requester": "self", "name": "Mina", "answer_by": "portal",
            "submission": f"form-{person.number}-{right}", "csrfmiddlewaretoken": "a" * 32,
        }  # fmt: skip
        if right == "correction":
            said |= {"item": "device-registration/imei", "wanted": person.wanted}
        headers = {
            "Host": "localhost", "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.CSRF_COOKIE_NAME}={'a' * 32}",
        }  # fmt: skip
        # From an address each, as people do: one address has its limit.
        own = (f"127.0.{person.number // 250 + 1}.{person.number % 250 + 1}", 0)
        wire = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=20, source_address=own)
        try:
            wire.request("POST", reverse("rights:request"), urlencode(said), headers)
            answer = wire.getresponse()
            body = answer.read()
            if answer.status not in (200, 503):
                self.rude.append(f"{answer.status}: {body[-2000:]!r}")
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            wire.close()


class Run:
    """A whole run: who is there, and what was killed."""

    def __init__(self, portal: Portal, systems: list[OneSystem], dice: random.Random) -> None:
        self.portal, self.systems, self.dice = portal, {one.code: one for one in systems}, dice
        self.door = Door(portal)
        self.people: dict[str, list[Person]] = {kind: [] for kind in KINDS}
        self.lifts: list[tuple[int, Person]] = []
        self.killed: Counter[str] = Counter()
        self.offline_since: datetime | None = None
        self.photographed: dict[int, datetime] = {}
        self.next_push, self.push_seconds = 0.0, 4.0

    @property
    def everybody(self) -> list[Person]:
        return [one for several in self.people.values() for one in several]

    def begin(self) -> None:
        for system in self.systems.values():
            system.register()
            system.start()
        for name in self.portal.commands:
            self.portal.start(name)
        until(lambda: alive(self.portal.port))
        self.door.start()

    def one_more(self) -> None:
        """Let somebody be there, and ask for what their kind asks."""
        number = len(self.everybody) + 1
        kind = KINDS[(number - 1) % len(KINDS)]
        device = factory.make_device(number, at=clock.now())
        wanted = factory.imei(500_000 + number) if ASKED.get(kind) == "correction" else ""
        person = Person(number, device.subject_id, Subject.objects.get(pk=device.subject_id).reference, wanted)
        for system in self.systems.values():
            system.put(person)
        self.people[kind].append(person)
        if kind.startswith("held-") or kind in ("hold", "lifted"):
            self.portal.order(person, "place")
            if kind != "hold":
                self.lifts.append((number + 6, person))
        if kind == "resumed":
            self.portal.order(person, "resume")
        if kind in ASKED:
            self.door.waiting.put((person, ASKED[kind]))
        if kind == "corrected-deletion":
            self.door.waiting.put((person, "deletion"))
        for at, held in [one for one in self.lifts if one[0] <= number]:
            self.lifts.remove((at, held))
            self.portal.order(held, "lift")

    def tend(self) -> None:
        """Start again what was killed, and see to what waits."""
        now = time.monotonic()
        for system in self.systems.values():
            if not system.is_up and now >= system.back_at and self.is_online(system):
                system.start()
        for name in self.portal.commands.keys() - self.portal.processes.keys():
            self.portal.start(name)
        # No scanner runs here; its verdict is what counts.
        EncryptedFile.objects.unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=clock.now())
        photos = self.systems["photos"]
        # Each look is three calls for each person, so of those who came long ago nothing more is looked for.
        late = len(self.everybody) - 2 * len(KINDS)
        kinds = ("suspension", "resumed", "hold", "lifted")
        frozen = [one for kind in kinds for one in self.people[kind] if one.number > late]
        for number in photos.frozen([one for one in frozen if one.number not in self.photographed]):
            self.photographed[number] = clock.now()
        if now >= self.next_push:
            self.next_push = now + self.push_seconds
            self.push()
            self.take_back_customers()

    def is_online(self, system: OneSystem) -> bool:
        return system.code != OFFLINE or self.offline_since is None

    def kill_one(self) -> None:
        """Kill a process of the portal, the worker or a system."""
        kind = self.dice.choice(("portal", "worker", "system", "system"))
        if kind == "system":
            system = self.dice.choice([one for one in self.systems.values() if self.is_online(one)])
            if system.is_up:
                system.kill()
                system.back_at = time.monotonic() + self.dice.uniform(0, 3)
                self.killed[system.code] += 1
            return
        name = "worker" if kind == "worker" else self.dice.choice(("pages", "office", "office"))
        if name in self.portal.processes:
            self.portal.kill(name)
            self.killed[name] += 1

    def go_offline(self) -> None:
        system = self.systems[OFFLINE]
        if system.is_up:
            system.kill()
        self.offline_since = clock.now()

    def push(self, *, everything: bool = False) -> None:
        """Let nothing wait for hours: make what is put off due, and take rows back from workers that died."""
        reached = "true" if everything else f"destination NOT LIKE 'system:{OFFLINE}:%'"
        for alias, table in (("default", "jobs_generaloutbox"), ("personal", "jobs_personaloutbox")):
            with self.portal.database.connect(alias=alias) as superuser:
                superuser.execute(
                    f"UPDATE {table} SET not_before = now() WHERE done_at IS NULL AND parked_at IS NULL"
                    f" AND lease_until IS NULL AND not_before > now() AND {reached}"
                )
                superuser.execute(
                    f"UPDATE {table} SET lease_until = now() WHERE lease_until < now() + interval '2 minutes'"
                    f" - interval '{DEAD_SECONDS} s' AND done_at IS NULL"
                )
        for job in JOBS:
            # A row that a dead worker took is free again after five minutes only.
            if not OrmQ.objects.filter(payload=f"privacy.{job}", lock__lte=timezone.now()).exists():
                OrmQ.objects.create(key="portal", payload=f"privacy.{job}", lock=timezone.now())

    def take_back_customers(self) -> None:
        """Whose destruction the CRM has proven may come back there: a call that came twice would hit them."""
        crm = self.systems["crm"]
        assert isinstance(crm, Crm)
        proven = set(
            SystemTask.objects.filter(system__code="crm", act="destroy", state=State.CONFIRMED)
            .values_list("subject_id", flat=True)
        )  # fmt: skip
        for person in self.people["deletion"]:
            if person.subject_id in proven and not person.returned and person.number % 2:
                crm.take_back(person)
                person.returned = True

    def is_busy(self) -> bool:
        waiting = Right.objects.filter(carried_out_at=None).count()
        return waiting + self.door.waiting.qsize() >= MOST_OPEN

    def tasks(self) -> list[SystemTask]:
        return list(SystemTask.objects.select_related("system").order_by("ordered_at"))

    def settle(self, *, still_seconds: float, most_seconds: float) -> None:
        """Kill no more, and let everything come to its end that can.

        It has stopped where nothing more ended for ``still_seconds``, whatever the pace of the machine, or where it
        goes round in circles for ``most_seconds``.
        """
        for _at, person in self.lifts:
            self.portal.order(person, "lift")
        self.lifts.clear()
        self.door.waiting.put(None)
        self.push_seconds = 1.5
        began = moved = time.monotonic()
        before: set[str] = set()
        while left := self.unfinished():
            now = time.monotonic()
            # What is asked again and again, and shown in another state each time, does not end.
            if (names := {line.split(": ")[0] for line in left}) != before:
                before, moved = names, now
            assert now < moved + still_seconds, "nothing more ends:\n" + "\n".join(left)
            assert now < began + most_seconds, "it does not come to an end:\n" + "\n".join(left)
            self.tend()
            time.sleep(0.5)
        self.door.join(10)

    def unfinished(self) -> list[str]:
        """Return what is still to come to its end, of what does."""
        left = [f"{self.door.waiting.qsize()} at the door"] if self.door.is_alive() else []
        left += [f"right {one.kind} of {one.request.subject_id}: {one.decision} {one.trouble}"
                 for one in Right.objects.filter(carried_out_at=None).select_related("request")]  # fmt: skip
        left += [f"suspension of {one.request.subject_id}"
                 for one in Right.objects.filter(kind="suspension", resumed_at=None).select_related("request")
                 if one.request.subject_id in {person.subject_id for person in self.people["resumed"]}]  # fmt: skip
        left += [f"no hold of {one.number}" for one in self.under_hold()
                 if not Hold.objects.filter(subject_id=one.subject_id).exists()]  # fmt: skip
        left += [f"hold {one}" for one in Hold.objects.filter(lifted_at=None)
                 if one.subject_id not in {person.subject_id for person in self.people["hold"]}]  # fmt: skip
        for task in self.tasks():
            if task.system.code == OFFLINE:
                continue
            lied = task.system.code == LIAR and task.act in ("destroy", "correct")
            # What is destroyed here has no right value any more: a person settles its correction.
            overtaken = task.act in ("correct", "release") and task.subject_id in {
                one.subject_id for one in self.people["corrected-deletion"]
            }
            if (
                task.is_open
                and not overtaken
                and not (lied and task.contradictions >= TOLD_OFF)
                and not self.waits_for_the_liar(task)
            ):
                left.append(f"{task.reference} {task.system.code} {task.act}: {task.state} {task.trouble}")
        return left

    def waits_for_the_liar(self, task: SystemTask) -> bool:
        """Whether it is a release at the liar, which waits for a person while a correction there is contradicted."""
        return task.system.code == LIAR and task.act == "release" and task.subject_id in {
            one.subject_id for kind in ("correction", "held-correction") for one in self.people[kind]
        }  # fmt: skip

    def under_hold(self) -> list[Person]:
        return [one for kind in ("hold", "lifted", "held-correction", "held-deletion") for one in self.people[kind]]


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that comes to pass."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
