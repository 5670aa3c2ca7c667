"""``/status``: what an operator asks of the portal as a whole: each part with its number, and whether it is late.

Not of this host alone, and nothing that a balancer should act on: for that there is ``/readyz``. It is answered to this
host itself and to nobody whom a proxy sends.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation

from config import served_databases
from privacy.jobs.clock_gate import ClockGate, WrongClock
from privacy.jobs.models import GeneralOutbox, Heartbeat, OutboxBase, PersonalOutbox
from privacy.ledger.merkle.log_reader import UNSEALED
from privacy.retention.refusals import JournalUnavailable
from privacy.retention.restore_gate import gate
from privacy.safeguards.automated_checks import infrastructure, web_security
from privacy.safeguards.automated_checks.registry import CheckResult
from privacy.safeguards.models.measures import Result
from privacy.vault import actions as vault

CLOCK = ClockGate()
# What is late, in seconds: a job comes each minute, a seal twice a second, a signature every three.
LATEST = {"sealer": 60, "notary": 120, "worker": 180, "outbox": 900, "backup": 26 * 3600}
MOST_DISK = 0.85
type Part = dict[str, bool | float | int | str]


def _seconds(name: str, waited: float | None) -> Part:
    """Return a part that is late after its seconds; nothing waits: 0."""
    seconds = round(waited or 0.0, 1)
    return {"ok": seconds <= LATEST[name], "seconds": seconds}


def _asked(statement: str) -> float | None:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement)
        (found,) = cursor.fetchone()
    return None if found is None else float(found)


def sealer(at: datetime) -> Part:
    """How long the oldest entry has waited for its seal."""
    oldest = f"SELECT time FROM {UNSEALED} ORDER BY id LIMIT 1"  # noqa: S608 - a constant
    return _seconds("sealer", _asked(f"SELECT extract(epoch FROM clock_timestamp() - ({oldest}))"))  # noqa: S608


def notary(at: datetime) -> Part:
    """How long the oldest tree head has waited for a signature."""
    return _seconds(
        "notary",
        _asked(
            "SELECT extract(epoch FROM clock_timestamp() - (SELECT sealed_at FROM ledger.tree WHERE size >"
            " coalesce((SELECT max(size) FROM ledger.checkpoint), 0) ORDER BY size LIMIT 1))"
        ),
    )


def worker(at: datetime) -> Part:
    """How long ago a worker was last seen; one that never was is late."""
    beat = Heartbeat.objects.filter(name="worker").first()
    return _seconds("worker", beat.age(at)) if beat else {"ok": False, "seconds": -1}


def outbox(at: datetime) -> Part:
    """How many deliveries were given up, and how long the oldest one that is due has waited."""
    tables: tuple[type[OutboxBase], ...] = (GeneralOutbox, PersonalOutbox)
    parked = sum(table.objects.parked().count() for table in tables)
    due = [table.objects.waiting().filter(not_before__lte=at).order_by("not_before").first() for table in tables]
    part = _seconds("outbox", max((at - row.not_before).total_seconds() for row in due if row) if any(due) else 0.0)
    return {**part, "ok": part["ok"] is True and not parked, "parked": parked}


def backup(at: datetime) -> Part:
    """How old the last backup is, by the file that it touches; without one it is late."""
    try:
        touched = datetime.fromtimestamp(Path(settings.BACKUP_STAMP).stat().st_mtime, UTC)
    except OSError:
        return {"ok": False, "seconds": -1}
    return _seconds("backup", (at - touched).total_seconds())


def machine_clock(at: datetime) -> Part:
    """Whether this host's clock is the databases'."""
    try:
        CLOCK.check(at, afresh=True)
    except WrongClock as wrong:
        return {"ok": False, "why": wrong.reason}
    return {"ok": True}


def disk(at: datetime) -> Part:
    """How full the disk of PORTAL_HOME is."""
    usage = shutil.disk_usage(settings.PORTAL_HOME)
    used = round(usage.used / usage.total, 3)
    return {"ok": used < MOST_DISK, "used": used}


def keys(at: datetime) -> Part:
    """Whether the key service answers, and with the keys of the data."""
    try:
        vault.check_keys()
    except vault.WrongKey:
        return {"ok": False, "why": "wrong or missing"}
    except vault.KeyServiceUnavailable:
        return {"ok": False, "why": "key service unreachable"}
    return {"ok": True}


def _looked(look: Callable[[datetime], CheckResult], at: datetime) -> Part:
    with translation.override("en"):
        found = look(at)
        return {"ok": True} if found.result != Result.FAILED else {"ok": False, "why": str(found.detail)}


def certificate(at: datetime) -> Part:
    """Whether browsers take the certificate of PORTAL_URL, and for 14 days more; in development there is none."""
    return {"ok": True} if settings.DEVELOPMENT else _looked(web_security.certificate, at)


def scrub(at: datetime) -> Part:
    """Whether the last pass over the whole audit trail found it sound, and is not old."""
    return _looked(infrastructure.audit_trail, at)


def drill(at: datetime) -> Part:
    """Whether a restore was tried in the last quarter of a year; that none ever was the register of safeguards says."""
    return _looked(infrastructure.restore_drill, at)


def databases(at: datetime) -> Part:
    """Whether each database answers, and is migrated."""
    lacks = served_databases.lacking()
    return {"ok": False, "why": ", ".join(f"{name}: {what}" for name, what in lacks.items())} if lacks else {"ok": True}


def journal(at: datetime) -> Part:
    """Whether the journal of destructions answers, and no database is behind it."""
    try:
        behind = gate.databases_behind()
    except DatabaseError:
        return {"ok": True}  # told of the database
    except (JournalUnavailable, OSError):
        return {"ok": False, "why": "unreachable"}
    return {"ok": False, "why": f"behind: {', '.join(behind)}"} if behind else {"ok": True}


PARTS: dict[str, Callable[[datetime], Part]] = {
    "sealer": sealer, "notary": notary, "worker": worker, "outbox": outbox, "backup": backup, "clock": machine_clock,
    "disk": disk, "keys": keys, "certificate": certificate, "scrub": scrub, "drill": drill,
    "databases": databases, "journal": journal,
}  # fmt: skip
# What intake may ask: its role reads little.
OF_INTAKE = ("clock", "keys", "databases", "journal")


def is_asked_here(request: HttpRequest) -> bool:
    """Whether a process of this host asks, and for itself: what a proxy sends on names whom it is for."""
    try:
        here = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return here and "HTTP_X_FORWARDED_FOR" not in request.META


def every_part(at: datetime) -> dict[str, Part]:
    """Return the parts that this process may ask for; one whose database does not answer is not well."""
    found: dict[str, Part] = {}
    for name in OF_INTAKE if settings.PORTAL_PROCESS == "intake" else PARTS:
        try:
            found[name] = PARTS[name](at)
        except DatabaseError:
            found[name] = {"ok": False, "why": "database unreachable"}
    return found


def answer(at: datetime) -> HttpResponse:
    """Return every part: 200, or 503 where one is late."""
    found = every_part(at)
    fine = all(part["ok"] for part in found.values())
    return JsonResponse({"ok": fine, "parts": found}, status=200 if fine else 503)


def metrics(at: datetime) -> HttpResponse:
    """Return the same in the text that Prometheus reads: ``portal_ok`` of each part, and each of its numbers."""
    lines = ["# HELP portal_ok Whether a part of the portal is well.", "# TYPE portal_ok gauge"]
    for name, part in every_part(at).items():
        lines.append(f'portal_ok{{part="{name}"}} {int(part["ok"] is True)}')
        lines += [f"portal_{name}_{what} {value}" for what, value in part.items() if what not in ("ok", "why")]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
