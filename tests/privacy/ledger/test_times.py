"""When an entry was written is between two signed moments: no superuser puts one in later and dates it back."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from privacy.ledger.checkpoints import kept_checkpoints
from privacy.ledger.checkpoints.notary_clock import NotaryClock
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.exports import log_bundles
from privacy.ledger.integrity import verification
from privacy.ledger.verify import ALTERED, SOUND, Checkpoint, Problem, Times
from tests.database import PortalDatabase
from tests.factories.ledger import (
    forge_batch,
    make_entries,
    make_notary,
    make_past_entries,
    make_witnesses,
    seal,
    sign,
    switch_triggers,
    tamper,
)
from tests.privacy.ledger.offline import run

type Honest = Callable[[PortalDatabase, Path, datetime], None]


@pytest.fixture
def trail(portal_database: PortalDatabase, tmp_path: Path) -> PortalDatabase:
    """Ten entries, sealed and signed."""
    make_entries(portal_database, 10)
    seal(portal_database)
    sign(portal_database, make_notary(tmp_path))
    return portal_database


def forge(database: PortalDatabase, said: str, sealed_at: str) -> int:
    with database.connect() as superuser, superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        switch_triggers(superuser, "DISABLE")
        number = forge_batch(superuser, said, sealed_at=sealed_at)
        switch_triggers(superuser, "ENABLE ALWAYS")
    return number


def findings(database: PortalDatabase, folder: Path) -> tuple[int, str]:
    with database.connect("portal_auditor") as connection:
        report = verification.verify_log(connection, make_witnesses(folder))
    return report.code, "\n".join(finding.message for finding in report.findings)


DAYS, AHEAD = "now() - interval '24 days'", "now() + interval '40 days'"
FORGED = {
    "dated back behind a head of minus infinity": (DAYS, "'-infinity'", "the tree head of size 11 has no time"),
    "dated back behind a head of infinity": (DAYS, "'infinity'", "the tree head of size 11 has no time"),
    "dated back with its head": (DAYS, DAYS, "the tree head of size 11 says that it was sealed"),
    "dated back behind a head of now": (DAYS, "now()", r"entry 11 \(index 10\) has another time"),
    "dated back by two hours": ("now() - interval '2 hours'", "now()", r"entry 11 \(index 10\) has another time"),
    "a database that is 40 days ahead": (AHEAD, AHEAD, "is ahead of the notary's clock"),
    "an entry of the future": ("now() + interval '1 hour'", "now()", r"entry 11 \(index 10\) has another time"),
}  # fmt: skip


@pytest.mark.attack("19.1")
@pytest.mark.parametrize(("said", "sealed_at", "why"), FORGED.values(), ids=list(FORGED))
def test_the_notary_refuses_what_has_another_time_than_its_own_clock(
    trail: PortalDatabase, tmp_path: Path, said: str, sealed_at: str, why: str
) -> None:
    forge(trail, said, sealed_at)
    with pytest.raises(SigningRefused, match=why):
        sign(trail, make_notary(tmp_path))


@pytest.mark.attack("19.1")
@pytest.mark.parametrize(("said", "sealed_at", "_why"), list(FORGED.values())[:5], ids=list(FORGED)[:5])
def test_verify_ledger_compares_heads_with_the_moments_that_were_signed(
    trail: PortalDatabase, tmp_path: Path, said: str, sealed_at: str, _why: str
) -> None:
    forge(trail, said, sealed_at)
    code, told = findings(trail, tmp_path)
    assert code == ALTERED
    assert "(index 10)" in told or "tree head of size 11" in told


@pytest.mark.attack("19.1")
def test_the_head_before_a_batch_can_not_be_set_back_to_make_room(trail: PortalDatabase, tmp_path: Path) -> None:
    """The notary remembers when the head it signed was sealed; what the database says of it now counts for nothing."""
    tamper(trail, "UPDATE ledger.tree SET sealed_at = now() - interval '30 days' WHERE size = 10")
    forge(trail, DAYS, "now()")
    with pytest.raises(SigningRefused, match="has another time"):
        sign(trail, make_notary(tmp_path))


@pytest.mark.attack("19.1")
def test_a_head_is_not_older_than_the_notary_s_last_look(trail: PortalDatabase, tmp_path: Path) -> None:
    """Nothing was signed for three hours; the notary looked all the while and saw that nothing was sealed."""
    now = datetime.now(UTC).timestamp()
    moment = now + 3 * 3_600
    notary = make_notary(tmp_path, clock=lambda: moment)
    assert sign(trail, notary) is None
    forge(trail, "now()", "now() + interval '30 minutes'")
    with pytest.raises(SigningRefused, match="says that it was sealed"):
        sign(trail, notary)


@pytest.mark.attack("19.1")
def test_a_database_that_is_ahead_is_signed_once_the_notary_s_clock_has_caught_up(
    trail: PortalDatabase, tmp_path: Path
) -> None:
    make_past_entries(trail, [(datetime.now(UTC) + timedelta(minutes=30), "act", {"word": "tests.thing.tried"})])
    seal(trail, at=datetime.now(UTC) + timedelta(minutes=30))
    with pytest.raises(SigningRefused, match="ahead"):
        sign(trail, make_notary(tmp_path))
    make_entries(trail, 1)
    seal(trail)
    later = datetime.now(UTC) + timedelta(minutes=26)
    assert sign(trail, make_notary(tmp_path, clock=later.timestamp)) == 12


@pytest.mark.attack("19.2")
def test_one_checkpoint_covers_a_backlog_to_its_end(trail: PortalDatabase, tmp_path: Path) -> None:
    """Else what lies behind it would have been sealed before it was signed."""
    for count in (3, 700, 5):
        make_entries(trail, count)
        seal(trail)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("privacy.ledger.checkpoints.notary.HEADS_SLICE", 100)
        assert sign(trail, make_notary(tmp_path)) == 718


@pytest.mark.attack("19.1")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.tree SET sealed_at = '-infinity'",
        "UPDATE ledger.checkpoint SET signed_at = 'infinity'",
        "UPDATE ledger.anchor SET anchored_at = 'infinity'",
        "UPDATE ledger.recovery_epoch SET started_at = '-infinity'",
        "UPDATE ledger.entry SET time = '-infinity' WHERE id = 1",
        "UPDATE ledger.entry SET time = 'infinity' WHERE id = 1",
    ],
)
def test_a_moment_of_the_trail_is_finite(trail: PortalDatabase, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        tamper(trail, statement)


# -- what is honest ---------------------------------------------------------------------------------------------


def outage_of_the_sealer(database: PortalDatabase, folder: Path, now: datetime) -> None:
    """It was away for a day; what was written meanwhile is sealed late, the notary looking on all the while."""
    notary = make_notary(folder, clock=lambda: (now - timedelta(hours=26)).timestamp())
    assert sign(database, notary) == 10
    make_past_entries(
        database, [(now - timedelta(hours=hours), "act", {"word": "tests.thing.tried"}) for hours in (25, 12, 1)]
    )
    notary.clock = lambda: (now - timedelta(minutes=1)).timestamp()
    assert sign(database, notary) is None
    seal(database)


def outage_of_the_notary(database: PortalDatabase, folder: Path, now: datetime) -> None:
    """It was away for a day, while batches went on being sealed."""
    assert sign(database, make_notary(folder, clock=lambda: (now - timedelta(hours=26)).timestamp())) == 10
    for hours in (25, 12, 1):
        make_past_entries(database, [(now - timedelta(hours=hours), "act", {"word": "tests.thing.tried"})])
        seal(database, at=now - timedelta(hours=hours))


def clock_of_the_database_steps(database: PortalDatabase, folder: Path, now: datetime) -> None:
    """It was four minutes ahead, and then half an hour behind."""
    sign(database, make_notary(folder))
    for minutes in (4, -30):
        make_past_entries(database, [(now + timedelta(minutes=minutes), "act", {"word": "tests.thing.tried"})])
        seal(database, at=now + timedelta(minutes=minutes))


def long_transaction(database: PortalDatabase, folder: Path, now: datetime) -> None:
    """One that was open for 50 minutes."""
    sign(database, make_notary(folder))
    make_entries(database, 1)
    seal(database)
    sign(database, make_notary(folder))
    make_past_entries(database, [(now - timedelta(minutes=50), "act", {"word": "tests.thing.tried"})])
    seal(database)


@pytest.fixture(params=[outage_of_the_sealer, outage_of_the_notary, clock_of_the_database_steps, long_transaction])
def happened(request: pytest.FixtureRequest, portal_database: PortalDatabase, tmp_path: Path) -> Honest:
    """What is honest, and happened to a trail of yesterday."""
    begun = datetime.now(UTC) - timedelta(hours=26)
    make_past_entries(portal_database, [(begun, "act", {"word": "tests.thing.tried"})] * 10)
    seal(portal_database, at=begun)
    request.param(portal_database, tmp_path, datetime.now(UTC))
    what: Honest = request.param
    return what


def test_what_is_honest_raises_no_alarm(portal_database: PortalDatabase, tmp_path: Path, happened: Honest) -> None:
    signed = sign(portal_database, make_notary(tmp_path))
    assert signed is not None and signed > 10
    assert findings(portal_database, tmp_path) == (SOUND, "")


@pytest.mark.attack("19.2")
def test_the_next_batch_says_which_entries_were_sealed_late(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """The notary has it put on record: it was not the sealer's wish, and is signed with what follows."""
    begun = datetime.now(UTC) - timedelta(hours=26)
    make_past_entries(portal_database, [(begun, "act", {"word": "tests.thing.tried"})] * 10)
    seal(portal_database, at=begun)
    outage_of_the_sealer(portal_database, tmp_path, datetime.now(UTC))
    sign(portal_database, make_notary(tmp_path))
    with portal_database.connect() as connection:
        row = connection.execute("SELECT payload FROM ledger.entry WHERE word = 'ledger.batch.waited'").fetchone()
    assert row is not None
    said = json.loads(row[0])
    assert (said["actor"], said["facts"]["from"], said["facts"]["until"]) == ("system:notary", 10, 13)
    assert said["facts"]["seconds"] == pytest.approx(25 * 3_600, abs=60)
    make_entries(portal_database, 5)
    seal(portal_database)
    sign(portal_database, make_notary(tmp_path))
    with portal_database.connect() as connection:
        told = connection.execute("SELECT count(*) FROM ledger.entry WHERE word = 'ledger.batch.waited'").fetchone()
    assert told == (1,), "what is in time says nothing"


