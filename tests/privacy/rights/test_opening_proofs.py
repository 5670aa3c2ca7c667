"""Each opening that the person is shown has a proof, and one that somebody hides is found by the nightly comparison."""

import html
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings  # type: ignore[attr-defined]

from privacy.ledger import actions as ledger
from privacy.ledger import verify
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import MAX_SUBJECTS
from privacy.rights import openings_comparison
from tests import factory
from tests.database import PortalDatabase
from tests.factories.ledger import seal, tamper
from tests.factories.openings import enter_as, make_openings, notary_of

OPENINGS, SEED = 40, 20261127
PROGRAM = Path(verify.__file__)
# What an administrator could change so that a person doesn't find an opening; {} is the entry's number.
HIDING = {
    "nobody is named": "UPDATE ledger.entry SET subjects = NULL WHERE id = {}",
    "another is named": "UPDATE ledger.entry SET subjects = ARRAY[gen_random_uuid()::text] WHERE id = {}",
    "it is no reading": "UPDATE ledger.entry SET kind = 'act' WHERE id = {}",
    "it passes for secret": "UPDATE ledger.entry SET task = 'disclosures.disclosure.provided' WHERE id = {}",
    "the list is gone": "DELETE FROM ledger.entry_people WHERE entry_id = {}",
    "one is off the list": "UPDATE ledger.entry_people SET people = people[2:] WHERE entry_id = {}",
}


def shown(client: Client) -> dict[int, str]:
    """Return the numbers of all lines, page after page, with the addresses of their proofs."""
    found, address = {}, reverse("rights:openings")
    while address:
        page = client.get(address)
        for number, proof in re.findall(r'data-entry="(\d+)".*?href="([^"]+)"', page.content.decode(), re.DOTALL):
            found[int(number)] = proof
        earlier = page.context["earlier"]
        address = f"{reverse('rights:openings')}?before={earlier}" if earlier else ""
    return found


def proofs_of(client: Client, numbers: Iterable[int]) -> dict[str, dict[str, str]]:
    """Return what the page's script is given about these lines."""
    asked = {"entries": ",".join(map(str, numbers))}
    found: dict[str, dict[str, str]] = client.get(reverse("rights:opening-proofs"), asked).json()
    return found


