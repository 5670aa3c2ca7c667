"""A process of the portal under an attacker's control: it reads at its ceiling at most and on record, and no more.

What is attacked is a real process with its own role, at a real key service (``taken_over.py``). Where the tests run as
root, each process is a user of its own, as in production.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import router

from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json, document_signing
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.retention.certificates.statements import STATEMENT_TYPE
from privacy.vault import actions as vault
from privacy.vault import key_providers
from privacy.vault.fields import EncryptedField
from privacy.vault.keyservice import messages
from privacy.vault.keyservice.custodian import ALLOWED
from tests import factory
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault import attacks
from tests.privacy.vault.attacks import Target
from tests.privacy.vault.key_requests import request_for
from tests.privacy.vault.key_services import KeyService
from tests.privacy.vault.taken_over import USERS, Refused, TakenOver, key_service_of_users, memory_holds, taken_over

pytestmark = pytest.mark.attack("18.1")

PEOPLE, CEILING, LOOK_UPS = 40, 25, 6
other_users = pytest.mark.skipif(not USERS, reason="only root can give each process a user of its own")


@dataclass
class Attacked:
    """What is attacked: the databases, the key service, and its three processes."""

    database: PortalDatabase
    service: KeyService
    pages: TakenOver
    intake: TakenOver
    worker: TakenOver


@pytest.fixture(scope="module")
def attacked(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Attacked]:
    """One portal for these tests, with real commits."""
    ceilings = f"pages={CEILING},worker={10 * PEOPLE},pages.look-ups={LOOK_UPS}"
    with django_db_blocker.unblock(), PortalDatabase().in_use() as database:  # type: ignore[attr-defined]
        vault.enrol_keys(at=clock.now())
        with (
            key_service_of_users(database, KEY_CEILINGS=ceilings) as service,
            taken_over(database, service, "pages") as pages,
            taken_over(database, service, "intake") as intake,
            taken_over(database, service, "worker") as worker,
        ):
            for process in (pages, intake, worker):
                process.wait_until_ready()
            yield Attacked(database, service, pages, intake, worker)


def target() -> Target:
    """Somebody with a sealed file of theirs."""
    file = make_sealed_file()
    return Target(file.id, file.subject_id)


def secrets() -> dict[str, bytes]:
    """The keys that nobody but the key service may have, in each way in which they can be written down."""
    raw = {"index key": key_providers.index_key()}
    master = settings.MASTER_KEY_FILE.read_text()
    raw |= {f"master key {number}": key for number, key in key_providers.parse_key_file(master, "").items()}
    key = document_signing._key(Path(settings.CERTIFICATE_KEY_FILE))
    raw["certificate key"] = key.private_bytes_raw()
    written = dict(raw)
    for name, one in raw.items():
        written |= {f"{name} in hexadecimal": one.hex().encode(), f"{name} in base64": base64.b64encode(one)}
    return written


def refused(process: TakenOver, *arguments: object) -> str:
    """Return the name of what an attack ran into."""
    act, *given = arguments
    with pytest.raises(Refused) as ran_into:
        process.run(act, *given)  # type: ignore[arg-type]
    return ran_into.value.name


def forbidden(process: str, one: Target) -> list[messages.Request]:
    """Return a request of every kind that a process may not ask: well-formed, about somebody who is there."""
    wanted = request_for([one], 1)  # type: ignore[list-item]
    empty = messages.WrappedKeys([], [])
    every = {
        messages.ReadKeys: wanted, messages.SealingKeys: messages.SealingKeys(wanted.keys, wanted.wanted),
        messages.Seal: messages.Seal(wanted.keys, []), messages.NewKeys: messages.NewKeys(1, b"", [], []),
        messages.Reseal: messages.Reseal(1, [], wanted.keys, empty, b"", [], []),
        messages.Rewrap: messages.Rewrap(1, wanted.keys), messages.BeginGeneration: messages.BeginGeneration(1),
        messages.DestroyGeneration: messages.DestroyGeneration(1), messages.Index: messages.Index([]),
        messages.Derive: messages.Derive("disclosures.passphrase", b"x"), messages.Sign: messages.Sign("{}"),
        messages.PublicKey: messages.PublicKey(), messages.Describe: messages.Describe(),
        messages.Status: messages.Status(),
    }  # fmt: skip
    assert set(every) == set(messages.ANSWERS)
    return [request for kind, request in every.items() if kind not in ALLOWED[process]]


def read_as_many_as_it_can(process: TakenOver) -> int:
    """Have a process read many people for every purpose; return how many it got, each of them on record."""
    everybody = [target() for _number in range(PEOPLE)]
    read = process.run(attacks.read_everybody, everybody, ["rights", "legal-duty", "destruction", "disclosure"])
    assert set(read.values()) == {"증빙.pdf"}
    assert all(Entry.objects.naming(subject).reads().exists() for subject in read)
    return len(read)


@pytest.mark.asvs("15.2.5")
class TestPages:
    def test_an_honest_page_reads(self, attacked: Attacked) -> None:
        """The control of all that follows: the same process, asked to do its work."""
        assert attacked.pages.run(attacks.read_honestly, target()) == "증빙.pdf"

    def test_no_key_without_a_record_of_that_person(self, attacked: Attacked) -> None:
        mina, other = target(), target()
        about_mina = attacked.pages.run(attacks.write_record, [mina.subject_id])
        assert attacked.pages.run(attacks.ask_for, mina, about_mina)
        for record in (
            10**12, about_mina, attacked.pages.run(attacks.write_record, [mina.subject_id]),
            attacked.pages.run(attacks.write_record, [other.subject_id], category="app-log"),
            attacked.pages.run(attacks.write_record, [other.subject_id], purpose="curiosity"),
        ):  # fmt: skip
            assert refused(attacked.pages, attacks.ask_for, other, record) == "KeysRefused"

    def test_a_record_that_is_never_committed_is_none(self, attacked: Attacked) -> None:
        mina = target()
        assert refused(attacked.pages, attacks.ask_before_commit, mina) == "KeysRefused"
        assert not Entry.objects.naming(mina.subject_id).reads().exists()

    def test_a_record_names_a_person_as_the_trail_is_searched(self, attacked: Attacked) -> None:
        """Else it would be a record that nobody finds who asks whose data was read."""
        mina = target()
        name = str(mina.subject_id)
        others = [name.replace("-", "")], [name.upper()], [f"{{{name}}}"], [f"urn:uuid:{name}"], [f"{name}-"]
        for said in (*others, {name: 1}, [[name]], name, [None], 1):
            record = attacked.pages.run(attacks.write_record, [], said=said)
            assert refused(attacked.pages, attacks.ask_for, mina, record) == "KeysRefused", said
        record = attacked.pages.run(attacks.write_record, [], said=[name])
        assert attacked.pages.run(attacks.ask_for, mina, record)
        assert Entry.objects.naming(mina.subject_id).filter(id=record).exists()

    def test_it_gets_neither_sealing_keys_nor_anything_that_is_not_for_pages(self, attacked: Attacked) -> None:
        asked = forbidden("pages", target())
        assert {type(request).__name__ for request in asked} == {
            "SealingKeys", "Rewrap", "BeginGeneration", "DestroyGeneration", "Reseal", "Status",
        }  # fmt: skip
        assert attacked.pages.run(attacks.answered_of, asked) == []
        assert attacked.pages.run(attacks.answered_of, [messages.Describe()]) == ["Describe"]

    def test_it_has_no_certificate_signed(self, attacked: Attacked) -> None:
        paper = {"type": "extrus-privacy-portal/paper/1", "kind": "x", "number": "1", "issued_at": "", "sha256": "0"}
        certificate = {"type": STATEMENT_TYPE, "number": "D-2026-0001", "destroyed": {}}
        bodies = [
            canonical_json.dumps(certificate), json.dumps(certificate), canonical_json.dumps({**paper, **certificate}),
            canonical_json.dumps(paper).replace('"type":', f'"type":"{STATEMENT_TYPE}","type":'),
        ]  # fmt: skip
        assert attacked.pages.run(attacks.answered_of, [messages.Sign(body) for body in bodies]) == []
        assert attacked.pages.run(attacks.answered_of, [messages.Sign(canonical_json.dumps(paper))]) == ["Sign"]

    def test_what_is_looked_up_is_counted(self, attacked: Attacked) -> None:
        values = [factory.imei(number) for number in range(LOOK_UPS + 4)]
        assert attacked.pages.run(attacks.look_up, values) == LOOK_UPS

    def test_it_destroys_no_key(self, attacked: Attacked) -> None:
        mina = target()
        tried = [
            f"{statement} WHERE subject_id = '{mina.subject_id}'"
            for statement in (
                "DELETE FROM vault_subjectkey", "UPDATE vault_subjectkey SET wrapped = ''",
                "UPDATE vault_subjectkey SET generation = 99", "UPDATE vault_subjectkey SET subject_id = id",
            )
        ] + [
            "DELETE FROM vault_monthkey", "UPDATE vault_monthkey SET wrapped = ''", "TRUNCATE vault_subjectkey",
            "DELETE FROM vault_tombstone", "ALTER TABLE vault_subjectkey DISABLE TRIGGER ALL",
            "DROP TRIGGER vault_key_leaves_its_tombstone ON vault_subjectkey", "SET session_replication_role = replica",
        ]  # fmt: skip
        assert attacked.pages.run(attacks.run_sql, "default", tried) == []
        assert attacked.pages.run(attacks.read_honestly, mina) == "증빙.pdf"

    @other_users
    def test_it_is_turned_away_at_the_sockets_of_others(self, attacked: Attacked) -> None:
        wanted = request_for([target()], 1)  # type: ignore[list-item]
        sealing = messages.SealingKeys(wanted.keys, wanted.wanted)
        assert attacked.pages.run(attacks.speak_at, "intake", sealing) == "KeyServiceUnavailable"
        assert attacked.pages.run(attacks.speak_at, "worker", messages.DestroyGeneration(1)) == "KeyServiceUnavailable"
        assert attacked.intake.run(attacks.speak_at, "intake", sealing) == "answered"

    @other_users
    def test_it_reads_no_key_file_and_not_into_the_service(self, attacked: Attacked) -> None:
        held = b"".join(attacked.pages.run(attacks.read_files))
        assert held, "what it may read"
        assert not {name for name, secret in secrets().items() if secret in held}
        held = b"".join(attacks.read_files())
        assert {name for name, secret in secrets().items() if secret in held}, "whoever may read them finds them"
        assert attacked.service.process is not None
        assert attacked.pages.run(attacks.look_into, attacked.service.process.pid) == []
        assert "mem" not in attacked.pages.run(attacks.look_into, attacked.intake.process.pid)

    def test_it_reads_at_its_ceiling_at_most_and_each_on_record(self, attacked: Attacked) -> None:
        """The last of the pages' tests: it takes all that the ceiling leaves."""
        started = clock.now()
        read = read_as_many_as_it_can(attacked.pages)
        minutes = 1 + (clock.now() - started).total_seconds() // 60
        assert 0 < read <= CEILING * minutes < PEOPLE

    @pytest.mark.asvs("13.3.3")
    def test_it_holds_no_key_but_those_that_it_was_given(self, attacked: Attacked) -> None:
        """After all of the above: neither in what the service answered nor anywhere in its memory."""
        said = attacked.pages.run(attacks.taped)
        assert not [name for name, secret in secrets().items() if secret in said]
        assert memory_holds(attacked.pages.process.pid, secrets()) == set()
        given = {"an answer": said[-40:]}
        assert memory_holds(attacked.pages.process.pid, given) == {"an answer"}, "the search finds what is there"


