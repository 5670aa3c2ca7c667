"""The key service signs what it read of access records, and the notary finds what was not sealed so."""

import json
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection as django_connection

from privacy.ledger.checkpoints import attested_reads
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.integrity import verification
from privacy.ledger.verify import ALTERED, SOUND, parse_key
from privacy.vault.keyservice import client
from privacy.vault.keyservice.attesting import Attestations
from privacy.vault.keyservice.ceilings import Ceilings
from privacy.vault.keyservice.custodian import KeyCustodian
from privacy.vault.keyservice.reading_policy import Connection
from privacy.vault.keyservice.refusals import KeysRefused
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import make_entries, make_notary, make_witnesses, seal, sign, tamper
from tests.factory import make_sealed_file
from tests.privacy.vault.key_requests import record_of, request_for
from tests.privacy.vault.key_services import key_service

pytestmark = pytest.mark.attack("20.14")
NAME = "keys.extrus.example/1"
UNTOUCHED = "SELECT"


class Service:
    """A key service's attestations, put on the trail as its role."""

    def __init__(self, database: PortalDatabase) -> None:
        self.database = database
        self.signer = Signer.make(NAME)
        self.attestations = Attestations(self.signer, self._append)

    def _append(self, facts: dict[str, object]) -> None:
        with self.database.connect("portal_keys") as connection:
            append_entry(connection, Event.READS_ATTESTED, actor=attested_reads.KEY_SERVICE, facts=facts)

    def read(self, number: int) -> None:
        """Attest that a record was read."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT payload FROM ledger.entry WHERE id = %s", [number]).fetchone()
        assert row is not None
        self.attestations.add(number, sha256(row[0].encode()).hexdigest())
        self.attestations.attest()


@pytest.fixture
def service(portal_database: PortalDatabase) -> Service:
    return Service(portal_database)


@pytest.fixture
def notary(portal_database: PortalDatabase, tmp_path: Path, service: Service) -> Notary:
    notary = make_notary(tmp_path)
    notary.attesting = service.signer.keys
    make_entries(portal_database, 5)
    service.read(5)
    grow(portal_database, notary)
    return notary


def grow(database: PortalDatabase, notary: Notary) -> None:
    seal(database)
    sign(database, notary)


def findings(database: PortalDatabase, folder: Path) -> list[str]:
    with database.connect("portal_auditor") as connection:
        report = verification.verify_log(connection, make_witnesses(folder))
    assert report.code == (ALTERED if report.findings else SOUND)
    return [one.message for one in report.findings]


@pytest.mark.parametrize(
    ("done", "found"),
    [
        (UNTOUCHED, ""),
        ("DELETE FROM ledger.entry WHERE id = 7", "is missing (its attestation 2)"),
        (
            "UPDATE ledger.entry SET payload = replace(payload, 'nonce\":\"', 'nonce\":\"x') WHERE id = 7",
            "was sealed otherwise",
        ),
    ],
    ids=["untouched", "removed", "changed"],
)
def test_a_record_that_was_touched_before_its_seal_is_a_finding_that_is_sealed(
    portal_database: PortalDatabase, tmp_path: Path, notary: Notary, service: Service, done: str, found: str
) -> None:
    """Whoever rules the database has the second before the seal; the key service read the record before."""
    make_entries(portal_database, 1)
    service.read(7)
    tamper(portal_database, done)
    grow(portal_database, notary)
    grow(portal_database, notary)
    said = findings(portal_database, tmp_path)
    assert len(said) == bool(found)
    assert all(f"entry 7, which the key service {NAME} read, {found}" in one for one in said)
    assert notary.state.size == (9 if "otherwise" in found else 8), "the finding is sealed, too"


def test_a_finding_is_put_on_record_once_while_witnesses_refuse(
    portal_database: PortalDatabase, notary: Notary, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_entries(portal_database, 1)
    service.read(7)
    tamper(portal_database, "DELETE FROM ledger.entry WHERE id = 7")
    with monkeypatch.context() as refusing:
        refusing.setattr(notary, "_witnessed", refuse)
        for _time in range(3):
            with pytest.raises(SigningRefused):
                grow(portal_database, notary)
    grow(portal_database, notary)
    with portal_database.connect() as connection:
        found = connection.execute("SELECT count(*) FROM ledger.entry WHERE word = 'ledger.reads.contradicted'")
        assert found.fetchone() == (1,)


def refuse(*_asked: object) -> None:
    raise SigningRefused("too few witnesses cosign")


def test_an_attestation_that_was_removed_leaves_a_gap(
    portal_database: PortalDatabase, tmp_path: Path, notary: Notary, service: Service
) -> None:
    make_entries(portal_database, 2)
    service.read(7)
    tamper(portal_database, "DELETE FROM ledger.entry WHERE id IN (7, 9)")
    service.read(8)
    grow(portal_database, notary)
    grow(portal_database, notary)
    [said] = findings(portal_database, tmp_path)
    assert f"attestations of the key service {NAME} are missing, from 2 to before 3" in said


def test_what_nobody_attested_is_no_finding_and_what_nobody_pinned_signed_says_nothing(
    portal_database: PortalDatabase, tmp_path: Path, notary: Notary
) -> None:
    other = Service(portal_database)
    make_entries(portal_database, 3)
    other.attestations.add(7, "0" * 64)
    other.attestations.attest()
    with portal_database.connect() as superuser:
        for note in ("nonsense", other.signer.note(f"{NAME}/reads\nx\n9\nx y\n", 1)):
            append_entry(superuser, Event.READS_ATTESTED, actor=attested_reads.KEY_SERVICE, facts={"signed_note": note})
    grow(portal_database, notary)
    assert findings(portal_database, tmp_path) == []


def test_each_run_of_a_service_counts_for_itself(
    portal_database: PortalDatabase, tmp_path: Path, notary: Notary, service: Service
) -> None:
    again = Service(portal_database)
    again.signer = service.signer
    again.attestations = Attestations(service.signer, again._append)
    make_entries(portal_database, 2)
    again.read(7)
    grow(portal_database, notary)
    service.read(8)
    grow(portal_database, notary)
    assert sorted(notary.state.attested.values()) == [1, 2]
    assert findings(portal_database, tmp_path) == []
    with portal_database.connect("portal_notary") as connection:
        rebuilt = attested_reads.numbers_until(connection, notary.attesting, notary.state.size)
    assert rebuilt == notary.state.attested


def test_what_can_not_be_put_on_the_trail_is_attested_later_under_the_same_number(
    portal_database: PortalDatabase, tmp_path: Path, notary: Notary, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_entries(portal_database, 1)

    def away(facts: dict[str, object]) -> None:
        raise psycopg.OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(service.attestations, "_append", away)
        with pytest.raises(psycopg.OperationalError):
            service.read(7)
        service.attestations._try()
    service.attestations._try()
    grow(portal_database, notary)
    assert list(notary.state.attested.values()) == [2]
    assert findings(portal_database, tmp_path) == []


@pytest.mark.parametrize("role", ["portal_app", "portal_intake", "portal_worker", "portal_notary"])
def test_no_other_role_attests(portal_database: PortalDatabase, role: str) -> None:
    said = json.dumps({"word": "ledger.reads.attested", "actor": "system:keyservice", "facts": {"signed_note": "x"}})
    statement = (
        "SELECT ledger.append('act', %s)" if role == "portal_notary"
        else "INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)"
    )  # fmt: skip
    with portal_database.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement, [said])  # type: ignore[arg-type]  # one of two constants


def test_the_key_service_appends_nothing_else(portal_database: PortalDatabase) -> None:
    for word in ("ledger.read", "ledger.reads.contradicted", "tests.thing.tried"):
        said = json.dumps({"word": word, "actor": "system:x"})
        with (
            portal_database.connect("portal_keys") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="not this role's to append"),
        ):
            connection.execute("SELECT ledger.append('act', %s)", [said])
    for kind, said in (
        ("read", {"actor": "user:x"}),
        ("act", {"actor": "x"}),
        ("read", {"word": "ledger.reads.attested"}),
    ):
        with (
            portal_database.connect("portal_keys") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="not this role's to append"),
        ):
            connection.execute("SELECT ledger.append(%s, %s)", [kind, json.dumps(said)])


def test_an_answer_that_was_lost_is_asked_for_with_the_same_bytes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[dict[str, object]] = []

    def lose(facts: dict[str, object]) -> None:
        written.append(facts)
        if len(written) == 1:
            raise psycopg.OperationalError

    monkeypatch.setattr(service.attestations, "_append", lose)
    service.attestations.add(1, "a" * 64)
    with pytest.raises(psycopg.OperationalError):
        service.attestations.attest()
    service.attestations.add(2, "b" * 64)
    service.attestations.attest()
    service.attestations.attest()
    assert written[0] == written[1], "one number never says two things"
    assert [facts["number"] for facts in written] == [1, 1, 2]


def test_the_newest_run_of_a_quiet_service_is_not_forgotten() -> None:
    quiet, busy = Signer.make("quiet"), "busy {:016x}"
    runs = {"quiet 00": 7, **{busy.format(number): 1 for number in range(300)}}
    assert attested_reads.compare([], quiet.keys, runs, lambda _number: None)[0]["quiet 00"] == 7


def test_what_was_refused_first_is_attested_when_it_gives_keys(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """Shown once with keys that it does not name, then with the right ones."""
    attested: list[int] = []

    class Attested:
        def add(self, number: int, _digest: str) -> None:
            attested.append(number)

    file, stranger = make_sealed_file(), make_sealed_file()
    right = request_for([file], record_of([file.subject_id]))
    wrong = request_for([stranger], right.record)
    own = client._custodian(str(django_connection.settings_dict["NAME"]))
    custodian = KeyCustodian(own.query, own.policy, Ceilings({}), attestations=Attested())  # type: ignore[arg-type]
    peer = Connection("all")
    with pytest.raises(KeysRefused):
        custodian.answer(wrong, peer)
    assert attested == []
    custodian.answer(right, peer)
    assert attested == [right.record]


def test_a_real_service_attests_what_it_gave_keys_for(portal_database: PortalDatabase, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    for path in Path(settings.KEYS_DIR).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
        (folder / path.name).chmod(0o600)
    environ = {**portal_database.environ("portal_keys"), "KEYS_DIR": str(folder)}

    def make(name: str = NAME) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "keyservice", "--make-attestation-key", name],
            cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert "no spaces" in make("two words").stderr
    made = make()
    assert made.returncode == 0, made.stderr
    assert "never replaced" in make().stderr
    notary = make_notary(tmp_path)
    notary.attesting = [parse_key(made.stdout)]
    with key_service(portal_database, KEYS_DIR=str(folder)):
        file = make_sealed_file()
        request = request_for([file], record_of([file.subject_id]))
        for _again in range(2):
            assert client.ask(request)
        wait_for(portal_database, "SELECT count(*) = 1 FROM ledger.entry WHERE word = 'ledger.reads.attested'")
        time.sleep(1.5)
        grow(portal_database, notary)
    assert list(notary.state.attested.values()) == [1]
    assert findings(portal_database, tmp_path) == []


def wait_for(database: PortalDatabase, question: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with database.connect() as connection:
            if connection.execute(question.encode()).fetchone() == (True,):
                return
        time.sleep(0.1)
    raise AssertionError(question)
