"""An entry that somebody planted launders no altered row, and one that nobody can read stops no comparison."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.urls import reverse

from privacy.accounts.models import AccessGrant, User
from privacy.accounts.signin.altered_grants import altered_grants
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries import payloads
from privacy.ledger.integrity import adoptions, register_rows, registers
from privacy.ledger.integrity.registers import Registers
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Entry
from privacy.ledger.protected_tables import TABLES
from privacy.ledger.verify import ALTERED
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from tests.database import PortalDatabase
from tests.factories.accounts import make_emin, make_hana, make_odile
from tests.factories.ledger import adopt, make_past_entries, seal, tamper
from tests.privacy.accounts.test_altered_grants import sign_in
from tests.privacy.ledger.test_protected_registers import alter
from tests.privacy.ledger.test_row_statements import findings, notes
from tests.privacy.ledger.test_write_explanations import request

pytestmark = pytest.mark.clause("P8.3")

GRANTS = TABLES["accounts_accessgrant"]
ADOPTED, CARRIED = "ledger.registers.adopted", "ledger.rows.carried"
ROLES = ["portal_app", "portal_intake", "portal_worker"]
DEEP = "[" * 15_000 + "]" * 15_000


@pytest.fixture
def emin(portal_database: PortalDatabase) -> User:
    """Somebody whose grant says officer since this morning, by the superuser's hand."""
    adopt(portal_database)
    make_hana()
    emin = make_emin()
    with portal_database.connect() as superuser, superuser.transaction():
        grant = AccessGrant.objects.get(user=emin)
        alter(superuser, GRANTS.name, "SET role = 'officer'", str(grant.pk))
    assert altered_grants(emin) == [str(grant.pk)]
    return emin


def planted(word: str, emin: User, **facts: Any) -> dict[str, Any]:
    """What would take the altered grant as it stands; an adoption lists the others, too."""
    keys = None if word == ADOPTED else [str(AccessGrant.objects.get(user=emin).pk)]
    with log_reader.connect() as connection, register_rows.read_only(connection):
        rows = {key: [digest] for key, digest in register_rows.rows_of(connection, GRANTS, keys)}
        said = {"snapshot": registers.snapshot(connection), "run": "x", "tables": {}, **facts}
    return {"actor": "system:scrub", "facts": said, "rows": {GRANTS.name: rows}, "word": word}


def plant(database: PortalDatabase, role: str, said: dict[str, Any]) -> None:
    text = payloads.canonical_json(said)
    with database.connect(role) as connection:
        if role in ROLES:
            connection.execute("INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)", [text])
        else:
            connection.execute("SELECT ledger.append('act', %s)", [text])


ADOPTING = {"its columns": {"tables": {GRANTS.name: "0" * 16}}, "its rows": {"tables": {GRANTS.name: GRANTS.signature}}}


