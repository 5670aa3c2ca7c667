"""What the threads of the key service, and of those who ask it, share: one at a time where two would do harm."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import pytest

from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.vault.keyservice import rotation_policy, signing_policy
from privacy.vault.keyservice.attesting import Attestations
from privacy.vault.keyservice.circuit_breaker import CircuitBreaker
from privacy.vault.keyservice.connection_limits import MOST_CONNECTIONS, ProcessShare
from privacy.vault.keyservice.reading_policy import Connection, ReadingPolicy
from privacy.vault.keyservice.refusals import KeysRefused
from privacy.vault.keyservice.rotation_policy import RotationPolicy
from privacy.vault.keyservice.signing_policy import SigningPolicy
from privacy.vault.keyservice.trail_watch import TrailWatch
from tests.threads import MeetingPlace, outcomes

pytestmark = pytest.mark.attack("18")


class Shown(dict[int, float]):
    """Records that were shown; who looks one up would meet another thread there."""

    def __init__(self) -> None:
        super().__init__()
        self.place = MeetingPlace()

    def __contains__(self, number: object) -> bool:
        found = super().__contains__(number)
        self.place()
        return found


@pytest.mark.asvs("15.4.1")
def test_a_record_that_two_connections_show_at_once_is_one_connection_s(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = ReadingPolicy(lambda _statement, _values: [], lease_seconds=60, monotonic=lambda: 1.0)
    policy._shown = Shown()
    monkeypatch.setattr(policy, "_read", lambda *_asked: "the record")
    shown = [lambda: policy._record(7, [], Connection("pages"), None)] * 2  # type: ignore[arg-type, return-value]
    found = outcomes(*shown)
    assert sorted(type(one).__name__ for one in found) == [KeysRefused.__name__, "str"], found


class Reads(dict[int, str]):
    """What waits for its attestation; who goes through it would meet who adds to it."""

    def __init__(self, place: MeetingPlace) -> None:
        super().__init__({1: "a"})
        self.place = place

    def items(self) -> Iterator[tuple[int, str]]:  # type: ignore[override]
        for one in super().items():
            self.place()
            yield one

    def __setitem__(self, number: int, digest: str) -> None:
        super().__setitem__(number, digest)
        self.place()


@pytest.mark.asvs("15.4.1")
def test_what_is_read_while_an_attestation_is_written_is_in_the_next() -> None:
    written: list[dict[str, object]] = []
    attestations = Attestations(Signer.make("keys.example/1"), written.append)
    attestations._reads = Reads(MeetingPlace())
    found = outcomes(attestations.attest, lambda: attestations.add(2, sha256(b"2").hexdigest()))
    assert found == [None, None]
    attestations.attest()
    assert not attestations._reads and not attestations._reads.place.met
    assert 1 <= len(written) <= 2, "in one or in two, whoever came first"


@pytest.mark.asvs("15.4.1")
def test_however_many_ask_one_looks_at_the_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, place = TrailWatch(lambda _statement, _values: [], minutes=1, monotonic=lambda: 100.0), MeetingPlace()
    asked: list[bool] = []

    def is_late() -> bool:
        asked.append(True)
        place()
        return False

    monkeypatch.setattr(watch, "_is_late", is_late)
    assert outcomes(watch.refuse_unsigned, watch.refuse_unsigned) == [None, None]
    assert asked == [True]


class Next(float):
    """When the next may ask; who has compared it with now would meet another who has."""

    place = MeetingPlace()

    def __gt__(self, now: float) -> bool:
        found = super().__gt__(now)
        self.place()
        return found


@pytest.mark.asvs("15.4.1")
def test_of_two_who_find_a_service_silent_one_finds_out_whether_it_answers() -> None:
    breaker = CircuitBreaker()
    breaker.trip()
    breaker._next = Next(0.0)
    found = outcomes(*[lambda: breaker.is_waited_for(seconds=5)] * 2)
    assert sorted(found) == [False, True]


class Counted(ProcessShare):
    """A share whose count is read and written with another thread between, where nothing keeps it out."""

    place: MeetingPlace | None = None
    _held = 0

    @property
    def connections(self) -> int:
        held = self._held
        if self.place is not None:
            self.place()
        return held

    @connections.setter
    def connections(self, count: int) -> None:
        self._held = count


@pytest.mark.asvs("15.4.1")
def test_of_two_that_come_for_the_last_place_one_gets_it() -> None:
    share = Counted()
    share.connections = MOST_CONNECTIONS - 1
    share.place = MeetingPlace()
    assert sorted(outcomes(share.admit, share.admit)) == [False, True]


@pytest.mark.asvs("15.4.1")
def test_two_that_look_at_a_list_look_one_after_the_other() -> None:
    slices = [("a", 0, 0), ("b", 1, 0), (None, 0, 0)]
    behind, place, asked = [signing_policy.FIRST, "a", "b"], MeetingPlace(), []

    def slice_of(_statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        asked.append(values[1])
        place()
        return [slices[behind.index(values[1])]]

    policy = SigningPolicy(slice_of, dated=True)
    assert outcomes(*[lambda: policy._people("list")] * 2) == [(1, 0), (1, 0)]
    assert asked == behind * 2 and not place.met


@pytest.mark.asvs("15.4.1")
def test_two_that_end_a_generation_open_its_keys_one_after_the_other() -> None:
    place = MeetingPlace()

    def slice_of(_statement: str, _values: Sequence[Any]) -> list[tuple[Any, ...]]:
        place()
        return []

    policy = RotationPolicy(slice_of, dated=True)
    assert outcomes(*[lambda: policy._open_all(1)] * 2) == [None, None]
    assert not place.met and rotation_policy.TABLES
