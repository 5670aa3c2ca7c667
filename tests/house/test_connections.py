"""How the portal asks others: nobody is believed without a certificate, and nobody leads it elsewhere."""

import ast
import re

import pytest

from tests.house.test_inventory import BESIDE, NUMBER, PRODUCT, SECTION
from tests.house.test_secure_code import ROOT, calls

# Python's clients that check no certificate unless they are given a context that does.
UNCHECKED = ("IMAP4_SSL", "POP3_SSL", "SMTP_SSL", "FTP_TLS", "MailBox", "starttls")


def trusting(source: str) -> list[str]:
    """Connections whose other side is not known by a certificate that somebody vouches for."""
    said = r"CERT_NONE|CERT_OPTIONAL|check_hostname\s*=\s*False|_create_unverified|_create_stdlib|verify\s*=\s*False"
    return re.findall(said, source) + [
        name
        for name, node in calls(source)
        if name.split(".")[-1] in UNCHECKED and not {one.arg for one in node.keywords} & {"ssl_context", "context"}
    ]


@pytest.mark.asvs("12.3.2")
def test_no_server_is_believed_without_its_certificate() -> None:
    for planted in ("imaplib.IMAP4_SSL(host)", "context.check_hostname = False", "session.get(url, verify=False)"):
        assert trusting(planted), planted
    assert {path: found for path, text in PRODUCT.items() if (found := trusting(text))} == {}


@pytest.mark.asvs("15.3.2")
def test_who_is_asked_leads_nowhere_else() -> None:
    """Of what follows redirects unless it is told not to, there is one opener and one session, and both are told."""
    follows = re.compile(
        r"urlopen\(|build_opener\(|urlretrieve|requests\.(?:get|post|request|Session)\b|from requests import Session"
    )
    assert follows.search("urllib.request.urlopen(address)") and follows.search("requests.get(address)")
    assert {path for path, text in PRODUCT.items() if follows.search(text) and not BESIDE.search(path)} == {
        "privacy/accounts/signin/adapters.py",
        "privacy/lib/http/direct_requests.py",
    }


# What waits for somebody else, and takes a time-out.
WAITS = re.compile(
    r"create_connection$|HTTPS?Connection$|OPENER\.open$|IMAP4(?:_SSL)?$|MailBox(?:Unencrypted)?$|outbound_http\.post$"
)


NAMES = ast.Name | ast.Attribute


def waits(source: str) -> list[tuple[str, set[str]]]:
    """Each call that waits for another host, with the names that its time-out is made of."""
    found = []
    for name, node in calls(source):
        if WAITS.search(name):
            given = [one.value for one in node.keywords if one.arg == "timeout"]
            names = {ast.unparse(one) for each in given for one in ast.walk(each) if isinstance(one, NAMES)}
            found.append((name, names - {"self", "min"}))
    return found


@pytest.mark.asvs("13.2.6")
def test_every_connection_waits_as_long_as_is_written_down() -> None:
    """Each call that waits is given the constant of its module that docs/inventory.md names."""
    said = {name for name, _number in NUMBER.findall(SECTION["Connections"])}
    assert waits("socket.create_connection(a)") == [("socket.create_connection", set())]
    # The scanner's own is its argument's default; the guarded client is told by its callers, and limits each step.
    handed_on = {
        "privacy/lib/integrations/clamd.py": {"self.seconds"},
        "privacy/lib/integrations/outbound_http.py": {"timeout"},
        "privacy/ledger/witness/asking.py": {"SECONDS"},  # of one; LONGEST_SECONDS is of all together
    }
    seen = set()
    for path, text in PRODUCT.items():
        if BESIDE.search(path):
            continue
        for call, names in waits(text):
            module = path.removesuffix(".py").replace("/", ".")
            seen.add(path)
            assert names and names <= {
                name.removeprefix(f"{module}.") for name in said if name.startswith(f"{module}.")
            } | handed_on.get(path, set()), (path, call, names)
    assert len(seen) >= 12
    assert re.search(r'"timeout": SECONDS', PRODUCT["config/mailers.py"])
    assert "seconds: float = SECONDS" in PRODUCT["privacy/lib/integrations/clamd.py"]


@pytest.mark.asvs("12.3.3", "13.2.5")
def test_what_is_said_in_clear_between_our_own_stays_on_its_host() -> None:
    """As shipped: the proxy to the processes and Prometheus to theirs; haproxy and Prometheus ask others by TLS."""
    nginx = (ROOT / "deploy" / "nginx" / "portal.conf").read_text()
    asked = set(re.findall(r"proxy_pass http://(\w+);", nginx))
    servers = dict(re.findall(r"upstream (\w+)\s*\{ server (\S+)", nginx))
    assert asked == servers.keys() and all(one.startswith("127.0.0.1:") for one in servers.values())
    jobs = re.split(r"^  - ", (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(), flags=re.MULTILINE)[1:]
    clear = [job for job in jobs if "scheme: https" not in job]
    assert len(jobs) == 4 and len(clear) == 2
    assert all(re.findall(r"targets: \[(.*?)\]", job)[0].startswith('"127.0.0.1:') for job in clear)
    haproxy = (ROOT / "deploy" / "haproxy" / "haproxy.cfg").read_text()
    assert "default-server check check-ssl verify required" in haproxy and "no-check-ssl" not in haproxy
    patroni = (ROOT / "deploy" / "patroni" / "patroni.yml").read_text()
    assert re.search(r"^restapi:(?:\n  .*)*\n  certfile: ", patroni, re.MULTILINE)
    assert "http://" not in patroni + haproxy
