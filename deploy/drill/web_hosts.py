"""A second host of the portal: two of each process, each host lost in turn, a release on one after the other."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.drill import documented
from deploy.drill.failover import ROOT, Hosts, Machine, fault, gap, under_load, until
from deploy.drill.surroundings import HOST, Failed

ADDRESS = "10.20.0.2"
SERVED = ("pages", "intake", "worker", "keys", "sealer")
LONGEST_GAP = 10.0
RELEASE = Path("/srv/release")
# What a next release may bring while the one before works: it only adds.
EXPANDS = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("devices", "{after}")]
    operations = [
        migrations.RunSQL("ALTER TABLE devices_device ADD COLUMN drilled timestamptz", hints={{"database": "personal"}})
    ]
"""


@contextmanager
def added(hosts: Hosts) -> Iterator[tuple[Machine, str]]:
    """Boot a second host with the commit before, install it as documented, and put it into the proxy; say which."""
    second = Machine(hosts.portal.folder.parent, "web2", ADDRESS)
    with tempfile.TemporaryDirectory(prefix="portal-before-", dir="/var/tmp") as folder:
        before = _commit_before(Path(folder))
        second.start(Path(folder))
    try:
        hosts.attach(second)
        _make(hosts, second)
        yield second, before
    finally:
        second.stop()


def _commit_before(folder: Path) -> str:
    """Unpack the commit before this one, where its migrations are the same; else this one."""
    same = subprocess.run(["git", "diff", "--quiet", "HEAD^", "--", "*/migrations/*"], cwd=ROOT, check=False)
    commit = "HEAD^" if same.returncode == 0 else "HEAD"
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    folder.chmod(0o755)
    subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
    return "the commit before" if commit == "HEAD^" else "this commit: the one before has other migrations"


def _make(hosts: Hosts, second: Machine) -> None:
    kept = documented.KEPT
    for machine in (hosts.portal, second):
        machine.run("mkdir", "-p", "-m", "700", kept)
    hosts.portal.carry_out("first host", PROXY=hosts.portal.address, KEPT=kept)
    _bring(hosts.portal, second, f"{kept}/host.tar", kept)
    names = hosts.portal.run("grep", "-E", "^10[.]", "/etc/hosts")
    names += f"{hosts.portal.address} {HOST} mail.extrus.example witness.auditor.example\n"
    second.run("tee", "/etc/hosts", said=f"127.0.0.1 localhost\n{names}")
    second.run("hostname", "web2")
    _bring(hosts.portal, second, "/usr/local/share/ca-certificates/drill.crt", "/usr/local/share/ca-certificates")
    _bring(hosts.portal, second, "/etc/portal/databases.crt", "/etc/portal")
    second.run("update-ca-certificates")
    second.carry_out("haproxy")
    second.carry_out("second host", KEPT=kept)
    until(lambda: is_ready(second), 60)
    hosts.portal.carry_out("both hosts", SECOND=ADDRESS)


def _bring(source: Machine, target: Machine, path: str, folder: str) -> None:
    target.run("mkdir", "-p", folder)
    target.take(source.read(path), "tee", f"{folder}/{Path(path).name}")


def is_ready(machine: Machine) -> bool:
    """Whether both of a host's web processes can do their job."""
    return all(
        '"ready": true' in machine.run("curl", "-sS", "-m", "5", f"http://127.0.0.1:{port}/readyz", check=False)
        for port in (8001, 8002)
    )


def both_run(hosts: Hosts, second: Machine) -> str:
    """Say that there are two of each."""
    for machine in (hosts.portal, second):
        for process in SERVED:
            if machine.run("systemctl", "is-active", f"portal-{process}", check=False).strip() != "active":
                raise Failed(f"{process} of {machine.name} does not run")
    return f"two of each of {', '.join(SERVED)} at once"


def killed_in_turn(hosts: Hosts, second: Machine) -> Iterator[str]:
    """Lose everything of one host, then of the other."""
    for machine in (hosts.portal, second):
        yield fault(hosts, f"host {machine.name} lost:", lambda m=machine: _lose(m), LONGEST_GAP)
        until(lambda m=machine: is_ready(m), 60)


def _lose(machine: Machine) -> Callable[[], object]:
    units = [f"portal-{process}.service" for process in SERVED]
    machine.run("systemctl", "mask", "--runtime", *units)
    machine.run("systemctl", "kill", "--kill-whom=all", "--signal=KILL", *units)

    def mend() -> None:
        machine.run("systemctl", "unmask", "--runtime", *units)
        machine.run("systemctl", "reset-failed", *units, check=False)
        machine.run("systemctl", "start", *units)

    return mend


def upgraded(hosts: Hosts, second: Machine) -> str:
    """Bring a release with a migration on one host after the other; nobody is refused meanwhile."""
    began = time.time()
    for machine, address in ((hosts.portal, "127.0.0.1"), (second, ADDRESS)):
        _unpack(machine)
        hosts.portal.carry_out("out", OUT=address)
        time.sleep(3)
        machine.carry_out("release", RELEASE=str(RELEASE))
        until(lambda m=machine: is_ready(m), 60)
        hosts.portal.carry_out("in", IN=address)
        time.sleep(5)
    refused = [line for line in hosts.portal.run("cat", "/tmp/refused").splitlines() if float(line.split()[0]) > began]
    if refused:
        raise Failed(f"{len(refused)} were refused during the upgrade: {refused[:5]}")
    return (
        f"a release with a migration on one host after the other, in {time.time() - began:.0f} s: 0 errors, "
        f"the longest time between two batches {gap(hosts, began):.1f} s"
    )


def _unpack(machine: Machine) -> None:
    """Lay this tree and one migration more where the next release is unpacked."""
    after = max(path.stem for path in (ROOT / "devices" / "migrations").glob("0*.py"))
    number = int(after[:4]) + 1
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    command = ["tar", "--null", "-T", "-", "-cf", "-"]
    packed = subprocess.run(command, cwd=ROOT, input=names, capture_output=True, check=True).stdout
    machine.run("mkdir", "-p", str(RELEASE))
    machine.take(packed, "tar", "--no-same-owner", "-C", str(RELEASE), "-xf", "-")
    target = RELEASE / "devices" / "migrations" / f"{number:04d}_drilled.py"
    machine.run("tee", str(target), said=EXPANDS.format(after=after))


def drilled(hosts: Hosts) -> Iterator[str]:
    """Everything that needs a second host."""
    with added(hosts) as (second, before):
        yield f"a second host, installed as documented, with {before}"
        with under_load(hosts) as counted:
            yield from killed_in_turn(hosts, second)
            yield upgraded(hosts, second)
            yield both_run(hosts, second)
        yield from counted()
