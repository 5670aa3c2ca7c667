"""Each kind of system, the real one, behind the protocol: what it answers is what anybody else finds in it."""

from typing import Any

import pytest

from tests.sdk.connector.conftest import KINDS
from tests.sdk.connector.portal_side import COMMITMENT_KEY, MINA, commitment
from tests.sdk.connector.systems import Folder, Held, Parquet

pytestmark = pytest.mark.parametrize("held", KINDS, indirect=True)
NOBODY = {"reference": "A", "email": "a@example.org"}
MINE = "0190a000-0000-7000-8000-00000000000a"
STRANGE = "0' OR '1'='1"


def test_what_is_destroyed_is_gone_and_nothing_else(held: Held, connect: Any) -> None:
    portal, items, others = connect(held.adapter), sorted(held.counts), held.held("A71")
    assert portal.call("locate", items).told == {"found": True, "counts": held.counts}
    assert portal.call("destroy", items, person=NOBODY).told == {"state": "not-held", "counts": {}}
    answered = portal.call("destroy", items)
    assert (answered.state, answered.told["counts"]) == ("destroyed", held.counts)
    assert held.held("A7") == 0
    assert held.held("A71") == others > 0
    assert portal.call("read-back", items, of=MINE).told["found"] is False
    assert portal.call("destroy", items).state == "not-held"


def test_a_frozen_item_is_kept_until_its_freeze_is_released(held: Held, connect: Any) -> None:
    portal, items, before = connect(held.adapter), sorted(held.counts), held.held("A7")
    frozen = portal.call("freeze", items, task=MINE, why="hold", basis="H-1")
    assert (frozen.state, frozen.told["counts"]) == ("frozen", held.counts)
    assert held.marked("A7")
    # By another identifier of hers alone, and under the very case: a hold lets nothing through.
    kept = portal.call("destroy", items, person={**MINA, "email": None}, basis="H-1")
    assert (kept.state, kept.told["reason"], kept.told["items"]) == ("kept", "hold", items)
    assert held.held("A7") == before
    assert portal.call("release", [], of=MINE).state == "released"
    assert portal.call("freeze", items, task=MINE, why="hold", basis="H-1").status == 409
    assert portal.call("destroy", items).state == "destroyed"
    assert held.held("A7") == 0


def test_a_mark_stays_while_another_item_under_it_is_frozen(held: Held, connect: Any) -> None:
    """A row has one mark for all its items: the end of one freeze takes no other's away."""
    portal, items, other = connect(held.adapter), sorted(held.counts), "0190a000-0000-7000-8000-00000000000b"
    portal.call("freeze", items, task=MINE, why="hold", basis="H-1")
    portal.call("freeze", items[-1:], task=other, why="correction", basis="R-1")
    assert portal.call("release", [], of=MINE).state == "released"
    assert held.marked("A7")
    assert portal.call("release", [], of=other).state == "released"
    assert isinstance(held, Folder | Parquet) or not held.marked("A7")


def test_what_was_corrected_is_shown_by_a_commitment(held: Held, connect: Any) -> None:
    portal, others = connect(held.adapter), held.held("A71")
    if not held.adapter.correctable:
        refused = portal.call("correct", ["app_log"], values={"app_log": {"to": "x"}})
        assert (refused.status, refused.told["errors"][0]["pointer"]) == (422, "/values/app_log")
        return
    new = 'mina, "new" 미나\'s@example.org'
    corrected = portal.call("correct", ["email"], values={"email": {"to": new}})
    assert (corrected.state, corrected.told["counts"]) == ("corrected", {"email": held.counts["email"]})
    assert corrected.told["commitments"] == {"email": commitment("email", new)}
    more = {"person": {**MINA, "email": new}, "of": MINE, "commitment_key": COMMITMENT_KEY}
    assert portal.call("read-back", ["email"], **more).told["commitments"] == corrected.told["commitments"]
    assert held.held("A71") == others


def test_identifiers_that_would_mean_others_mean_nobody(held: Held, connect: Any) -> None:
    """SQL, paths and patterns in an identifier are texts; null asks nothing."""
    portal, items = connect(held.adapter), sorted(held.counts)
    everybody = held.held("A7"), held.held("A71")
    for device in (STRANGE, "%", "A7%", "*", "A7 OR 1", "../A71", "A7/../A71", "..", "a7"):
        answered = portal.call("destroy", items, person={"reference": device, "email": None})
        assert answered.state in {"not-held", "unsupported"}, device
    assert (held.held("A7"), held.held("A71")) == everybody
