"""``python -m deploy.drill.failover``: three database hosts and the portal's host, each a machine of its own; what dies
there dies while gateways send and data is destroyed. By hand: ``make production FULL=1``.
"""

import itertools
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.drill import documented
from deploy.drill.surroundings import DATABASE_HOSTS, SERVERS, Failed

ROOT = Path(__file__).resolve().parents[2]
MACHINE = ROOT / "deploy" / "drill" / "machine"
LONGEST_GAP = 10.0
# Patroni takes no shorter time than 20 s for a primary that is silent; then a standby is promoted.
LONGEST_GAP_OF_SILENCE = 35.0
# One web process alone: systemd starts it anew.
LONGEST_START = 25.0
PATH = f"PATH={documented.PATH}"


class Machine:
    """One of the drill's hosts."""

    def __init__(self, base: Path, name: str, address: str) -> None:
        self.folder, self.name, self.address = base / f"{base.name}-{name}", name, address

    def start(self, source: Path = ROOT) -> None:
        _run([MACHINE, "start", self.folder, source, ROOT / ".venv"])

    def stop(self) -> None:
        _run([MACHINE, "stop", self.folder])

    def run(self, *command: str, check: bool = True, said: str = "", **environ: str) -> str:
        """Run a command there and return what it printed. Raises ``Failed``."""
        given = [f"{name}={value}" for name, value in environ.items()]
        return _run([MACHINE, "run", self.folder, "env", PATH, *given, *command], check=check, said=said)

    def read(self, path: str) -> bytes:
        """Return what a file there has."""
        return subprocess.run([MACHINE, "run", self.folder, "cat", path], capture_output=True, check=True).stdout

    def take(self, what: bytes, *command: str) -> None:
        """Run a command there that reads what it is given."""
        subprocess.run([MACHINE, "run", self.folder, *command], input=what, stdout=subprocess.DEVNULL, check=True)

    def carry_out(self, block: str, **said: str) -> str:
        """Run a block of docs/operations.md there, as printed."""
        return self.run("bash", "-euo", "pipefail", "-c", documented.text(block), **said)

    def drill(self, *arguments: str, check: bool = True) -> str:
        """Run something of the drill there."""
        return self.run("/opt/portal/.venv/bin/python", "-m", *arguments, check=check)

    def first(self) -> str:
        """Return the machine's first process as this one sees it."""
        return _run(["pgrep", "-P", self.folder.with_name(f"{self.folder.name}.pid").read_text().strip()]).strip()


def _run(command: list[str | Path], *, check: bool = True, said: str = "") -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, input=said)
    if check and done.returncode:
        raise Failed(
            f"{' '.join(map(str, command))[:300]} (exit {done.returncode})\n{(done.stdout + done.stderr)[-3000:]}"
        )
    return done.stdout


