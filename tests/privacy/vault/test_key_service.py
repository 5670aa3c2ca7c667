"""The key service as a process: no record, no key; what it does killed, hung, or asked by the wrong process."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from privacy.accounts.models import User
from privacy.ledger.actions.entries import INSERT_NUMBERED
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.entries import autocommit
from privacy.ledger.entries.payloads import subjects_digest
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json, document_signing
from privacy.lib.identifiers.ids import new_id
from privacy.lib.postgres.pipelined_connection import PipelinedConnection
from privacy.retention.certificates.statements import STATEMENT_TYPE
from privacy.rights.access_package.contents import FORMAT
from privacy.vault import actions as vault
from privacy.vault import crypto, key_providers, keys
from privacy.vault.keyservice import client, messages
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from tests import factory
from tests.config.test_web_server import until
from tests.database import PortalDatabase
from tests.factory import NOON, make_freeze, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.key_requests import record_of, request_for
from tests.privacy.vault.key_services import KeyService, answers, asking_as, key_service, seconds_of

TESTS = SystemActor("tests")
CATEGORY = "device-registration"


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[KeyService]:
    """One key service for these tests, on databases with real commits."""
    with django_db_blocker.unblock(), PortalDatabase().in_use() as database, key_service(database) as made:  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def service(running: KeyService, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyService]:
    """The key service; this process can reach no key of its own meanwhile."""

    def nothing(*_arguments: object) -> Any:
        raise AssertionError("this process held a key")

    for name in ("master_keys", "index_key"):
        monkeypatch.setattr(key_providers, name, nothing)
    keys.caches.here().clear()
    yield running
    keys.caches.here().clear()


def refused(request: messages.Request) -> str:
    """Return why the service gives nothing."""
    with pytest.raises(vault.KeysRefused) as why:
        client.ask(request)
    return str(why.value)


@pytest.mark.asvs("13.3.1")
@pytest.mark.clause("P8.3")
def test_what_is_on_record_is_opened_and_sealed_without_a_key_here(service: KeyService) -> None:
    file = make_sealed_file(name="증빙.pdf")
    with decryption_session() as vault_session:
        assert vault_session.decrypt(file, "name") == "증빙.pdf"
    assert vault.blind_index("imei", factory.imei(1)) == vault.blind_index("imei", factory.imei(1))
    assert Entry.objects.filter(word="ledger.read").count() == 1


@pytest.mark.law("S-23")
def test_a_key_that_is_given_opens_the_file(service: KeyService) -> None:
    """The control of all that follows: with the right record the same request is answered."""
    file = make_sealed_file()
    (key,) = client.ask(request_for([file], record_of([file.subject_id])))
    where = crypto.associated_data("vault.EncryptedFile", "name", CATEGORY)
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    row = EncryptedFile.objects.get(pk=file.pk)
    assert len(key) == 32, "AES-256"
    assert crypto.decrypt(AESGCM(key), row.name.ciphertext, where, row.id, row.subject_id).decode() == "증빙.pdf"


class TestNoRecordNoKey:
    def test_none_at_all(self, service: KeyService) -> None:
        assert "record" in english(lambda: refused(request_for([make_sealed_file()], 10**12)))

    def test_one_about_somebody_else(self, service: KeyService) -> None:
        mina, other = make_sealed_file(), make_sealed_file()
        record = record_of([other.subject_id])
        assert "name" in english(lambda: refused(request_for([mina], record)))
        assert "name" in english(lambda: refused(request_for([other, mina], record_of([other.subject_id]))))

    def test_one_about_another_category(self, service: KeyService) -> None:
        file = make_sealed_file()
        refused(request_for([file], record_of([file.subject_id], category="app-log")))

    def test_an_act_or_a_denial_is_none(self, service: KeyService) -> None:
        file = make_sealed_file()
        stored = Entry.objects.filter(word="vault.file.stored").latest("id")
        refused(request_for([file], stored.id))
        with pytest.raises(vault.PurposeNotDeclared), decryption_session(Purpose.ANALYTICS) as vault_session:
            vault_session.decrypt(file, "name")
        refused(request_for([file], Entry.objects.filter(kind="denied").latest("id").id))

    def test_one_that_another_connection_showed(self, service: KeyService) -> None:
        file = make_sealed_file()
        request = request_for([file], record_of([file.subject_id]))
        assert client.ask(request)
        assert client.ask(request), "on its own connection it holds"
        client.forget_connection()
        assert "before" in english(lambda: refused(request))

    def test_one_that_names_many_by_their_digest(self, service: KeyService) -> None:
        files = [make_sealed_file() for _number in range(3)]
        people = [file.subject_id for file in files] + [new_id() for _number in range(200)]
        stranger = make_sealed_file()
        record = record_of(people)
        assert len(client.ask(request_for(files, record, people=people))) == 3
        with_stranger = [*people[:-1], stranger.subject_id]
        refused(request_for([stranger], record_of(people), people=with_stranger))
        refused(request_for(files, record_of(people)))

    @pytest.mark.asvs("8.3.3")
    def test_an_account_without_a_grant_or_a_person_for_another_purpose(self, service: KeyService) -> None:
        file = make_sealed_file()
        hana, mina = factory.make_hana(granted=False), ExternalActor("subject", "S-MINA")
        refused(request_for([file], record_of([file.subject_id], actor=hana)))
        refused(request_for([file], record_of([file.subject_id], actor=mina, purpose="analytics")))
        assert client.ask(request_for([file], record_of([file.subject_id], actor=mina)))
        assert client.ask(request_for([file], record_of([file.subject_id], actor=factory.make_odile())))

    def test_a_purpose_that_is_none(self, service: KeyService) -> None:
        file = make_sealed_file()
        refused(request_for([file], record_of([file.subject_id], purpose="curiosity")))

    def test_a_digest_of_few_and_one_of_the_same_people_many_times(self, service: KeyService) -> None:
        """An entry could have named each of them."""
        file = make_sealed_file()
        for people in ([file.subject_id, new_id()], [file.subject_id] * 300):
            said = {"categories": [CATEGORY]}
            digest = subjects_digest(map(str, people))
            entry = {
                "word": "ledger.read", "actor": "system:tests", "by": "system", "purpose": "rights",
                "nonce": str(new_id()), "facts": said, "digest": digest, "count": len(people),
            }  # fmt: skip
            wire = PipelinedConnection(autocommit.connection())
            (number,) = wire.returned(INSERT_NUMBERED, [b"read", json.dumps(entry).encode()])
            assert number is not None
            refused(request_for([file], int(number), people=people))

    @pytest.mark.asvs("8.3.3")
    def test_a_grant_that_was_revoked_since(self, service: KeyService) -> None:
        hana, odile, file = factory.make_hana(), factory.make_odile(), make_sealed_file()
        requests = [request_for([file], record_of([file.subject_id], actor=one)) for one in (hana, odile)]
        assert all(client.ask(request) for request in requests)
        hana.grants.update(revoked_at=NOON)
        User.objects.filter(pk=odile.pk).update(is_active=False)
        for request in requests:
            refused(request)

    def test_a_key_under_another_label(self, service: KeyService) -> None:
        """Her wrapped key, said to be of somebody whom a record names."""
        mina, other = make_sealed_file(), make_sealed_file()
        hers, theirs = request_for([mina], 0).keys, request_for([other], record_of([other.subject_id]))
        (of_mina,), (of_other,) = hers.subjects, theirs.keys.subjects
        forged = messages.SubjectKey(of_other.subject, of_other.category, of_mina.generation, of_mina.wrapped)
        with pytest.raises(vault.WrongKey):
            client.ask(messages.ReadKeys(theirs.record, [], messages.WrappedKeys([forged], hers.months), [(0, 0)]))


class TestFromTheCommitOn:
    def test_a_freeze_holds_though_the_reader_asks_for_none(self, service: KeyService) -> None:
        file = make_sealed_file(category="app-log")
        request = request_for([file], record_of([file.subject_id], purpose="error-analysis", category="app-log"))
        assert client.ask(request)
        make_freeze(file.subject_id)
        assert client_code(request) == "frozen"
        exempt = record_of([file.subject_id], purpose="rights", category="app-log")
        assert client.ask(request_for([file], exempt))

    def test_a_destroyed_key_that_somebody_kept_wrapped_opens_nothing(self, service: KeyService) -> None:
        file = make_sealed_file()
        request = request_for([file], record_of([file.subject_id]))
        assert client.ask(request)
        vault.shred_subject(
            subject_id=file.subject_id, categories=None, cause="x", certificate="C", actor=TESTS, at=NOON
        )
        with pytest.raises(vault.Destroyed):
            client.ask(request)
        with asking_as("intake"), pytest.raises(vault.Destroyed):
            client.ask(messages.SealingKeys(request.keys, request.wanted))


class TestWhoMayAskWhat:
    def test_pages_get_no_keys_for_sealing_and_turn_nothing(self, service: KeyService) -> None:
        wrapped = request_for([make_sealed_file()], 0).keys
        for request in (
            messages.SealingKeys(wrapped, [(0, 0)]), messages.Rewrap(1, wrapped), messages.BeginGeneration(1),
            messages.DestroyGeneration(1), messages.Status(),
        ):  # fmt: skip
            refused(request)

    def test_intake_reads_nothing_and_signs_nothing(self, service: KeyService) -> None:
        file = make_sealed_file()
        request = request_for([file], record_of([file.subject_id]))
        with asking_as("intake"):
            assert client.ask(messages.SealingKeys(request.keys, request.wanted))
            for asked in (request, messages.Sign("{}"), messages.Derive("disclosures.passphrase", b"x")):
                refused(asked)

    def test_pages_sign_papers_and_no_certificate(self, service: KeyService) -> None:
        said = {"type": "extrus-privacy-portal/paper/1", "kind": "x", "number": "1", "issued_at": "", "sha256": "0"}
        paper = canonical_json.dumps(said)
        assert document_signing.is_valid_signature(paper, document_signing.sign(paper), document_signing.public_key())
        package = canonical_json.dumps({"format": FORMAT, "case": "K7", "made_at": "", "files": {}})
        assert document_signing.is_valid_signature(
            package, document_signing.sign(package), document_signing.public_key()
        )
        both = canonical_json.dumps({"format": FORMAT, "type": STATEMENT_TYPE})
        twice = paper.replace('"type":', f'"type":"{STATEMENT_TYPE}","type":')
        more = canonical_json.dumps({**said, "destroyed": {}})
        for body in (json.dumps({"type": STATEMENT_TYPE}), both, twice, more, "no JSON", "[]", "{}", '{"type": ["x"]}'):
            refused(messages.Sign(body))

    def test_a_generation_in_use_is_not_destroyed(self, service: KeyService) -> None:
        make_sealed_file()
        with asking_as("worker"):
            refused(messages.DestroyGeneration(1))


class TestWithoutIt:
    def test_killed_and_back(self, service: KeyService) -> None:
        file = make_sealed_file()
        service.kill()
        started = time.monotonic()
        with pytest.raises(vault.KeyServiceUnavailable), decryption_session() as vault_session:
            vault_session.decrypt(file, "name")
        assert seconds_of(started) < 3
        service.start()
        with decryption_session() as vault_session:
            assert vault_session.decrypt(file, "name") == "증빙.pdf"

    def test_hung_and_back(self, service: KeyService) -> None:
        file = make_sealed_file()
        service.signal(signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(vault.KeyServiceUnavailable), decryption_session() as vault_session:
            vault_session.decrypt(file, "name")
        assert seconds_of(started) < 3
        service.signal(signal.SIGCONT)
        until(answers)
        with decryption_session() as vault_session:
            assert vault_session.decrypt(file, "name") == "증빙.pdf"

    def test_what_broke_off_is_not_the_answer_to_the_next(
        self, service: KeyService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job whose time is over leaves an answer on its way."""
        first, second = make_sealed_file(name="1.pdf"), make_sealed_file(name="2.pdf")
        receive = messages.receive

        def over(_connection: object) -> bytes:
            monkeypatch.setattr(messages, "receive", receive)
            raise SystemExit

        monkeypatch.setattr(messages, "receive", over)
        with pytest.raises(SystemExit), decryption_session() as vault_session:
            vault_session.decrypt(first, "name")
        with decryption_session() as vault_session:
            assert vault_session.decrypt(second, "name") == "2.pdf"

    def test_many_threads_and_a_restart_lose_nothing(self, service: KeyService) -> None:
        """Each reading is answered or refused; none gets another's keys."""
        files = [make_sealed_file(name=f"{number}.pdf") for number in range(8)]
        wrong: list[str] = []

        def read(number: int) -> None:
            try:
                for _round in range(10):
                    try:
                        with decryption_session() as vault_session:
                            found = vault_session.decrypt(files[number], "name")
                        if found != f"{number}.pdf":
                            wrong.append(found)
                    except vault.KeyServiceUnavailable:
                        continue
                    keys.caches.here().clear()
            finally:
                client.forget_connection()
                autocommit.close()
                connections.close_all()

        threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        service.kill()
        service.start()
        for thread in threads:
            thread.join()
        assert wrong == []


@pytest.mark.parametrize("sent", [b"", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x03abc", b"\x00\x00"])
def test_what_is_no_request_ends_the_connection_or_is_refused(service: KeyService, sent: bytes) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(5)
        raw.connect(str(client.socket_path()))
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        answer = raw.recv(1_000)
        assert answer == b"" or b"invalid" in answer
    assert client.ask(messages.Describe())


def english(act: Callable[[], str]) -> str:
    """Return what an act says in English."""
    from django.utils import translation

    with translation.override("en"):
        return act()


def client_code(request: messages.Request) -> str:
    """Return the code of a refusal."""
    with pytest.raises(vault.KeysRefused) as why:
        client.ask(request)
    return why.value.code
