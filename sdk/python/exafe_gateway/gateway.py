"""The calls of the portal's API for gateways, typed."""

import dataclasses
import gzip
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exafe_gateway import answers, signing
from exafe_gateway.problems import Problem, UnexpectedAnswer
from exafe_gateway.queue import QueuedBatch, ReportQueue, batch_body
from exafe_gateway.reports import Report, moment
from exafe_gateway.transport import Answer, Transport

type Language = Literal["ko", "en"]
# How often a batch is refused as a whole before that is taken for its own fault.
REFUSALS_BELIEVED = 3


@dataclass(frozen=True)
class Delivered:
    """What a delivery did: how many reports were stored, and how many refused (the queue says which and why)."""

    stored: int
    refused: int


class Gateway:
    """The portal for one gateway. A call raises what ``problems.py`` names, and is tried again by itself.

    ``device_keys``: the private keys of devices that have one of their own; what is said of them is signed with it.
    """

    def __init__(self, transport: Transport, *, device_keys: dict[UUID, Ed25519PrivateKey] | None = None) -> None:
        self.transport = transport
        self.device_keys = device_keys or {}

    def now(self) -> datetime:
        """Return this moment by the portal's clock, as far as an answer has shown it: for ``occurred_at``."""
        return datetime.fromtimestamp(self.transport.now(), UTC)

    def register(self, device: UUID, registration: answers.Registration) -> answers.Device:
        """Register a device under an id of the client's own, or send its registration again."""
        told = {
            name: value
            for name, value in dataclasses.asdict(registration).items()
            if value is not None and name not in {"licence", "more"}
        }
        told |= registration.more
        answer = self._write("PUT", device, "", {**told, "licence": registration.licence.as_json()})
        return self._device(answer)

    def update(self, device: UUID, *, licence: answers.Licence | None = None, **items: str) -> answers.Device:
        """Change items of a device, such as ``os_version="17"``, or its licence."""
        told: dict[str, Any] = dict(items)
        if licence is not None:
            told["licence"] = licence.as_json()
        return self._device(self._write("PATCH", device, "", told))

    def end_service(self, device: UUID, ended_on: date) -> answers.Device:
        """Say that the service of a device has ended."""
        return self._device(self._write("POST", device, "/end-of-service", {"ended_on": ended_on.isoformat()}))

    def errors_settled(self, device: UUID, until: datetime) -> datetime:
        """Say until when a device's errors are settled: its app logs until then are removed. Return until when."""
        answer = self._write("POST", device, "/errors-settled", {"until": moment(until)})
        return datetime.fromisoformat(answer.told["settled_until"])

    def set_device_key(self, device: UUID, key: Ed25519PrivateKey) -> answers.Device:
        """Give a device a key of its own, and sign with it from here on. Keep the key before this is called."""
        made = self._device(self._write("PUT", device, "/signing-key", {"signing_key": signing.public_key(key)}))
        self.device_keys[device] = key
        return made

    def consents(self, device: UUID) -> answers.Consents:
        """Return what the user decided, and about which agreements to ask."""
        return answers.consents_of(self._read(device, "/consents").told)

    def decide(
        self,
        device: UUID,
        agreement: str,
        decision: Literal["agree", "disagree", "withdraw"],
        *,
        version: int,
        decided_at: datetime,
        language: Language,
        method: Literal["paper", "phone", "phone-website", "website", "email", "app"] = "app",
        birth_date: date | None = None,
        representative: answers.Representative | None = None,
        key: str = "",
    ) -> answers.Receipt:
        """Send one decision of the user; show the receipt, its digest and the code, and say where it has no effect.

        ``birth_date``: of the user, where children may use your devices, with the first decision; the portal keeps no
        date. For who is under 14 a legal ``representative`` agrees; else ``representative-needed`` is raised.

        ``key``: an Idempotency-Key that you kept; with it, a decision whose answer a kill lost gets its code again.
        """
        told: dict[str, Any] = {
            "decision": decision, "version": version, "decided_at": moment(decided_at), "method": method,
            "language": language,
        }  # fmt: skip
        if birth_date is not None:
            told["birth_date"] = birth_date.isoformat()
        if representative is not None:
            by = dataclasses.asdict(representative)
            told["representative"] = {name: value for name, value in by.items() if value is not None}
        answer = self._write("PUT", device, f"/consents/{quote(agreement, safe='')}", told, key=key)
        told = answer.told
        return answers.Receipt(told["receipt"], told["digest"], told["code"], told.get("stands", True))

    def record_contacts(
        self, device: UUID, contacts: Collection[answers.Contact]
    ) -> tuple[answers.KnownContact, ...]:  # fmt: skip
        """Send the contacts that the user gave, of each kind one; return which are used."""
        answer = self._write("PUT", device, "/contacts", {"contacts": [dataclasses.asdict(one) for one in contacts]})
        return tuple(
            answers.KnownContact(
                one["kind"], one["language"], one["preferred"], one["verified"],
                datetime.fromisoformat(one["recorded_at"]), one.get("corrected", False),
            )
            for one in answer.told["contacts"]
        )  # fmt: skip

    def messages(self, device: UUID) -> tuple[answers.Message, ...]:
        """Return what the device has to show to its user, oldest first; ask once an hour."""
        return tuple(
            answers.Message(
                UUID(one["message"]), one["kind"], one["language"], datetime.fromisoformat(one["since"]),
                answers.MessageText(**one["ko"]), answers.MessageText(**one["en"]),
            )
            for one in self._read(device, "/messages").told["messages"]
        )  # fmt: skip

    def message_shown(self, device: UUID, message: UUID, shown_at: datetime) -> None:
        """Say when the device showed a message; a day without that, and it goes another way."""
        self._write("PUT", device, f"/messages/{message}/shown", {"shown_at": moment(shown_at)})

    def challenge(self, device: UUID) -> answers.Challenge | None:
        """Return the challenge that waits for the device, if there is one."""
        told = self._read(device, "/challenge").told
        if told is None:
            return None
        return answers.Challenge(UUID(told["challenge"]), datetime.fromisoformat(told["expires_at"]))

    def confirm(self, device: UUID, challenge: UUID, code: str) -> str:
        """Send the code that the holder typed on the device; return the challenge's state."""
        return self._answer(device, {"challenge": str(challenge), "response": "confirm", "code": code})

    def deny(self, device: UUID, challenge: UUID) -> str:
        """Say that the holder did not ask for this; return the challenge's state."""
        return self._answer(device, {"challenge": str(challenge), "response": "deny"})

    def advertising_permission(
        self, device: UUID, channel: Literal["sms", "email", "push"], at: datetime | None = None
    ) -> answers.Permission:
        """Return whether this channel may be used for advertising to this person, now or at a moment, and why."""
        asked = {"device": str(device), "channel": channel} | ({} if at is None else {"at": moment(at)})
        told = self.transport.call("GET", "/advertising/permission", query=urlencode(asked)).told
        because = tuple((one["code"], one["message"]) for one in told["because"])
        until = told["confirm_by"] and date.fromisoformat(told["confirm_by"])
        return answers.Permission(told["allowed"], because, told["consent"], until)

    def send(self, reports: Collection[Report], *, batch: UUID | None = None) -> answers.BatchAnswer:
        """Send up to 1,000 reports at once, without a queue. The same ``batch`` again is stored once."""
        return self._send(batch_body(batch or uuid4(), reports))

    def deliver(self, queue: ReportQueue) -> Delivered:
        """Send what waits in a queue, batch by batch. What raises leaves the rest where it is: call it again later."""
        stored = refused = 0
        refusals: Counter[UUID] = Counter()
        while (batch := queue.next_batch(at=self.transport.now())) is not None:
            try:
                answer = self._send(batch.body)
            except Problem as problem:
                refusals[batch.id] += 1
                self._refused(queue, batch, problem, times=refusals[batch.id])
                continue
            if answer.stored + len(answer.refused) != len(batch.numbers):
                raise UnexpectedAnswer("the portal answers for another number of reports than were sent")
            queue.settle(batch, answer.refused)
            stored += answer.stored
            refused += len(answer.refused)
        return Delivered(stored, refused)

    def _refused(self, queue: ReportQueue, batch: QueuedBatch, problem: Problem, *, times: int) -> None:
        """Do with a batch that was refused as a whole what lets the others through. Raises the problem otherwise."""
        if problem.code == "batch-reused":
            # This queue was put back from a copy: what this batch was, somebody else has answered for.
            queue.set_aside(batch, problem.code)
        elif problem.status == 400 and times < REFUSALS_BELIEVED:
            return  # perhaps it was cut off on its way, and refused for what was missing
        elif problem.status in {400, 413}:
            queue.split(batch, code=problem.code, pointer=problem.items[0].pointer if problem.items else "")
        else:
            raise problem

    def _send(self, body: bytes) -> answers.BatchAnswer:
        told = self.transport.call("POST", "/reports", gzip.compress(body, mtime=0), packed=True).told
        refused = (
            answers.RefusedReport(one["index"], one["code"], one["pointer"], one["message"]) for one in told["refused"]
        )
        return answers.BatchAnswer(told["stored"], tuple(refused))

    def _read(self, device: UUID, path: str) -> Answer:
        return self.transport.call("GET", f"/devices/{device}{path}", device_key=self.device_keys.get(device))

    def _write(self, method: str, device: UUID, path: str, told: Any, *, key: str = "") -> Answer:
        body = json.dumps(told, ensure_ascii=False).encode()
        return self.transport.call(
            method, f"/devices/{device}{path}", body, key=key or str(uuid4()), device_key=self.device_keys.get(device)
        )

    def _device(self, answer: Answer) -> answers.Device:
        told, corrected = answer.told, tuple(answer.told.get("corrected", ()))
        return answers.Device(UUID(told["device"]), told["reference"], answer.status == 201, corrected)

    def _answer(self, device: UUID, told: Any) -> str:
        return str(self._write("POST", device, "/challenge", told).told["state"])
