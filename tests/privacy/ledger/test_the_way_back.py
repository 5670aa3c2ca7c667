"""After a wrong clock the notary goes on when its operator and two officers say so, and it is listed for ever."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client, override_settings
from django.urls import reverse

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger import verify
from privacy.ledger.actions import registers
from privacy.ledger.checkpoints import accepted_times
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.entries import payloads
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.exports import log_bundles
from privacy.ledger.integrity import verification
from privacy.ledger.models import Entry
from privacy.ledger.verify_exceptions import text
from privacy.lib.dates import clock
from tests import factory
from tests.database import ROOT, PortalDatabase
from tests.factories.ledger import (
    forge_batch,
    keep_in,
    make_entries,
    make_notary,
    make_witnesses,
    seal,
    sign,
    switch_triggers,
    tamper,
)
from tests.privacy.retention.test_races import at_once

pytestmark = pytest.mark.attack("19")


@pytest.fixture
def trail(portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PortalDatabase:
    """Ten entries that are signed, beside what makes two officers."""
    keep_in(tmp_path, monkeypatch)
    monkeypatch.setenv("NOTARY_KEY_FILE", str(tmp_path / "notary.key"))
    factory.make_odile()
    factory.make_omar()
    notary = make_notary(tmp_path)
    make_entries(portal_database, 10)
    seal(portal_database)
    sign(portal_database, notary)
    return portal_database


def wrong_clock(database: PortalDatabase, by: str) -> None:
    """Two batches of a database whose clock is wrong."""
    with database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        switch_triggers(superuser, "DISABLE")
        for _batch in range(2):
            forge_batch(superuser, f"now() + interval '{by}'", sealed_at=f"now() + interval '{by}'")
        switch_triggers(superuser, "ENABLE ALWAYS")


def notary(database: PortalDatabase, *arguments: str) -> tuple[int, str]:
    seal(database)
    run = database.manage("notary", *(arguments or ("--once",)), role="portal_notary")
    return run.returncode, run.stdout + run.stderr


def refused(database: PortalDatabase) -> Entry:
    code, said = notary(database)
    assert code == 2, said
    return Entry.objects.filter(word="ledger.notary.refused").latest("id")


def offline(folder: Path) -> tuple[int, str]:
    keys = [part for vkey in make_notary(folder).signer.vkeys for part in ("--key", vkey)]
    command = [sys.executable, str(ROOT / "privacy/ledger/verify.py"), str(folder / "mirror"), *keys]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout


def examine(database: PortalDatabase, folder: Path) -> tuple[int, list[str], list[str]]:
    with database.connect("portal_auditor") as connection:
        report = verification.verify_log(connection, make_witnesses(folder))
    return report.code, report.excepted, [one.message for one in report.findings]


def accept(entry: Entry, *officers: User) -> None:
    for officer in officers:
        ledger.accept_refusal(entry=entry, actor=officer, at=clock.now())


@pytest.mark.parametrize("by", ["40 days", "-24 days"])
def test_two_officers_and_the_operator_let_it_go_on_and_it_is_listed(
    trail: PortalDatabase, tmp_path: Path, by: str
) -> None:
    first = make_notary(tmp_path).state.size
    wrong_clock(trail, by)
    entry = refused(trail)
    accepting = ("--accept", str(entry.id), "--because", "NTP was off, INC-7")
    accept(entry, factory.make_odile())
    with pytest.raises(ledger.NothingToAccept):
        accept(entry, factory.make_odile())
    code, said = notary(trail, *accepting)
    assert (code, f"1 officers have accepted entry {entry.id}: it takes 2" in said) == (2, True), said
    accept(entry, factory.make_omar())
    assert notary(trail, "--accept", str(entry.id))[0] == 1, "without a reason"
    code, said = notary(trail, *accepting)
    listed = f"index {first} to {first + 1}: accepted with their times after the refusal in entry {entry.id}"
    assert (code, f"Accepted for good: {listed}" in said) == (0, True), said
    make_entries(trail, 5)
    code, said = notary(trail)
    assert code == 0, said
    code, excepted, findings = examine(trail, tmp_path)
    assert (code, findings) == (verify.SOUND, [])
    assert len(excepted) == 1 and excepted[0].startswith(listed) and "NTP was off, INC-7" in excepted[0]
    code, said = offline(tmp_path)
    assert (code, f"EXCEPTED: {listed}" in said) == (verify.SOUND, True), said
    verified = trail.manage("verify_ledger", role="portal_auditor")
    assert f"EXCEPTED: {listed}" in verified.stdout
    # What follows is judged as before, by what came before.
    wrong_clock(trail, by)
    assert refused(trail).id > entry.id
    assert "EXCEPTED" in offline(tmp_path)[1]


def test_a_rebuilt_notary_goes_on_too(trail: PortalDatabase, tmp_path: Path) -> None:
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    accept(entry, factory.make_odile(), factory.make_omar())
    assert notary(trail, "--accept", str(entry.id), "--because", "INC-7")[0] == 0
    assert notary(trail)[0] == 0
    assert notary(trail, "--new-key")[0] == 0
    make_entries(trail, 5)
    assert notary(trail)[0] == 0
    before = make_notary(tmp_path).state
    (tmp_path / "state.json").unlink()
    assert notary(trail, "--rebuild")[0] == 0
    assert make_notary(tmp_path).state.sealed == before.sealed
    make_entries(trail, 5)
    code, said = notary(trail)
    assert code == 0, said
    # With the new key alone pinned, and in a bundle that ends before the entry that says so.
    assert examine(trail, tmp_path)[::2] == (verify.SOUND, [])
    assert (offline(tmp_path)[0], offline(tmp_path)[1].count("EXCEPTED")) == (verify.SOUND, 1)
    folder = tmp_path / "bundle"
    with trail.connect("portal_auditor") as connection, override_settings(MIRROR_DIR=tmp_path / "nowhere"):
        log_bundles.write(connection, folder, since=None, until=None, vkeys=make_notary(tmp_path).signer.vkeys)
    assert len(list((folder / "exceptions").iterdir())) == 1
    answer = verify.Bundle(str(folder)).verify(make_notary(tmp_path).signer.keys)
    assert [said.startswith("index ") for said in answer.excepted] == [True]


def test_what_was_rewritten_or_rolled_back_has_no_way_back(trail: PortalDatabase, tmp_path: Path) -> None:
    tamper(trail, "UPDATE ledger.tree SET root = sha256('x')")
    entry = refused(trail)
    with pytest.raises(ledger.NothingToAccept):
        accept(entry, factory.make_odile())
    code, said = notary(trail, "--accept", str(entry.id), "--because", "x")
    assert (code, "is no refusal, because of times" in said) == (2, True), said


def take_away(database: PortalDatabase, size: int) -> None:
    """Whoever rules the database removes what was sealed beyond a size, and who read it."""
    tamper(
        database,
        f"DELETE FROM ledger.tree WHERE size > {size}",
        f"DELETE FROM ledger.leaf WHERE index >= {size}",
        "DELETE FROM ledger.entry e WHERE NOT EXISTS (SELECT FROM ledger.leaf l WHERE l.entry_id = e.id)"
        " AND word = 'ledger.read'",
    )


def test_what_is_accepted_is_what_was_looked_at(trail: PortalDatabase, tmp_path: Path) -> None:
    """Whoever rules the database puts other entries in the place of those that two officers accepted."""
    size = make_notary(tmp_path).state.size
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    accept(entry, factory.make_odile(), factory.make_omar())
    take_away(trail, size)
    wrong_clock(trail, "39 days")
    code, said = notary(trail, "--accept", str(entry.id), "--because", "x")
    assert (code, "not what was accepted" in said) == (2, True), said


def test_other_entries_are_not_accepted_where_no_head_ends_with_them(trail: PortalDatabase, tmp_path: Path) -> None:
    """Whoever rules the database puts one other entry in the place of two, so that no head has the accepted size."""
    size = make_notary(tmp_path).state.size
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    accept(entry, factory.make_odile(), factory.make_omar())
    with trail.connect("portal_notary") as connection:
        own = make_notary(tmp_path)
        accepted_times.accept(connection, own.signer, own.mirror, size, entry.id, "x", int(time.time()))
    take_away(trail, size)
    with trail.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        switch_triggers(superuser, "DISABLE")
        forge_batch(superuser, "now() - interval '300 days'", sealed_at="now()")
        switch_triggers(superuser, "ENABLE ALWAYS")
    code, said = notary(trail)
    assert (code, "has another time than that of its writing" in said) == (2, True), said


def test_no_more_is_accepted_than_the_log_has(trail: PortalDatabase, tmp_path: Path) -> None:
    """Whoever writes as the portal says a refusal of all that will ever follow."""
    size = make_notary(tmp_path).state.size
    facts = {"size": size, "until": 10**9, "root": "00" * 32, "reason": "x"}
    with trail.connect("portal_notary") as connection:
        append_entry(connection, Event.NOTARY_REFUSED, kind="denied", actor=accepted_times.NOTARY, facts=facts)
    entry = Entry.objects.filter(word="ledger.notary.refused").latest("id")
    accept(entry, factory.make_odile(), factory.make_omar())
    code, said = notary(trail, "--accept", str(entry.id), "--because", "x")
    assert (code, "not what was accepted" in said) == (2, True), said
    assert not (tmp_path / "mirror" / "exceptions").exists()


def test_what_was_sealed_while_officers_accepted_is_sound(trail: PortalDatabase, tmp_path: Path) -> None:
    """The note is signed hours after the heads that follow the accepted ones."""
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    accept(entry, factory.make_odile(), factory.make_omar())
    make_entries(trail, 5)
    seal(trail)
    own = make_notary(tmp_path)
    with trail.connect("portal_notary") as connection:
        later = int(time.time()) + 5 * 3600
        accepted_times.accept(connection, own.signer, own.mirror, own.state.size, entry.id, "INC-7", later)
    code, said = notary(trail)
    assert code == 0, said
    assert examine(trail, tmp_path)[::2] == (verify.SOUND, [])


def test_what_came_before_the_clock_was_right_is_refused_and_told_at_once(
    trail: PortalDatabase, tmp_path: Path
) -> None:
    """Between a refusal and the repair more is written with the wrong clock: it has a refusal of its own, and a way."""
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    seal(trail)
    wrong_clock(trail, "40 days")
    accept(entry, factory.make_odile(), factory.make_omar())
    code, said = notary(trail, "--accept", str(entry.id), "--because", "INC-7")
    assert code == 2, said
    again = Entry.objects.filter(word="ledger.notary.refused").latest("id")
    assert again.id > entry.id
    accept(again, factory.make_odile(), factory.make_omar())
    code, said = notary(trail, "--accept", str(again.id), "--because", "INC-7")
    assert code == 0, said
    assert examine(trail, tmp_path)[::2] == (verify.SOUND, [])
    assert offline(tmp_path)[0] == verify.SOUND


def test_an_acceptance_that_did_not_reach_the_trail_is_none(
    trail: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two writes: had the mirror it first, the notary would go on and the trail never say why."""
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    accept(entry, factory.make_odile(), factory.make_omar())

    def breaks_off(*_given: object, **_named: object) -> None:
        raise psycopg.OperationalError

    own = make_notary(tmp_path)
    with monkeypatch.context() as crash, trail.connect("portal_notary") as connection:
        crash.setattr(accepted_times, "append_entry", breaks_off)
        with pytest.raises(psycopg.OperationalError):
            accepted_times.accept(connection, own.signer, own.mirror, own.state.size, entry.id, "x", int(time.time()))
    assert notary(trail)[0] == 2
    assert notary(trail, "--accept", str(entry.id), "--because", "INC-7")[0] == 0
    assert examine(trail, tmp_path)[::2] == (verify.SOUND, [])


