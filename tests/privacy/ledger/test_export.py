"""The command that writes bundles: days in, whole tiles out, on record with reason, bytes and digest."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privacy.ledger import verify
from privacy.ledger.admin.checkpoints import BundleForm
from privacy.ledger.exports import log_bundles
from privacy.ledger.exports.log_bundles import NoCheckpoint, TooManyEntries
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, make_past_entries, publish_keys, seal, sign
from tests.privacy.ledger.offline import run

NOON = datetime.now(UTC) - timedelta(days=10)


@pytest.fixture
def trail(portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PortalDatabase:
    """600 entries of ten days ago, then 600 of today."""
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    notary = make_notary(tmp_path)
    publish_keys(notary)
    make_past_entries(portal_database, [(NOON, "act", {"word": "tests.thing.tried"})] * 600)
    make_entries(portal_database, 600)
    seal(portal_database)
    sign(portal_database, notary)
    return portal_database


def export(database: PortalDatabase, *arguments: object) -> str:
    run = database.manage("export_ledger", *map(str, arguments), role="portal_auditor")
    assert run.returncode == 0, run.stderr
    return run.stdout


def check(folder: Path) -> str:
    keys = [verify.parse_key(vkey) for vkey in (folder / "keys").read_text().split()]
    return verify.Bundle(str(folder)).verify(keys).said


@pytest.mark.clause("P8.3")
def test_the_whole_trail(trail: PortalDatabase, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(trail, folder, "--reason", "yearly audit")
    assert check(folder).startswith("1200 entries of 1200")
    assert {path.name for path in folder.iterdir()} == {
        "README.txt", "bundle.json", "checkpoint", "keys", "tile", "verify.py", "verify_exceptions.py",
        "verify_handovers.py", "verify_papers.py", "verify_timestamps.py", "verify_vectors.py", "verify_witnesses.py",
    }  # fmt: skip
    size, sha256 = log_bundles.digest(folder)
    with trail.connect() as connection:
        row = connection.execute("SELECT payload FROM ledger.entry WHERE word = 'ledger.bundle.exported'").fetchone()
    assert row is not None
    said = json.loads(row[0])
    assert said["facts"] == {"from": 0, "until": 1200, "bytes": size, "sha256": sha256}
    assert said["reason"] == "yearly audit"


def test_some_days_in_whole_tiles(trail: PortalDatabase, tmp_path: Path) -> None:
    export(trail, tmp_path / "late", "--from", datetime.now(UTC).date() - timedelta(1))
    assert check(tmp_path / "late").startswith("688 entries of 1200")
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    for until, count in ((NOON + timedelta(days=5), 768), (long_ago, 0)):
        folder = tmp_path / str(count)
        with trail.connect("portal_auditor") as connection:
            vkeys = make_notary(tmp_path).signer.vkeys
            log_bundles.write(connection, folder, since=long_ago, until=until, vkeys=vkeys)
        assert check(folder).startswith(f"{count} entries of 1200")


@pytest.mark.attack("19.9")
def test_a_part_says_in_its_readme_how_it_is_checked(trail: PortalDatabase, tmp_path: Path) -> None:
    """Checked without its range it would exit 3, because not all entries are there."""
    said = export(trail, tmp_path / "late", "--from", datetime.now(UTC).date() - timedelta(1))
    pinned = [part for vkey in (tmp_path / "late" / "keys").read_text().split() for part in ("--key", vkey)]
    assert run(tmp_path / "late", *pinned)[0] == verify.POLICY
    assert " --from 512 --until 1200 --key" in said
    readme = (tmp_path / "late" / "README.txt").read_text()
    assert "python verify.py . --from 512 --until 1200 --key" in readme
    assert run(tmp_path / "late", *pinned, "--from", 512, "--until", 1200)[0] == verify.SOUND
    export(trail, tmp_path / "all")
    assert "python verify.py . --key" in (tmp_path / "all" / "README.txt").read_text()


def test_without_a_folder_it_makes_one_of_its_own(trail: PortalDatabase) -> None:
    said = export(trail)
    folder = Path(said.split(" in ")[1].split(";")[0])
    assert check(folder).startswith("1200 entries")


def test_an_existing_folder_and_a_day_that_is_none_are_refused(trail: PortalDatabase, tmp_path: Path) -> None:
    assert trail.manage("export_ledger", str(tmp_path), role="portal_auditor").returncode == 1
    assert (
        trail.manage("export_ledger", str(tmp_path / "b"), "--from", "yesterday", role="portal_auditor").returncode == 1
    )
    assert not (tmp_path / "b").exists()


@pytest.mark.truth("days-of-commands")
def test_days_out_of_order_or_out_of_reach_are_refused_by_command_and_form(
    trail: PortalDatabase, tmp_path: Path
) -> None:
    for days in (["--from", "2026-03-02", "--until", "2026-03-01"], ["--until", "9999-12-31"]):
        run = trail.manage("export_ledger", str(tmp_path / "b"), *days, role="portal_auditor")
        assert run.returncode == 1
        assert run.stderr.startswith("CommandError: ")
    assert not (tmp_path / "b").exists()
    given = {"since": "2026-03-02", "until": "2026-03-01", "reason": "yearly audit"}
    assert set(BundleForm(given).errors) == {"until"}
    assert BundleForm({**given, "until": "2026-03-02"}).is_valid()


def test_nothing_signed_and_too_many_are_refused(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    make_entries(portal_database, 20)
    seal(portal_database)
    with portal_database.connect("portal_auditor") as connection:
        with pytest.raises(NoCheckpoint):
            log_bundles.write(connection, tmp_path / "one", since=None, until=None, vkeys=[])
        sign(portal_database, notary)
        with pytest.raises(TooManyEntries):
            log_bundles.write(connection, tmp_path / "two", since=None, until=None, vkeys=[], most=10)
