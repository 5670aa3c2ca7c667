"""An entry's text is canonical JSON, whatever it is told: one spelling, so that a hash means the same for ever."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import MAX_PAYLOAD, canonical_json, compose
from privacy.ledger.events import Event
from tests.factory import NOON

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
FACTS = st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.lists(TEXT, max_size=3), max_size=4)
SUBJECTS = st.lists(st.from_regex(r"S-[0-9A-Z]{4}-[0-9A-Z]{4}", fullmatch=True), max_size=3)


@pytest.mark.asvs("1.2.3", "16.2.4", "16.4.1")
@given(reason=TEXT, task=TEXT, about=TEXT, facts=FACTS, subjects=SUBJECTS, count=st.none() | st.integers(0, 10**6))
def test_it_is_spelled_as_canonical_json(
    reason: str, task: str, about: str, facts: dict[str, object], subjects: list[str], count: int | None
) -> None:
    text, nonce = compose(
        Event.READ, actor=SystemActor("tests"), at=NOON, about=("tests.thing", about), subjects=subjects, count=count,
        task=task, purpose="rights", reason=reason, facts=facts,
    )  # fmt: skip
    said = json.loads(text)
    assert canonical_json(said) == text
    assert said["nonce"] == nonce
    assert said.get("reason", "") == reason
    assert said.get("task", "") == task
    assert said.get("facts", {}) == facts
    assert said.get("subjects", []) == subjects
    assert said.get("count") == count
    assert (said["about"], said["by"], said["actor"]) == (f"tests.thing:{about}", "system", "system:tests")


@pytest.mark.truth("a-typed-backslash")
@pytest.mark.parametrize("typed", ["\\u0000", "\\\\u0000", "C:\\u0000.txt"])
def test_a_typed_backslash_is_no_nul_character_and_a_nul_is_one(typed: str) -> None:
    """What somebody wrote as a reason must not end in an error of the program."""
    text, _nonce = compose(Event.READ, actor=SystemActor("tests"), at=NOON, reason=typed, facts={"typed": typed})
    said = json.loads(text)
    assert (said["reason"], said["facts"]) == (typed, {"typed": typed})
    for bad in ("\0", "\\\0"):
        with pytest.raises(ValueError, match="NUL"):
            compose(Event.READ, actor=SystemActor("tests"), at=NOON, reason=bad)
        with pytest.raises(ValueError, match="NUL"):
            canonical_json({"fact": bad})


def drawn(times: int) -> list[str]:
    return [compose(Event.READ, actor=SystemActor("tests"), at=NOON)[1] for _time in range(times)]


@pytest.mark.asvs("11.5.2")
def test_no_two_entries_have_the_same_nonce_in_any_thread_or_process() -> None:
    drawn(1)  # so that a child would inherit what was drawn ahead
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, " ".join(drawn(100)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    of_child = os.read(reading, 65_536).decode().split()
    os.close(reading)
    os.close(writing)
    with ThreadPoolExecutor(8) as pool:
        of_threads = [nonce for nonces in pool.map(drawn, [500] * 8) for nonce in nonces]
    assert len({*of_child, *of_threads}) == 100 + 8 * 500
    assert {len(nonce) for nonce in of_threads} == {22}


def test_an_entry_holds_as_much_as_a_tile_and_no_byte_more() -> None:
    def said(letters: int) -> int:
        facts = {"text": "x" * letters}
        return len(compose(Event.READ, actor=SystemActor("tests"), at=NOON, facts=facts)[0].encode())

    room = MAX_PAYLOAD - said(0)
    assert said(room) == MAX_PAYLOAD
    with pytest.raises(ValueError, match="at most"):
        said(room + 1)