def sealed_columns() -> dict[str, list[tuple[str, str]]]:
    """Return table and column of everything that is sealed, by database."""
    found: dict[str, list[tuple[str, str]]] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedField):
                found.setdefault(router.db_for_read(model), []).append((model._meta.db_table, field.column))
    return found


def ways_to_read(table: str, column: str) -> list[str]:
    """Return statements that show a column, or tell of it."""
    return [
        f'SELECT "{column}" FROM {table} LIMIT 1', f"SELECT {table} FROM {table} LIMIT 1",
        f"SELECT to_jsonb({table}) FROM {table} LIMIT 1", f"COPY {table} (\"{column}\") TO STDOUT",
        f"SELECT FROM {table} WHERE \"{column}\" > '\\x00' LIMIT 1",
        f'CREATE TEMP TABLE kept AS SELECT "{column}" FROM {table}',
        f'UPDATE {table} SET "{column}" = "{column}"', f'UPDATE {table} SET "{column}" = NULL RETURNING "{column}"',
    ]  # fmt: skip


class TestIntake:
    def test_it_reads_nothing_back(self, attacked: Attacked) -> None:
        tables = sealed_columns()
        assert len(tables["personal"]) > 5
        for alias, columns in tables.items():
            if alias == "archive":
                continue
            for table, column in columns:
                assert attacked.intake.run(attacks.run_sql, alias, ways_to_read(table, column)) == [], (table, column)
                simple = ways_to_read(table, column)[:1]
                assert attacked.pages.run(attacks.run_sql, alias, simple) == simple, "what pages may"

    def test_it_gets_no_key_for_reading_on_any_record(self, attacked: Attacked) -> None:
        mina = target()
        record = attacked.intake.run(attacks.write_record, [mina.subject_id])
        assert refused(attacked.intake, attacks.ask_for, mina, record) == "KeysRefused"
        asked = forbidden("intake", mina)
        assert {type(request).__name__ for request in asked} == {
            "ReadKeys", "Reseal", "Rewrap", "BeginGeneration", "DestroyGeneration", "Derive", "Sign", "Status",
        }  # fmt: skip
        assert attacked.intake.run(attacks.answered_of, asked) == []

    def test_it_has_no_way_into_the_archive(self, attacked: Attacked) -> None:
        assert attacked.intake.run(attacks.databases) == ["default", "personal"]
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(settings.EMBEDDED_SERVER.url("portal_intake", attacked.database.names["archive"]))
        with attacked.database.connect("portal_app", "archive") as archivist:
            assert archivist.execute("SELECT count(*) FROM retention_archivedrecord").fetchone() == (0,)

    def test_its_sealing_keys_open_what_it_cannot_select(self, attacked: Attacked) -> None:
        """What it is given, and why that alone reads nothing: the ciphertexts are out of its reach."""
        mina = target()
        wanted = request_for([mina], 1)  # type: ignore[list-item]
        (key,) = attacked.intake.run(attacks.ask, messages.SealingKeys(wanted.keys, wanted.wanted))  # type: ignore[misc]
        assert refused(attacked.intake, attacks.open_with, key, mina) == "ProgrammingError"
        assert attacked.pages.run(attacks.open_with, key, mina) == "증빙.pdf", "together they read unrecorded"

    @other_users
    def test_it_reads_no_key_file_and_speaks_for_nobody_else(self, attacked: Attacked) -> None:
        held = b"".join(attacked.intake.run(attacks.read_files))
        assert not {name for name, secret in secrets().items() if secret in held}
        mina = target()
        record = attacked.pages.run(attacks.write_record, [mina.subject_id])
        wanted = request_for([mina], record)  # type: ignore[list-item]
        for process in ("pages", "worker"):
            assert attacked.intake.run(attacks.speak_at, process, wanted) == "KeyServiceUnavailable"


