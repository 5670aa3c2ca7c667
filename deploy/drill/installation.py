"""The drill's installation: by `deploy/install`, as an operator calls it."""

from pathlib import Path

from deploy.drill.surroundings import Failed, run, until, watch_log

INSTALL = "/opt/portal/deploy/install"
SERVED = ("pages", "intake", "worker", "keys", "sealer", "notary")
PROCESSES = ("pages", "intake", "worker", "keys", "sealer", "notary", "owner", "auditor")


def planned() -> str:
    """Print every step, and take none."""
    before = {path: path.stat().st_mtime_ns for path in Path("/etc").rglob("*") if path.is_file()}
    said = run(INSTALL, "--dry-run").stdout
    after = {path: path.stat().st_mtime_ns for path in Path("/etc").rglob("*") if path.is_file()}
    if before != after or Path("/var/lib/portal-notary").exists():
        raise Failed(f"a dry run changed something: {set(before.items()) ^ set(after.items())}")
    return f"{said.count('  + ')} steps named, nothing changed"


def installed() -> str:
    """Install, and wait until this host can do its job."""
    said = run(INSTALL).stdout
    watch_log(Path("/var/lib/portal-notary/vkeys").read_text().split()[0])
    for port in (8001, 8002):
        until(lambda p=port: _is_ready(p), f"port {port} did not become ready: {_answer(port)}", 60)
    return said.strip().splitlines()[-1]


def repeated() -> str:
    """Change a number and install once more: what it concerns starts anew, and nothing else is made or started."""
    secrets, pids = Path("/etc/portal/secrets.toml").read_bytes(), {name: _pid(name) for name in SERVED}
    file = Path("/etc/portal/portal.toml")
    file.write_text(file.read_text().replace("threads = 4", "threads = 3"))
    said = run(INSTALL).stdout
    made = [line for line in said.splitlines() if line.startswith("  + ") and ("user " in line or "password" in line)]
    if made or Path("/etc/portal/secrets.toml").read_bytes() != secrets:
        raise Failed(f"made again: {made}")
    anew = {name for name in SERVED if _pid(name) != pids[name]}
    if anew != {"pages", "intake"}:
        raise Failed(f"started anew after a change of [web]: {anew}")
    for port in (8001, 8002):
        until(lambda p=port: _is_ready(p), f"port {port} did not become ready: {_answer(port)}", 60)
    return f"{said.count('  = ')} steps were done already; threads changed, and only pages and intake started anew"


def officers() -> str:
    """Invite the first two officers."""
    for name in ("first", "second"):
        run("/usr/local/bin/portal", "pages", "first_officer", f"{name}@extrus.example", f"{name.title()} Officer")
    return "invited"


def checked() -> str:
    """Run ``check --deploy`` as every process."""
    said = run(INSTALL, "--check", check=False)
    if said.returncode:
        raise Failed(said.stdout[-6000:])
    return f"clean as {', '.join(PROCESSES)}"


def _answer(port: int) -> str:
    asked = run(
        "curl", "-sS", "-m", "5", "-H", "Host: privacy.extrus.example", f"http://127.0.0.1:{port}/readyz", check=False
    )
    return asked.stdout + asked.stderr


def _is_ready(port: int) -> bool:
    return '"ready": true' in _answer(port)


def _pid(process: str) -> str:
    return run("systemctl", "show", "--value", "-p", "MainPID", f"portal-{process}.service").stdout.strip()
