"""Made-up devices: valid identifiers, plausible models, people who agree to some things and not to others.

The same seed makes the same fleet, so a second run sends the same devices again.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

MODELS = (
    ("SM-S931N", "Galaxy S25"), ("SM-S926N", "Galaxy S24+"), ("SM-F956N", "Galaxy Z Fold6"), ("SM-A556S", "Galaxy A55"),
    ("SM-X910N", "Galaxy Tab S9 Ultra"), ("LM-V510N", "LG V50S ThinQ"), ("A3102", "iPhone 16 Pro"),
)  # fmt: skip
BUILDS = {"14": "UP1A.231005.007", "15": "AP3A.240905.015", "16": "BP2A.250605.031"}
SETTINGS = ("camera", "screen-capture", "usb-transfer", "bluetooth", "wifi-profile", "app-allow-list")
LOGS = (
    ("info", "policy synchronised"), ("warning", "policy server answered late, trying again"),
    ("error", "setting did not apply: the system refused it"), ("error", "binder timed out"),
)  # fmt: skip
# How often a device reports each kind, in parts of all its reports.
SHARES = {
    "status": 30, "access": 30, "configuration": 14, "app-status": 14, "access-count": 6, "app-log": 6
}  # fmt: skip


@dataclass(frozen=True)
class Device:
    """One device of the fleet and what its person decides."""

    id: UUID
    registration: dict[str, Any]
    consents: dict[str, str]

    @property
    def may_send_logs(self) -> bool:
        return self.consents["app-log"] == "agree"


def imei(number: int) -> str:
    """Return a valid IMEI: a type code for tests, a running number, the check digit."""
    digits = f"{35_000_000_000_000 + number:014d}"
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


def devices(count: int, *, seed: int, on: date) -> Iterator[Device]:
    """Yield a fleet."""
    source = random.Random(seed)  # noqa: S311 - made-up data
    for number in range(count):
        model, description = source.choice(MODELS)
        version = source.choice(list(BUILDS))
        starts_on = on - timedelta(days=source.randrange(20, 700))
        registration = {
            "imei": imei(seed % 1000 * 1_000_000 + number),
            "serial_number": f"R3C{seed % 1000:03d}{number:07d}",
            "model": model,
            "model_description": description,
            "os_version": version,
            "os_build": BUILDS[version],
            "time_zone": "Asia/Seoul",
            "licence": {
                "key": f"EXAFE-{seed % 1000:03d}-{number:07d}",
                "starts_on": starts_on.isoformat(),
                "ends_on": (starts_on + timedelta(days=730)).isoformat(),
            },
        }
        consents = {
            "activation": "agree",
            "service-analytics": "agree",
            "app-log": source.choices(["agree", "disagree"], [60, 40])[0],
            "advertising-email": source.choices(["agree", "disagree"], [25, 75])[0],
        }
        # Receiving advertising is agreed to apart from the use for it, and by nobody without it.
        consents["marketing-use"] = consents["advertising-email"]
        yield Device(UUID(int=source.getrandbits(128), version=4), registration, consents)


def reports(device: Device, *, since: datetime, until: datetime, rate: float, seed: int) -> Iterator[dict[str, Any]]:
    """Yield what a device reports in a period, ``rate`` reports a day, the oldest first."""
    source = random.Random(f"{seed}:{device.id}")  # noqa: S311
    kinds = [kind for kind in SHARES if kind != "app-log" or device.may_send_logs]
    weights = [SHARES[kind] for kind in kinds]
    moment = since
    yield _report(device, "activation", since, {"activated_at": since.isoformat()})
    while (moment := moment + timedelta(seconds=source.expovariate(rate / 86_400))) < until:
        kind = source.choices(kinds, weights)[0]
        yield _report(device, kind, moment, _body(kind, moment, source))


def _report(device: Device, kind: str, moment: datetime, body: dict[str, Any]) -> dict[str, Any]:
    return {"device": str(device.id), "kind": kind, "occurred_at": moment.isoformat(), "body": body}


def _body(kind: str, moment: datetime, source: random.Random) -> dict[str, Any]:
    match kind:
        case "status":
            return {"state": source.choices(["active", "inactive", "locked"], [90, 7, 3])[0]}
        case "access":
            return {
                "action": source.choice(["unlock", "sign-in"]),
                "result": source.choices(["ok", "denied"], [95, 5])[0],
            }
        case "access-count":
            return {
                "count": source.randrange(1, 80),
                "from": (moment - timedelta(days=1)).isoformat(),
                "until": moment.isoformat(),
            }
        case "app-status":
            return {"app": "com.extrus.exafe", "version": "3.1.4", "state": source.choice(["running", "stopped"])}
        case "configuration":
            return {
                "setting": source.choice(SETTINGS),
                "result": source.choices(["applied", "failed", "skipped"], [88, 8, 4])[0],
                "applied_at": moment.isoformat(),
            }
        case _:
            level, message = source.choice(LOGS)
            return {"level": level, "message": message, "app": "com.extrus.exafe"}
