"""By how much an entry can be dated back before it is named, and that the documents say as much."""

import re
import time
from pathlib import Path

import psycopg
import pytest

from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.integrity import verification
from privacy.ledger.verify import AHEAD, ALTERED, LATE, SOUND, TRANSACTION
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import make_entries, make_notary, seal, sign
from tests.privacy.ledger.test_times import bundled, findings, forge
from tests.privacy.ledger.test_times import trail as trail

pytestmark = [pytest.mark.attack("20.8"), pytest.mark.clause("P8.3")]

BACK_DATED = {
    "behind a head of an hour ago": [(118, 59)],
    "behind two heads": [(59, 59), (118, 59)],
    "behind heads that go back step by step": [(20, 20), (40, 40), (59, 59), (117, 58)],
}


@pytest.mark.parametrize("batches", BACK_DATED.values(), ids=list(BACK_DATED))
def test_tolerances_do_not_add_up(trail: PortalDatabase, tmp_path: Path, batches: list[tuple[int, int]]) -> None:
    """A head may say that it is of an hour ago, and an entry be an hour older: than the latest head, not than that."""
    for said, sealed in batches:
        forge(trail, f"now() - interval '{said} minutes'", f"now() - interval '{sealed} minutes'")
    named = f"entry {10 + len(batches)} \\(index {9 + len(batches)}\\) has another time"
    code, told = findings(trail, tmp_path)
    assert code == ALTERED and re.search(named, told)
    with pytest.raises(SigningRefused, match=named):
        sign(trail, make_notary(tmp_path))


@pytest.mark.parametrize("slice_size", [256, 65_536])
def test_nor_over_the_slices_of_an_examination(
    trail: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slice_size: int
) -> None:
    monkeypatch.setattr(verification, "SLICE", slice_size)
    make_entries(trail, 500)
    seal(trail)
    forge(trail, "now() - interval '59 minutes'", "now() - interval '59 minutes'")
    make_entries(trail, 2)
    forge(trail, "now() - interval '118 minutes'", "now() - interval '59 minutes'")
    code, told = findings(trail, tmp_path)
    assert (code, "entry 514 (index 511) has another time" in told) == (ALTERED, True), told


@pytest.mark.parametrize("sealed", [0, 30, 58])
@pytest.mark.parametrize("minutes", [TRANSACTION // 60 - 1, TRANSACTION // 60 + 1])
def test_an_entry_is_dated_back_by_an_hour_at_most_and_is_then_listed_for_good(
    trail: PortalDatabase, tmp_path: Path, sealed: int, minutes: int
) -> None:
    time.sleep(1.1)
    forge(trail, f"now() - interval '{minutes} minutes'", f"now() - interval '{sealed} minutes'")
    if minutes > TRANSACTION // 60:
        with pytest.raises(SigningRefused, match="has another time"):
            sign(trail, make_notary(tmp_path))
        return
    sign(trail, make_notary(tmp_path))
    code, told = bundled(trail, tmp_path)
    assert (code, "LATE: index 10 to 10" in told) == (SOUND, True), told


SPOKEN = {3_600: "an hour", 600: "ten minutes", 300: "five minutes"}


@pytest.mark.parametrize(
    "sentence",
    [
        f"refused and named if that is more than {SPOKEN[TRANSACTION]} before the latest tree head",
        f"listed as late for good if it is more than {SPOKEN[LATE]} before a checkpoint that does not hold it",
        f"at most {SPOKEN[TRANSACTION]} before the latest head, {SPOKEN[AHEAD]} after its own",
        f"must state a time from {SPOKEN[TRANSACTION]} before the first was signed to {SPOKEN[AHEAD]} after the"
        " second, or, if it was sealed later by what the notary put on record, from as long before",
        f"more than {SPOKEN[TRANSACTION]} before the latest head before it, or {SPOKEN[AHEAD]} after its own",
    ],
)
def test_the_document_says_the_bounds_that_the_programs_have(sentence: str) -> None:
    assert sentence in " ".join((ROOT / "docs/ledger.md").read_text("utf-8").split())


@pytest.mark.parametrize("role", ["portal_app", "portal_intake", "portal_worker", "portal_sequencer"])
def test_nobody_but_the_notary_says_that_a_batch_waited(trail: PortalDatabase, role: str) -> None:
    said = '{"actor":"system:notary","facts":{"from":0,"seconds":9999,"until":99},"word":"ledger.batch.waited"}'
    append = "SELECT ledger.append('act', %s)"
    if role != "portal_sequencer":
        append = "INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)"
    with trail.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege, match="not this role"):
        connection.execute(append, [said])
