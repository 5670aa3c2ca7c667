"""Gateways and devices for tests: Gate is the gateway; devices are registered, agreed to and sealed for real."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from devices import actions as devices
from devices.actors import GatewayActor, gateway_actor
from devices.models import Device, Gateway, Scope
from privacy.ledger.actors import SystemActor
from tests.factories.accounts import NOON

__all__ = [
    "BODIES",
    "imei",
    "make_batch",
    "make_device",
    "make_gate",
    "make_gateway",
    "make_report",
    "make_token",
    "registration",
]

TESTS = SystemActor("tests")
BODIES: dict[str, dict[str, Any]] = {
    "status": {"state": "active"},
    "activation": {"activated_at": "2026-11-24T09:00:00+09:00"},
    "access-count": {"count": 7, "from": "2026-11-23T00:00:00+09:00", "until": "2026-11-24T00:00:00+09:00"},
    "access": {"action": "unlock", "result": "ok"},
    "app-status": {"app": "com.extrus.exafe", "version": "3.1.4", "state": "running"},
    "configuration": {"setting": "camera", "result": "applied", "applied_at": "2026-11-24T09:00:00+09:00"},
    "app-log": {"level": "error", "message": "policy did not apply", "app": "com.extrus.exafe"},
}


def imei(number: int) -> str:
    """A valid IMEI: fourteen digits of ``number`` and the check digit."""
    digits = f"{35_690_010_000_000 + number:014d}"
    total = sum(
        value - 9 if value > 9 else value
        for value in (int(digit) * (2 if position % 2 else 1) for position, digit in enumerate(digits))
    )
    return f"{digits}{-total % 10}"


def registration(number: int = 1, **changes: Any) -> dict[str, Any]:
    """What a gateway sends to register a device, valid by default."""
    return {
        "imei": imei(number),
        "serial_number": f"R3CT{number:06d}X",
        "model": "SM-S931N",
        "model_description": "Galaxy S25",
        "os_version": "16",
        "os_build": "BP2A.250605.031",
        "time_zone": "Asia/Seoul",
        "licence": {"key": f"EXAFE-{number:08d}", "starts_on": "2026-01-01", "ends_on": "2027-12-31"},
        **changes,
    }


def make_gateway(title: str = "Gate") -> Gateway:
    """Gate's gateway, or the one there is."""
    found = Gateway.objects.filter(title=title).first()
    return found or devices.register_gateway(title=title, actor=TESTS, at=NOON)


def make_gate(title: str = "Gate", scopes: list[str] | None = None) -> GatewayActor:
    """Gate, as the actor that a token makes of it."""
    return gateway_actor(make_gateway(title), scopes if scopes is not None else Scope.values)


def make_token(title: str = "Gate", scopes: list[str] | None = None, *, at: datetime | None = None) -> str:
    """A token of Gate's, in clear."""
    made = devices.issue_token(
        make_gateway(title), scopes=scopes if scopes is not None else Scope.values, actor=TESTS, at=at or NOON
    )
    return made.token


def make_device(
    number: int = 1,
    *,
    device_id: UUID | None = None,
    gateway: GatewayActor | None = None,
    agreed: tuple[str, ...] = ("activation", "service-analytics"),
    at: datetime = NOON,
    **changes: Any,
) -> Device:
    """A registered device whose user agreed to ``agreed``; ``changes`` go into the registration."""
    from tests.factories.consents import agree

    gateway = gateway or make_gate()
    sent = registration(number, **changes)
    licence = sent.pop("licence")
    sent["licence"] = devices.LicenceTerms(
        licence["key"], date.fromisoformat(licence["starts_on"]), date.fromisoformat(licence["ends_on"])
    )
    device = devices.register(device_id=device_id or uuid4(), registration=sent, gateway=gateway, at=at).device
    for code in agreed:
        agree(device, code, at=at)
    return device


def make_report(device: Device | UUID, kind: str = "status", *, at: datetime = NOON, **changes: Any) -> dict[str, Any]:
    """A report as it is sent."""
    device_id = device.id if isinstance(device, Device) else device
    return {
        "device": str(device_id),
        "kind": kind,
        "occurred_at": (at - timedelta(minutes=1)).isoformat(),
        "body": dict(BODIES.get(kind, {})),
        **changes,
    }


def make_batch(*reports: dict[str, Any], batch: UUID | None = None) -> bytes:
    """A batch as it is sent."""
    return json.dumps({"batch": str(batch or uuid4()), "reports": list(reports)}).encode()
