"""The drill's alerts: faults one after the other; each fires its rule alone, and its runbook's first step works."""

import json
import os
import re
import shutil
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.drill import documented
from deploy.drill.surroundings import HOST, PYTHON, TLS, Failed, run, service, until, witness

SHIPPED = Path("/opt/portal/deploy/prometheus")
PROMETHEUS = Path("/etc/prometheus-drill")
ASKED = PROMETHEUS / "prometheus.yml"
# How long a rule's condition must last, in the drill.
WAIT = "for: 4s"
STAMP = Path("/var/lib/portal/backups/last-backup")
CERTIFICATE = Path("/etc/portal/tls/portal.crt")
DROP_IN = Path("/run/systemd/system/portal-pages.service.d/drill.conf")
FAKETIME = next(map(str, Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), "")
FILL = Path("/var/lib/portal/fill")
ENTRY = (
    "from privacy.ledger import actions as ledger; from privacy.ledger.actors import SystemActor\n"
    "from privacy.ledger.events import Event; from privacy.lib.dates import clock\n"
    "ledger.record(Event.READ, actor=SystemActor('drill'), at=clock.now())"
)


def prometheus(without: str = "") -> int:
    """Start Prometheus as shipped, its times cut to seconds, but for what begins so; return how many rules it has."""
    PROMETHEUS.mkdir(exist_ok=True)
    rules, asked = ((SHIPPED / name).read_text() for name in ("rules.yml", "prometheus.yml"))
    (PROMETHEUS / "rules.yml").write_text(re.sub(r"for: \w+", WAIT, rules))
    _asks(asked.partition(without)[0] if without else asked)
    # What is asked no more is known for five minutes.
    options = [
        "--storage.tsdb.path=/var/lib/prometheus-drill",
        "--web.listen-address=127.0.0.1:9090",
        "--query.lookback-delta=20s",
    ]
    service("prometheus", "/usr/bin/prometheus", f"--config.file={ASKED}", *options)
    return rules.count("alert: ")


def _asks(text: str) -> None:
    ASKED.write_text(text.replace("interval: 15s", "interval: 3s").replace("/etc/prometheus/etcd", f"{TLS}/host"))


def watched() -> str:
    """Start Prometheus; nothing fires."""
    run(PYTHON, "-m", "deploy.drill.walking", "scrubbed")
    rules = prometheus("  # Clusters that fail over")
    until(lambda: '"1"]' in _curl("/api/v1/query?query=up"), "Prometheus sees no pages")
    until(lambda: not firing(), f"nothing is wrong, and what fires is {firing()}")
    return f"{rules} rules, none fires"


@contextmanager
def stopped(process: str) -> Iterator[None]:
    """A process that is dead; its runbook starts it."""
    run("systemctl", "stop", f"portal-{process}")
    if process in ("sealer", "notary"):
        _entry()
    yield


@contextmanager
def hung(process: str) -> Iterator[None]:
    """A process that is there, and does nothing."""
    run("systemctl", "kill", "--signal=STOP", f"portal-{process}")
    yield


@contextmanager
def lost_server(cluster: str) -> Iterator[None]:
    """A database server that is dead; its runbook starts it."""
    run("systemctl", "stop", f"postgresql@17-{cluster}")
    yield


@contextmanager
def dead_witness() -> Iterator[None]:
    """A witness that cosigns nothing: nothing is published without it."""
    run("systemctl", "stop", "drill-witness")
    _entry()
    yield
    witness()


@contextmanager
def unwatched() -> Iterator[None]:
    """Somebody took the pages out of what Prometheus asks."""
    asked = ASKED.read_text()
    for text in ("".join(line for line in asked.splitlines(True) if "job_name: portal," not in line), asked):
        ASKED.write_text(text)
        run("systemctl", "kill", "--signal=HUP", "drill-prometheus")
        if text != asked:
            yield


