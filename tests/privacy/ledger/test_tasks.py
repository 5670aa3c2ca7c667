"""What runs at night: the scrub in slices and the months ahead. Everything may run twice."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import override_settings

from privacy.ledger import actions as ledger
from privacy.ledger import tasks, verify
from privacy.ledger.actors import SystemActor
from privacy.ledger.integrity import verification
from privacy.ledger.models import Entry, Leaf, Scrub
from tests.database import PortalDatabase
from tests.factories.ledger import adopt, make_entries, make_notary, seal, sign, tamper

AT = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
SCRUB = SystemActor("scrub")


@pytest.fixture
def trail(portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PortalDatabase:
    """A signed log of 1,200 entries that a scrub does in slices of 256."""
    monkeypatch.setattr(verification, "SLICE", 256)
    notary = make_notary(tmp_path)
    for count in (300, 900):
        make_entries(portal_database, count)
        seal(portal_database)
        sign(portal_database, notary)
    adopt(portal_database)
    with override_settings(
        MIRROR_DIR=tmp_path / "mirror", ANCHOR_DIR=tmp_path / "anchors", NOTARY_VKEYS=notary.signer.vkeys
    ):
        yield portal_database


@pytest.mark.asvs("15.2.2")
@pytest.mark.clause("P8.3")
def test_a_scrub_goes_on_where_the_last_slice_stopped(trail: PortalDatabase) -> None:
    ledger.start_scrub(actor=SCRUB, at=AT)
    positions = []
    while (scrub := ledger.continue_scrub(actor=SCRUB, at=AT, seconds=0)) is not None:
        positions.append((scrub.position, scrub.finished_at is not None))
    assert positions == [(256, False), (512, False), (768, False), (1_024, False), (1_200, False), (1_200, True)]
    finished = Scrub.objects.finished().get()
    assert (finished.code, finished.findings, finished.size) == (verify.SOUND, [], 1_200)
    assert Entry.objects.filter(word="ledger.trail.scrubbed").count() == 1


def test_a_second_scrub_does_not_begin_beside_the_first(trail: PortalDatabase) -> None:
    assert ledger.start_scrub(actor=SCRUB, at=AT) == ledger.start_scrub(actor=SCRUB, at=AT)


def test_the_nightly_task_finds_what_was_altered_before_and_between_slices(trail: PortalDatabase) -> None:
    tamper(trail, "UPDATE ledger.entry SET payload = payload || ' ' WHERE id = 7")
    ledger.start_scrub(actor=SCRUB, at=AT)
    ledger.continue_scrub(actor=SCRUB, at=AT, seconds=0)
    tamper(trail, "UPDATE ledger.entry SET payload = payload || ' ' WHERE id = 1100")
    tasks.start_scrub()
    scrub = Scrub.objects.finished().get()
    assert scrub.code == verify.ALTERED
    assert [message for _code, message in scrub.findings] == [
        "entry 7 (index 6) is not what was sealed", "entry 1100 (index 1099) is not what was sealed",
    ]  # fmt: skip


def test_a_log_that_grows_during_a_scrub_is_scrubbed_to_its_end(trail: PortalDatabase, tmp_path: Path) -> None:
    ledger.start_scrub(actor=SCRUB, at=AT)
    ledger.continue_scrub(actor=SCRUB, at=AT, seconds=0)
    make_entries(trail, 600)
    seal(trail)
    sign(trail, make_notary(tmp_path))
    tasks.continue_scrub()
    scrub = Scrub.objects.finished().get()
    assert (scrub.code, scrub.size) == (verify.SOUND, Leaf.objects.count()), scrub.findings
    assert scrub.size > 1_800


def test_the_scrub_tells_of_a_guard_that_was_weakened_and_of_a_trigger_that_is_not_ours(trail: PortalDatabase) -> None:
    with trail.connect() as superuser:
        superuser.execute("ALTER TABLE ledger.leaf DISABLE TRIGGER deny")
        superuser.execute(
            "ALTER TABLE ledger.entry ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON ledger.entry USING (true)"
        )
    tasks.start_scrub()
    scrub = Scrub.objects.finished().get()
    assert scrub.code == verify.ALTERED
    assert [message.partition(":")[0] for _code, message in scrub.findings] == [
        "the trail can't be read whole", "ledger.E005", "ledger.E007", "ledger.E009", "ledger.entry", "ledger.leaf",
        "the entries about rows can't be read whole",
    ]  # fmt: skip


def test_without_a_scrub_under_way_nothing_happens(trail: PortalDatabase) -> None:
    tasks.continue_scrub()
    assert not Scrub.objects.exists()


def test_months_are_made_ahead(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        row = superuser.execute(
            "SELECT relid::regclass::text FROM pg_partition_tree('ledger.entry') WHERE isleaf ORDER BY 1"
        ).fetchall()
        superuser.execute(f"DROP TABLE {row[2][0]}")
    assert tasks.make_partitions() == 1
    assert tasks.make_partitions() == 0
