"""Witnesses (C2SP tlog-witness): each answer of the protocol, forks and rollbacks, a quorum, and the check offline."""

import base64
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from privacy.ledger import verify
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text
from privacy.ledger.merkle import tree
from privacy.ledger.verify import Bundle, Growing, Problem, leaf_hash
from privacy.ledger.verify_witnesses import read_policy
from privacy.ledger.witness.asking import Witnesses
from privacy.ledger.witness.cosigning import Answer, Witness
from privacy.ledger.witness.serving import make_server
from privacy.ledger.witness.witness_keys import load_key
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import ORIGIN, make_entries, make_notary, seal, sign, tamper

pytestmark = pytest.mark.attack("19")
NOW = 1_800_000_000


class Log:
    """A log in memory, with its proofs."""

    def __init__(self, signer: Signer, leaves: list[bytes]) -> None:
        self.signer = signer
        self.leaves = leaves

    def root(self, size: int) -> bytes:
        grown = Growing()
        for leaf in self.leaves[:size]:
            grown.add(leaf)
        return grown.root()

    def note(self, size: int) -> str:
        return self.signer.note(checkpoint_text(self.signer.name, size, self.root(size)), NOW)

    def proof(self, old: int, size: int) -> list[bytes]:
        def read(level: int, first: int, count: int) -> list[bytes]:
            assert level == 0
            return self.leaves[first : first + count]

        # Small enough that no node above the leaves is ever read.
        return tree.Subtrees(read).consistency(old, size) if old else []

    def request(self, old: int, size: int) -> bytes:
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.proof(old, size))
        return f"old {old}\n{hashes}\n{self.note(size)}".encode()


def leaves(count: int, *, mark: str = "") -> list[bytes]:
    return [leaf_hash(f"{number}{mark}".encode()) for number in range(count)]


def make_witness(folder: Path, *logs: Signer, name: str = "witness.example/1") -> Witness:
    folder.mkdir(exist_ok=True)
    if not (folder / "logs.json").exists():
        (folder / "logs.json").write_text("{}")
        Signer.make(name).save(folder / "witness.key")
    witness = Witness(load_key(folder / "witness.key"), folder, lambda: NOW)
    for log in logs:
        witness.add_log(log.vkeys[0])
    return witness


@pytest.fixture
def log() -> Log:
    return Log(Signer.make(ORIGIN), leaves(40))


def test_what_continues_is_cosigned_and_remembered_through_a_restart(tmp_path: Path, log: Log) -> None:
    witness = make_witness(tmp_path, log.signer)
    for old, size in ((0, 3), (3, 3), (3, 16), (16, 17), (17, 40)):
        answer = witness.add_checkpoint(log.request(old, size))
        assert answer.status == HTTPStatus.OK, answer
        signed = verify.open_note((log.note(size) + answer.body).encode(), witness.signer.keys)[1]
        assert list(signed.values()) == [NOW]
        witness = make_witness(tmp_path)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (lambda body, log: body.replace(b"old 10", b"old ten"), 400, "malformed"),
        (lambda body, log: body.replace(b"old 10\n", b"old 10\nxx\n"), 400, "malformed"),
        (lambda body, log: body.replace(b"\n\n", b"\n"), 400, "malformed"),
        (lambda body, log: b"", 400, "malformed"),
        (lambda body, log: b"\xff\xfe" * 100, 400, "malformed"),
        (lambda body, log: body.replace(b"old 10\n", b"old 10\n" + base64.b64encode(bytes(32)) * 1 + b"\n"), 422, ""),
        (lambda body, log: body.replace(b"old 10", b"old 21"), 400, "larger"),
        (lambda body, log: log.request(9, 20), 409, "10\n"),
        (lambda body, log: log.request(0, 20), 409, "10\n"),
        (lambda body, log: body.replace(ORIGIN.encode(), b"another.example/log"), 404, "does not watch"),
        (lambda body, log: Log(Signer.make(ORIGIN), log.leaves).request(10, 20), 403, "did not sign"),
        (lambda body, log: body.replace(b"\n20\n", b"\n19\n"), 403, "did not sign"),
        (lambda body, log: Log(log.signer, leaves(40, mark="x")).request(10, 20), 422, "does not continue"),
        (lambda body, log: Log(log.signer, leaves(40, mark="x")).request(10, 10), 409, "another root"),
    ],
)  # fmt: skip
def test_each_refusal_of_the_protocol(tmp_path: Path, log: Log, change: object, status: int, said: str) -> None:
    witness = make_witness(tmp_path, log.signer)
    assert witness.add_checkpoint(log.request(0, 10)).status == HTTPStatus.OK
    kept = (tmp_path / "logs.json").read_text()
    answer = witness.add_checkpoint(change(log.request(10, 20), log))  # type: ignore[operator]
    assert (answer.status, said in answer.body) == (status, True), answer
    assert (answer.content_type == "text/x.tlog.size") == (said == "10\n")
    assert (tmp_path / "logs.json").read_text() == kept
    assert witness.add_checkpoint(log.request(10, 20)).status == HTTPStatus.OK