@contextmanager
def old_backup() -> Iterator[None]:
    os.utime(STAMP, (time.time() - 2 * 86400,) * 2)
    yield


@contextmanager
def old_drill() -> Iterator[None]:
    """A restore that was last tried a hundred days ago."""
    stamp = STAMP.with_name("last-restore-drill")
    stamp.touch()
    os.utime(stamp, (time.time() - 100 * 86400,) * 2)
    yield
    stamp.touch()


@contextmanager
def ending_certificate() -> Iterator[None]:
    """One for three days; the renewed one lies there, and nobody has loaded it."""
    renewed = CERTIFICATE.read_text()
    run(
        "openssl", "req", "-x509", "-key", f"{TLS}/host.key", "-CA", f"{TLS}/ca.crt", "-CAkey", f"{TLS}/ca.key",
        "-days", "3", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-out", str(CERTIFICATE),
    )  # fmt: skip
    ending = CERTIFICATE.read_text()
    run("systemctl", "reload", "nginx")
    # nginx reads it after the command has returned.
    until(lambda: _served_certificate() in ending, "the proxy does not serve the certificate that ends")
    CERTIFICATE.write_text(renewed)
    yield


def _served_certificate() -> str:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((HOST, 443), timeout=5) as connection,
        trusting.wrap_socket(connection, server_hostname=HOST) as secured,
    ):
        return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"").strip()


@contextmanager
def parked_delivery() -> Iterator[None]:
    """A delivery that was given up."""
    columns = "id, key, kind, shard, ids, created_at, not_before, starts, last_error, parked_at"
    values = "gen_random_uuid(), 'drill', 'mail', '', '{}', now(), now(), 1, '', now()"
    _general(f"INSERT INTO jobs_generaloutbox ({columns}) VALUES ({values})")
    yield
    _general("DELETE FROM jobs_generaloutbox WHERE key = 'drill'")


@contextmanager
def wrong_clock() -> Iterator[None]:
    """Pages on a host whose clock is more ahead than the five minutes that are borne."""
    _pages_with(f"[Service]\nEnvironment=LD_PRELOAD={FAKETIME} FAKETIME=+330 FAKETIME_DONT_FAKE_MONOTONIC=1\n")
    yield
    DROP_IN.unlink()
    _pages_with("")


@contextmanager
def full_disk() -> Iterator[None]:
    """A small disk at PORTAL_HOME, filled to nine tenths."""
    run("systemctl", "stop", "portal-pages")
    new = Path("/mnt/portal-drill")
    new.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=100m,mode=755", "tmpfs", str(new))
    run("cp", "-a", "/var/lib/portal/.", str(new))
    run("mount", "--bind", str(new), "/var/lib/portal")
    run("systemctl", "start", "portal-pages")
    run("fallocate", "-l", str(int(shutil.disk_usage(new).free - 0.1 * shutil.disk_usage(new).total)), str(FILL))
    yield
    FILL.unlink()
    run("systemctl", "stop", "portal-pages")
    run("umount", "/var/lib/portal")
    run("umount", str(new))
    run("systemctl", "start", "portal-pages")


@contextmanager
def altered_entry() -> Iterator[None]:
    """An entry that a superuser changed, found by the pass over the whole trail; put back, the next finds nothing."""
    run(PYTHON, "-m", "deploy.drill.walking", "altered")
    try:
        yield
    finally:
        run(PYTHON, "-m", "deploy.drill.walking", "put-back")


