"""A kill before and after each step of each verb: the same call goes on, and says what a run without a kill says."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from exafe_connector import Connector, System
from exafe_connector.keys import Keys
from exafe_connector.store import Store
from tests.sdk.connector.portal_side import MINA, SECRET, Answered, Portal, through_wsgi
from tests.sdk.connector.test_protocol import ITEMS, Memory


class Killed(BaseException):
    """What a kill leaves: nothing that comes after."""


class Fuse:
    """Kills at the n-th place between two steps; 0 never does."""

    def __init__(self, place: int) -> None:
        self.place, self.passed = place, 0

    def burn(self) -> None:
        self.passed += 1
        if self.passed == self.place:
            raise Killed


class Mortal:
    """An object whose methods are steps: one may be killed before it and after it."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def step(*given: Any, **named: Any) -> Any:
            self._fuse.burn()
            result = found(*given, **named)
            self._fuse.burn()
            return result

        return step


CALLS: dict[str, list[tuple[str, list[str], dict[str, Any]]]] = {
    "correct": [("correct", ITEMS, {"values": {"email": {"to": "new@example.org"}, "imei": {"to": "2"}}})],
    "release": [("freeze", ITEMS, {"why": "hold"}), ("release", [], {}), ("destroy", ITEMS, {})],
    "part": [("freeze", ["imei"], {"why": "hold"}), ("destroy", ITEMS, {})],
}


@pytest.mark.parametrize("story", CALLS)
def test_a_kill_at_any_step_changes_nothing_of_the_answer(story: str, tmp_path: Path, own_keys: Keys) -> None:
    told: list[list[dict[str, Any]]] = []
    place = 0
    while True:
        memory, fuse = Memory(), Fuse(place)
        answers = [one.told for one in live_through(story, memory, fuse, tmp_path / f"store-{place}", own_keys)]
        for answer in answers:
            answer.pop("since", None)
        told.append(answers)
        assert told[-1] == told[0], f"killed at {place}"
        states = [answer.get("state") for answer in answers]
        assert ("email" in memory.people["A7"]) == ("destroyed" not in states and "kept" not in states)
        if place and fuse.passed < place:
            break
        place += 1
    assert place > 8, "it was killed at many places"


def live_through(story: str, memory: Memory, fuse: Fuse, path: Path, keys: Keys) -> list[Answered]:
    """Make the calls of a story, each again until it is answered; after a kill all begins anew, with the disk."""
    task, answers = str(uuid4()), []
    for verb, items, more in CALLS[story]:
        key, asked = str(uuid4()), {"task": task} | more | ({"of": task} if verb == "release" else {})
        while True:
            system = System(Mortal(memory, fuse), Mortal(Store(path, keys.listing), fuse), 30)
            connector = Connector(system, keys=keys, secrets=[SECRET])
            try:
                answers.append(
                    Portal(through_wsgi(connector), keys.public).call(verb, items, key=key, person=MINA, **asked)
                )
            except Killed:
                continue
            finally:
                connector.close()
            assert answers[-1].status == 200, answers[-1]
            break
    return answers
