"""What docs/operations.md tells an operator to type on an installation is what the drills run, as printed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.drill import alerting, cluster_alerts, documented
from deploy.drill.surroundings import DATABASE_HOSTS, SERVERS
from deploy.installer.configuration import Configuration

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


@pytest.mark.truth("20.6")
def test_every_block_of_a_drill_is_run_by_it_as_printed() -> None:
    drills = "".join(path.read_text() for path in (DEPLOY / "drill").glob("*.py"))
    rules = (DEPLOY / "prometheus" / "rules.yml").read_text()
    runbooks = {f"runbook {name}" for name in re.findall(r"runbook: (\w+)", rules)}
    assert documented.names() == set(re.findall(r'carry_out\("([^"]+)"', drills)) | runbooks
    assert all(documented.text(name) for name in documented.names())


@pytest.mark.truth("20.12")
def test_every_alert_is_caused() -> None:
    rules = (DEPLOY / "prometheus" / "rules.yml").read_text()
    caused = {alert for _name, _cause, alert, _seconds in alerting.SHORT + alerting.LONG}
    caused |= {alert for _name, _cause, alerts in cluster_alerts.FAULTS for alert in alerts}
    assert caused == set(re.findall(r"alert: (\w+)", rules))
    assert len(alerting.SHORT) + len(alerting.LONG) + len(cluster_alerts.FAULTS) >= 20


@pytest.mark.parametrize(("template", "block"), [("patroni.yml", "members"), ("etcd", "etcd")])
def test_every_place_of_a_template_is_filled_in(template: str, block: str) -> None:
    places = set(re.findall(r"@[A-Z]+@", (DEPLOY / "patroni" / template).read_text()))
    assert places == set(re.findall(r"s/(@[A-Z]+@)/", documented.text(block)))


def test_members_and_the_balancer_before_them_agree_on_ports() -> None:
    members = dict(re.findall(r"(\w+):(\d+):\d+", documented.text("members")))
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    assert members == {name: str(port) for name, port in SERVERS.items()}
    for name, port, api in re.findall(r"(\w+):(\d+):(\d+)", documented.text("members")):
        listen = text[text.index(f"listen {name}\n") :].partition("\nlisten ")[0]
        assert f"bind 127.0.0.1:{port}\n" in listen
        for host in DATABASE_HOSTS[:2]:
            assert f" {host}:{port} port {api} verifyhost {host} " in listen


@pytest.mark.parametrize("journal", ["journal = ", "# journal = "])
def test_the_ports_of_the_balancer_get_into_the_configuration(tmp_path: Path, journal: str) -> None:
    """As printed, twice: the example that is shipped has one port for all servers."""
    path = tmp_path / "portal.toml"
    path.write_text((DEPLOY / "portal.toml").read_text().replace("# journal = ", journal))
    block = documented.text("ports").replace("/etc/portal/portal.toml", str(path))
    for _ in range(2):
        subprocess.run(["bash", "-euo", "pipefail", "-c", block], check=True)
    bound = re.findall(r"listen (\w+)\n    bind 127\.0\.0\.1:(\d+)", (DEPLOY / "haproxy" / "haproxy.cfg").read_text())
    assert re.findall(r"@(\w+)\.db\.example:(\d+)/", path.read_text()) == bound
    servers = Configuration(path).databases
    assert len(servers) == (4 if journal == "journal = " else 3)


def test_the_balancer_is_told_where_the_authority_lies() -> None:
    text = documented.DOCUMENT.read_text()
    before = text[: text.index('```sh drill="haproxy"')].rpartition("\n\n")[0]
    assert "/etc/portal/databases.crt" in before.rpartition("\n\n")[2]


def test_the_balancer_takes_its_configuration(tmp_path: Path) -> None:
    if shutil.which("haproxy", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("this machine has no haproxy")
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=ca", "-keyout", tmp_path / "key", "-out", tmp_path / "crt"], check=True, capture_output=True,
    )  # fmt: skip
    text = text.replace("/etc/portal/databases.crt", str(tmp_path / "crt"))
    file = tmp_path / "haproxy.cfg"
    file.write_text(
        "\n".join(line for line in text.splitlines() if line.strip() not in ("user haproxy", "group haproxy")) + "\n"
    )
    done = subprocess.run(["/usr/sbin/haproxy", "-c", "-dr", "-f", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.asvs("12.1.3")
def test_members_of_a_cluster_are_believed_by_a_certificate_of_their_own_authority_alone() -> None:
    """Patroni asks for one of whoever changes something (``optional``), etcd of everybody, clients and peers."""
    member = (DEPLOY / "patroni" / "patroni.yml").read_text()
    api = member.partition("\nrestapi:\n")[2].partition("\nctl:")[0]
    assert "  cafile: /etc/patroni/tls/ca.crt\n" in api and "  verify_client: optional\n" in f"{api}\n"
    said = set((DEPLOY / "patroni" / "etcd").read_text().splitlines())
    for kind in ("", "PEER_"):
        assert {f"ETCD_{kind}CLIENT_CERT_AUTH=true", f"ETCD_{kind}TRUSTED_CA_FILE=/etc/patroni/tls/ca.crt"} <= said


@pytest.mark.asvs("12.3.4")
def test_whoever_asks_inside_trusts_a_named_authority() -> None:
    """Databases, the balancer and the members among themselves: by a file, and by the name that is asked for."""
    portal = (DEPLOY / "portal.toml").read_text()
    addresses = re.findall(r"postgresql://\S+", portal)
    assert len(addresses) == 4
    assert all("sslmode=verify-full&sslrootcert=/etc/portal/databases.crt" in address for address in addresses)
    balancer = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    assert "check-ssl verify required ca-file /etc/portal/databases.crt" in balancer
    assert balancer.count(" verifyhost ") == balancer.count("\n    server ") == 8
    member = (DEPLOY / "patroni" / "patroni.yml").read_text()
    assert member.count("sslmode: verify-full, sslrootcert: /etc/patroni/tls/ca.crt") == 2
    watcher = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    assert watcher.count("scheme: https") == watcher.count("tls_config: {ca_file: /etc/portal/databases.crt") == 2
    assert "insecure_skip_verify" not in watcher
    assert "cacert: /etc/patroni/tls/ca.crt" in member and not re.search(r"^ *- host(?:nossl)? ", member, re.MULTILINE)
