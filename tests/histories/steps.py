"""An office and its people, whose steps are taken by the real verbs, and a plain memory of what is so.

The memory is kept by the test alone: what a device was registered with, what was corrected, what people decided, what
was provided to whom. ``plain`` compares with it, and with the tables, what the portal says.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet

from devices import actions as devices
from devices.models import Device
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Delivery
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Disclosure
from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint, Incident
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention.models import DestructionList, Hold
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import GROUNDS_BY_KIND, GROUNDS_WITH_LAW, Objection, Request, Right
from privacy.subjects.models import Subject
from tests import factory
from tests.factories.incidents import KNOWN
from tests.factories.retention import lift_hold

DEVICES = 3
MODELS = ("SM-S931N", "SM-A556N", "SM-F741N", "XM-G120")
ITEMS = ("model", "os_version", "serial_number")
BEFORE_IDENTITY = ("received", "identity-pending")
DECIDABLE = ("verified", "in-review", "decided")
OPENED = [
    *((category, purpose) for category in ("device-registration", "contact") for purpose in ("legal-duty", "rights")),
    *((category, "rights") for category in ("rights-request", "complaint")),
    ("disclosure-request", "legal-duty"),
]
JOB = SystemActor("histories")


@dataclass
class ExpectedState:
    """What is so, as the test saw it happen."""

    values: dict[UUID, dict[str, str]] = field(default_factory=dict)
    # (person, agreement) → decisions, the newest last
    choices: dict[tuple[UUID, str], list[str]] = field(default_factory=dict)
    # (person, item) → who was given it, once for each provision
    given: dict[tuple[UUID, str], list[str]] = field(default_factory=dict)
    # (case, item) → the value asked for
    wished: dict[tuple[UUID, str], str] = field(default_factory=dict)
    # corrections carried out: right → (person, item, who had been given it)
    corrected: dict[UUID, tuple[UUID, str, frozenset[str]]] = field(default_factory=dict)


class Office:
    """The office of one history. ``at`` only grows; ``take`` takes a step, or leaves everything as it was."""

    def __init__(self) -> None:
        self.at = factory.at_noon(date(2026, 3, 2))
        self.odile, self.omar = factory.make_odile(granted=False), factory.make_omar()
        for officer, other in ((self.odile, self.omar), (self.omar, self.odile)):
            factory.grant_pairs(officer, OPENED, by=other, on=self.on)
        factory.end_waits_at_once()
        self.gate = factory.make_gate()
        self.memory = ExpectedState()
        self.devices = [self._register(number) for number in range(1, DEVICES + 1)]
        self.log: list[str] = []

    @property
    def on(self) -> date:
        return clock.kst_date(self.at)

    def _register(self, number: int) -> Device:
        # The registrations of the first two are due within the history; the third stays.
        ended = (date(2024, 3, 10), date(2024, 5, 10), date(2027, 12, 31))[number - 1]
        licence = {"key": f"EXAFE-{number:08d}", "starts_on": "2023-06-01", "ends_on": str(ended)}
        agreed = ("activation", "app-log")
        made = factory.make_device(number, at=factory.at_noon(date(2023, 6, 1)), licence=licence, agreed=agreed)
        sent = factory.registration(number)
        self.memory.values[made.subject_id] = {item: str(sent[item]) for item in ITEMS}
        for code in agreed:
            self.memory.choices[made.subject_id, code] = ["agree"]
        return made

    def take(self, name: str, number: int, days: int) -> bool:
        """Let days pass and take a step; a refused one changes nothing. False where there was nothing to do."""
        before, moment = deepcopy(self.memory), self.at
        self.at += timedelta(days=days, seconds=1)
        try:
            with transaction.atomic(), transaction.atomic(using="personal"), transaction.atomic(using="archive"):
                if not STEPS[name](self, number):
                    self.at = moment
                    return False
            said = "done"
        except Refusal as refusal:
            self.memory, said = before, f"refused: {refusal}"
        self.log.append(f"{self.on} {name} {number}: {said}")
        return True

    # -- requests ---------------------------------------------------------------------------------------------

    def device(self, number: int) -> Device:
        return self.devices[number % DEVICES]

    def ask(self, number: int, *kinds: str) -> bool:
        index, item = number % DEVICES, ITEMS[number // DEVICES % 2]
        wanted = MODELS[number % len(MODELS)] if item == "model" else str(14 + number % 4)
        asked = [
            RequestedRight(kind, category="device-registration", item=item, wanted=wanted)
            if kind == "correction"
            else RequestedRight(kind, wanted="locked" if kind.startswith("decision-") else "")
            for kind in kinds
        ]
        address = f"203.0.113.{number}"
        made = factory.ask(*asked, target=factory.imei(index + 1), answer_by="portal", at=self.at, address=address)
        self.memory.wished[made.request.id, item] = wanted
        return True

    def case(self, number: int, *states: str) -> Request | None:
        return some(Request.objects.filter(state__in=states).order_by("received_at", "number"), number)

    def right(self, number: int, **lookups: Any) -> Right | None:
        return some(
            Right.objects.filter(**lookups).order_by("request__received_at", "request__number", "position"), number
        )

    def verify(self, number: int) -> bool:
        case = self.case(number, *BEFORE_IDENTITY)
        return bool(case and factory.verify_by_documents(case, actor=self.omar, at=self.at))

    def reject_identity(self, number: int) -> bool:
        case = self.case(number, *BEFORE_IDENTITY)
        return bool(case and rights.reject_identity(case, actor=self.odile, at=self.at))

    def withdraw_request(self, number: int) -> bool:
        case = self.case(number, *BEFORE_IDENTITY, "verified", "in-review")
        return bool(case and rights.withdraw(case, actor=Requester(case.reference), at=self.at))

    def grant(self, number: int) -> bool:
        right = self.right(number, decision="pending", request__state__in=DECIDABLE)
        return bool(right and rights.grant(right, actor=self.odile, at=self.at))

    def refuse(self, number: int) -> bool:
        right = self.right(number, decision="pending", request__state__in=DECIDABLE)
        if right is None:
            return False
        ground = GROUNDS_BY_KIND[right.kind][number % len(GROUNDS_BY_KIND[right.kind])]
        law = "PIPA 35(4)" if ground in GROUNDS_WITH_LAW else ""
        return bool(rights.refuse(right, ground=ground, law=law, actor=self.odile, at=self.at))

    def carry_out(self, number: int) -> bool:
        right = self.right(number, decision__in=("granted", "partly-granted"), carried_out_at=None)
        if right is None:
            return False
        if right.kind == "decision-review" and right.request.subject_id is not None:
            said = {"result": "looked into"}
            return bool(rights.answer_decision(right, outcome="reflected", said=said, actor=self.omar, at=self.at))
        rights.carry_out(right, actor=self.odile, at=self.at)
        right.refresh_from_db()
        person = right.request.subject_id
        overtaken = right.result.get("destroyed")
        if right.kind == "correction" and right.carried_out_at and person and not overtaken:
            if person in self.memory.values:
                self.memory.values[person][right.item] = self.memory.wished[right.request_id, right.item]
            told = frozenset(self.memory.given.get((person, right.item), ()))
            self.memory.corrected[right.id] = (person, right.item, told)
        return True

    def object(self, number: int) -> bool:
        right = self.right(number, decision="refused")
        return bool(
            right and rights.object_to(right, statement="no", actor=Requester(right.request.reference), at=self.at)
        )

    def decide_objection(self, number: int) -> bool:
        pending = some(Objection.objects.filter(outcome="pending").order_by("received_at", "id"), number)
        outcome = "upheld" if number % 2 else "dismissed"
        return bool(pending and rights.decide_objection(pending, outcome=outcome, actor=self.omar, at=self.at))

    def close(self, number: int) -> bool:
        case = self.case(number, "notified")
        return bool(case and rights.close_case(case, actor=self.odile, at=self.at))

    # -- what devices send, and what people decide --------------------------------------------------------------

    def update_device(self, number: int) -> bool:
        device, model = self.device(number), MODELS[number % len(MODELS)]
        devices.update(device_id=device.id, changes={"model": model}, gateway=self.gate, at=self.at)
        self.memory.values[device.subject_id]["model"] = model
        return True

    def send_logs(self, number: int) -> bool:
        reports = [factory.make_report(self.device(number), kind, at=self.at) for kind in ("status", "app-log")]
        devices.store_reports(factory.make_batch(*reports), gateway=self.gate, at=self.at)
        return True

    def end_service(self, number: int) -> bool:
        devices.end_service(device_id=self.device(number).id, ended_on=self.on, gateway=self.gate, at=self.at)
        return True

    def decide(self, number: int) -> bool:
        person = self.device(number).subject_id
        choice = "withdraw" if number // DEVICES % 2 else "agree"
        known = self.memory.choices[person, "app-log"]
        made = factory.decide(person, "app-log", choice, at=self.at)
        if made.decided_at == self.at:
            known.append(choice)
        return True

    # -- disclosures ------------------------------------------------------------------------------------------

    def provide(self, number: int) -> bool:
        device, code = self.device(number), ("acme", "bora")[number // DEVICES % 2]
        party = factory.make_third_party(code)
        made = factory.make_disclosure(device, "model", at=self.at, third_party=party)
        factory.attach_scan(made, at=self.at)
        self.read_and_approve(made)
        disclosures.provide(made, actor=self.odile, at=self.at)
        self.memory.given.setdefault((device.subject_id, "model"), []).append(code)
        return True

    def read_and_approve(self, made: Disclosure) -> None:
        made.refresh_from_db()
        disclosures.open_scan(made, actor=self.omar, at=self.at)
        disclosures.approve(made, actor=self.omar, at=self.at)

    # -- retention --------------------------------------------------------------------------------------------

    def sweep(self, number: int) -> bool:
        factory.sweep_on(self.on)
        return True

    def approve_list(self, number: int) -> bool:
        row = some(DestructionList.objects.filter(state="proposed").order_by("reference"), number)
        if row is None:
            return False
        for officer in (self.odile, self.omar):
            if row.state == "proposed":
                retention.approve(row, actor=officer, at=self.at)
                row.refresh_from_db()
        return True

    def destroy(self, number: int) -> bool:
        row = some(DestructionList.objects.filter(state__in=("approved", "executing")).order_by("reference"), number)
        return bool(row and retention.execute(row, actor=JOB, at=self.at))

    def hold(self, number: int) -> bool:
        factory.make_hold(at=self.at, subject_id=self.device(number).subject_id)
        return True

    def lift_hold(self, number: int) -> bool:
        hold = some(Hold.objects.filter(lifted_at=None).order_by("placed_at"), number)
        return bool(hold and lift_hold(hold, reason="over", at=self.at))

    # -- incidents and complaints -------------------------------------------------------------------------------

    def incident(self, number: int) -> bool:
        certainty = "possible" if number % 2 else "confirmed"
        made = factory.make_incident(aware_at=self.at, certainty=certainty)
        incidents.describe_incident(made, actor=self.odile, at=self.at, **KNOWN)
        incidents.take_measure(made, what="wiped", taken_at=self.at, actor=self.odile, at=self.at)
        return True

    def an_incident(self, number: int) -> Incident | None:
        return some(Incident.objects.filter(closed_at=None).order_by("recorded_at", "pk"), number)

    def add_people(self, number: int) -> bool:
        found = self.an_incident(number)
        if found is None:
            return False
        lines = [Subject.objects.get(id=self.device(number).subject_id).reference]
        incidents.add_named(found, lines=lines, source="reference", actor=self.odile, at=self.at)
        return True

    def confirm(self, number: int) -> bool:
        found = self.an_incident(number)
        return bool(found and incidents.confirm_breach(found, actor=self.odile, at=self.at))

    def notify(self, number: int) -> bool:
        found = self.an_incident(number)
        if found is None:
            return False
        incidents.notify_subjects(found, actor=self.odile, at=self.at)
        return True

    def tell_by_letter(self, number: int) -> bool:
        delivery = some(Delivery.objects.filter(settled_at=None).order_by("id"), number)
        if delivery is None:
            return False
        campaigns.record_offline_notice(delivery, way="letter", on=self.on, actor=self.odile, at=self.at)
        return True

    def post_on_website(self, number: int) -> bool:
        found = self.an_incident(number)
        return bool(found and incidents.post_on_website(found, actor=self.odile, at=self.at))

    def close_incident(self, number: int) -> bool:
        found = self.an_incident(number)
        if found is None:
            return False
        incidents.propose_closing(found, conclusion="done", actor=self.odile, at=self.at)
        incidents.close_incident(found, actor=self.omar, at=self.at)
        return True

    def complain(self, number: int) -> bool:
        incidents.file_complaint(explanation=f"complaint {number}", address=f"198.51.100.{number}", at=self.at)
        return True

    def answer_complaint(self, number: int) -> bool:
        found = some(Complaint.objects.filter(state="received").order_by("received_at"), number)
        return bool(found and incidents.answer_complaint(found, answer="answered", actor=self.odile, at=self.at))


def some[T: Model](rows: QuerySet[T], number: int) -> T | None:
    """Return one of these rows, chosen by a number."""
    found = list(rows)
    return found[number % len(found)] if found else None


STEPS: dict[str, Callable[[Office, int], bool]] = {
    "ask for access": lambda office, number: office.ask(number, "access"),
    "ask for a correction": lambda office, number: office.ask(number, "correction"),
    "ask for access and a correction": lambda office, number: office.ask(number, "access", "correction"),
    "ask for deletion": lambda office, number: office.ask(number, "deletion"),
    "ask for suspension": lambda office, number: office.ask(number, "suspension"),
    "ask for the source": lambda office, number: office.ask(number, "source"),
    "ask for a review of a decision": lambda office, number: office.ask(number, "decision-review"),
    "ask for access and the source": lambda office, number: office.ask(number, "access", "source"),
    "verify": Office.verify,
    "reject the identity": Office.reject_identity,
    "withdraw a request": Office.withdraw_request,
    "grant": Office.grant,
    "refuse": Office.refuse,
    "carry out": Office.carry_out,
    "object": Office.object,
    "decide an objection": Office.decide_objection,
    "close a case": Office.close,
    "update a device": Office.update_device,
    "send logs": Office.send_logs,
    "end a service": Office.end_service,
    "agree or withdraw": Office.decide,
    "provide": Office.provide,
    "sweep": Office.sweep,
    "approve a list": Office.approve_list,
    "destroy": Office.destroy,
    "place a hold": Office.hold,
    "lift a hold": Office.lift_hold,
    "record an incident": Office.incident,
    "add people to an incident": Office.add_people,
    "confirm a breach": Office.confirm,
    "notify": Office.notify,
    "tell by letter": Office.tell_by_letter,
    "post on the website": Office.post_on_website,
    "close an incident": Office.close_incident,
    "complain": Office.complain,
    "answer a complaint": Office.answer_complaint,
}
