"""Pruning takes what is past its term, in whole tiles, with a certificate; what stays is provable as before."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from privacy.ledger import bundles, proofs, pruning, verification, verify
from privacy.ledger.notary import Notary, Refused
from privacy.ledger.pruning import TooYoung
from tests.database import PortalDatabase
from tests.factories.ledger import (
    make_entries,
    make_notary,
    make_past_entries,
    make_witnesses,
    seal,
    sign,
    switch_triggers,
    tamper,
)

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=800)
CUT = NOW - timedelta(days=730)


def make_month(database: PortalDatabase, month: datetime) -> None:
    """Make the partition of a past month, guarded like the others."""
    start = month.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=32)).replace(day=1)
    with database.connect() as superuser:
        name = f"ledger.entry_{start:%Y_%m}"
        superuser.execute(f"CREATE TABLE {name} PARTITION OF ledger.entry FOR VALUES FROM ('{start}') TO ('{end}')")
        superuser.execute(f"ALTER TABLE {name} OWNER TO portal_ledger")
        superuser.execute(f"SELECT ledger.guard('{name}')")


@pytest.fixture
def notary(tmp_path: Path) -> Notary:
    return make_notary(tmp_path)


@pytest.fixture
def trail(portal_database: PortalDatabase, notary: Notary) -> PortalDatabase:
    """1,000 entries of a month more than two years ago and 300 of today, sealed and signed."""
    make_month(portal_database, OLD)
    make_past_entries(
        portal_database,
        [(OLD + timedelta(seconds=n), "act", {"word": "tests.thing.tried", "n": n}) for n in range(1_000)],
    )
    seal(portal_database, at=OLD + timedelta(hours=1))
    sign(portal_database, notary)
    make_entries(portal_database, 300)
    seal(portal_database)
    sign(portal_database, notary)
    return portal_database


def prune(database: PortalDatabase, cut: datetime = CUT) -> list[str]:
    with database.connect("portal_pruner") as connection:
        planned = pruning.plan(connection, cut)
        assert planned is not None
        return pruning.prune(connection, planned, NOW)


@pytest.mark.clause("P8.3")
def test_a_month_past_its_term_goes_when_its_tiles_are_whole(trail: PortalDatabase) -> None:
    """The last tile of the month also holds entries of today: the month stays until that tile is past the term too."""
    with trail.connect("portal_pruner") as connection:
        planned = pruning.plan(connection, CUT)
        assert planned is not None
        assert planned.until == 768
        assert pruning.prune(connection, planned, NOW) == []


def test_everything_that_stays_is_sound_and_provable(
    portal_database: PortalDatabase, notary: Notary, tmp_path: Path
) -> None:
    make_month(portal_database, OLD)
    make_past_entries(
        portal_database, [(OLD + timedelta(seconds=n), "act", {"word": "tests.thing.tried"}) for n in range(1_024)]
    )
    seal(portal_database, at=OLD + timedelta(hours=1))
    sign(portal_database, notary)
    make_entries(portal_database, 300)
    seal(portal_database)
    sign(portal_database, notary)
    root = notary.state.root
    assert prune(portal_database) == [f"ledger.entry_{OLD:%Y_%m}"]
    make_entries(portal_database, 10)
    seal(portal_database)
    sign(portal_database, notary)

    with portal_database.connect("portal_auditor") as connection:
        counts = connection.execute("SELECT count(*) FROM ledger.entry").fetchone()
        report = verification.examine(connection, make_witnesses(tmp_path))
        assert proofs.consistency(connection, 1_024, 1_324)
        newest = connection.execute("SELECT max(id) FROM ledger.entry").fetchone()
        assert newest is not None
        proof = proofs.prove(connection, newest[0])
        with pytest.raises(proofs.NotProvable):
            proofs.prove(connection, 5)
        bundles.write(connection, tmp_path / "bundle", since=None, until=None, vkeys=notary.signer.vkeys)
        paper = connection.execute("SELECT certificate, entries FROM ledger.pruning").fetchone()
    assert counts == (311,), "the pruning itself is on record"
    assert (report.code, report.findings) == (verify.SOUND, [])
    assert proof.place == 1_334
    assert paper is not None
    certificate = json.loads(paper[0])
    assert certificate["pruned"] == {"from": 0, "until": 1_024}
    assert verify.open_checkpoint(certificate["checkpoint"].encode(), notary.signer.keys).root.hex() == root
    assert paper[1] == 1_024
    for folder in (tmp_path / "bundle", tmp_path / "mirror"):
        found = verify.Bundle(str(folder)).verify(notary.signer.keys)
        assert found.startswith("311 entries of 1335")
    assert not (tmp_path / "mirror" / "tile" / "entries" / "000.gz").exists()
    assert (tmp_path / "mirror" / "tile" / "0" / "000").exists()


def test_the_law_s_floor_is_in_the_database_itself(trail: PortalDatabase) -> None:
    with trail.connect("portal_pruner") as connection:
        for until, cut in (
            (768, NOW),
            (768, NOW - timedelta(days=360)),
            (1_024, CUT),
            (100, CUT),
            (0, CUT),
            (2_560, CUT),
        ):
            with pytest.raises(TooYoung):
                pruning.prune(connection, pruning.Plan(until, cut, "", 0), NOW)
        assert connection.execute("SELECT count(*) FROM ledger.pruning").fetchone() == (0,)


def test_only_the_pruner_prunes_and_it_can_do_nothing_else(trail: PortalDatabase) -> None:
    for role in ("portal_app", "portal_sequencer", "portal_notary", "portal_auditor"):
        with trail.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT ledger.prune(256, now() - interval '3 years', '')")
    for statement in ("DELETE FROM ledger.entry", "INSERT INTO ledger.pruning VALUES (256, now(), 1, '{}', '')"):
        with trail.connect("portal_pruner") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_small_office_may_keep_one_year_a_large_one_two(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        assert pruning.floor_months(superuser) == 24, "nothing is known about the table yet"
        superuser.execute("UPDATE pg_class SET reltuples = 100 WHERE relname = 'subjects_subject'")
        assert pruning.floor_months(superuser) == 12
        superuser.execute("UPDATE pg_class SET reltuples = 49000 WHERE relname = 'subjects_subject'")
        assert pruning.floor_months(superuser) == 24


def test_the_notary_does_not_believe_a_pruning_that_is_too_early(trail: PortalDatabase, notary: Notary) -> None:
    tamper(trail, "INSERT INTO ledger.pruning VALUES (1280, now(), 1, '{}', '')")
    with pytest.raises(Refused, match="pruned too early"):
        sign(trail, notary)


def test_an_entry_removed_without_a_certificate_is_found(trail: PortalDatabase, tmp_path: Path) -> None:
    with trail.connect() as superuser:
        switch_triggers(superuser, "DISABLE")
        superuser.execute(f"DROP TABLE ledger.entry_{OLD:%Y_%m}")
    with trail.connect("portal_auditor") as connection:
        report = verification.examine(connection, make_witnesses(tmp_path))
    assert report.code == verify.ALTERED
    assert "entry 1 (index 0) is gone" in [finding.message for finding in report.findings]


def test_the_command_refuses_a_day_inside_the_term_and_says_what_it_would_do(trail: PortalDatabase) -> None:
    early = (NOW - timedelta(days=400)).date().isoformat()
    run = trail.manage("prune_ledger", "--before", early, role="portal_pruner")
    assert run.returncode == 1
    assert "Entries stay for 24 months" in run.stderr
    run = trail.manage("prune_ledger", "--dry-run", role="portal_pruner")
    assert run.returncode == 0
    assert "Entries before index 768" in run.stdout
