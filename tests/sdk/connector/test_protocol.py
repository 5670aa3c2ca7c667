"""What the server refuses, what it answers twice, and what no system makes it say."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from exafe_connector.adapters.object_store import ObjectStore
from exafe_connector.store import OtherKeys, Store
from tests.sdk.connector.portal_side import COMMITMENT_KEY, HANA, MINA, commitment

ITEMS = ["email", "imei"]
KST = ZoneInfo("Asia/Seoul")


class Memory:
    """A system of this process: people's values by item. It can be told to lie, to fail and to take its time."""

    items = correctable = frozenset(ITEMS)
    can_freeze = True

    def __init__(self) -> None:
        self.people = {one["reference"]: {"email": one["email"], "imei": "1"} for one in (MINA, HANA)}
        self.lies = False
        self.fails: list[Exception] = []
        self.wait = threading.Event()
        self.wait.set()
        self.destroyed = 0

    def locate(self, person: Any, items: Any) -> dict[str, int]:
        self.wait.wait(30)
        held = self.people.get(person["reference"], {})
        return {item: 1 for item in items if item in held}

    def freeze(self, person: Any, items: Any, *, frozen: bool) -> None:
        pass

    def correct(self, person: Any, values: Any) -> None:
        if not self.lies:
            self.people[person["reference"]].update(values)

    def destroy(self, person: Any, items: Any) -> None:
        if self.fails:
            raise self.fails.pop()
        self.destroyed += 1
        for item in [] if self.lies else items:
            self.people.get(person["reference"], {}).pop(item, None)

    def read_back(self, person: Any, items: Any) -> dict[str, list[str]]:
        held = self.people.get(person["reference"], {})
        return {item: [held[item]] for item in items if item in held}


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_who_does_not_sign_is_answered_nothing(memory: Memory, connect: Any) -> None:
    portal = connect(memory)
    wrong = [
        {"late": 301},
        {"late": -301},
        {"Portal-Signature": "v1=" + "0" * 64},
        {"Portal-Signature": ""},
        {"Idempotency-Key": str(uuid4())},
        {"Portal-Timestamp": "²"},
        {"Portal-Signature": "ü"},
    ]
    for changes in wrong:
        assert portal.call("destroy", ITEMS, changes=changes).status == 401, changes
    assert memory.destroyed == 0


def test_a_system_that_lies_is_never_called_done(memory: Memory, connect: Any) -> None:
    portal = connect(memory)
    memory.lies = True
    key = str(uuid4())
    for _time in range(2):
        assert portal.call("destroy", ITEMS, key=key, task=key).status == 500
        assert portal.call("correct", ["email"], values={"email": {"to": "new@example.org"}}).status == 500
    memory.lies = False
    assert portal.call("destroy", ITEMS, key=key, task=key).told["counts"] == {"email": 1, "imei": 1}


def test_a_search_that_does_not_find_the_canary_finds_nothing_out(memory: Memory, connect: Any) -> None:
    portal, nobody = connect(memory, canary=HANA), {**MINA, "reference": "A1"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("locate", {}), ("freeze", {"why": "hold"}), ("destroy", {"person": {**nobody, "email": "other"}}),
        ("read-back", {"of": str(uuid4())}),
    ]  # fmt: skip
    assert [portal.call(verb, ITEMS, **{"person": nobody, **more}).status for verb, more in calls] == [200] * 4
    memory.people.pop(HANA["reference"])
    blind = [portal.call(verb, ITEMS, **{"person": nobody, **more}) for verb, more in calls]
    assert [(one.status, one.state) for one in blind] == [(500, "blind")] * 4


def test_the_same_call_has_one_answer_whatever_happens_meanwhile(memory: Memory, connect: Any) -> None:
    portal, key = connect(memory, backups_days=30), str(uuid4())
    days = [datetime.now(KST).date() + timedelta(days=30)]
    memory.fails = [TimeoutError("mina@example.org is slow")]
    failed = portal.call("destroy", ITEMS, key=key, task=key)
    assert failed.status == 503
    assert b"mina" not in failed.raw
    first = portal.call("destroy", ITEMS, key=key, task=key)
    days.append(datetime.now(KST).date() + timedelta(days=30))
    assert first.told["backups_until"] in {day.isoformat() for day in days}
    memory.people["A7"] = {"email": "again@example.org"}
    # Another process of the same system, a moment later.
    assert connect(memory).call("destroy", ITEMS, key=key, task=key) == first
    assert memory.destroyed == 1
    for other in ({"items": ["email"]}, {"basis": "R-2"}, {"person": HANA}):
        again = {"items": ITEMS, "task": key, **other}
        assert portal.call("destroy", again.pop("items"), key=key, **again).status == 409
    assert portal.call("locate", ITEMS, key=key, task=key).status == 409