def accepted(raw: bytes, vkeys: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Check a proof with the offline program; return what it says."""
    file = folder / "proof.json"
    file.write_bytes(raw)
    code = verify.main(["proof", str(file), *(part for vkey in vkeys for part in ("--key", vkey))])
    said = capsys.readouterr().out
    assert code == 0, said
    return said


def hidden() -> set[str]:
    """Return what the nightly comparison finds."""
    return {one.about for one in openings_comparison.openings_are_told(timezone.now())}


@pytest.mark.clause("P1.2")
def test_every_opening_is_shown_at_once_and_has_a_valid_proof_when_it_is_signed(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    catch_up = notary_of(portal_database, tmp_path)
    people = [factory.make_device(number) for number in (1, 2, 3)]
    browsers = [enter_as(number) for number in (1, 2, 3)]
    catch_up()
    opened = make_openings(people, OPENINGS, seed=SEED)
    before = [shown(browser) for browser in browsers]
    for person, browser, lines in zip(people, browsers, before, strict=True):
        assert set(opened[person.subject_id]) <= set(lines), "shown before it is sealed"
        assert browser.get(lines[opened[person.subject_id][-1]]).status_code == 409, (
            "no proof yet, and the page says so"
        )
    vkeys = catch_up()
    said = []
    for person, browser, lines in zip(people, browsers, before, strict=True):
        for number in opened[person.subject_id]:
            raw = browser.get(lines[number]).content
            said.append(accepted(raw, vkeys, tmp_path, capsys))
            others = {str(one.subject_id) for one in people} - {str(person.subject_id)}
            assert not [name for name in others if name.encode() in raw], "nobody else's reference"
            assert b"Mrs Kim" not in raw
        assert set(map(int, proofs_of(browser, lines))) == set(list(lines)[:50])
    assert {"an entry of hash" in one for one in said} == {True, False}
    assert hidden() == set()


def test_a_proof_is_refused_if_anything_of_it_is_changed(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    catch_up = notary_of(portal_database, tmp_path)
    person = factory.make_device(1)
    browser = enter_as(1)
    number = make_openings([person], 1, seed=1)[person.subject_id][0]
    vkeys = catch_up()
    proof = json.loads(browser.get(reverse("rights:opening-proof", args=[number])).content)
    copies = [PROGRAM.with_name(name).read_bytes() for name in ("verify.py", "verify_papers.py")]
    for name, content in zip(("verify.py", "verify_papers.py"), copies, strict=True):
        (tmp_path / name).write_bytes(content)
    text = json.dumps(proof).encode()
    # A signature whose key isn't among the pinned ones is ignored: the other one carries the proof.
    signed = text.index(rb"\u2014")
    dice = random.Random(SEED)
    codes = []
    for change in range(12):
        place = dice.randrange(signed)
        altered = (
            text if change == 0 else text[:place] + bytes([text[place] ^ (1 << dice.randrange(7))]) + text[place + 1 :]
        )
        (tmp_path / "proof.json").write_bytes(altered)
        pinned = [part for vkey in vkeys for part in ("--key", vkey)]
        run = subprocess.run(
            [sys.executable, "-I", "verify.py", "proof", "proof.json", *pinned],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in run.stderr
        codes.append(run.returncode)
    assert codes[0] == 0
    assert 0 not in codes[1:]


def test_an_invented_checkpoint_spoils_no_proof(
    portal_database: PortalDatabase, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever rules the database can put a checkpoint there; a proof rests on the newest that the notary signed."""
    catch_up = notary_of(portal_database, tmp_path)
    person = factory.make_device(1)
    browser = enter_as(1)
    number = make_openings([person], 1, seed=1)[person.subject_id][0]
    settings.NOTARY_VKEYS = vkeys = catch_up()
    make_openings([person], 3, seed=2)
    seal(portal_database)
    tamper(
        portal_database,
        "INSERT INTO ledger.checkpoint (size, note, heads, signed_at)"
        " SELECT size, 'invented', '', now() FROM ledger.tree ORDER BY size DESC LIMIT 1",
    )
    raw = browser.get(reverse("rights:opening-proof", args=[number])).content
    assert "is in log" in accepted(raw, vkeys, tmp_path, capsys)


@pytest.mark.parametrize("minutes", [10, 3, 0])
def test_only_a_new_entry_is_called_not_signed_yet(
    portal_database: PortalDatabase, settings: Settings, minutes: int
) -> None:
    settings.KEY_UNSIGNED_MINUTES = minutes
    person = factory.make_device(1)
    browser = enter_as(1)
    new, old = make_openings([person], 2, seed=1)[person.subject_id]
    for number, age in ((new, (minutes or 10) - 1), (old, (minutes or 10) + 1)):
        tamper(
            portal_database,
            f"UPDATE ledger.entry SET time = now() - interval '{age} minutes' WHERE id = {number}",
        )
    proofs = proofs_of(browser, [new, old])
    assert proofs == {str(new): {"none": "wait"}, str(old): {"none": "none"}}
    pages = {number: browser.get(f"/en/rights/case/opened/{number}/") for number in (new, old)}
    assert {page.status_code for page in pages.values()} == {409}
    assert "isn't in a signed audit trail yet" in html.unescape(pages[new].content.decode())
    late = html.unescape(pages[old].content.decode())
    assert "should have been signed by now" in late and "Report Center" in late
    assert "isn't in a signed audit trail yet" not in late


def test_proofs_are_given_for_the_lines_that_the_page_shows(portal_database: PortalDatabase) -> None:
    """An opening that is recorded after the page was made takes no line's proof away."""
    person = factory.make_device(1)
    browser = enter_as(1)
    make_openings([person], 60, seed=SEED)
    page = browser.get(reverse("rights:openings"))
    lines = [one.number for one in page.context["openings"]]
    address = html.unescape(re.findall(r'data-proofs="([^"]+)"', page.content.decode())[0])
    make_openings([person], 5, seed=SEED)
    assert sorted(map(int, browser.get(address).json())) == sorted(lines)
    assert proofs_of(browser, [10**9]) == {}
    assert browser.get(reverse("rights:opening-proofs"), {"entries": "x,-1,9" + "9" * 30}).json() == {}


@pytest.mark.parametrize("how", HIDING)
def test_a_hidden_opening_is_found_by_the_nightly_comparison(portal_database: PortalDatabase, how: str) -> None:
    person = factory.make_device(1)
    make_openings([person], 10, seed=SEED)
    many = [str(person.subject_id), *(str(uuid4()) for _ in range(MAX_SUBJECTS))] if "list" in how else []
    number = ledger.record_read(
        actor=SystemActor("sweep"), at=None, subjects=many or [str(person.subject_id)], task="tests.thing.read",
        purpose="rights",
    )  # fmt: skip
    assert hidden() == set()
    tamper(portal_database, HIDING[how].format(number))
    assert hidden() == {f"entry {number}"}


@pytest.mark.clause("P1.2")
def test_what_the_page_leaves_out_is_a_finding_too(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database is as it was, but the page's own question hides something."""
    person = factory.make_device(1)
    number = ledger.record_read(
        actor=SystemActor("sweep"), at=None, subjects=[person.subject_id], task="tests.thing.read", purpose="rights"
    )
    told = openings_comparison.openings.openings_of
    monkeypatch.setattr(openings_comparison.openings, "openings_of", lambda people: told(people).exclude(id=number))
    assert hidden() == {f"entry {number}"}


@pytest.mark.truth("15")
def test_what_somebody_writes_into_entries_does_not_end_the_comparison(portal_database: PortalDatabase) -> None:
    """Where so many lists are emptied that a finding names not all of them, and where people are no list at all."""
    many = [str(uuid4()) for _ in range(MAX_SUBJECTS + 1)]
    for _ in range(openings_comparison.MOST_NAMED + 1):
        ledger.record_read(
            actor=SystemActor("sweep"), at=None, subjects=many, task="devices.device.listed", purpose="rights"
        )
    tamper(portal_database, "UPDATE ledger.entry_people SET people = '{}'")
    assert len(hidden()) == openings_comparison.MOST_NAMED


@pytest.mark.truth("15")
def test_an_entry_whose_people_are_no_list_is_found(portal_database: PortalDatabase) -> None:
    said = json.dumps({"word": "ledger.read", "actor": "system:x", "subjects": "nobody"})
    with portal_database.connect("portal_owner") as owner:
        owner.execute("SELECT ledger.append('read', %s)", [said])
    assert len(hidden()) == 1
