"""What an honest office does raises no alarm: a new key, restarts, a restore that lost nothing, a pruning."""

from collections.abc import Callable
from pathlib import Path

import pytest

from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.integrity import verification
from privacy.ledger.verify import SOUND, Bundle
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, make_witnesses, seal, sign, tamper
from tests.privacy.ledger.test_a_new_notary_key import hand_over
from tests.privacy.ledger.test_pruning import prune, sign_past_and_present

pytestmark = [pytest.mark.faults, pytest.mark.clause("P8.3")]


def new_key(database: PortalDatabase, folder: Path) -> Notary:
    return hand_over(database, folder)


def restart(_database: PortalDatabase, folder: Path) -> Notary:
    return make_notary(folder)


def restore(database: PortalDatabase, folder: Path) -> Notary:
    """A dump with everything in it, in another cluster: transaction numbers begin again there."""
    tamper(database, "UPDATE ledger.recovery_epoch SET system_identifier = 'another cluster'")
    return make_notary(folder)


def pruned(database: PortalDatabase, folder: Path) -> Notary:
    assert prune(database)
    return make_notary(folder)


@pytest.fixture
def trail(portal_database: PortalDatabase, tmp_path: Path) -> PortalDatabase:
    """1,024 entries of more than two years ago and 300 of today, signed."""
    sign_past_and_present(portal_database, make_notary(tmp_path), past=1_024, present=300)
    return portal_database


def require_sound(database: PortalDatabase, folder: Path, notary: Notary) -> None:
    for _again in range(2):
        make_entries(database, 5)
        seal(database)
        assert sign(database, notary)
    with database.connect("portal_auditor") as connection:
        report = verification.verify_log(connection, make_witnesses(folder))
    assert (report.code, report.findings) == (SOUND, [])


@pytest.mark.parametrize("event", [new_key, restart, restore, pruned])
def test_it_raises_no_alarm(
    trail: PortalDatabase, tmp_path: Path, event: Callable[[PortalDatabase, Path], Notary]
) -> None:
    require_sound(trail, tmp_path, event(trail, tmp_path))


def test_nor_do_all_of_them_one_after_the_other(trail: PortalDatabase, tmp_path: Path) -> None:
    for event in (restart, new_key, restore, restart, pruned, new_key, restore, restart):
        require_sound(trail, tmp_path, event(trail, tmp_path))
    assert Bundle(str(tmp_path / "mirror")).read("checkpoint", 10_000)
