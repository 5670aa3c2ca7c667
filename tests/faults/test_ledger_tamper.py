"""Two thousand seeded alterations of everything that proves something: each is noticed by the check that the documents
name, and what was altered is named.

Entries, heads, times and checkpoints, registers, what the notary keeps, and papers, mixed. ``SCALE`` scales the number,
``SEED`` repeats a run. Each is made as the superuser with every trigger off, or in the notary's folder, then undone.
"""

import contextlib
import io
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from django.test import override_settings
from psycopg import sql

from privacy.ledger import verify
from privacy.ledger.checkpoints import kept_checkpoints
from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.exports import document_issuance
from privacy.ledger.integrity import register_rows, registers
from privacy.ledger.integrity.registers import Registers
from privacy.ledger.integrity.verification import Verification
from privacy.ledger.merkle import log_reader
from privacy.ledger.protected_tables import DATABASE, TABLES
from privacy.ledger.verify import ALTERED, SOUND, leaf_hash
from tests.database import PortalDatabase
from tests.factories import papers
from tests.factories.accounts import NOON
from tests.factories.ledger import make_entries, make_notary, make_witnesses, seal, sign, switch_triggers
from tests.factories.worked_office import make_worked_office
from tests.faults import tampering_outside, tampering_registers
from tests.faults.tampering import KINDS, Connection, Done, heads_of, size_of
from tests.privacy.ledger.test_papers import tampered

pytestmark = pytest.mark.faults

ALTERATIONS = max(20, int(2_000 * float(os.environ.get("SCALE", "1"))))
SEED = int(os.environ.get("SEED", "20261124"))
# So many entries in each batch, each batch signed; before them stands what the office did.
BATCHES = (150, 106, 300, 44, 256, 144, 90, 60)
# What is asked for where it is used, each time: an altered grant opens nothing, an altered list destroys nothing.
ASKED_BEFORE_USE = ("accounts_accessgrant", "retention_destructionlist")
IMMEDIATELY, SOON, NIGHTLY, OFFLINE = "immediately", "<= 60 s", "nightly", "by verify.py on the mirror"


class Noticed(NamedTuple):
    """When the first check notices an alteration, and all that the checks say."""

    when: str
    said: str


