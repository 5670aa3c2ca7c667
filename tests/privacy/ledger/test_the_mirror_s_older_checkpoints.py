"""The folder of older checkpoints in the mirror speaks in a live verification, as it does offline."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings  # type: ignore[attr-defined]

from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text
from privacy.ledger.integrity import verification
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND
from tests.database import PortalDatabase
from tests.factories.ledger import ORIGIN, make_entries, make_notary, seal, sign, tamper
from tests.privacy.ledger.test_notary_state import fork, roll_back

pytestmark = pytest.mark.attack("20.10")


@pytest.fixture
def trail(portal_database: PortalDatabase, tmp_path: Path, settings: Settings) -> PortalDatabase:
    """600 entries, signed at 300 and 600; the anchors, the mirror's newest files and its tiles are lost."""
    notary = make_notary(tmp_path)
    for _batch in range(2):
        make_entries(portal_database, 300)
        seal(portal_database)
        sign(portal_database, notary)
    settings.NOTARY_STATE_DIR, settings.NOTARY_VKEYS = tmp_path, notary.signer.vkeys
    settings.MIRROR_DIR, settings.ANCHOR_DIR = tmp_path / "mirror", tmp_path / "anchors"
    shutil.rmtree(tmp_path / "anchors")
    shutil.rmtree(tmp_path / "mirror" / "tile")
    for name in ("checkpoint", "heads"):
        (tmp_path / "mirror" / name).unlink()
    return portal_database


def examine(database: PortalDatabase) -> VerificationReport:
    by = external_checkpoints.load()
    with database.connect("portal_auditor") as connection:
        return verification.verify_log(connection, by)


def sliced(database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> VerificationReport:
    """The same in as many slices as there are tiles, each by a process of its own."""
    monkeypatch.setattr(verification, "SLICE", 256)
    progress: dict[str, object] = {}
    while True:
        by = external_checkpoints.load()
        with database.connect("portal_auditor") as connection:
            report, progress = verification.verify_log_slice(connection, by, progress, enough=lambda: True)
        if not progress:
            return report


def said(report: VerificationReport) -> list[tuple[int, str]]:
    return [(one.code, one.message) for one in report.findings]


def test_they_agree_with_a_database_as_it_was_signed(trail: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    report = examine(trail)
    assert (report.code, said(report), report.mirrored) == (SOUND, [], 2)
    assert said(sliced(trail, monkeypatch)) == []


@pytest.mark.parametrize(
    ("history", "finding"),
    [
        (fork, "the first 600 entries differ from what was signed for them"),
        (roll_back, "rolled back: 600 entries were signed for, 300 are left"),
        (
            lambda database: tamper(database, "DELETE FROM ledger.checkpoint WHERE size = 300"),
            "the checkpoint of size 300, which the mirror holds, is gone",
        ),
        (
            lambda database: tamper(database, "DELETE FROM ledger.tree WHERE size = 300"),
            "the tree head of size 300, which was signed, is gone",
        ),
    ],
)
def test_what_they_contradict_is_found(
    trail: PortalDatabase, history: Callable[[PortalDatabase], None], finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(trail)
    for report in (examine(trail), sliced(trail, monkeypatch)):
        assert (ALTERED, finding) in said(report)


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("nonsense", MALFORMED),
        (Signer.make(ORIGIN).note(checkpoint_text(ORIGIN, 310, bytes(32)), 1), POLICY),
        (Signer.make(ORIGIN).note(checkpoint_text(ORIGIN, 300, bytes(32)), 1), POLICY),
        (Signer.make(ORIGIN).note(checkpoint_text(ORIGIN, 10**30, bytes(32)), 1), POLICY),
    ],
)
def test_one_that_is_none_is_named_and_the_others_are_compared(
    trail: PortalDatabase, tmp_path: Path, note: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror" / "checkpoints" / "000000000310-1").write_text(note)
    for report in (examine(trail), sliced(trail, monkeypatch)):
        [(found, message)] = said(report)
        assert (found, message.startswith("a checkpoint that the mirror holds: ")) == (code, True)