@pytest.mark.attack("20.5")
@pytest.mark.parametrize("facts", ADOPTING.values(), ids=list(ADOPTING))
@pytest.mark.parametrize("role", [*ROLES, "portal_sequencer", "portal_notary", "portal_auditor"])
def test_no_process_adopts_registers(
    portal_database: PortalDatabase, emin: User, role: str, facts: dict[str, Any]
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not this role"):
        plant(portal_database, role, planted(ADOPTED, emin, **facts))
    assert len(findings()) == 1
    assert not sign_in(emin)


@pytest.mark.attack("20.5")
@pytest.mark.parametrize("role", ["portal_app", "portal_intake", "portal_sequencer", "portal_notary", "portal_auditor"])
def test_nobody_but_the_worker_carries_rows(portal_database: PortalDatabase, emin: User, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not this role"):
        plant(portal_database, role, planted(CARRIED, emin))


@pytest.mark.attack("20.5")
@pytest.mark.parametrize("facts", [{}, *ADOPTING.values()])
def test_what_the_worker_carries_is_what_was_known(
    portal_database: PortalDatabase, emin: User, facts: dict[str, Any]
) -> None:
    plant(portal_database, "portal_worker", planted(CARRIED, emin, **facts))
    grant = AccessGrant.objects.get(user=emin)
    assert any(f"{GRANTS.name} {grant.pk} was carried by entry" in message for message in findings())
    assert not sign_in(emin)


@pytest.mark.attack("20.5")
def test_a_row_that_no_entry_is_about_can_not_be_carried_even_after_a_pruning(
    portal_database: PortalDatabase, emin: User
) -> None:
    pruned = "(256, now(), 1, ARRAY['entry_2020_01'], '{}', now() - interval '1 minute')"
    tamper(portal_database, f"INSERT INTO ledger.pruning VALUES {pruned}")
    grant = AccessGrant.objects.get(user=emin)
    said = planted(CARRIED, emin)
    with portal_database.connect() as superuser, superuser.transaction():
        alter(superuser, GRANTS.name, "SET id = 'a0000000-0000-4000-8000-000000000000'", str(grant.pk))
    said["rows"] = planted(CARRIED, emin)["rows"]
    plant(portal_database, "portal_worker", said)
    assert any("a0000000-0000-4000-8000-000000000000 was carried by entry" in message for message in findings())
    assert not sign_in(emin)


@pytest.mark.attack("20.5")
@pytest.mark.parametrize(
    ("facts", "finding"),
    [
        (ADOPTING["its rows"], "was taken anew by entry"),
        (ADOPTING["its columns"], "not all compared until"),
        ({}, "which belongs to no adoption of its table"),
    ],
)
def test_an_adoption_by_the_superuser_s_hand_is_shown(
    portal_database: PortalDatabase, emin: User, facts: dict[str, Any], finding: str
) -> None:
    plant(portal_database, "postgres", planted(ADOPTED, emin, **facts))
    seal(portal_database)
    assert any(finding in message for message in findings())
    if facts:
        [note] = notes()
        assert f"takes {GRANTS.name} as they stood then" in note and "no officer has confirmed it" in note


@pytest.mark.attack("20.5")
@pytest.mark.parametrize("said", [False, None, 0, "", "x", {}])
def test_no_word_keeps_an_adoption_from_those_that_an_officer_confirms(
    portal_database: PortalDatabase, emin: User, said: object
) -> None:
    """Only an entry that takes nothing needs no officer: one that announces a release."""
    plant(portal_database, "postgres", planted(ADOPTED, emin, **ADOPTING["its rows"], announced=said))
    newest = Entry.objects.latest("id")
    assert adoptions.waits_for_confirmation(newest.id)
    assert any(f"entry {newest.id} takes {GRANTS.name}" in note for note in notes())


@pytest.mark.attack("20.5")
def test_each_adoption_stands_on_the_first_page_until_an_officer_confirms_it(
    portal_database: PortalDatabase, emin: User
) -> None:
    """Whatever reason it gives: who rules the database may have written it."""
    plant(portal_database, "postgres", planted(ADOPTED, emin, because="INC-1", **ADOPTING["its rows"]))
    seal(portal_database)
    assert findings() == []
    entry = Entry.objects.filter(word=ADOPTED).latest("id")
    verified = portal_database.manage("verify_ledger", "--registers", role="portal_auditor")
    assert f"NOTE: entry {entry.id} takes {GRANTS.name} as they stood then: INC-1; no officer" in verified.stdout
    client = Client()
    client.force_login(make_odile())
    page = reverse("admin:ledger_entry_change", args=[entry.id])
    assert page in client.get(reverse("admin:index")).content.decode()
    assert "confirm_adoption" in client.get(page).content.decode()
    answer = client.post(
        page,
        {"CHANGE_FORM-action": "confirm_adoption", "_selected_action": str(entry.id), "confirmed": "1"},
        follow=True,
    )
    assert answer.status_code == 200
    confirmed = Entry.objects.get(word="ledger.adoption.confirmed")
    assert confirmed.about == f"ledger.entry:{entry.id}"
    assert page not in client.get(reverse("admin:index")).content.decode()
    assert "confirm_adoption" not in client.get(page).content.decode()
    assert notes()[0].endswith(f"INC-1; confirmed by entry {confirmed.id}")
    with pytest.raises(ledger.NothingToConfirm):
        ledger.confirm_adoption(entry=entry, actor=make_odile(), at=clock.now())


def test_the_first_adoption_is_not_to_be_confirmed(portal_database: PortalDatabase, emin: User) -> None:
    assert notes() == []
    first = Entry.objects.filter(word=ADOPTED).earliest("id")
    with pytest.raises(ledger.NothingToConfirm):
        ledger.confirm_adoption(entry=first, actor=make_odile(), at=clock.now())


@pytest.mark.attack("20.5")
def test_the_scrub_adopts_nothing(portal_database: PortalDatabase, emin: User) -> None:
    before = Entry.objects.filter(word=ADOPTED).count()
    plant(portal_database, "postgres", planted(ADOPTED, emin, **ADOPTING["its columns"]))
    assert run_scrub() == ALTERED or findings()
    assert Entry.objects.filter(word=ADOPTED).count() == before + 1


# -- what nobody can read ------------------------------------------------------------------------------------------


def run_scrub() -> int | None:
    ledger.start_scrub(actor=SystemActor("scrub"), at=clock.now())
    scrub = ledger.continue_scrub(actor=SystemActor("scrub"), at=clock.now())
    return scrub.code if scrub else None


def nested(depth: int, key: str) -> str:
    inside = "[" * (depth - 2) + "]" * (depth - 2)
    rows = f'{{"{GRANTS.name}":{{"{key}":[null,null]}}}}'
    return f'{{"actor":"system:x","facts":{{"x":{inside}}},"rows":{rows},"word":"x.y.z"}}'


@pytest.mark.attack("20.7")
@pytest.mark.parametrize("role", ROLES)
def test_no_process_appends_what_is_nested_beyond_reading(portal_database: PortalDatabase, role: str) -> None:
    with portal_database.connect(role) as connection:
        connection.execute("INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)", [nested(31, "x")])
        for depth in (33, 1_000, 15_000):
            with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.StatementTooComplex)):
                connection.execute("INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)", [nested(depth, "x")])


