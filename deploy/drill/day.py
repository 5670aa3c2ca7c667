"""A day on the installation, around the moment to which it is restored, and how one sees what became of it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django_q.tasks import async_task

from config.demonstration import example_data, walk_proof_steps
from config.demonstration.http_client import BrowserClient
from config.demonstration.walk_context import NEW_MODEL, WalkContext, expect
from config.demonstration.walk_proof_steps import app_log
from config.demonstration.walk_steps import once
from devices.models import AppLog, Device
from privacy.ledger.models import Entry, Scrub
from privacy.lib.dates import clock
from privacy.retention.models import Certificate
from privacy.retention.restore_gate import gate
from privacy.rights.models import Request
from privacy.vault.models import Tombstone

TAMPERED = Path("/tmp/portal-drill-entry.json")
NOTE = Path("/tmp/portal-drill-day.json")
DESTROYED = 3


def before(walk: WalkContext) -> str:
    """Five devices with an app log each, and a person's request."""
    devices = [uuid4() for _ in range(DESTROYED + 2)]
    for place, device in enumerate(devices):
        example_data.register_device(walk.gateway, walk.number + 10 + place, walk.at, device=device)
        send_log(walk, str(device))
    asked = {
        "rights": ["correction"], "target_kind": "serial_number", "target": f"XM{walk.number + 14:08d}",
        "item": "device-registration/model", "wanted": NEW_MODEL, "explanation": "모델명이 다릅니다.",
        "requester": "self", "answer_by": "portal",
    }  # fmt: skip
    case = once(walk.somebody().submit("/rights/request/", asked), "case-number")
    NOTE.write_text(
        json.dumps(
            {"devices": [str(device) for device in devices], "case": case, "serial": f"XM{walk.number + 13:08d}"}
        )
    )
    return f"{len(devices)} devices with app logs, case {case}"


def after(walk: WalkContext) -> str:
    """Three users withdraw, and what rested on it is destroyed; a device is registered that the restore will lose."""
    note = json.loads(NOTE.read_text())
    agreed = {"decision": "withdraw", "version": 1, "method": "app", "language": "ko"}
    known = Certificate.objects.count()
    for device in note["devices"][:DESTROYED]:
        withdrawn = {**agreed, "decided_at": clock.now().isoformat()}
        walk.gateway.must("PUT", f"/devices/{device}/consents/app-log", withdrawn)
    later = example_data.register_device(walk.gateway, walk.number + 20, walk.at, device=uuid4())
    NOTE.write_text(json.dumps({**note, "later": str(later)}))
    walk.portal.wait_until(
        lambda: [1] if Certificate.objects.count() >= known + DESTROYED else [], "not every withdrawal was certified"
    )
    expect(logs(note) == 2, f"{logs(note)} app logs are left")
    return f"{DESTROYED} withdrawals destroyed and certified, 1 device registered"


def restored(walk_base: str) -> str:
    """The portal is closed, and what was destroyed is back."""
    note = json.loads(NOTE.read_text())
    closed = BrowserClient(walk_base).get("/rights/request/").status
    expect(closed == 503 and "default" in gate.databases_behind(), f"{closed}, behind: {gate.databases_behind()}")
    expect(logs(note) == DESTROYED + 2, f"{logs(note)} app logs are back")
    expect(not Device.objects.filter(pk=note["later"]).exists(), "what was registered after the moment is there")
    return f"closed (503); the {DESTROYED} destroyed app logs are back, what came after the moment is not"


def replayed(walk: WalkContext) -> str:
    """What was destroyed is gone again, the rest opens, and the portal works."""
    note = json.loads(NOTE.read_text())
    expect(logs(note) == 2, f"{logs(note)} app logs are left")
    dead = Tombstone.objects.filter(subject_id__in=note["devices"]).values("subject_id").distinct().count()
    expect(dead == DESTROYED, f"{dead} people's keys are destroyed")
    expect(Request.objects.filter(number=note["case"]).exists(), "the request from before the moment is lost")
    opened(walk, note)
    send_log(walk, note["devices"][3])
    return "what was destroyed is gone again, the rest opens, the request stands, and intake takes reports"


def working(walk: WalkContext) -> str:
    """Personal data opens, and a destruction is carried out and certified."""
    opened(walk, json.loads(NOTE.read_text()))
    return f"data opens; {walk_proof_steps.destroyed(walk)}"


def opened(walk: WalkContext, note: dict[str, Any]) -> None:
    path = f"/office/devices/device/{note['devices'][3]}/change/"
    read = walk.person("Hana").press(path, "unmask", purpose="registration", reason="restore drill")
    expect(note["serial"] in read.text, "a device's data does not open")


def send_log(walk: WalkContext, device: str) -> None:
    log = app_log(device, clock.now() - timedelta(minutes=5))  # type: ignore[arg-type]
    stored = walk.gateway.must("POST", "/reports", {"batch": str(uuid4()), "reports": [log]})
    expect(stored["stored"] == 1, f"an app log: {stored}")


def logs(note: dict[str, Any]) -> int:
    return AppLog.objects.filter(device_id__in=note["devices"]).count()


def altered(walk: WalkContext) -> str:
    """Change an entry as a superuser, and have the worker pass over the whole trail."""
    entry = Entry.objects.order_by("id").first()
    assert entry is not None
    TAMPERED.write_text(json.dumps([entry.id, entry.payload]))
    return _tampered(walk, entry.id, entry.payload.replace(entry.word, "nothing.to.see"), found=2)


def put_back(walk: WalkContext) -> str:
    entry, payload = json.loads(TAMPERED.read_text())
    return _tampered(walk, entry, payload, found=0)


def _tampered(walk: WalkContext, entry: int, payload: str, *, found: int) -> str:
    opened = walk.portal.superuser()
    assert opened is not None
    with opened as superuser:
        walk_proof_steps.tamper(superuser, entry, payload)
    return _passed_over(walk, found=found)


def scrubbed(walk: WalkContext) -> str:
    """Pass over the whole trail: one that began while the portal was installed could not cover everything."""
    return _passed_over(walk, found=0)


def _passed_over(walk: WalkContext, *, found: int) -> str:
    async_task("privacy.ledger.tasks.start_scrub")
    walk.portal.wait_until(
        lambda: [1] if Scrub.objects.finished().filter(begun_at__gte=walk.at, code=found).exists() else [],
        f"no pass over the trail found {found}",
    )
    return f"a pass found {found}"


PARTS = {
    "before": before,
    "after": after,
    "replayed": replayed,
    "working": working,
    "scrubbed": scrubbed,
    "altered": altered,
    "put-back": put_back,
}