class Hosts:
    """All machines, and what happens to them."""

    def __init__(self, base: Path) -> None:
        self.portal = Machine(base, "portal", "10.20.0.1")
        self.databases = [Machine(base, f"db{place}", f"10.20.0.1{place}") for place in (1, 2, 3)]
        self.password = secrets.token_hex(16)

    def connect(self) -> str:
        """Boot the machines and lay cables between them."""
        for machine in (self.portal, *self.databases):
            machine.start()
        self.portal.run("ip", "link", "add", "br0", "type", "bridge")
        self.portal.run("ip", "address", "add", "10.20.0.1/24", "dev", "br0")
        self.portal.run("ip", "link", "set", "br0", "up")
        for machine in self.databases:
            self.attach(machine)
        names = "".join(f"{m.address} {name}\n" for m, name in zip(self.databases, DATABASE_HOSTS, strict=True))
        self.portal.drill("deploy.drill", "certificates")
        self.portal.run("tee", "-a", "/etc/hosts", said=names)
        for machine, name in zip(self.databases, DATABASE_HOSTS, strict=True):
            machine.run("tee", "/etc/hosts", said=f"127.0.0.1 localhost\n{names}")
            machine.run("hostname", name)
            machine.run("mkdir", "-p", "/etc/patroni/tls", "/var/lib/postgresql/17")
            machine.run("chown", "postgres:postgres", "/var/lib/postgresql/17")
            for file in ("ca.crt", "host.crt", "host.key"):
                text = self.portal.run("cat", f"/etc/ssl/drill/{file}")
                machine.run("tee", f"/etc/patroni/tls/{file}", said=text)
        return "four machines with systemd, disks and a network of their own, a certificate on each"

    def attach(self, machine: Machine) -> None:
        """Lay a cable to a machine."""
        ends = [machine.name, "netns", self.portal.first(), "type", "veth", "peer", "name", "eth0"]
        _run(["ip", "link", "add", "name", *ends, "netns", machine.first()])
        self.portal.run("ip", "link", "set", machine.name, "master", "br0", "up")
        machine.run("ip", "address", "add", f"{machine.address}/24", "dev", "eth0")
        machine.run("ip", "link", "set", "eth0", "up")

    def clusters(self) -> str:
        """Make etcd and the clusters as documented, and HAProxy before them."""
        for machine, name in zip(self.databases, DATABASE_HOSTS, strict=True):
            machine.carry_out("etcd", HOST=name)
        until(lambda: self.databases[0].run("systemctl", "is-active", "etcd", check=False).strip() == "active", 60)
        for machine, name in zip(self.databases[:2], DATABASE_HOSTS, strict=False):
            machine.carry_out("members", HOST=name, PASSWORD=self.password)
        self.portal.carry_out("haproxy")
        lines = "".join(f"{name}.db.example:{port}:*:postgres:{self.password}\n" for name, port in SERVERS.items())
        self.portal.run("install", "-m", "0600", "/dev/null", "/root/.pgpass")
        self.portal.run("tee", "/root/.pgpass", said=lines)
        until(self.are_whole, 120)
        return (
            self.databases[0].carry_out("members are").count("Sync Standby").__str__()
            + " clusters with a synchronous standby"
        )

    def are_whole(self) -> bool:
        """Whether each cluster has a primary and a standby that has every commit."""
        return all(sorted(self.members(name).values()) == ["Leader", "Sync Standby"] for name in SERVERS)

    def members(self, cluster: str) -> dict[str, str]:
        """Return the members of a cluster that run, by their host, and what each is."""
        said = ""
        for machine in self.databases[:2]:
            said = machine.run(
                "timeout", "5", "patronictl", "-c", f"/etc/patroni/17-{cluster}.yml", "list", "-f", "json", check=False
            )
            if said.startswith("["):
                break
        listed = json.loads(said) if said.startswith("[") else []
        return {one["Member"]: one["Role"] for one in listed if one["State"] in ("running", "streaming")}

    def primary(self, cluster: str) -> Machine:
        """Return the host of a cluster's primary."""
        leader = next(host for host, role in self.members(cluster).items() if role == "Leader")
        return self.databases[DATABASE_HOSTS.index(leader)]

    def kill_primary(self, cluster: str) -> Callable[[], object]:
        """Kill a cluster's primary, all its processes."""
        self.primary(cluster).run("pkill", "-9", "-f", f"/var/lib/postgresql/17/{cluster}")
        return lambda: None

    def cut(self, cluster: str) -> Callable[[], object]:
        """Cut the cable of the host of a cluster's primary; return what lays it again."""
        name = self.primary(cluster).name
        self.portal.run("ip", "link", "set", name, "down")
        return lambda: self.portal.run("ip", "link", "set", name, "up")

    def lose_etcd(self) -> Callable[[], object]:
        """Kill a member of etcd; return what starts it again."""
        self.databases[2].run("systemctl", "kill", "--signal=KILL", "etcd")
        self.databases[2].run("systemctl", "stop", "etcd")
        return lambda: self.databases[2].run("systemctl", "start", "etcd")

    def kill_web(self, process: str) -> Callable[[], object]:
        """Kill a web process whole."""
        self.portal.run("systemctl", "kill", "--kill-whom=all", "--signal=KILL", f"portal-{process}")
        return lambda: None