def test_a_proof_from_nothing_is_empty(tmp_path: Path, log: Log) -> None:
    witness = make_witness(tmp_path, log.signer)
    body = log.request(0, 10).replace(b"old 0\n", b"old 0\n" + base64.b64encode(bytes(32)) + b"\n")
    assert witness.add_checkpoint(body).status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_hundred_forks_rollbacks_and_split_views_are_refused(tmp_path: Path, log: Log) -> None:
    chance = random.Random(19)
    witness = make_witness(tmp_path, log.signer)
    assert witness.add_checkpoint(log.request(0, 20)).status == HTTPStatus.OK
    for number in range(100):
        changed = list(log.leaves)
        changed[chance.randrange(20)] = leaf_hash(f"forged {number}".encode())
        forged = Log(log.signer, changed)
        size = chance.randrange(20, 40)
        kind = chance.choice(("fork", "rollback", "split"))
        body = {
            "fork": lambda forged=forged, size=size: forged.request(20, size),
            "rollback": lambda: log.request(chance.randrange(1, 19), 19),
            "split": lambda forged=forged: forged.request(20, 20),
        }[kind]()
        assert witness.add_checkpoint(body).status in (400, 409, 422), kind
    assert json.loads((tmp_path / "logs.json").read_text())[ORIGIN]["size"] == 20


# -- the notary asks ------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, Witness]]:
    """Three witnesses that answer over HTTP, and a policy that asks for two of them."""
    with ExitStack() as ends:
        witnesses, lines = {}, []
        for name in ("one", "two", "three"):
            witness = make_witness(tmp_path / name, name=f"witness.example/{name}")
            server = make_server(witness, "127.0.0.1", 0)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ends.callback(server.server_close)
            ends.callback(server.shutdown)
            witnesses[name] = witness
            lines.append(f"witness {name} {witness.signer.vkey} http://127.0.0.1:{server.server_port}")
        (tmp_path / "policy").write_text("\n".join([*lines, "group most 2 one two three", "quorum most", ""]))
        yield witnesses


def make_witnessed(folder: Path, served: dict[str, Witness]) -> Notary:
    notary = make_notary(folder)
    notary.witnesses = Witnesses(read_policy((folder / "policy").read_bytes()))
    for witness in served.values():
        witness.add_log(notary.signer.vkeys[0])
    return notary


def grow(database: PortalDatabase, count: int = 10) -> None:
    make_entries(database, count)
    seal(database)


def signed_and_witnessed(database: PortalDatabase, folder: Path, served: dict[str, Witness]) -> Notary:
    """Return a notary after its first checkpoint."""
    notary = make_witnessed(folder, served)
    grow(database)
    sign(database, notary)
    return notary


def test_two_of_three_are_enough_and_one_is_not(
    portal_database: PortalDatabase, tmp_path: Path, served: dict[str, Witness], monkeypatch: pytest.MonkeyPatch
) -> None:
    notary = make_witnessed(tmp_path, served)
    assert notary.witnesses is not None
    policy = notary.witnesses.policy
    grow(portal_database)
    assert sign(portal_database, notary) == 10
    assert policy.cosigners(notary.state.note.encode()) == ["one", "two", "three"]
    # One is dead.
    silent = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "out of order")
    monkeypatch.setattr(served["three"], "add_checkpoint", lambda body: silent)
    grow(portal_database)
    assert sign(portal_database, notary) == 20
    assert policy.cosigners(notary.state.note.encode()) == ["one", "two"]
    # Another was shown another history.
    served["two"]._save(ORIGIN, replace(served["two"]._logs[ORIGIN], root=bytes(32).hex()))
    grow(portal_database)
    with pytest.raises(SigningRefused, match=r"too few witnesses cosign: two refuses \(422\).*three refuses \(500\)"):
        sign(portal_database, notary)
    assert notary.state.size == 20
    with portal_database.connect() as connection:
        assert connection.execute("SELECT max(size) FROM ledger.checkpoint").fetchone() == (20,)
    # What was published before can still be checked.
    assert Bundle(str(tmp_path / "mirror")).verify(notary.signer.keys).said.startswith("20 entries of 20")
    # It is back, and far behind: it says where it stands.
    monkeypatch.undo()
    assert sign(portal_database, notary) == 30
    assert policy.cosigners(notary.state.note.encode()) == ["one", "three"]


def test_a_history_that_was_rewritten_with_the_notarys_own_memory_is_refused(
    portal_database: PortalDatabase, tmp_path: Path, served: dict[str, Witness]
) -> None:
    """Whoever rules database and notary alike: both are set back to ten entries and grow to another twenty."""
    notary = signed_and_witnessed(portal_database, tmp_path, served)
    for folder in ("mirror", "anchors"):
        shutil.copytree(tmp_path / folder, tmp_path / f"{folder}.before")
    before = notary.state
    grow(portal_database)
    sign(portal_database, notary)
    tamper(
        portal_database,
        *(f"DELETE FROM ledger.{table} WHERE {column} > 10" for table, column in (
            ("checkpoint", "size"), ("anchor", "size"), ("tree", "size"), ("leaf", "entry_id"), ("entry", "id"))),
    )  # fmt: skip
    for folder in ("mirror", "anchors"):
        shutil.rmtree(tmp_path / folder)
        (tmp_path / f"{folder}.before").rename(tmp_path / folder)
    before.save(notary.path, notary.signer)
    fresh = make_witnessed(tmp_path, served)
    grow(portal_database, 11)
    with pytest.raises(SigningRefused, match=r"too few witnesses cosign: one refuses \(422\)"):
        sign(portal_database, fresh)
    fresh.witnesses = None
    assert sign(portal_database, fresh) == 21, "without witnesses nobody would know"