def test_an_acceptance_outlives_its_entry(
    trail: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entry is pruned after its term; the heads whose times it excepts stay."""
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    accept(entry, factory.make_odile(), factory.make_omar())
    assert notary(trail, "--accept", str(entry.id), "--because", "INC-7")[0] == 0
    monkeypatch.setattr(accepted_times, "_on_record", lambda _connection: [])
    code, excepted, findings = examine(trail, tmp_path)
    assert (code, len(excepted), findings) == (verify.SOUND, 1, [])


def test_an_officer_who_accepts_twice_at_once_has_accepted_once(
    trail: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So would two accounts of one person: each found nobody before it."""
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    officer, record = factory.make_odile(), registers.record

    def slowly(*given: Any, **named: Any) -> None:
        time.sleep(0.5)
        record(*given, **named)

    monkeypatch.setattr(registers, "record", slowly)
    answers = at_once(*[lambda: accept(entry, officer)] * 2)
    assert sorted(type(one).__name__ for one in answers) == ["NoneType", "NothingToAccept"]


@pytest.mark.parametrize("role", ["portal_app", "portal_worker", "portal_keys"])
def test_nobody_but_the_notary_says_that_times_were_accepted(trail: PortalDatabase, role: str) -> None:
    said = '{"actor":"system:notary","facts":{"size":1},"word":"ledger.notary.excepted"}'
    refusal = pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"not this role|permission denied")
    with trail.connect(role) as connection, refusal:
        connection.execute("SELECT ledger.append('act', %s)", [said])