def until(seen: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:.0f} s")
        time.sleep(1)


def gap(hosts: Hosts, since: float) -> float:
    """Return the longest time between two acknowledged batches since a moment."""
    told = [
        float(line) for line in hosts.portal.run("cut", "-f1", "/tmp/acknowledged").split() if float(line) >= since - 5
    ]
    return max((later - earlier for earlier, later in itertools.pairwise([*told, time.time()])), default=99.0)


def fault(hosts: Hosts, name: str, cause: Callable[[], Callable[[], object]], longest: float) -> str:
    """Cause one fault, wait until all is whole again, and return how long nothing was acknowledged."""
    began = time.time()
    mend = cause()
    time.sleep(longest)
    mend()
    until(hosts.are_whole, 120)
    time.sleep(3)
    seconds = gap(hosts, began)
    if seconds > longest:
        raise Failed(f"{name}: nothing was acknowledged for {seconds:.1f} s")
    return f"{name} {seconds:.1f} s"


@contextmanager
def under_load(hosts: Hosts) -> Iterator[Callable[[], Iterator[str]]]:
    """Send and ask meanwhile; give what compares, afterwards, what was acknowledged with what is there."""
    load = ["/opt/portal/.venv/bin/python", "-m", "deploy.drill.walking", "load"]
    hosts.portal.run("rm", "-f", "/tmp/acknowledged")
    hosts.portal.run(
        "systemd-run", "--quiet", "--collect", "--unit=drill-load", "--working-directory=/opt/portal", *load
    )
    until(lambda: len(hosts.portal.run("cat", "/tmp/acknowledged", check=False).splitlines()) > 20, 60)

    def counted() -> Iterator[str]:
        yield hosts.portal.drill("deploy.drill.walking", "counted").strip()
        yield hosts.portal.drill("deploy.drill", "verify_ledger").splitlines()[0]

    try:
        yield counted
    finally:
        hosts.portal.run("systemctl", "stop", "drill-load")


def faults(hosts: Hosts) -> Iterator[str]:
    """Cause each fault under load, then compare what was acknowledged with what is there."""
    with under_load(hosts) as counted:
        for cluster in SERVERS:
            yield fault(hosts, f"primary of {cluster} killed:", lambda c=cluster: hosts.kill_primary(c), LONGEST_GAP)
        yield fault(hosts, "a member of etcd lost:", hosts.lose_etcd, LONGEST_GAP)
        for process in ("intake", "pages"):
            yield fault(hosts, f"{process} killed:", lambda p=process: hosts.kill_web(p), LONGEST_START)
        yield fault(hosts, "host of general's primary cut off:", lambda: hosts.cut("general"), LONGEST_GAP_OF_SILENCE)
    yield from counted()


@contextmanager
def machines() -> Iterator[Hosts]:
    """Make the machines, and end them whatever comes of it."""
    with tempfile.TemporaryDirectory(prefix="portal-drill-", dir="/var/tmp") as base:
        hosts = Hosts(Path(base))
        try:
            yield hosts
        finally:
            for machine in (*hosts.databases, hosts.portal):
                machine.stop()


def installed(hosts: Hosts) -> Iterator[str]:
    """Make the clusters, and install through HAProxy."""
    yield hosts.connect()
    yield hosts.clusters()
    steps = ("neighbours", "install", "two officers", "proxy", "example data")
    yield hosts.portal.drill("deploy.drill", *steps).partition("\n\n")[0]


def main() -> int:
    """Make the hosts, install, and cause what the arguments name; without any, everything."""
    from deploy.drill import cluster_alerts, web_hosts

    parts = {
        "clusters": faults,
        "web": web_hosts.drilled,
        "strict": cluster_alerts.strict,
        "alerts": cluster_alerts.drilled,
    }
    began = time.monotonic()
    with machines() as hosts:
        try:
            for part in (installed, *(parts[name] for name in sys.argv[1:] or parts)):
                for seen in part(hosts):
                    print(f"✓ {seen}  [{time.monotonic() - began:.0f} s]", flush=True)
        except Failed as failure:
            print(f"✗ {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
