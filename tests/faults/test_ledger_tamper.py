"""A thousand seeded random alterations by the database's superuser: each is found, and the altered entry is named.

``SCALE`` scales the number, ``SEED`` repeats a run. Each alteration is made with every trigger off, then undone.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.integrity.verification import Verification
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.verify import ALTERED, SOUND, leaf_hash
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, make_witnesses, seal, sign, switch_triggers
from tests.faults.tampering import BATCHES, KINDS, SIZE, Connection

pytestmark = pytest.mark.faults

ALTERATIONS = max(50, int(1_000 * float(os.environ.get("SCALE", "1"))))
SEED = int(os.environ.get("SEED", "20261124"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notary")


@pytest.fixture(scope="module")
def trail(home: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[PortalDatabase]:
    """A log sealed in eight batches, each signed and anchored."""
    with django_db_blocker.unblock(), PortalDatabase().in_use() as database:
        notary = make_notary(home)
        for count in BATCHES:
            make_entries(database, count)
            seal(database)
            sign(database, notary)
        yield database


def examine(connection: Connection, by: ExternalCheckpoints) -> VerificationReport:
    examination = Verification(connection, by)
    examination.begin(0)
    while examination.slice():
        pass
    return examination.end()


@pytest.mark.clause("P8.3")
def test_the_untouched_trail_passes(trail: PortalDatabase, home: Path) -> None:
    """The positive control: without an alteration there is no finding, also with every trigger off."""
    with trail.connect() as superuser, superuser.transaction(force_rollback=True):
        switch_triggers(superuser, "DISABLE")
        report = examine(superuser, make_witnesses(home))
    assert (report.code, report.findings) == (SOUND, [])
    assert (report.size, report.signed_size, report.checkpoints) == (SIZE, SIZE, len(BATCHES))


@pytest.mark.clause("P8.3")
def test_every_random_alteration_is_found_and_the_entry_named(
    trail: PortalDatabase, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(SEED)
    by = make_witnesses(home)
    missed: list[str] = []
    tried: Counter[str] = Counter()
    with trail.connect() as superuser:
        for turn in range(ALTERATIONS):
            alter = KINDS[turn % len(KINDS)]
            with superuser.transaction(force_rollback=True):
                superuser.execute("SET LOCAL session_replication_role = replica")
                switch_triggers(superuser, "DISABLE")
                done = alter(dice, superuser)
                report = examine(superuser, by)
            tried[done.what] += 1
            said = "; ".join(finding.message for finding in report.findings)
            named = done.named is None or f"index {done.named}" in said
            if report.code != ALTERED or not named:
                missed.append(f"turn {turn}: {done.what} ({done.named}): {report.code} {said}")
    with capsys.disabled():
        print(f"\nseed {SEED}: {ALTERATIONS - len(missed)} of {ALTERATIONS} alterations found, {len(tried)} kinds")
    assert not missed, "\n".join(missed)


def test_without_the_mirror_every_alteration_is_still_found(trail: PortalDatabase, home: Path) -> None:
    """The mirror helps to name the entry; that something is wrong is known without it."""
    dice = random.Random(SEED + 1)
    by = make_witnesses(home, mirror=False)
    with trail.connect() as superuser:
        for alter in KINDS:
            with superuser.transaction(force_rollback=True):
                superuser.execute("SET LOCAL session_replication_role = replica")
                switch_triggers(superuser, "DISABLE")
                done = alter(dice, superuser)
                assert examine(superuser, by).code == ALTERED, done


def test_leaf_hash_is_what_the_database_computes(trail: PortalDatabase) -> None:
    """The alterations that hash anew are real: they hash as the sealer does."""
    with trail.connect() as connection:
        (sealed,) = log_reader.entries(connection, 17, 18)
    assert sealed.entry is not None
    assert leaf_hash(sealed.entry) == sealed.leaf
