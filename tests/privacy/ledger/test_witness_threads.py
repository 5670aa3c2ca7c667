"""What the threads of a witness share, and those of the notary that ask several: one at a time."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from privacy.ledger.witness import asking
from privacy.ledger.witness.asking import Witnesses, read_policy
from tests.privacy.ledger.test_witnesses import Log, leaves, log, make_witness  # noqa: F401 - log is a fixture
from tests.threads import MeetingPlace, outcomes


@pytest.mark.asvs("15.4.1")
def test_of_two_histories_that_come_at_once_one_is_cosigned(
    tmp_path: Path,
    log: Log,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    witness, place = make_witness(tmp_path, log.signer), MeetingPlace()
    assert witness.add_checkpoint(log.request(0, 10)).status == HTTPStatus.OK
    other, save = Log(log.signer, [*log.leaves[:10], *leaves(30, mark="x")]), witness._save

    def slowly(*kept: Any) -> None:
        place()  # both would have been held against the same size by now
        save(*kept)

    monkeypatch.setattr(witness, "_save", slowly)
    answers = outcomes(*[lambda asked=asked: witness.add_checkpoint(asked.request(10, 20)) for asked in (log, other)])
    assert sorted(one.status for one in answers) == [HTTPStatus.OK, HTTPStatus.CONFLICT], answers


@pytest.mark.asvs("15.4.1")
def test_proofs_for_several_witnesses_are_read_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signers = [make_witness(tmp_path / name, name=f"witness.example/{name}").signer for name in ("one", "two")]
    lines = [f"witness w{number} {one.vkey} http://127.0.0.1:{number + 1}" for number, one in enumerate(signers)]
    policy = read_policy("\n".join([*lines, "group most 2 w0 w1", "quorum most", ""]).encode())
    place = MeetingPlace()
    monkeypatch.setattr(asking, "_post", lambda *_asked: (HTTPStatus.FORBIDDEN, "", "no"))

    def prove(_old: int) -> list[bytes]:
        place()
        return []

    assert not Witnesses(policy).ask("a note", 5, prove).enough
    assert not place.met
