"""Three witnesses on hosts of their own, each with its network: two of them are enough, one is not.

Each host is a network namespace with its own address; the notary reaches it over a cable. One is unplugged, one was
shown another history. Needs the right to make namespaces, else it is passed over.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.verify import Bundle
from privacy.ledger.verify_witnesses import read_policy
from privacy.ledger.witness.asking import Witnesses
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import ORIGIN, make_entries, make_notary, seal, sign

pytestmark = [pytest.mark.faults, pytest.mark.attack("19")]
PORT, STARTS_WITHIN = 8100, 60


def ip(*arguments: str) -> bool:
    return subprocess.run(["ip", *arguments], capture_output=True, check=False).returncode == 0


class Host:
    """A host with a witness, at the end of a cable."""

    def __init__(self, folder: Path, number: int, *, is_ml_dsa: bool) -> None:
        self.folder = folder / f"host{number}"
        self.namespace = f"w{secrets.token_hex(3)}"
        self.name, self.address = f"witness{number}", f"10.77.{number}.2"
        self.near = f"{self.namespace}a"
        self.is_ml_dsa = is_ml_dsa
        self.process: subprocess.Popen[str] | None = None

    def connect(self) -> bool:
        """Make the host and lay the cable; False where this machine gives no right to."""
        far, number = f"{self.namespace}b", self.address.split(".")[2]
        return all((
            ip("netns", "add", self.namespace),
            ip("link", "add", self.near, "type", "veth", "peer", "name", far, "netns", self.namespace),
            ip("address", "add", f"10.77.{number}.1/24", "dev", self.near),
            ip("link", "set", self.near, "up"),
            ip("-n", self.namespace, "address", "add", f"{self.address}/24", "dev", far),
            ip("-n", self.namespace, "link", "set", far, "up"),
        ))  # fmt: skip

    def unplug(self) -> None:
        assert ip("-n", self.namespace, "link", "set", f"{self.namespace}b", "down")

    def run(self, *arguments: str) -> str:
        return subprocess.run(
            self._command(*arguments), cwd=ROOT, env=self._environ(), capture_output=True, text=True, check=True
        ).stdout.strip()

    def start(self) -> None:
        command = self._command("--host", self.address, "--port", str(PORT))
        self.process = subprocess.Popen(command, cwd=ROOT, env=self._environ(), stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert "answers at" in self.process.stdout.readline()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=STARTS_WITHIN)
            self.process = None

    def remove(self) -> None:
        self.stop()
        ip("link", "delete", self.near)
        ip("netns", "delete", self.namespace)

    def _command(self, *arguments: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, sys.executable, "manage.py", "witness", *arguments]

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "DEVELOPMENT": "0",
            "WITNESS_DIR": str(self.folder), "PORTAL_HOME": str(self.folder / "home"),
        }  # fmt: skip


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Host]]:
    with ExitStack() as ends:
        made = [Host(tmp_path, number, is_ml_dsa=number == 3) for number in (1, 2, 3)]
        for host in made:
            ends.callback(host.remove)
            if not host.connect():
                pytest.skip("this machine gives no right to make network namespaces")
        yield made


def grow(database: PortalDatabase) -> None:
    make_entries(database, 10)
    seal(database)


def test_two_of_three_hosts_are_enough_and_one_dead_and_one_split_are_refused(
    portal_database: PortalDatabase, tmp_path: Path, hosts: list[Host], capsys: pytest.CaptureFixture[str]
) -> None:
    notary = make_notary(tmp_path)
    lines = []
    for host in hosts:
        kind = ["--ml-dsa"] * host.is_ml_dsa
        vkey = host.run("--make-key", f"{host.name}.example", *kind)
        host.run("--add-log", notary.signer.vkeys[0])
        host.start()
        lines.append(f"witness {host.name} {vkey} http://{host.address}:{PORT}/")
    lines += ["group most 2 witness1 witness2 witness3", "quorum most", ""]
    policy = read_policy("\n".join(lines).encode())
    notary.witnesses = Witnesses(policy)
    grow(portal_database)
    assert sign(portal_database, notary) == 10
    assert policy.cosigners(notary.state.note.encode()) == ["witness1", "witness2", "witness3"]

    hosts[0].unplug()
    grow(portal_database)
    began = time.monotonic()
    assert sign(portal_database, notary) == 20
    waited = time.monotonic() - began
    assert policy.cosigners(notary.state.note.encode()) == ["witness2", "witness3"]
    policy.require((tmp_path / "mirror" / "checkpoint").read_bytes())

    memory = hosts[1].folder / "logs.json"
    hosts[1].stop()
    seen = json.loads(memory.read_text())
    memory.write_text(json.dumps({ORIGIN: seen[ORIGIN] | {"root": bytes(32).hex()}}))
    hosts[1].start()
    grow(portal_database)
    with pytest.raises(SigningRefused, match=r"too few witnesses cosign: witness1 gives no answer.*witness2 refuses"):
        sign(portal_database, notary)
    assert notary.state.size == 20
    with portal_database.connect() as connection:
        assert connection.execute("SELECT max(size) FROM ledger.checkpoint").fetchone() == (20,)
    assert Bundle(str(tmp_path / "mirror")).verify(notary.signer.keys).said.startswith("20 entries of 20")
    with capsys.disabled():
        print(f"\n3 hosts: all cosign; one unplugged: signed after {waited:.1f} s; and one split: refused")
