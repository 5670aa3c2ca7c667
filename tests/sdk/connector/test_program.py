"""The program and the README, as an owner of a system uses them."""

import hashlib
import http.client
import json
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import tomllib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from exafe_connector.configuration import adapter_of
from tests.sdk.connector.portal_side import MINA, SECRET, Portal, through_http
from tests.sdk.connector.served import ENVIRON, ROOT, Served, program, toml
from tests.sdk.connector.systems import free_port

README = (ROOT / "sdk" / "connector" / "README.md").read_text()


def test_the_example_of_the_readme_runs_and_is_as_long_as_it_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(example.splitlines()) <= 50
    port = free_port()
    (tmp_path / "example.py").write_text(example.replace("8443", str(port)))
    public = program("keygen", str(tmp_path / "connector.key")).stdout.strip()
    (tmp_path / "connector.secrets").write_bytes(SECRET.replace(b" ", b"_"))
    with closing(sqlite3.connect(tmp_path / "list.sqlite")) as subscribers, subscribers:
        subscribers.execute("CREATE TABLE subscriber (person, mail, frozen)")
        subscribers.executemany("INSERT INTO subscriber VALUES (?, ?, 0)", [tuple(MINA.values()), ("A71", "h@e.org")])
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "example.py")], env=ENVIRON, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Serving on")
    portal = Portal(through_http(port), public, secret=SECRET.replace(b" ", b"_"))
    assert portal.call("freeze", ["email"], task=(task := str(uuid4())), why="hold").state == "frozen"
    assert portal.call("destroy", ["email"]).state == "kept"
    assert portal.call("release", [], of=task).state == "released"
    assert portal.call("correct", ["email"], values={"email": {"to": "new@example.org"}}).state == "corrected"
    assert portal.call("destroy", ["email"]).state == "destroyed"
    process.terminate()
    assert process.wait(30) == 0
    process.stdout.close()
    with closing(sqlite3.connect(tmp_path / "list.sqlite")) as subscribers:
        assert subscribers.execute("SELECT person FROM subscriber").fetchall() == [("A71",)]


def test_an_answer_is_checked_offline_and_the_freeze_list_asked(tmp_path: Path) -> None:
    mapping = '[[system.files]]\npattern = "*.csv"\nfind = {reference = "device"}\nitems = {email = "mail"}\n'
    served = Served(tmp_path, toml({"kind": "csv", "folder": ".", "asks_freeze_list": True}) + mapping)
    (tmp_path / "people.csv").write_text("device,mail\nA7,mina@example.org\n")
    again = program("keygen", str(tmp_path / "key"))
    assert (again.returncode, again.stdout) == (2, "")
    served.start()
    key = str(uuid4())
    told = {"task": key, "person": {"reference": "A7"}, "items": ["email"], "values": {}, "basis": "R-1"}
    answered = served.portal.call("freeze", ["email"], person=told["person"], key=key, task=key, why="hold")
    assert answered.state == "frozen"
    assert served.stop() == 0
    asked = json.dumps({**told, "why": "hold"}).encode()
    (tmp_path / "answer").write_bytes(answered.raw)
    words = ["verify", "--public-key", served.public, "--key", key, "--verb", "freeze", "--answer",
             str(tmp_path / "answer"), "--request", hashlib.sha256(asked).hexdigest()]  # fmt: skip
    assert program(*words, "--signature", answered.signature).returncode == 0
    (tmp_path / "answer").write_bytes(answered.raw.replace(b"frozen", b"thawed"))
    assert program(*words, "--signature", answered.signature).returncode == 1
    configuration = str(served.configuration)
    assert program("frozen", configuration, "reference=A7").stdout == "email\n"
    assert program("frozen", configuration, "reference=A8").returncode == 1
    (tmp_path / "key").chmod(0o644)
    refused = program("serve", configuration)
    assert refused.returncode == 2
    assert "chmod 600" in refused.stderr


def test_the_configuration_of_the_readme_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 2
    monkeypatch.setenv("CRM_DSN", "dbname=crm")
    for text in examples:
        adapter = adapter_of(tomllib.loads(text)["system"], tmp_path)
        assert (adapter.items, adapter.can_freeze) == ({"email", "imei"}, True)


def test_a_mapping_is_checked_before_the_portal_asks(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("device,mail\nA7,mina@example.org\nCANARY,c@example.org\n")
    mapping = '[[system.files]]\npattern = "*.csv"\nfind = {reference = "device"}\nitems = {email = "mail"}\n'
    system = toml({"kind": "csv", "folder": ".", "asks_freeze_list": True}) + mapping
    configuration = Served(tmp_path, system, 'canary = {reference = "CANARY"}').configuration
    whole = configuration.read_text()

    def said(*identifier: str, now: str = "", then: str = "", command: str = "check") -> tuple[int, str]:
        assert now in whole
        configuration.write_text(whole.replace(now, then))
        ran = program(command, str(configuration), *identifier)
        return ran.returncode, ran.stdout + ran.stderr

    assert said() == (0, "Both searches find the canary with email.\n")
    assert said("reference=A7")[0] == 0 and "email: 1 found, 1 read back" in said("reference=A7")[1]
    assert said("reference=A8")[0] == 1
    assert said(now="CANARY", then="NOBODY")[0] == 1
    for now, then, word in (
        ("asks_freeze_list", "ask_freeze_list", "asks_freeze_list"), ("store =", "stores =", "store"),
        ("pattern", "patern", "pattern"), ('"*.csv"', '"*.csv"\ndestroy = "rows"', "blank"),
        ('"mail"', '"post"', "post"),
        ("items = {email", "find = {email", "Cannot overwrite"), ('"csv"', '"cvs"', "postgresql"),
    ):  # fmt: skip
        status, text = said(now=now, then=then)
        assert status == 2 and word in text, text
    for slip in ("A7", "reference=", "email-address=a@example.org"):
        assert said(slip)[0] == 2
        # "Nothing is frozen" must not be the answer.
        assert said(slip, command="frozen") == said(slip)


def test_it_serves_by_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    served = Served(tmp_path, toml({"kind": "csv", "folder": ".", "files": []}))
    served.start("--certificate", str(certificate), "--private-key", str(key))
    context = ssl.create_default_context(cafile=certificate)
    for _time in range(2):
        # Who never shakes hands keeps nobody else waiting.
        with socket.create_connection(("127.0.0.1", served.port)):
            connection = http.client.HTTPSConnection("localhost", served.port, timeout=20, context=context)
            connection.request("POST", "/v1/locate", b"{}", {"Content-Type": "application/json"})
            assert connection.getresponse().status == 401
            connection.close()
    assert served.stop() == 0


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for this machine and of its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.key").write_bytes(private)
    return folder / "tls.pem", folder / "tls.key"


def test_without_tls_only_this_machine_is_served(tmp_path: Path) -> None:
    served = Served(tmp_path, toml({"kind": "csv", "folder": ".", "files": []}))
    refused = program("serve", str(served.configuration), "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 2
    assert "certificate" in refused.stderr
