"""An entry's text is canonical JSON, whatever it is told: one spelling, so that a hash means the same for ever."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from privacy.ledger.actors import System
from privacy.ledger.events import Event
from privacy.ledger.payloads import compose, dump
from tests.factory import NOON

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
FACTS = st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.lists(TEXT, max_size=3), max_size=4)
SUBJECTS = st.lists(st.from_regex(r"S-[0-9A-Z]{4}-[0-9A-Z]{4}", fullmatch=True), max_size=3)


@given(reason=TEXT, task=TEXT, about=TEXT, facts=FACTS, subjects=SUBJECTS, count=st.none() | st.integers(0, 10**6))
def test_it_is_spelled_as_canonical_json(
    reason: str, task: str, about: str, facts: dict[str, object], subjects: list[str], count: int | None
) -> None:
    if "\\u0000" in dump([reason, task, about, facts]):
        return  # reads like a NUL character, and is refused
    text, nonce = compose(
        Event.READ, actor=System("tests"), at=NOON, about=("tests.thing", about), subjects=subjects, count=count,
        task=task, purpose="rights", reason=reason, facts=facts,
    )  # fmt: skip
    said = json.loads(text)
    assert dump(said) == text
    assert said["nonce"] == nonce
    assert said.get("reason", "") == reason
    assert said.get("task", "") == task
    assert said.get("facts", {}) == facts
    assert said.get("subjects", []) == subjects
    assert said.get("count") == count
    assert (said["about"], said["by"], said["actor"]) == (f"tests.thing:{about}", "system", "system:tests")


def drawn(times: int) -> list[str]:
    return [compose(Event.READ, actor=System("tests"), at=NOON)[1] for _time in range(times)]


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