# -- offline ------------------------------------------------------------------------------------------------------


def bundled(database: PortalDatabase, folder: Path) -> tuple[int, str]:
    """Export everything and check it as an auditor does."""
    notary = make_notary(folder)
    bundle = folder / f"bundle-{uuid4().hex[:8]}"
    with database.connect("portal_auditor") as connection:
        log_bundles.write(connection, bundle, since=None, until=None, vkeys=notary.signer.vkeys)
    pinned = [part for vkey in notary.signer.vkeys for part in ("--key", vkey)]
    code, said, _, _ = run(bundle, *pinned)
    mirrored, _said, _, _ = run(folder / "mirror", *pinned)
    assert mirrored == code, _said
    return code, said


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notary as it was before: it looks at no time."""
    monkeypatch.setattr(NotaryClock, "begin", lambda *_given: None)
    monkeypatch.setattr(NotaryClock, "judge", lambda *_given: None)


@pytest.mark.attack("19.2")
@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    ("said", "why"),
    [
        (DAYS, "entry 11 (index 10) says '20"),
        ("now() - interval '2 hours'", "entry 11 (index 10) says '20"),
        ("now() + interval '1 hour'", "entry 11 (index 10) is younger than its signature"),
        ("'9999-12-31'", "is younger than its signature"),
    ],
)
def test_an_entry_of_another_time_is_named_offline(trail: PortalDatabase, tmp_path: Path, said: str, why: str) -> None:
    forge(trail, said, "now()")
    sign(trail, make_notary(tmp_path))
    code, told = bundled(trail, tmp_path)
    assert code == ALTERED, told
    assert why in told


@pytest.mark.attack("19.2")
def test_what_is_honest_is_sound_or_late_offline(
    portal_database: PortalDatabase, tmp_path: Path, happened: Honest
) -> None:
    sign(portal_database, make_notary(tmp_path))
    seal(portal_database)
    sign(portal_database, make_notary(tmp_path))
    code, told = bundled(portal_database, tmp_path)
    assert (code, "SOUND: " in told) == (SOUND, True), told
    if happened in (outage_of_the_sealer, long_transaction):
        assert "LATE: index 1" in told
        assert "for its seal (said at index 1" in told


@pytest.mark.attack("19.2")
def test_both_away_one_after_the_other_is_late_and_not_altered(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """The notary came back, and signed what was sealed long ago, before the sealer did."""
    now = datetime.now(UTC)
    begun = now - timedelta(hours=26)
    make_past_entries(portal_database, [(begun, "act", {"word": "tests.thing.tried"})] * 10)
    seal(portal_database, at=begun)
    sign(portal_database, make_notary(tmp_path, clock=lambda: begun.timestamp()))
    make_past_entries(portal_database, [(begun, "act", {"word": "tests.thing.tried"})])
    seal(portal_database, at=begun)
    sign(portal_database, make_notary(tmp_path, clock=lambda: (now - timedelta(hours=1)).timestamp()))
    make_past_entries(portal_database, [(now - timedelta(hours=20), "act", {"word": "tests.thing.tried"})])
    for _batch in range(2):
        seal(portal_database)
        sign(portal_database, make_notary(tmp_path))
    assert findings(portal_database, tmp_path) == (SOUND, "")
    code, told = bundled(portal_database, tmp_path)
    assert (code, told.count("LATE: index 11 to 11: ")) == (SOUND, 2), told


def test_which_checkpoints_are_kept() -> None:
    """All for an hour, the last of each minute for a day, of each ten minutes for a month, then of each hour."""
    now = 1_800_000_000
    names = [f"{size:012d}-{now - age}" for size, age in enumerate(range(40 * 86_400, -1, -20))]
    kept = set(names) - set(kept_checkpoints.superseded([*names, "note"], now))
    ages = sorted(now - int(name.partition("-")[2]) for name in kept)
    assert 0 in ages, "the newest always stays"
    assert len([age for age in ages if age < 3_600]) == 180
    assert len([age for age in ages if 3_600 <= age < 86_400]) == pytest.approx(1_380, abs=1)
    assert len([age for age in ages if 86_400 <= age < 31 * 86_400]) == pytest.approx(30 * 144, abs=2)
    assert len([age for age in ages if age >= 31 * 86_400]) == pytest.approx(9 * 24, abs=2)


@pytest.mark.attack("19.9")
def test_a_hostile_delay_or_time_of_signing_breaks_nothing() -> None:
    """Both are numbers of up to twenty digits that somebody else has written."""
    entry = b'1\t1\t1\t\x1b[2J\tact\n{"word":"ledger.batch.waited","facts":{"from":0,"until":9,"seconds":%d}}'
    for moment, seconds in ((2**64 - 1, 10**19), (5, 10**19), (2**64 - 1, 0)):
        times = Times([Checkpoint("log", 0, b"", moment), Checkpoint("log", 99, b"", 2**64 - 1)])
        times.compare([entry % seconds] * 20, 0)
        with suppress(Problem):
            assert all("\x1b" not in line for line in times.late())
    with pytest.raises(Problem) as refused:
        list(times.late())
    assert "\x1b" not in str(refused.value)
