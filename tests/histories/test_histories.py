"""Whatever happened before, in whatever order: what the portal says is what is so."""

import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import batched
from pathlib import Path
from types import ModuleType

import pytest
from django.db import connections, transaction
from django.test import override_settings

from privacy.retention.certificates import statement_texts
from tests.database import PortalDatabase
from tests.histories import oracle
from tests.histories.steps import STEPS, Office
from tests.seeds import drawn

# Steps of a history that were tried on something; what there was nothing for does not count.
LENGTH = 18
# What a history reads stays on record when it is undone, and makes the next one slower: so many share databases.
TOGETHER = 20
MOST_DRAWN = 400
SEED = drawn("HISTORIES_SEED")
BEGINNINGS = ("ask", "record", "complain", "place", "sweep", "send", "end", "provide", "update", "agree", "post")
# What takes a case out of the way, or needs a long way to come about.
RARE, WANTED = ("withdraw", "reject", "lift"), ("verify", "grant", "carry", "destroy", "approve", "notify", "tell")


def weight(word: str) -> int:
    return 2 if word in RARE else 20 if word in WANTED else 1 if word in BEGINNINGS else 10


def history(seed: int) -> Iterator[tuple[str, int, int]]:
    """Yield the steps of a history: what, about which, how many days later. A few things begin, then most goes on."""
    source = random.Random(seed)
    names = [*STEPS]
    begin = [1 if name.split()[0] in BEGINNINGS else 0 for name in names]
    go_on = [weight(name.split()[0]) for name in names]
    for number in range(MOST_DRAWN):
        (name,) = source.choices(names, begin if number < 5 else go_on)
        yield name, source.randrange(250), source.choice((0, 0, 0, 1, 2, 9, 25))


@contextmanager
def override_sentence(module: ModuleType, name: str, text: str) -> Iterator[None]:
    """Have a function that words something say the same whatever was done."""
    real = getattr(module, name)
    setattr(module, name, lambda *_about: text)
    try:
        yield
    finally:
        setattr(module, name, real)


def live(steps: Iterable[tuple[str, int, int]]) -> Counter[str]:
    """Live through a history, comparing after each step; return how often each step was really taken."""
    taken: Counter[str] = Counter()
    with ExitStack() as undo:
        for alias in connections:
            undo.enter_context(transaction.atomic(using=alias))
            undo.callback(transaction.set_rollback, True, using=alias)
        journal = undo.enter_context(tempfile.TemporaryDirectory())
        undo.enter_context(override_settings(DESTRUCTION_JOURNAL_DIR=Path(journal)))
        office = Office()
        reader = oracle.Oracle(office)
        for name, number, days in steps:
            if not office.take(name, number, days):
                continue
            taken[name] += office.log[-1].endswith("done")
            if len(office.log) == LENGTH:
                break
            wrong = reader.differences()
            assert not wrong, "\n".join([*office.log, "", *wrong])
    return taken


def live_many(count: int) -> None:
    print(f"\n{count} histories from seed {SEED}")
    taken: Counter[str] = Counter()
    for seeds in batched(range(SEED, SEED + count), TOGETHER, strict=False):
        with PortalDatabase().in_use():
            for seed in seeds:
                try:
                    taken += live(history(seed))
                except AssertionError as error:
                    raise AssertionError(f"HISTORIES_SEED={seed}\n{error}") from None
        print(f"{seeds[-1] - SEED + 1} of {count}", flush=True)
    print({name: taken[name] for name in STEPS})


@pytest.mark.truth("histories")
def test_a_sentence_made_unconditional_is_caught(portal_database: PortalDatabase) -> None:
    """The comparison is no decoration: a certificate that always says “keys destroyed” does not pass it."""
    steps = [(name, 2, 1) for name in ("ask for deletion", "verify", "grant", "carry out", "complain")]
    assert live(steps)["carry out"] == 1
    always = override_sentence(statement_texts, "method", "keys destroyed (cryptographic erasure)")
    with always, pytest.raises(AssertionError, match="says that keys were destroyed, and counts none"):
        live(steps)


@pytest.mark.truth("histories")
def test_what_the_answer_to_the_whole_told_is_owed_no_more(portal_database: PortalDatabase) -> None:
    """The source is told with the refused access; opened again, the access is owed by its own ten days."""
    steps = [
        ("ask for access and the source", 0, 0), ("verify", 0, 0), ("grant", 1, 9), ("refuse", 0, 25),
        ("object", 0, 0), ("carry out", 0, 0), ("decide an objection", 1, 9), ("complain", 0, 0),
    ]  # fmt: skip
    assert live(steps)["decide an objection"] == 1


@pytest.mark.truth("histories")
def test_a_few_histories(portal_database: PortalDatabase) -> None:
    live_many(10)


@pytest.mark.faults
def test_many_histories(portal_database: PortalDatabase) -> None:
    live_many(max(1, round(2_000 * float(os.environ.get("SCALE", "1")))))