@pytest.mark.attack("20.7")
def test_an_entry_that_nobody_can_read_is_a_finding_and_the_rest_goes_on(
    portal_database: PortalDatabase, emin: User
) -> None:
    grant = AccessGrant.objects.get(user=emin)
    make_past_entries(portal_database, [(clock.now(), "act", {"word": "tests.thing.tried"})])
    number = Entry.objects.latest("id").id
    tamper(
        portal_database,
        "DROP INDEX ledger.entry_named_rows",
        f"UPDATE ledger.entry SET payload = '{nested(15_000, str(grant.pk))}' WHERE id = {number}",
    )
    found = findings()
    assert f"entry {number} says of rows what nobody can read" in found
    assert any(f"{GRANTS.name} {grant.pk} was changed outside the portal" in message for message in found)
    assert not sign_in(emin)
    assert run_scrub() == ALTERED
    verified = portal_database.manage("verify_ledger", "--registers", role="portal_auditor")
    assert verified.returncode == ALTERED, verified.stderr
    assert f"MALFORMED: entry {number} says of rows" in verified.stdout
    client = Client()
    client.force_login(make_odile())
    assert client.get(reverse("admin:ledger_entry_changelist")).status_code == 200
    assert client.get(reverse("admin:ledger_entry_change", args=[number])).status_code == 200


@pytest.mark.attack("20.7")
@pytest.mark.parametrize("column", ["findings", "progress"])
def test_a_register_s_column_that_nobody_can_read_is_a_finding_and_the_rest_goes_on(
    portal_database: PortalDatabase, emin: User, column: str
) -> None:
    scrub = ledger.start_scrub(actor=SystemActor("scrub"), at=clock.now())
    assert scrub is not None
    with portal_database.connect() as superuser, superuser.transaction():
        alter(superuser, "ledger_scrub", f"SET {column} = '{DEEP}'", str(scrub.pk))
    grant = AccessGrant.objects.get(user=emin)
    assert any(f"{GRANTS.name} {grant.pk} was changed outside the portal" in message for message in findings())
    scrub = ledger.continue_scrub(actor=SystemActor("scrub"), at=clock.now())
    assert scrub is not None and scrub.code == ALTERED
    said = json.dumps(scrub.findings)
    assert "it began anew" in said and f"{GRANTS.name} {grant.pk} was changed" in said


@pytest.mark.attack("20.7")
def test_a_row_that_postgresql_can_not_read_is_named(
    portal_database: PortalDatabase, emin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here by a column whose value its own type refuses to put out, once it is asked for."""
    grant = AccessGrant.objects.get(user=emin)
    read = register_rows.rows_of

    def refuse(connection: Any, table: Any, keys: list[str] | None = None) -> Iterator[tuple[str, str]]:
        if table is GRANTS and (keys is None or str(grant.pk) in keys):
            raise psycopg.errors.StatementTooComplex("stack depth limit exceeded")
        return read(connection, table, keys)

    monkeypatch.setattr(register_rows, "rows_of", refuse)
    with log_reader.connect() as connection:
        found = Registers(connection).verify()
    assert [message for _code, message in found.findings] == [f"{GRANTS.name} {grant.pk} holds what nobody can read"]


@pytest.mark.attack("20.7")
@pytest.mark.parametrize("facts", ["[1]", '"text"', "7", "null"])
@pytest.mark.parametrize("role", ROLES)
def test_no_process_states_facts_without_names(portal_database: PortalDatabase, role: str, facts: str) -> None:
    said = f'{{"actor":"system:x","facts":{facts},"word":"x.y.z"}}'
    with portal_database.connect(role) as connection, pytest.raises(psycopg.errors.CheckViolation, match="facts"):
        connection.execute("INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)", [said])


@pytest.mark.attack("20.7")
@pytest.mark.parametrize("facts", ["[1]", "[" * 15_000 + "]" * 15_000])
def test_the_nightly_pairing_goes_on_beside_facts_that_nobody_can_read(
    portal_database: PortalDatabase, facts: str
) -> None:
    at = clock.now()
    person = subjects.register(actor=SystemActor("tests"), at=at)
    with request():
        subjects.record_contact(person, kind="email", value="mina@example.kr", actor=SystemActor("tests"), at=at)
    number = Entry.objects.filter(word="subjects.contact.recorded").latest("id").id
    told = f"""left((payload::jsonb - 'facts')::text, -1) || ',"facts":{facts}}}'"""
    tamper(portal_database, f"UPDATE ledger.entry SET payload = {told} WHERE id = {number}")
    ledger.reconcile_writes(actor=SystemActor("tests"), at=clock.now())
