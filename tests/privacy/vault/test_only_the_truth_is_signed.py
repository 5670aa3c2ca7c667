"""A worker that was taken over has no certificate signed that the tables do not bear out (decision 0189)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from privacy.ledger.actors import SystemActor
from privacy.lib.crypto import canonical_json, document_signing
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.retention import actions as retention
from privacy.retention.certificates.statements import STATEMENT_TYPE
from privacy.retention.models import Certificate, DestructionLine, DestructionList
from privacy.vault import actions as vault
from privacy.vault.keyservice import client, messages, signing_policy
from privacy.vault.keyservice.refusals import StillChecking
from privacy.vault.keyservice.signing_policy import CERTIFICATE
from privacy.vault.models import SubjectKey, Tombstone
from tests import factory
from tests.database import PortalDatabase
from tests.privacy.vault.key_services import asking_as, key_service

pytestmark = pytest.mark.attack("18.2")
SWEEPER = SystemActor("sweep")
# What the tables of the general database do not say: where in the others the read-back searched.
THE_WORKERS_WORD = {("read_back", "searched", "database"), ("read_back", "searched", "table")}


class Stopped(Exception):
    """The test ends a certification before it is signed."""


def leaves(said: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value that a statement says."""
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    found = False
    for name, value in inside:
        found = True
        yield from leaves(value, (*path, name))
    if not found:
        yield path