def test_a_call_that_takes_long_is_accepted_and_its_result_fetched(memory: Memory, connect: Any) -> None:
    portal, key = connect(memory, wait=0.05), str(uuid4())
    memory.wait.clear()
    assert portal.call("destroy", ITEMS, key=key, task=key).told == {"state": "accepted", "retry_after": 60}
    assert portal.call("destroy", ITEMS, key=key, task=key).status == 202
    # Who is somebody else does not wait for it.
    other: dict[str, Any] = {"person": HANA, "of": key, "key": str(uuid4())}
    answers = (portal.call("read-back", ITEMS, **other) for _time in range(1_000))
    assert next(one for one in answers if one.status != 202).told["found"] is True
    memory.wait.set()
    while (answered := portal.call("destroy", ITEMS, key=key, task=key)).status == 202:
        pass
    assert (answered.state, memory.destroyed) == ("destroyed", 1)


def test_the_case_of_a_freeze_may_correct_and_destroy_and_no_other(memory: Memory, connect: Any) -> None:
    portal, task = connect(memory, backups_days=None), str(uuid4())
    portal.call("freeze", ["email"], task=task, why="correction", basis="R-1")
    new = {"email": {"to": "new@example.org"}}
    other = portal.call("correct", ["email"], values=new, basis="R-2")
    assert (other.state, other.told["reason"]) == ("kept", "dispute")
    assert memory.people["A7"]["email"] == MINA["email"]
    assert portal.call("correct", ["email"], values=new, basis="R-1").state == "corrected"
    # She is the same by her new address, and what isn't frozen goes.
    moved = {"reference": "A7", "email": "new@example.org"}
    part = portal.call("destroy", ITEMS, person=moved, basis="R-3").told
    assert part == {"state": "kept", "reason": "dispute", "items": ["email"], "counts": {"imei": 1},
                    "backups_until": None}  # fmt: skip
    assert portal.call("freeze", ["email"], person={**HANA, "reference": "A9"}, why="hold").state == "not-held"
    assert portal.call("destroy", ["email"], person=HANA).told["reason"] == "hold"


def test_copies_that_differ_have_the_commitment_of_no_value(memory: Memory, connect: Any) -> None:
    portal = connect(memory)
    memory.read_back = lambda person, items: {"email": ["new@example.org", "old@example.org"]}  # type: ignore[method-assign]
    told = portal.call("read-back", ["email"], of=str(uuid4()), commitment_key=COMMITMENT_KEY).told
    assert told["counts"] == {"email": 2}
    assert told["commitments"]["email"] not in {commitment("email", f"{one}@example.org") for one in ("new", "old")}
    assert portal.call("correct", ["email"], values={"email": {"to": "new@example.org"}}).status == 500


def test_what_is_no_call_is_refused_by_pointer(memory: Memory, connect: Any) -> None:
    portal = connect(memory)
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"items": ["email", "iris"]}, 422, "/items/1"),
        ({"items": []}, 400, "/items"),
        ({"items": ["email", "email"]}, 400, "/items"),
        ({"person": {"reference": ""}}, 400, "/person"),
        ({"person": {"reference": None}}, 400, "/person"),
        ({"person": {"reference": ["A7"]}}, 400, "/person"),
        ({"task": "1"}, 400, "/task"),
        ({"verb": "freeze", "why": "because"}, 400, "/why"),
        ({"verb": "release"}, 400, "/of"),
        ({"verb": "correct", "values": {}}, 400, "/values"),
        ({"verb": "correct", "values": {"email": {"to": "x"}}, "commitment_key": "x"}, 400, "/commitment_key"),
        ({"raw": b'{"task": 1, "task": 2}'}, 400, ""),
        ({"raw": b'{"items": ["\\ud800"]}'}, 422, "/items/0"),
        ({"raw": b"[" * 100_000}, 400, ""),
    ]
    for told, status, pointer in wrong:
        asked = {"verb": "destroy", "items": ["email"], **told}
        refused = portal.call(asked.pop("verb"), asked.pop("items"), **asked)
        where = refused.told.get("errors", [{"pointer": ""}])[0]["pointer"]
        assert (refused.status, where) == (status, pointer), told
    assert portal.call("destroy", ["email"], changes={"Content-Type": "text/plain"}).status == 415
    assert portal.call("shred", ["email"]).status == 404
    assert memory.destroyed == 0


def test_the_store_names_nobody_and_opens_under_its_own_keys_alone(
    memory: Memory, connect: Any, tmp_path: Path
) -> None:
    portal = connect(memory)
    portal.call("freeze", ["email"], why="hold")
    portal.call("correct", ["imei"], values={"imei": {"to": "new-imei"}})
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("store*") if path.is_file())
    assert b"email" in kept
    assert not [value for value in (MINA["email"], "new-imei") if value.encode() in kept]
    with pytest.raises(OtherKeys):
        Store(tmp_path / "store", b"other keys")


@pytest.mark.truth("prefixes-within-each-other")
@pytest.mark.parametrize("inner", ["devices/{reference}/", "devices/{reference}/logs/"])
def test_prefixes_lie_apart(inner: str) -> None:
    """Objects of two items would be tagged and destroyed with each other."""
    with pytest.raises(ValueError, match="app_log"):
        ObjectStore(lambda: None, "b", {"app_log": inner, "photo": "devices/{reference}/"})
    ObjectStore(lambda: None, "b", {"app_log": "devices/{reference}/logs/", "photo": "devices/{reference}/log/"})