type Fault = tuple[str, Callable[[], object], str, float]
SHORT: tuple[Fault, ...] = (
    ("an old backup", old_backup, "PortalBackup", 30),
    ("dead pages", lambda: stopped("pages"), "PortalPagesAway", 30),
    ("a dead intake", lambda: stopped("intake"), "PortalIntakeAway", 30),
    ("a journal that does not answer", lambda: lost_server("journal"), "PortalJournal", 30),
    ("a dead key service", lambda: stopped("keys"), "PortalKeys", 30),
    ("a certificate that ends", ending_certificate, "PortalCertificate", 30),
    ("a parked delivery", parked_delivery, "PortalOutbox", 30),
)
LONG: tuple[Fault, ...] = (
    ("a dead sealer", lambda: stopped("sealer"), "PortalSealer", 120),
    ("a dead notary", lambda: stopped("notary"), "PortalNotary", 200),
    ("a dead worker", lambda: stopped("worker"), "PortalWorker", 260),
    ("a full disk", full_disk, "PortalDisk", 60),
    ("a clock off by more than five minutes", wrong_clock, "PortalClock", 60),
    ("a failed scrub", altered_entry, "PortalScrub", 90),
    ("a witness that is away", dead_witness, "PortalNotary", 200),
    ("a hung key service", lambda: hung("keys"), "PortalKeys", 60),
    ("hung pages", lambda: hung("pages"), "PortalPagesAway", 60),
    ("a hung intake", lambda: hung("intake"), "PortalIntakeAway", 60),
    ("an archive that does not answer", lambda: lost_server("archive"), "PortalDatabases", 60),
    ("an old restore drill", old_drill, "PortalRestoreDrill", 30),
    ("pages that nobody asks", unwatched, "PortalUnwatched", 60),
)


def alerted() -> str:
    """Cause the faults that are quick."""
    return f"{watched()}; {_caused(SHORT)}"


def alerted_slowly() -> str:
    """Cause the others: what must have been silent for minutes."""
    return _caused(LONG)


def _caused(faults: tuple[Fault, ...]) -> str:
    told = []
    for name, cause, alert, seconds in faults:
        # A process that is five minutes ahead takes everybody else for late.
        more = {"PortalWorker"} if cause is wrong_clock else set()
        with cause():  # type: ignore[attr-defined]
            _wait({alert}, more, name, seconds)
            documented.carry_out(f"runbook {_runbook(alert)}", CLUSTER="archive")
        _wait(set(), set(), f"{name}, mended", 90)
        told.append(name)
    return f"fired alone, the runbook's first step done, and ended: {', '.join(told)}"


def _wait(wanted: set[str], more: set[str], name: str, seconds: float) -> None:
    """Wait until what is wanted fires, and nothing else but ``more``. Raises ``Failed`` with what does."""
    deadline = time.monotonic() + seconds
    while (seen := firing()) - more != wanted:
        if time.monotonic() > deadline:
            status = run("curl", "-sS", "http://127.0.0.1:8001/status", check=False).stdout
            raise Failed(f"{name}: {wanted or 'nothing'} was to fire, {seen or 'nothing'} does; {status}")
        time.sleep(0.5)


def _runbook(alert: str) -> str:
    rules = Path("/opt/portal/deploy/prometheus/rules.yml").read_text()
    found = re.search(rf"alert: {alert}\n(?:.*\n)*?.*runbook: (\w+)", rules)
    assert found is not None
    return found[1]


def _pages_with(drop_in: str) -> None:
    if drop_in:
        DROP_IN.parent.mkdir(parents=True, exist_ok=True)
        DROP_IN.write_text(drop_in)
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "portal-pages")


def _entry() -> None:
    """Put something on the trail."""
    run("/usr/local/bin/portal", "pages", "shell", "--no-imports", "-c", ENTRY)


def _general(statement: str) -> None:
    run("runuser", "-u", "postgres", "--", "psql", "--cluster", "17/general", "-Xqc", statement, "portal_general")


def _curl(path: str) -> str:
    return run("curl", "-sS", "-m", "20", f"http://127.0.0.1:9090{path}", check=False).stdout


def firing() -> set[str]:
    """Return the alerts that fire."""
    said = _curl("/api/v1/alerts")
    alerts = json.loads(said)["data"]["alerts"] if said.startswith("{") else []
    return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        prometheus()
    print(*firing())
