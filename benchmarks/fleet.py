"""A fleet for benchmarks: devices with licences, agreements and keys, sealed for real, put in place in bulk.

The verbs make one device at a time and would need an hour for a million; this writes what they would write.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any
from uuid import UUID

NOW = datetime.now(UTC)
SLICE = 2_000
MODELS = ("SM-S931N", "SM-S926N", "SM-A556S", "SM-F956N", "SM-X910N")


def device_ids(count: int, seed: int = 1) -> list[UUID]:
    """Return the ids of a fleet: random, and the same for the same seed."""
    source = random.Random(seed)
    return [UUID(int=source.getrandbits(128), version=4) for _each in range(count)]


def imei(number: int) -> str:
    """Return a valid IMEI."""
    digits = f"{35_690_010_000_000 + number:014d}"
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


def gateway_token() -> tuple[Any, str]:
    """Register a gateway and return it with a token."""
    from devices import actions as devices
    from devices.models import Gateway, Scope
    from privacy.ledger.actors import System

    actor = System("benchmark")
    gateway = Gateway.objects.filter(title="Benchmark").first() or devices.register_gateway(
        title="Benchmark", actor=actor, at=NOW, rate=10_000_000
    )
    return gateway, devices.issue_token(gateway, scopes=Scope.values, actor=actor, at=NOW).token


def load(ids: Sequence[UUID], gateway_id: UUID, *, agreed: Sequence[str] = ("activation", "app-log")) -> None:
    """Put devices in place with licences, agreements and the keys of every category."""
    for part in batched(enumerate(ids), SLICE):
        _load(part, gateway_id, agreed)


def _load(part: Sequence[tuple[int, UUID]], gateway_id: UUID, agreed: Sequence[str]) -> None:
    from consents.models import AgreementVersion, Decision, Standing
    from devices.models import Device, Licence
    from privacy.lib.ids import new_id
    from privacy.subjects.models import Subject
    from privacy.vault import actions as vault
    from privacy.vault.actions.making import ring_for_sealing
    from privacy.vault.fields import Sealed

    ids = [device_id for _number, device_id in part]
    Subject.objects.bulk_create([Subject(id=device_id, registered_at=NOW) for device_id in ids])
    decisions, standings = [], []
    for version in AgreementVersion.objects.published().filter(agreement__code__in=agreed).select_related("agreement"):
        for device_id in ids:
            decision = Decision(
                subject_id=device_id, agreement=version.agreement, version=version, text_digest=version.digest,
                choice="agree", decided_at=NOW, recorded_at=NOW, method="app", language="ko", actor_kind="system",
                actor_ref="system:benchmark",
            )  # fmt: skip
            decisions.append(decision)
            standings.append(
                Standing(
                    subject_id=device_id,
                    agreement=version.agreement,
                    decision=decision,
                    choice="agree",
                    number=version.number,
                    decided_at=NOW,
                )
            )
    Decision.objects.bulk_create(decisions)
    Standing.objects.bulk_create(standings)
    values = {device_id: _items(number) for number, device_id in part}
    licences = {device_id: new_id() for device_id in ids}
    rows = [
        ("devices.Device", item, device_id, device_id, "device-registration", value.encode())
        for device_id in ids
        for item, value in values[device_id].items()
    ]
    rows += [
        (
            "devices.Licence",
            "key",
            licences[device_id],
            device_id,
            "device-registration",
            f"EXAFE-{number:08d}".encode(),
        )
        for number, device_id in part
    ]
    boxes = iter(vault.seal_batch(rows, NOW))
    devices = [
        Device(
            id=device_id, subject_id=device_id, gateway_id=gateway_id, updated_at=NOW,
            registered_at=NOW - timedelta(seconds=number % 86_400),
            **{item: Sealed(next(boxes)) for item in values[device_id]},
            imei_index=vault.blind_index("imei", values[device_id]["imei"]),
            serial_number_index=vault.blind_index("serial_number", values[device_id]["serial_number"]),
        )
        for number, device_id in part
    ]  # fmt: skip
    Device.objects.bulk_create(devices)
    Licence.objects.bulk_create(
        [
            Licence(
                id=licences[device_id], device_id=device_id, key=Sealed(next(boxes)),
                key_index=vault.blind_index("licence_key", f"EXAFE-{number:08d}"), starts_on=date(2026, 1, 1),
                ends_on=date(2027, 12, 31), recorded_at=NOW, updated_at=NOW,
            )
            for number, device_id in part
        ]
    )  # fmt: skip
    pairs = [(device_id, category) for device_id in ids for category in ("service-analytics", "app-log")]
    ring_for_sealing(pairs, [], at=NOW)


def _items(number: int) -> dict[str, str]:
    return {
        "imei": imei(number),
        "serial_number": f"R3CT{number:07d}X",
        "model": MODELS[number % len(MODELS)],
        "os_version": str(14 + number % 3),
        "os_build": "BP2A.250605.031",
        "time_zone": "Asia/Seoul",
    }


def report(device_id: UUID, number: int, moment: datetime) -> dict[str, Any]:
    """Return one report of about 130 bytes, the kinds in turn as a fleet sends them."""
    kind, body = BODIES[number % len(BODIES)]
    return {"device": str(device_id), "kind": kind, "occurred_at": moment.isoformat(), "body": body}


def batches(
    ids: Sequence[UUID], *, size: int, devices: int, count: int, seed: int = 2
) -> Iterator[list[dict[str, Any]]]:
    """Yield batches of ``size`` reports from ``devices`` random devices each, of the last day."""
    source = random.Random(seed)
    for _batch in range(count):
        chosen = source.sample(ids, devices)
        yield [
            report(
                chosen[place % devices],
                source.randrange(len(BODIES)),
                NOW - timedelta(seconds=source.randrange(86_400)),
            )
            for place in range(size)
        ]


BODIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"state": "active"}),
    ("access", {"action": "unlock", "result": "ok"}),
    ("app-status", {"app": "com.extrus.exafe", "version": "3.1.4", "state": "running"}),
    ("configuration", {"setting": "camera-policy", "result": "applied", "applied_at": "2026-11-24T09:00:00+09:00"}),
    ("access-count", {"count": 7, "from": "2026-11-23T00:00:00+09:00", "until": "2026-11-24T00:00:00+09:00"}),
    ("app-log", {"level": "error", "message": "policy camera-policy did not apply: binder timed out", "app": "exafe"}),
)


def memory_mb(pid: int) -> float:
    """Return the proportional memory of a process and its children."""
    total = 0.0
    for entry in (pid, *children(pid)):
        try:
            lines = Path(f"/proc/{entry}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def children(pid: int) -> list[int]:
    """Return the descendants of a process."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found