def test_a_bundle_is_checked_against_a_policy_offline(
    portal_database: PortalDatabase, tmp_path: Path, served: dict[str, Witness]
) -> None:
    notary = signed_and_witnessed(portal_database, tmp_path, served)
    mirror, policy = tmp_path / "mirror", tmp_path / "policy"
    policy.write_text("".join(f"log {vkey}\n" for vkey in notary.signer.vkeys) + policy.read_text())
    command = [sys.executable, str(ROOT / "privacy/ledger/verify.py"), str(mirror), "--policy", str(policy)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (verify.SOUND, "")
    note = (mirror / "checkpoint").read_text()
    assert len(note.encode()) < 1_500
    (mirror / "checkpoint").write_text("".join(note.splitlines(keepends=True)[:-2]))
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (
        verify.POLICY, "POLICY: too few witnesses cosigned the checkpoint: one\n",
    )  # fmt: skip
    with pytest.raises(Problem, match="line 1 of the policy"):
        read_policy(b"log nonsense\nquorum none\n")
    assert Bundle(str(mirror)).verify(notary.signer.keys).said.startswith("10 entries")


@pytest.mark.parametrize(
    "text",
    [
        "quorum none\nwitness a", "group g 1 a\nquorum g", "quorum b", "", "witness none {vkey}\nquorum none",
        "witness a {vkey}\nwitness a {vkey}\nquorum a", "witness a {vkey}\ngroup g 2 a\nquorum g",
        "witness a {vkey}\ngroup g 0 a\nquorum g", "witness a {vkey}\ngroup g 1 a a\nquorum g",
        "strange a\nquorum none", "quorum none\nquorum none",
        "witness a {vkey}\nwitness b {vkey}\ngroup g all a b\nquorum g", "log {vkey}\nwitness a {vkey}\nquorum a",
        "witness a {vkey}\nlog {vkey}\nquorum a",
    ],
)  # fmt: skip
def test_a_policy_that_can_not_be_meant_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        read_policy(text.replace("{vkey}", Signer.make("w.example").vkeys[1]).encode())


def test_groups_of_groups_are_counted() -> None:
    keys = [Signer.make(f"{name}.example").vkeys[1] for name in "abcd"]
    lines = [f"witness {name} {key}" for name, key in zip("abcd", keys, strict=True)]
    policy = read_policy(
        "\n".join([*lines, "group x any a b", "group y all c d", "group z all x y", "quorum z"]).encode()
    )
    for cosigned, met in (("ac", False), ("acd", True), ("bcd", True), ("cd", False), ("", False), ("ab", False)):
        assert policy.is_met(set(cosigned)) is met


# -- the command ----------------------------------------------------------------------------------------------


def test_the_command_makes_a_witness_and_serves_without_any_database(tmp_path: Path, log: Log) -> None:
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "DEVELOPMENT": "0",
        "WITNESS_DIR": str(tmp_path / "witness"), "PORTAL_HOME": str(tmp_path / "home"),
    }  # fmt: skip

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "witness", *arguments],
            cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert "Make one with --make-key" in run("--add-log", log.signer.vkeys[0]).stderr
    made = run("--make-key", "witness.example/1")
    assert (made.returncode, made.stderr) == (0, "")
    key = verify.parse_key(made.stdout)
    assert "never replaced" in run("--make-key", "witness.example/1").stderr
    assert run("--add-log", log.signer.vkeys[0]).returncode == 0
    assert run("--add-log", "nonsense").returncode == 1
    serving = subprocess.Popen(
        [sys.executable, "manage.py", "witness", "--port", "0"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout is not None
        port = int(serving.stdout.readline().rstrip("/\n").rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for arguments in (("--port", "0"), ("--add-log", log.signer.vkeys[0])):
            assert "two with one memory" in run(*arguments).stderr
        connection.request("POST", "/add-checkpoint", log.request(0, 10))
        answer = connection.getresponse()
        line = answer.read().decode()
        assert answer.status == HTTPStatus.OK
        assert verify.open_note((log.note(10) + line).encode(), [key])[1]
        for path, body, status in (("/", b"x", 404), ("/add-checkpoint", b"x" * 70_000, 413)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("POST", path, body)
            assert connection.getresponse().status == status
    finally:
        serving.terminate()
        serving.communicate(timeout=60)
        assert serving.returncode == 0
    assert not (tmp_path / "home").exists()
    (tmp_path / "witness" / "logs.json").unlink()
    assert "its memory is lost" in run("--port", "0").stderr