class World:
    """An office that has worked, its trail, its notary, its papers."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.papers: list[bytes] = []
        self.vkeys: list[str] = []
        self.filled: dict[str, list[str]] = {}

    @property
    def witnesses(self) -> ExternalCheckpoints:
        return self.outside(self.home)

    def outside(self, home: Path, *, mirror: bool = True) -> ExternalCheckpoints:
        """What stands outside the database, as the settings of an installation name it."""
        found = make_witnesses(home, mirror=mirror)
        kept = kept_checkpoints.in_mirror(home / "mirror")
        newest = [((home / "mirror" / "checkpoint").read_text(), (home / "mirror" / "heads").read_text())]
        return ExternalCheckpoints(found.keys, [*found.anchored, *newest], found.mirror, (), kept)

    def fill(self, database: PortalDatabase) -> None:
        notary = make_notary(self.home)
        hand_outs = [papers.receipt(), papers.pledge(), papers.review_sheet()]
        make_worked_office(database)
        sign(database, notary)
        for hand_out in hand_outs:
            hand_out(NOON)
        for count in BATCHES:
            make_entries(database, count)
            seal(database)
            sign(database, notary)
            shutil.copy(notary.path, self.home / f"older.{notary.state.size:06d}")
        (self.home / f"older.{notary.state.size:06d}").unlink()
        with override_settings(NOTARY_VKEYS=notary.signer.vkeys, NOTARY_STATE_DIR=self.home):
            self.papers = [hand_out(NOON) for hand_out in hand_outs]
        self.vkeys = [*notary.signer.vkeys, *document_issuance.paper_keys()]
        make_entries(database, 7)
        seal(database)
        sign(database, notary)
        with database.connect() as superuser:
            own = [table for _name, table in sorted(TABLES.items()) if table.database == DATABASE]
            every = {table.name: tampering_registers.keys(superuser, table) for table in own}
        self.filled = {name: keys for name, keys in every.items() if keys}


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[PortalDatabase, World]]:
    made = World(tmp_path_factory.mktemp("notary"))
    with django_db_blocker.unblock(), PortalDatabase().in_use() as database:
        with override_settings(DESTRUCTION_JOURNAL_DIR=made.home / "journal"):
            made.fill(database)
        yield database, made


def examine(connection: Connection, by: ExternalCheckpoints) -> tuple[int, list[str]]:
    """Compare trail and registers as the nightly scrub does; return the code and what was found."""
    try:
        examination = Verification(connection, by)
        examination.begin(0)
        while examination.slice():
            pass
        report = examination.end()
        connection.execute(register_rows.SETTINGS)
        registers.add_to(report, Registers(connection).compare())
    except psycopg.errors.InFailedSqlTransaction as broken:
        return ALTERED, [str(broken)]
    return report.code, [f"{finding.message} " for finding in report.findings]


def refusal_of(notary: Notary, connection: Connection) -> str:
    """Let a notary look, as it does every three seconds, and return why it refuses."""
    try:
        notary.step(connection)
    except SigningRefused as refusal:
        return f"{refusal} "
    return ""


class Tamperer:
    """Alters one thing, has every check look, and undoes it."""

    def __init__(self, dice: random.Random, database: PortalDatabase, world: World, scratch: Path) -> None:
        self.dice, self.database, self.world, self.scratch = dice, database, world, scratch

    def trail(self, turn: int) -> tuple[Done, Noticed]:
        alter = KINDS[turn % len(KINDS)]
        with self._undone() as (superuser, notary):
            done = alter(self.dice, superuser)
            code, said = examine(superuser, self.world.witnesses)
            refused = refusal_of(notary, superuser)
        return done, _noticed(("", ""), (SOON, refused), (NIGHTLY, "; ".join(said) if code == ALTERED else ""))

    def register(self, _turn: int) -> tuple[Done, Noticed]:
        while True:
            name = self.dice.choice(
                [*self.world.filled, *(one for one in ASKED_BEFORE_USE if one in self.world.filled)]
            )
            with (
                contextlib.suppress(
                    psycopg.IntegrityError, psycopg.DataError, psycopg.errors.GeneratedAlways, KeyError
                ),
                self._undone() as (superuser, notary),
            ):
                superuser.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name)))
                key = self.dice.choice(self.world.filled[name])
                done = tampering_registers.alter(self.dice, superuser, TABLES[name], key)
                said = [one for one in examine(superuser, self.world.witnesses)[1] if "triggers" not in one]
                used = name in ASKED_BEFORE_USE and done.kind != "removed"
                superuser.execute(register_rows.SETTINGS)
                before_use = "; ".join(_asked_before_use(superuser, name, done.key)) if used else ""
                refused = refusal_of(notary, superuser)
                named = Done(f"a row of a register ({done.kind})", (f"{name} {done.key} ", f"{name} {done.key};"))
                return named, _noticed((IMMEDIATELY, before_use), (SOON, refused), (NIGHTLY, "; ".join(said)))

    def state(self, turn: int) -> tuple[Done, Noticed]:
        """The running notary notices, and so does the one that is started next."""
        alter = tampering_outside.STATES[turn % len(tampering_outside.STATES)]
        with self._undone() as (superuser, running):
            before = running.path.read_bytes()
            done = alter(self.dice, self.scratch)
            if _says_the_same(running.path, before):
                return self.state(turn)
            refused = refusal_of(running, superuser)
            after_a_start = refusal_of(make_notary(self.scratch), superuser)
        return done, _noticed(("", ""), (SOON, after_a_start and refused), (NIGHTLY, ""))

    def published(self, turn: int) -> tuple[Done, Noticed]:
        alter = tampering_outside.PUBLISHED[turn % len(tampering_outside.PUBLISHED)]
        with self._undone() as (superuser, running):
            done = alter(self.dice, self.scratch)
            refused = refusal_of(running, superuser)
            try:
                nightly = "; ".join(examine(superuser, self.world.outside(self.scratch))[1])
            except UnicodeDecodeError:
                nightly = "a checkpoint can't be read "
            offline = _offline(str(self.scratch / "mirror"), self.world.vkeys)
        return done, _noticed((SOON, refused), (NIGHTLY, nightly), (OFFLINE, offline))

    def paper(self, _turn: int) -> tuple[Done, Noticed]:
        raw = self.dice.choice(self.world.papers)
        changed = tampered(self.dice, raw)
        if changed == raw:
            return self.paper(_turn)
        file = self.scratch.with_suffix(".paper")
        file.write_bytes(changed)
        said = _offline("paper", self.world.vkeys, str(file))
        return Done("a paper", ("",)), _noticed((IMMEDIATELY, said))

    @contextlib.contextmanager
    def _undone(self) -> Iterator[tuple[Connection, Notary]]:
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.copytree(self.world.home, self.scratch)
        with self.database.connect() as superuser:
            running = make_notary(self.scratch)
            assert running.step(superuser) is None
            with superuser.transaction(force_rollback=True):
                superuser.execute("SET LOCAL session_replication_role = replica")
                switch_triggers(superuser, "DISABLE")
                yield superuser, running


def _asked_before_use(connection: Connection, name: str, key: str) -> list[str]:
    return [f"{name} {one}" for one in Registers(connection).altered_within(TABLES[name], [key])]


def _says_the_same(path: Path, before: bytes) -> bool:
    return path.exists() and path.read_bytes() == before


def _offline(*asked: str | list[str]) -> str:
    """Return what verify.py says if it doesn't find everything sound."""
    arguments = [one for one in asked if isinstance(one, str)]
    pinned = [part for one in asked if isinstance(one, list) for vkey in one for part in ("--key", vkey)]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        code = verify.main([*arguments, *pinned])
    return said.getvalue() if code != SOUND else ""