def forged(said: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """Return a statement in which one value is another."""
    other = deepcopy(said)
    place: Any = other
    for name in path[:-1]:
        place = place[name]
    value = place[path[-1]]
    match value:
        case bool():
            place[path[-1]] = not value
        case int():
            place[path[-1]] = value + 1
        case str() if value[:4].isdigit() and "T" in value:
            place[path[-1]] = (datetime.fromisoformat(value) - timedelta(hours=1)).isoformat()
        case str():
            place[path[-1]] = value + "1"
        case dict():
            place[path[-1]] = {"held": 1}
        case list():
            place[path[-1]] = [1]
        case _:
            place[path[-1]] = 1
    return other


def ready_list() -> DestructionList:
    """A list of one person that an officer has approved and whose wait is over."""
    now = clock.now()
    today = clock.kst_date(now)
    factory.make_expired_device(1, ended_on=today.replace(year=today.year - 3))
    row = retention.plan(as_of=today, actor=SWEEPER, at=now).lists.get()
    retention.approve(row, actor=factory.make_odile(), at=now)
    DestructionList.objects.update(not_before=now)
    return row


def statement_before_it_is_signed(row: DestructionList, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Carry a list out up to its certificate, and return what that would say."""
    seen: list[str] = []

    def stop(body: str) -> str:
        seen.append(body)
        raise Stopped

    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(document_signing, "sign", stop)
        retention.execute(row, actor=SWEEPER, at=clock.now())
    said: dict[str, Any] = json.loads(seen[0])
    return said


def is_signed(said: dict[str, Any]) -> bool:
    """Whether the key service signs a statement."""
    try:
        client.ask(messages.Sign(canonical_json.dumps(said)))
    except vault.KeysRefused:
        return False
    return True


def test_the_type_is_the_certificates() -> None:
    assert CERTIFICATE == STATEMENT_TYPE


def test_only_what_the_tables_say_is_signed(portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    with key_service(portal_database, process="worker"):
        row = ready_list()
        said = statement_before_it_is_signed(row, monkeypatch)
        untrue = []
        for path in leaves(said):
            if tuple(name for name in path if not isinstance(name, int)) not in THE_WORKERS_WORD and is_signed(
                forged(said, path)
            ):
                untrue.append(path)
        assert untrue == []
        assert not is_signed({**said, "more": 1})
        assert not is_signed(
            said
            | {
                "issued_at": "2026-01-01T00:00:00+00:00",
                "carried_out": said["carried_out"] | {"done_at": "2026-01-01T00:00:00+00:00"},
            }
        )
        with asking_as("pages"):
            assert not is_signed(said)
        assert is_signed(said)
        assert retention.execute(row, actor=SWEEPER, at=clock.now())
        (certificate,) = Certificate.objects.all()
        assert certificate.body != canonical_json.dumps(said)
        assert not is_signed(said), "its list has a certificate"
        assert document_signing.sign(certificate.body) == certificate.signature


def test_no_list_that_is_not_done_is_certified(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with key_service(portal_database, process="worker"):
        row = ready_list()
        said = statement_before_it_is_signed(row, monkeypatch)
        assert not is_signed(said | {"number": "C-0000-0000"})
        DestructionLine.objects.update(state="counted")
        assert not is_signed(said), "a person's rows are still there"
        DestructionLine.objects.update(state="removed")
        DestructionList.objects.update(step="keys")
        assert not is_signed(said), "the step is not done"
        DestructionList.objects.update(step="rows")
        person = row.lines.get().subject_id
        SubjectKey.objects.create(
            subject_id=new_id(), category=row.category, wrapped=b"x", generation=1, created_at=clock.now()
        )
        assert is_signed(said), "somebody else's key is nothing to it"
        Tombstone.objects.filter(subject_id=person).update(subject_id=new_id())
        assert not is_signed(said), "no tombstone stands for the person"
        SubjectKey.objects.create(
            subject_id=person, category=row.category, wrapped=b"x", generation=1, created_at=clock.now()
        )
        assert not is_signed(said), "a key of the person is left"


def test_nothing_is_final_before_its_generation_has_ended(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with key_service(portal_database, process="worker"):
        row = ready_list()
        assert retention.execute(row, actor=SWEEPER, at=clock.now())
        (certificate,) = Certificate.objects.all()
        ended = certificate.statement["finality"] | {"generation_ended_at": clock.now().isoformat()}
        said = {
            "type": CERTIFICATE, "kind": "finality", "number": "CF-0000-0000", "issued_at": clock.now().isoformat(),
            "controller": "Extrus Inc.", "list": row.reference, "certificate": certificate.number,
            "certificate_digest": certificate.digest, "finality": ended, "ledger": certificate.statement["ledger"],
        }  # fmt: skip
        assert not is_signed(said)
        with portal_database.connect() as owner:
            owner.execute("SET ROLE portal_tests")
            owner.execute(
                "UPDATE vault_keycheck SET current = false, emptied_at = now(), ending_at = now(), ended_at = %s"
                " WHERE kind = 'master'", [ended["generation_ended_at"]]
            )  # fmt: skip
        assert not is_signed(said), "the service still holds that generation"


@pytest.mark.parametrize("is_held", [True, False])
def test_nothing_is_final_while_another_host_says_that_it_holds_the_generation(
    is_held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the worker, which may write it, has written that the generation ended."""

    def tables(statement: str, _values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return [(is_held if statement == signing_policy.HELD else "digest",)]

    policy = signing_policy.SigningPolicy(tables, dated=True)
    copies = {"master_key_generation": 1, "generation_ended_at": "2026-11-27"}
    monkeypatch.setattr(policy, "_copies", lambda _row, _number: copies)
    row = {"state": "done", "id": new_id(), "list": "D-1"}
    said = dict.fromkeys(("certificate", "number", "issued_at", "ledger"), "x")
    with pytest.raises(ValueError, match="not final") if is_held else nullcontext():
        assert policy._finality(row, said, generations=[2])["finality"] == copies


def test_every_person_of_a_list_is_looked_at_however_many_calls_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of half a million people is looked at in slices; what was looked at counts."""
    slices = [("a", 0, 0), ("b", 1, 0), ("c", 0, 2), (None, 0, 0)]
    behind = [signing_policy.FIRST, "a", "b", "c"]

    def slice_of(_statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return [slices[behind.index(values[1])]]

    monkeypatch.setattr(signing_policy, "SECONDS", -1.0)
    policy = signing_policy.SigningPolicy(slice_of, dated=True)
    for _call in range(3):
        with pytest.raises(StillChecking):
            policy._people("list")
    assert policy._people("list") == (1, 2)


def test_a_certificate_that_takes_several_calls_is_signed(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_policy, "SECONDS", -1.0)
    today = clock.today()
    factory.make_expired_device(ended_on=today - timedelta(days=800))
    factory.carry_out_all(factory.sweep_on(today))
    assert Certificate.objects.exists()


def test_no_paper_passes_for_a_certificate_that_is_not_there(portal_database: PortalDatabase) -> None:
    """What is handed out names its kind and number itself: of a certificate, only one that was issued."""
    paper = {
        "type": "extrus-privacy-portal/paper/1", "kind": "destruction-certificate", "number": "C-FORG-ED00",
        "issued_at": clock.now().isoformat(), "sha256": "f" * 64,
    }  # fmt: skip
    with key_service(portal_database, process="worker"):
        assert retention.execute(ready_list(), actor=SWEEPER, at=clock.now())
        (certificate,) = Certificate.objects.all()
        for process in ("pages", "worker"):
            with asking_as(process):
                assert is_signed(paper | {"kind": "pledge"})
                assert not is_signed(paper)
                assert not is_signed(paper | {"kind": "finality-certificate"})
                assert is_signed(paper | {"number": certificate.number})
                assert not is_signed(paper | {"kind": "finality-certificate", "number": certificate.number})
                for strange in ([certificate.number], {"number": 1}, None, True):
                    assert not is_signed(paper | {"number": strange})
                    assert not is_signed(paper | {"kind": strange})
