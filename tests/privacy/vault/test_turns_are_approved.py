"""A worker that was taken over ends no generation of the master key early, and none while a key would be lost."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies.models import Parameter
from privacy.vault import actions as vault
from privacy.vault.keyservice import client, messages, rotation_policy
from privacy.vault.keyservice.refusals import StillChecking
from privacy.vault.models import KeyCheck, SubjectKey
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.key_requests import request_for
from tests.privacy.vault.key_services import key_service
from tests.privacy.vault.keyfiles import generations, in_environment, own_keys

pytestmark = pytest.mark.attack("18.2")
TESTS = SystemActor("tests")
MONTHS_AGO = timedelta(days=62)


@pytest.fixture
def folder(portal_database: PortalDatabase) -> Iterator[Path]:
    """The key files of a service that this process asks as the worker; one key is sealed."""
    with own_keys() as made, key_service(portal_database, process="worker", **in_environment(made)):
        make_sealed_file()
        yield made


def make_older(**moments: timedelta) -> None:
    """Move moments of the generations into the past."""
    now = clock.now()
    KeyCheck.objects.filter(kind="master", **{f"{name}__isnull": False for name in moments}).update(
        **{name: now - past for name, past in moments.items()}
    )


def refusal_of(request: messages.Request) -> str:
    with pytest.raises(vault.KeysRefused) as why:
        client.ask(request)
    return why.value.code


def test_no_turn_begins_before_the_days_that_two_officers_have_set(folder: Path) -> None:
    assert refusal_of(messages.BeginGeneration(1)) == "too-early"
    with pytest.raises(vault.KeysRefused):
        vault.rotate(actor=TESTS, at=clock.now())
    assert generations(folder) == {1}
    make_older(begun_at=timedelta(days=27))
    assert refusal_of(messages.BeginGeneration(1)) == "too-early"
    make_older(begun_at=timedelta(days=28, minutes=1))
    turn = vault.rotate(actor=TESTS, at=clock.now())
    assert turn is not None and turn.generation == 2


def test_nothing_is_wrapped_under_another_generation_than_the_turns(folder: Path) -> None:
    wrapped = request_for([make_sealed_file()], 0).keys
    for generation in (0, 1, 2, 7):
        assert refusal_of(messages.Rewrap(generation, wrapped)) == "keys-refused"
    make_older(begun_at=MONTHS_AGO)
    assert vault.rotate(actor=TESTS, at=clock.now())
    for generation in (1, 3):
        assert refusal_of(messages.Rewrap(generation, wrapped)) == "keys-refused"
    assert len(client.ask(messages.Rewrap(2, wrapped))) == 2


def test_a_generation_stays_for_its_grace(folder: Path) -> None:
    make_older(begun_at=MONTHS_AGO)
    vault.rotate(actor=TESTS, at=clock.now())
    with pytest.raises(vault.KeysRefused) as why:
        vault.destroy_emptied_generations(actor=TESTS, at=clock.now())
    assert why.value.code == "too-early"
    assert generations(folder) == {1, 2}
    Parameter.objects.create(code="keys.grace.days", value=0, unit="days", effective_on=clock.today(), basis="two")
    assert vault.destroy_emptied_generations(actor=TESTS, at=clock.now()) == [1]
    assert generations(folder) == {2}


def test_no_generation_ends_while_garbage_stands_in_a_keys_place(folder: Path, portal_database: PortalDatabase) -> None:
    make_older(begun_at=MONTHS_AGO)
    assert vault.rotate(actor=TESTS, at=clock.now(), seconds=-1)
    with portal_database.connect("portal_worker") as worker:
        assert worker.execute("UPDATE vault_subjectkey SET wrapped = 'x', generation = 2").rowcount == 1
    assert vault.rotate(actor=TESTS, at=clock.now())
    assert set(SubjectKey.objects.values_list("generation", flat=True)) == {2}
    make_older(emptied_at=MONTHS_AGO)
    with pytest.raises(vault.WrongKey):
        vault.destroy_emptied_generations(actor=TESTS, at=clock.now())
    assert generations(folder) == {1, 2}, "what was lost here opens from a copy of before"


def test_every_key_is_looked_at_however_many_calls_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def slice_of(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        name = next(table for table, _columns in rotation_policy.TABLES if table in statement)
        after = 0 if values[0] == rotation_policy.FIRST else values[0]
        return [(number, f"{name} {number}", 2, b"") for number in range(after + 1, min(after + 3, 8))]

    monkeypatch.setattr(rotation_policy, "SECONDS", -1.0)
    monkeypatch.setattr(rotation_policy, "_key", lambda name, *_row: name)
    monkeypatch.setattr(rotation_policy, "unwrap", seen.extend)
    policy = rotation_policy.RotationPolicy(slice_of, dated=True)
    calls = 0
    while True:
        calls += 1
        try:
            policy._open_all(1)
        except StillChecking:
            continue
        else:
            break
    assert seen == [f"{table} {number}" for table, _columns in rotation_policy.TABLES for number in range(1, 8)]
    assert calls > 8


def test_what_was_looked_at_counts_where_a_later_slice_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def slice_of(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        asked.append(values[0])
        if len(asked) == 2:
            raise vault.KeyServiceUnavailable
        return [(1, "a", 2, b"")] if values[0] == rotation_policy.FIRST else []

    monkeypatch.setattr(rotation_policy, "_key", lambda name, *_row: name)
    monkeypatch.setattr(rotation_policy, "unwrap", list)
    policy = rotation_policy.RotationPolicy(slice_of, dated=True)
    with pytest.raises(vault.KeyServiceUnavailable):
        policy._open_all(1)
    policy._open_all(1)
    assert asked[:3] == [rotation_policy.FIRST, 1, 1]


def test_a_key_of_the_generation_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = rotation_policy.RotationPolicy(lambda _statement, _values: [(1, "a", 1, b"")], dated=True)
    with pytest.raises(vault.KeysRefused) as refused:
        policy._open_all(1)
    assert not isinstance(refused.value, StillChecking)