def _noticed(*checks: tuple[str, str]) -> Noticed:
    """The first check that says something is the one that notices."""
    return Noticed(next((when for when, said in checks if said), ""), " ".join(said for _when, said in checks))


@pytest.mark.clause("P8.3")
def test_the_untouched_world_passes(world: tuple[PortalDatabase, World], tmp_path: Path) -> None:
    """The positive control: without an alteration no check says anything, also with every trigger off."""
    database, made = world
    with Tamperer(random.Random(SEED), database, made, tmp_path / "scratch")._undone() as (superuser, running):
        code, said = examine(superuser, made.witnesses)
        assert [one for one in said if "triggers" not in one and "trigger" not in one] == [], (code, said)
        assert refusal_of(running, superuser) == ""
        assert refusal_of(make_notary(running.path.parent), superuser) == ""
        assert size_of(superuser) == make_notary(made.home).state.size
        assert len(heads_of(superuser)) == len(BATCHES) + 2
    assert _offline(str(made.home / "mirror"), made.vkeys) == ""
    for number, raw in enumerate(made.papers):
        (tmp_path / str(number)).write_bytes(raw)
        assert _offline("paper", made.vkeys, str(tmp_path / str(number))) == ""
    assert len(made.filled) >= 40, "the world of this test lacks most registers"


@pytest.mark.clause("P8.3")
@pytest.mark.fault("FLT-30")
@pytest.mark.attack("19.1")
def test_every_random_alteration_is_found_and_the_entry_named(
    world: tuple[PortalDatabase, World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper = Tamperer(random.Random(SEED), *world, tmp_path / "scratch")
    mix = (tamper.trail, tamper.register, tamper.trail, tamper.state, tamper.register, tamper.paper, tamper.trail,
           tamper.published)  # fmt: skip
    missed, unnamed = list[str](), list[str]()
    tried, when = Counter[str](), Counter[str]()
    for turn in range(ALTERATIONS):
        done, noticed = mix[turn % len(mix)](turn // len(mix) * 3 + turn % 3)
        tried[done.what] += 1
        when[noticed.when or "never"] += 1
        if not noticed.when:
            missed.append(f"turn {turn}: {done}: {noticed.said}")
        elif not any(name in noticed.said for name in done.named):
            unnamed.append(f"turn {turn}: {done}: {noticed.said}"[:600])
    with capsys.disabled():
        print(f"\nseed {SEED}: {ALTERATIONS - len(missed)} of {ALTERATIONS} alterations noticed, of {len(tried)} kinds;"
              f" {ALTERATIONS - len(missed) - len(unnamed)} named; until noticed: "
              + ", ".join(f"{name} {count}" for name, count in when.most_common()))  # fmt: skip
    assert not missed, "\n".join(missed)
    assert len(unnamed) <= -(-ALTERATIONS // 100), "\n".join(unnamed)


def test_without_the_mirror_every_alteration_is_still_found(world: tuple[PortalDatabase, World]) -> None:
    """The mirror helps to name the entry; that something is wrong is known without it."""
    dice = random.Random(SEED + 1)
    database, made = world
    by = made.outside(made.home, mirror=False)
    with database.connect() as superuser:
        for alter in KINDS:
            with superuser.transaction(force_rollback=True):
                superuser.execute("SET LOCAL session_replication_role = replica")
                switch_triggers(superuser, "DISABLE")
                done = alter(dice, superuser)
                assert examine(superuser, by)[0] == ALTERED, done


def test_leaf_hash_is_what_the_database_computes(world: tuple[PortalDatabase, World]) -> None:
    """The alterations that hash anew are real: they hash as the sealer does."""
    with world[0].connect() as connection:
        (sealed,) = log_reader.entries(connection, 17, 18)
    assert sealed.entry is not None
    assert leaf_hash(sealed.entry) == sealed.leaf
