"""What Patroni's and etcd's numbers tell of, caused one after the other; and a journal that waits for its standby."""

import time
from collections.abc import Callable, Iterator

from deploy.drill.failover import LONGEST_GAP, Hosts, Machine, gap, under_load, until
from deploy.drill.surroundings import Failed

PORTS = {"general": 5432, "personal": 5433, "archive": 5434, "journal": 5435}
# More than the 64 MiB that a standby may be behind.
SEGMENTS = 6
REPLAY = "^postgres: personal: startup"
CONFIGURATION = "/etc/patroni/17-journal.yml"
WITHOUT_STANDBY = 30.0


def _standby(hosts: Hosts, cluster: str) -> Machine:
    (standby,) = [machine for machine in hosts.databases[:2] if machine is not hosts.primary(cluster)]
    return standby


def _superuser(machine: Machine, cluster: str, statement: str) -> str:
    socket = ("-p", str(PORTS[cluster]), "-Xqtc", statement)
    return machine.run("runuser", "-u", "postgres", "--", "psql", *socket).strip()


def behind(hosts: Hosts) -> Machine:
    """A standby's replay hangs, and the primary writes on; a pause or a delay Patroni undoes by itself."""
    standby = _standby(hosts, "personal")
    standby.run("pkill", "-STOP", "-f", REPLAY)
    for _segment in range(SEGMENTS):
        _superuser(hosts.primary("personal"), "personal", "SELECT pg_current_xact_id()")
        _superuser(hosts.primary("personal"), "personal", "SELECT pg_switch_wal()")
    return standby


def missing(hosts: Hosts) -> Machine:
    """A standby that is gone, with what tells of it."""
    standby = _standby(hosts, "archive")
    standby.run("systemctl", "stop", "patroni@17-archive")
    return standby


def without_etcd(hosts: Hosts) -> Machine:
    """A member of etcd that is dead."""
    hosts.lose_etcd()
    return hosts.databases[2]


type Fault = tuple[str, Callable[[Hosts], Machine], set[str]]
FAULTS: tuple[Fault, ...] = (
    ("a standby that is behind", behind, {"PortalStandbyBehind"}),
    ("a standby that is missing", missing, {"PortalStandbyMissing", "PortalMemberAway"}),
    ("a member of etcd that is gone", without_etcd, {"PortalEtcdAway"}),
)


def drilled(hosts: Hosts) -> Iterator[str]:
    """Cause each under Prometheus; the runbook's commands mend it."""
    until(hosts.are_whole, 120)
    hosts.portal.run("touch", "/var/lib/portal/backups/last-backup")  # these clusters have no pgBackRest here
    hosts.portal.drill("deploy.drill.alerting", "watch")
    _wait(hosts, set(), "before")
    for name, cause, alerts in FAULTS:
        machine = cause(hosts)
        _wait(hosts, alerts, name)
        machine.carry_out("runbook etcd" if cause is without_etcd else "runbook standby")
        if cause is behind:
            machine.run("pkill", "-CONT", "-f", REPLAY)
        _wait(hosts, set(), f"{name}, mended")
        yield f"{name}: {', '.join(sorted(alerts))} fired alone, and ended"


def _wait(hosts: Hosts, alerts: set[str], name: str) -> None:
    seen: set[str] = set()

    def fires() -> bool:
        nonlocal seen
        seen = set(hosts.portal.drill("deploy.drill.alerting", "firing").split())
        return seen == alerts

    try:
        until(fires, 120)
    except Failed:
        raise Failed(f"{name}: {alerts or 'nothing'} was to fire, {seen or 'nothing'} does") from None


def strict(hosts: Hosts) -> Iterator[str]:
    """Let the journal wait for a standby and take it away under load: no line is acknowledged meanwhile."""
    until(hosts.are_whole, 120)
    primary, standby = hosts.primary("journal"), _standby(hosts, "journal")
    primary.carry_out("strict journal")
    until(lambda: "mode_strict: true" in primary.run("patronictl", "-c", CONFIGURATION, "show-config"), 30)
    with under_load(hosts) as counted:
        standby.run("systemctl", "stop", "patroni@17-journal")
        until(lambda: _superuser(primary, "journal", "SHOW synchronous_standby_names") == "*", 60)
        began = time.time()
        if "INSERT" in _line(primary):
            raise Failed("a line was acknowledged without a standby")
        time.sleep(WITHOUT_STANDBY)
        seconds = gap(hosts, began)
        standby.run("systemctl", "start", "patroni@17-journal")
        until(hosts.are_whole, 120)
        if "INSERT" not in _line(primary):
            raise Failed("no line is acknowledged though the standby is back")
        time.sleep(10)
    if seconds > LONGEST_GAP:
        raise Failed(f"intake waited for the journal: {seconds:.1f} s")
    yield f"a strict journal without its standby acknowledged no line; intake went on, its longest gap {seconds:.1f} s"
    yield from counted()


def _line(primary: Machine) -> str:
    """Try to commit something in the journal's cluster for five seconds; return what was said."""
    statement = "CREATE TABLE IF NOT EXISTS drilled (one int); INSERT INTO drilled VALUES (1)"
    psql = ("timeout", "5", "psql", "-p", str(PORTS["journal"]), "-Xc", statement)
    return primary.run("runuser", "-u", "postgres", "--", *psql, check=False)
