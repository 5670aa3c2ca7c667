"""The drill's operation of what was installed: through the proxy, as its users, and to its end."""

import time
from pathlib import Path

from deploy.drill.surroundings import HOST, PYTHON, Failed, run, until

UNITS = [f"portal-{name}.service" for name in ("pages", "intake", "worker", "keys", "sealer", "notary")]
LONGEST_END = 10.0


def proxied() -> str:
    """Start nginx with the configuration that is shipped; ask through it over TLS."""
    conf = Path("/etc/nginx/conf.d/portal.conf")
    conf.write_text(Path("/opt/portal/deploy/nginx/portal.conf").read_text())
    Path("/etc/nginx/sites-enabled/default").unlink(missing_ok=True)
    run("systemctl", "restart", "nginx")
    page = _curl("-o", "/dev/null", "-w", "%{http_code} %{ssl_verify_result} %{http_version}", f"https://{HOST}/")
    machine = _curl("-o", "/dev/null", "-w", "%{http_code}", f"https://{HOST}/api/v1/openapi.json")
    plain = _curl("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", f"http://{HOST}/rights/")
    forged = _curl("-o", "/dev/null", "-w", "%{http_code}", f"https://{HOST}/readyz")
    if (page, machine, plain, forged) != ("200 0 2", "200", f"308 https://{HOST}/rights/", "404"):
        raise Failed(f"pages {page}, intake {machine}, plain {plain}, readyz from outside {forged}")
    return "pages and intake over TLS and HTTP/2, plain HTTP sent on, health closed from outside"


def examples() -> str:
    """Load the example data, through the proxy."""
    said = run(PYTHON, "-m", "deploy.drill.walking", "examples")
    return said.stdout.strip().splitlines()[-1]


def walked() -> str:
    """Play the main job through the proxy, with the sweep of the installed worker and mails of the mail server."""
    said = run(PYTHON, "-m", "deploy.drill.walking", "walk")
    steps = [line for line in said.stdout.splitlines() if line.startswith("✓")]
    return f"{len(steps)} steps: {', '.join(line.split('  ')[0].strip('✓ ') for line in steps)}"


def verified() -> str:
    """Verify trail and registers as the auditor."""
    said = run("/usr/local/bin/portal", "auditor", "verify_ledger", "--registers", check=False)
    if said.returncode or "SOUND" not in said.stdout:
        raise Failed(f"exit {said.returncode}: {said.stdout[-2000:]}{said.stderr[-1000:]}")
    published = _curl(f"https://{HOST}/log/checkpoint")
    if "— witness.auditor.example " not in published:
        raise Failed(f"no witness cosigned what is published: {published}")
    return f"{said.stdout.strip().splitlines()[-1]} A witness cosigned."


def ended() -> str:
    """End the processes by a signal to each main process, and to all that they started."""
    taken = {
        "each by its main process": _end(UNITS, "main"),
        "the worker, all of it": _end(["portal-worker.service"], "all"),
        "the pages, all of them": _end(["portal-pages.service"], "all"),
        "all of every process": _end(UNITS, "all"),
    }
    slow = {name: seconds for name, seconds in taken.items() if seconds > LONGEST_END}
    if slow:
        raise Failed(f"not ended within {LONGEST_END:.0f} s: {slow}")
    until(
        lambda: "200" in _curl("-o", "/dev/null", "-w", "%{http_code}", f"https://{HOST}/"), "no pages afterwards", 60
    )
    return "ended within " + ", ".join(f"{seconds:.1f} s ({name})" for name, seconds in taken.items())


def nightly() -> str:
    """Run what the timers run."""
    for name in ("nightly", "monthly"):
        run("systemctl", "start", f"portal-finish-{name}.service")
    timers = run("systemctl", "list-timers", "--all", "--no-pager").stdout
    if timers.count("portal-finish-") < 2:
        raise Failed(timers)
    return "finish_destruction as its units, nightly and monthly; both timers wait"


def _end(units: list[str], whom: str) -> float:
    """Signal units as systemd does with KillMode=mixed (main) or control-group (all); return when nothing was left."""
    folders = [Path("/sys/fs/cgroup") / _show(unit, "ControlGroup").lstrip("/") for unit in units]
    before = {pid for folder in folders for pid in _pids(folder)}
    run("systemctl", "mask", "--runtime", *units)
    began = time.monotonic()
    run("systemctl", "kill", f"--kill-whom={whom}", "--signal=TERM", *units)
    try:
        while time.monotonic() - began < 3 * LONGEST_END and any(Path(f"/proc/{pid}").exists() for pid in before):
            time.sleep(0.05)
        seconds = time.monotonic() - began
    finally:
        run("systemctl", "unmask", "--runtime", *units)
        run("systemctl", "reset-failed", *units, check=False)
        run("systemctl", "start", *units)
    return seconds


def _pids(folder: Path) -> list[str]:
    return [pid for path in folder.rglob("cgroup.procs") for pid in path.read_text().split()] + (
        (folder / "cgroup.procs").read_text().split() if folder.exists() else []
    )


def _show(unit: str, what: str) -> str:
    return run("systemctl", "show", "--value", "-p", what, unit).stdout.strip()


def _curl(*arguments: str) -> str:
    return run("curl", "-sS", "-m", "20", *arguments, check=False).stdout
