"""An example agent: registers a device, asks its user for consents, reports, and confirms who asks at the portal.

    PORTAL=https://portal.example TOKEN=… python agent.py HOME

HOME is a folder of the device's own: its id, its queue. A real agent shows dialogues where this one asks on a terminal.
"""

import json
import os
import sys
from datetime import date
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

from exafe_gateway import (
    Access,
    Agreement,
    Courier,
    Ended,
    Gateway,
    GatewayError,
    Licence,
    Problem,
    Registration,
    Report,
    ReportQueue,
    Status,
    Transport,
)


class Agent:
    """One device: who it is is on the disk before the portal hears of it, so a kill never registers it twice."""

    def __init__(self, gateway: Gateway, home: Path) -> None:
        home.mkdir(mode=0o700, exist_ok=True)
        self.gateway = gateway
        self.queue = ReportQueue(home / "queue.sqlite")
        self.id = self._identity(home / "device.json")

    def _identity(self, path: Path) -> UUID:
        if not path.exists():
            new = path.with_suffix(".new")
            new.write_text(json.dumps({"device": str(uuid4())}))
            new.replace(path)
        return UUID(json.loads(path.read_text())["device"])

    def register(self) -> None:
        """Register the device, or send its registration again: the answer is the same."""
        licence = Licence(key="EXAFE-00000042", starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 31))
        made = self.gateway.register(
            self.id,
            Registration(
                serial_number=f"R3CX{self.id.hex[:7].upper()}", model="SM-S931N", os_version="16",
                os_build="BP2A.250605.031", time_zone="Asia/Seoul", licence=licence,
            ),
        )  # fmt: skip
        print(f"Registered as {made.reference}")

    def ask_consents(self) -> None:
        """Ask about each agreement by itself, the required ones first; and once how old the user is, if that's unknown.

        The date of birth goes with the first decision and is kept nowhere. Leave it out where only staff use devices.
        """
        found = self.gateway.consents(self.id)
        born_on = self._ask_birth_date() if found.needed and found.age == "unknown" else None
        for agreement in sorted(found.needed, key=lambda one: not one.required):
            if not self._ask(agreement, born_on):
                break
        for decision in self.gateway.consents(self.id).decisions:
            print(f"  {decision.agreement}: {decision.decision} ({decision.receipt})")

    def _ask_birth_date(self) -> date | None:
        """Ask again until it is a day, or nothing is typed."""
        while typed := input("Your date of birth, such as 2014-05-01 (nothing if only staff use it): ").strip():
            try:
                return date.fromisoformat(typed)
            except ValueError:
                print("That is no day of the calendar.")
        return None

    def _ask(self, agreement: Agreement, born_on: date | None) -> bool:
        """Ask about one agreement; return whether there is any point in asking about the next."""
        text = agreement.en
        print(f"\n{'Required' if agreement.required else 'Optional'}: {text.title}\n{text.body}")
        for name in ("purpose", "items", "retention", "refusal"):
            print(f"  {name}: {text.parts[name]}")
        typed = input("Agree? [y/n] ").strip().lower()
        try:
            receipt = self.gateway.decide(
                self.id,
                agreement.code,
                "agree" if typed == "y" else "disagree",
                version=agreement.version,
                decided_at=self.gateway.now(),
                language="en",
                birth_date=born_on,
            )
        except Problem as refused:
            if refused.code != "representative-needed":
                raise
            print("You are under 14. A parent or guardian has to agree: open the portal's page /consents/ together.")
            return False
        print(f"Receipt {receipt.receipt['record_id']}, digest {receipt.digest}")
        if not receipt.stands:
            print("This has no effect: a later decision is on record. To decide again, wait five minutes.")
        if receipt.code:
            print(f"Your consent code, shown once: {receipt.code}")
        return True

    def report(self, *bodies: Status | Access) -> None:
        """Put reports on the disk; the courier delivers them when the portal can be reached."""
        self.queue.add([Report(device=self.id, occurred_at=self.gateway.now(), body=body) for body in bodies])

    def answer_challenge(self) -> None:
        """Ask the holder for the code that the portal shows, if somebody asks there."""
        waiting = self.gateway.challenge(self.id)
        if waiting is None:
            print("Nobody asks about this device.")
            return
        code = input("Somebody asks about this device at the portal. Its code, or nothing if it isn't you: ").strip()
        state = self.gateway.confirm(self.id, waiting.id, code) if code else self.gateway.deny(self.id, waiting.id)
        print(f"Answered: {state}")


def main() -> int:
    """Register, ask, then do what is typed until the end of the input."""
    gateway = Gateway(Transport(os.environ["PORTAL"], os.environ["TOKEN"]))
    agent = Agent(gateway, Path(sys.argv[1]))
    stop = Event()
    courier = Courier(gateway, agent.queue, every=5)
    try:
        agent.register()
        agent.ask_consents()
        agent.report(Status(state="active"))
        working = Thread(target=courier.run, args=(stop,), daemon=True)
        working.start()
        for line in sys.stdin:
            if line.strip() == "challenge":
                agent.answer_challenge()
            elif line.strip():
                agent.report(Access(action=line.strip(), result="ok"))
    except Ended as ended:
        print(f"The service of this device has ended ({ended.code}): nothing more is sent.")
        agent.queue.drop_device(agent.id)
        return 0
    except GatewayError as error:
        print(error, file=sys.stderr)
        return 1
    stop.set()
    working.join()
    courier.step()
    print(f"{agent.queue.waiting()} reports wait, {len(agent.queue.refused())} were refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