def ways_to_destroy(subject: UUID) -> list[str]:
    """Return statements that end the keys of a person whom no approved list names, or everybody's of a month."""
    stone = """INSERT INTO vault_tombstone
        (id, subject_id, category, month, generation, cause, certificate, destroyed_at)
        VALUES (gen_random_uuid(), {}, {}, {}, 1, 'x', 'C', now())"""
    month = "date_trunc('month', now())::date"
    stones = [stone.format(f"'{subject}'", category, "NULL") for category in ("''", "'device-registration'")]
    stones.append(stone.format("NULL", "'device-registration'", month))
    gone = f"DELETE FROM vault_subjectkey WHERE subject_id = '{subject}'"
    now = "SET CONSTRAINTS ALL IMMEDIATE"
    return [f"{one}; {now}" for one in (*stones, f"{stones[0]}; {gone}", f"{stones[1]}; {gone}")]


class TestDestruction:
    """No key ends that no approved list names, whichever process says so."""

    def test_whoever_was_taken_over_destroys_nothing(self, attacked: Attacked) -> None:
        mina = target()
        for process in (attacked.pages, attacked.intake, attacked.worker):
            assert process.run(attacks.run_sql, "default", ways_to_destroy(mina.subject_id)) == []

    def test_the_statements_are_such_as_would_destroy(self, attacked: Attacked) -> None:
        """The control: whoever restores a backup may say all of it."""
        with attacked.database.connect() as superuser:
            for statement in ways_to_destroy(target().subject_id):
                with superuser.transaction(force_rollback=True):
                    superuser.execute(statement)  # type: ignore[arg-type]  # ours


