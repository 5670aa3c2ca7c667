"""A thousand random openings: each is shown to each of its people with a proof that holds, and one hidden is found.

``SCALE`` scales the number, ``SEED`` repeats a run.
"""

import os
import random
from pathlib import Path

import pytest

from tests import factory
from tests.database import PortalDatabase
from tests.factories.ledger import tamper
from tests.factories.openings import enter_as, make_openings, notary_of
from tests.privacy.rights.test_opening_proofs import HIDING, accepted, hidden, shown

pytestmark = pytest.mark.faults

OPENINGS = max(20, int(1_000 * float(os.environ.get("SCALE", "1"))))
SEED = int(os.environ.get("SEED", "20261127"))


def test_every_opening_is_shown_with_a_valid_proof_and_a_hidden_one_is_found(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    catch_up = notary_of(portal_database, tmp_path)
    people = [factory.make_device(number) for number in range(1, 6)]
    browsers = [enter_as(number) for number in range(1, 6)]
    opened = make_openings(people, OPENINGS, seed=SEED)
    vkeys = catch_up()
    checked = set()
    for person, browser in zip(people, browsers, strict=True):
        lines = shown(browser)
        for number in opened[person.subject_id]:
            accepted(browser.get(lines[number]).content, vkeys, tmp_path, capsys)
            checked.add(number)
    assert len(checked) == OPENINGS
    assert hidden() == set()
    dice = random.Random(SEED)
    for statement in HIDING.values():
        if "entry_people" not in statement:
            number = dice.choice(sorted(checked))
            tamper(portal_database, statement.format(number))
            assert f"entry {number}" in hidden()
