"""A fleet for benchmarks: its devices and what they send. ``load_devices.py`` puts them in place in bulk."""

import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any
from uuid import UUID

import load_devices

NOW = datetime.now(UTC)
SLICE = 2_000


def device_ids(count: int, seed: int = 1) -> list[UUID]:
    """Return the ids of a fleet: random, and the same for the same seed."""
    source = random.Random(seed)
    return [UUID(int=source.getrandbits(128), version=4) for _each in range(count)]


def gateway_token() -> tuple[Any, str]:
    """Register a gateway and return it with a token."""
    from devices import actions as devices
    from devices.models import Gateway, Scope
    from privacy.ledger.actors import SystemActor

    actor = SystemActor("benchmark")
    gateway = Gateway.objects.filter(title="Benchmark").first() or devices.register_gateway(
        title="Benchmark", actor=actor, at=NOW, rate=10_000_000
    )
    return gateway, devices.issue_token(gateway, scopes=Scope.values, actor=actor, at=NOW).token


def load(
    ids: Sequence[UUID], gateway_id: UUID, *, agreed: Sequence[str] = ("activation", "service-analytics", "app-log")
) -> None:
    """Put devices in place with licences, agreements and the keys of every category."""
    offset = random.SystemRandom().getrandbits(33)
    for part in batched(enumerate(ids), SLICE):
        load_devices.put(
            load_devices.Slice(part[0][0], [one for _number, one in part], gateway_id, NOW, offset, agreed)
        )


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


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, those included that have ended."""
    ticks = 0
    for entry in (pid, *children(pid)):
        try:
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


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