class TestWorker:
    def test_it_reads_on_record_alone_as_many_as_its_ceiling_lets(self, attacked: Attacked) -> None:
        mina, other = target(), target()
        assert attacked.worker.run(attacks.read_honestly, mina) == "증빙.pdf"
        about_mina = attacked.worker.run(attacks.write_record, [mina.subject_id])
        assert refused(attacked.worker, attacks.ask_for, other, about_mina) == "KeysRefused"
        assert read_as_many_as_it_can(attacked.worker) == PEOPLE, "the control: a higher ceiling lets all be read"

    def test_it_gets_no_sealing_keys_and_ends_no_generation_in_use(self, attacked: Attacked) -> None:
        asked = forbidden("worker", target())
        assert {type(request).__name__ for request in asked} == {"SealingKeys"}
        assert attacked.worker.run(attacks.answered_of, [*asked, messages.DestroyGeneration(1)]) == []

    @pytest.mark.asvs("11.7.2")
    def test_no_key_stays_in_it(self, attacked: Attacked) -> None:
        assert memory_holds(attacked.worker.process.pid, secrets()) == set()


def test_one_who_destroys_nothing_is_the_control_of_the_statements(attacked: Attacked) -> None:
    """The superuser may what the processes are refused: the statements are well-formed."""
    with attacked.database.connect() as superuser:
        for statement in ("UPDATE vault_subjectkey SET wrapped = '' WHERE subject_id = %s",):
            assert superuser.execute(statement, [new_id()]).rowcount == 0