def test_an_exception_that_no_notary_signed_excepts_nothing(trail: PortalDatabase, tmp_path: Path) -> None:
    """Who rules the database signs one with a key of their own, under the notary's name."""
    size = make_notary(tmp_path).state.size
    wrong_clock(trail, "40 days")
    name = make_notary(tmp_path).signer.name
    said = text(name, size, size + 2, "A" * 43 + "=", 1, [2, 3], "x")
    note = Signer.make(name).note(said, 1_800_000_000)
    payload = payloads.canonical_json({
        "actor": "system:notary", "facts": {"size": size, "signed_note": note}, "nonce": "x",
        "word": "ledger.notary.excepted",
    })  # fmt: skip
    with trail.connect("portal_notary") as connection:
        connection.execute("SELECT ledger.append('act', %s)", [payload])
    (tmp_path / "mirror" / "exceptions").mkdir()
    (tmp_path / "mirror" / "exceptions" / "000000000010-000000000012").write_text(note)
    assert notary(trail)[0] == 2
    code, excepted, findings = examine(trail, tmp_path)
    assert (code, excepted, bool(findings)) == (verify.ALTERED, [], True)


def test_the_officer_accepts_on_the_entry_s_page(trail: PortalDatabase) -> None:
    wrong_clock(trail, "40 days")
    entry = refused(trail)
    client = Client()
    client.force_login(factory.make_odile())
    page = reverse("admin:ledger_entry_change", args=[entry.id])
    assert "accept_refusal" in client.get(page).content.decode()
    answer = client.post(
        page, {"CHANGE_FORM-action": "accept_refusal", "_selected_action": str(entry.id), "confirmed": "1"}, follow=True
    )
    assert answer.status_code == 200
    accepted = Entry.objects.get(word="ledger.refusal.accepted")
    assert accepted.about == f"ledger.entry:{entry.id}"
