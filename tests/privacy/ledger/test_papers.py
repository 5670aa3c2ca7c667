"""Papers that carry their proof: checked offline with nothing of ours running, and refused with any byte changed."""

import base64
import io
import json
import random
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django import Settings  # type: ignore[attr-defined]

from consents import receipts
from privacy.ledger import verify, verify_papers
from privacy.ledger.exports import document_issuance, log_proofs
from privacy.lib.crypto import canonical_json
from privacy.lib.registries import issued_documents
from privacy.workforce import actions as workforce
from privacy.workforce.documents import pledge_pdf
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.factories.openings import notary_of
from tests.factories.papers import papers, receipt
from tests.pdf_text import text_of
from tests.privacy.retention.test_document_authenticity import DOUBTED, GENUINE, UNKNOWN, ask

REPLACED = "It is no longer in force"
TAMPERS, SEED = 50, 20261127
PROGRAMS = ("verify.py", "verify_papers.py")


def verified(raw: bytes, vkeys: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Check a paper with the offline program, in this process."""
    file = folder / "paper"
    file.write_bytes(raw)
    code = verify.main(["paper", str(file), *(part for vkey in vkeys for part in ("--key", vkey))])
    return code, capsys.readouterr().out


def alone(raw: bytes, vkeys: list[str], folder: Path) -> tuple[int, str]:
    """Check a paper as somebody does who has the two programs and nothing of ours."""
    away = folder / "away"
    away.mkdir(exist_ok=True)
    for name in PROGRAMS:
        shutil.copy(Path(verify.__file__).with_name(name), away / name)
    (away / "paper").write_bytes(raw)
    pinned = [part for vkey in vkeys for part in ("--key", vkey)]
    run = subprocess.run(
        [sys.executable, "-I", "verify.py", "paper", "paper", *pinned],
        cwd=away, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stdout


def tampered(dice: random.Random, raw: bytes) -> bytes:
    """Return a paper with something changed: before its slot, in it, behind it, or the slot itself moved."""
    start = raw.index(verify_papers.MARK)
    end = start + verify_papers.SLOT
    text_end = start + len(raw[start:end].rstrip())
    low, high = dice.choice(((0, start), (start, text_end), (start, text_end), (text_end, end), (end, len(raw))))
    place = dice.randrange(low, high)
    return dice.choice(
        (
            lambda: raw[:place] + bytes([raw[place] ^ (1 << dice.randrange(8))]) + raw[place + 1 :],
            lambda: raw[:place] + bytes([raw[place] ^ (1 << dice.randrange(8))]) + raw[place + 1 :],
            lambda: raw[:place] + bytes([dice.randrange(256)]) + raw[place:],
            lambda: raw[:place] + raw[place + 1 :],
            lambda: raw + bytes([dice.randrange(256)]),
            lambda: b" " + raw,
            lambda: raw[: start - 9] + raw[start:end] + raw[start - 9 : start] + raw[end:],
        )
    )()


@pytest.mark.clause("P7.1")
def test_each_kind_is_checked_offline_and_no_changed_one_is_accepted(
    portal_database: PortalDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
) -> None:
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    catch_up = notary_of(portal_database, tmp_path)
    made = papers()
    declared = {code for code, kind in issued_documents.document_kinds().items() if kind.has_proof}
    # A dossier says when it was made, and each is another paper; tests/config/test_dossier.py reads one back.
    # An addendum is made when another system confirms (tests/privacy/systems).
    assert declared - {"finality-certificate", "dossier", "certificate-addendum"} == set(made)
    first = {kind: paper(NOON) for kind, paper in made.items()}
    settings.NOTARY_VKEYS = catch_up()
    vkeys = [*settings.NOTARY_VKEYS, *document_issuance.paper_keys()]
    for kind, raw in first.items():
        code, said = verified(raw, vkeys, tmp_path, capsys)
        assert (code, "its proof is not in it yet" in said) == (verify.POLICY, True), (kind, said)
    whole = {kind: paper(NOON + timedelta(hours=1)) for kind, paper in made.items()}
    dice = random.Random(SEED)
    for kind, raw in whole.items():
        assert verify_papers.issued_bytes(raw) == verify_papers.issued_bytes(first[kind]), "the same paper, now proved"
        code, said = alone(raw, vkeys, tmp_path)
        assert code == 0, (kind, said)
        assert f"SOUND: the {kind} " in said
        assert GENUINE in ask(file=raw)
        assert GENUINE in ask(file=first[kind])
        for _ in range(TAMPERS):
            changed = tampered(dice, raw)
            if changed == raw:
                continue
            code, said = verified(changed, vkeys, tmp_path, capsys)
            assert code in (verify.ALTERED, verify.POLICY, verify.MALFORMED), (kind, said)


@pytest.fixture
def paper(portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, list[str]]:
    """A receipt with its proof, and the keys to pin."""
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    catch_up = notary_of(portal_database, tmp_path)
    hand_out = receipt()
    hand_out(NOON)
    vkeys = [*catch_up(), *document_issuance.paper_keys()]
    return hand_out(NOON), vkeys


def refilled(raw: bytes, **changes: object) -> bytes:
    before, slot, after = verify_papers.split(raw)
    return before + verify_papers.encode_slot({**verify_papers.open_slot(slot), **changes}) + after


def test_what_is_wrong_with_a_paper_is_named(
    paper: tuple[bytes, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, vkeys = paper
    own = Ed25519PrivateKey.generate()
    public = base64.b64encode(own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    statement = verify_papers.open_slot(verify_papers.split(raw)[1])["statement"]
    signed = base64.b64encode(own.sign(canonical_json.dumps(statement).encode())).decode()
    empty = verify_papers.issued_bytes(raw)
    notary, papers_key = vkeys[:2], vkeys[2:]
    for changed, pinned, code, said in (
        (raw, vkeys, verify.SOUND, "is as it was issued"),
        (refilled(raw, key=public, signature=signed), vkeys, verify.ALTERED, "is forged: another key"),
        (refilled(raw, signature=signed), vkeys, verify.ALTERED, "is forged: its signature is false"),
        (raw.replace(b"expressed", b"impressed"), vkeys, verify.ALTERED, "the paper was altered"),
        (empty, vkeys, verify.POLICY, "slot is empty"),
        (raw, notary, verify.POLICY, "no key of papers is pinned"),
        (raw, papers_key, verify.POLICY, "no signature by a pinned key"),
        (raw, [notary[0], *papers_key], verify.POLICY, "whose key is not pinned"),
        (raw + raw, vkeys, verify.ALTERED, "another slot"),
        (b"%PDF-1.7 a scan %%EOF", vkeys, verify.MALFORMED, "no slot"),
    ):
        found, told = verified(changed, pinned, tmp_path, capsys)
        assert (found, said in told) == (code, True), told


def test_the_page_says_the_same_of_a_file(paper: tuple[bytes, list[str]], settings: Settings) -> None:
    raw, vkeys = paper
    settings.NOTARY_VKEYS = vkeys[:2]
    assert GENUINE in ask(file=raw)
    assert UNKNOWN in ask(file=raw + b"\n")
    assert UNKNOWN in ask(file=raw.replace(b"expressed", b"impressed"))
    slot = verify_papers.open_slot(verify_papers.split(raw)[1])
    assert DOUBTED in ask(file=refilled(raw, proof=slot["proof"].replace("index ", "index 1")))
    assert DOUBTED in ask(file=refilled(raw, signature=base64.b64encode(b"x" * 64).decode()))


def test_the_proof_of_a_paper_says_nothing_of_who_had_it_made_but_the_account(paper: tuple[bytes, list[str]]) -> None:
    raw, _vkeys = paper
    entry = verify_papers.open_slot(verify_papers.split(raw)[1])["entry"]
    assert set(json.loads(entry.partition("\n")[2])) <= {
        "about", "actor", "at", "by", "door", "facts", "nonce", "request", "word",
    }  # fmt: skip


@pytest.mark.asvs("5.4.1", "5.4.2")
def test_a_paper_gets_its_proof_where_it_is_checked(
    paper: tuple[bytes, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For one that was mailed before its proof existed."""
    raw, vkeys = paper
    before, slot, after = verify_papers.split(raw)
    said = verify_papers.open_slot(slot)
    del said["entry"], said["proof"]
    early = before + verify_papers.encode_slot(said) + after
    assert verified(early, vkeys, tmp_path, capsys)[0] == verify.POLICY
    given = {"file": SimpleUploadedFile("receipt.json", early), "proof": "1"}
    answer = Client().post(reverse("retention:verify"), given)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receipt.json"'
    # It goes back under the name that it came with, whose signs do nothing in a header and lead into no folder.
    for name, said in {
        '../../"x";y.json': 'attachment; filename="\\"x\\";y.json"',
        "영수증\u202e.json": "attachment; filename*=utf-8''%EC%98%81%EC%88%98%EC%A6%9D.json",
    }.items():
        again = Client().post(reverse("retention:verify"), {"file": SimpleUploadedFile(name, early), "proof": "1"})
        assert again.headers["Content-Disposition"] == said, name
    assert verified(answer.content, vkeys, tmp_path, capsys)[0] == verify.SOUND
    forged = {"file": SimpleUploadedFile("receipt.json", early.replace(b"expressed", b"impressed")), "proof": "1"}
    assert "attachment" not in Client().post(reverse("retention:verify"), forged).headers.get("Content-Disposition", "")


def test_where_no_proof_can_be_made_the_page_says_so_and_takes_none_away(
    paper: tuple[bytes, list[str]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, vkeys = paper
    settings.NOTARY_VKEYS = vkeys[:2]

    def cannot(*_asked: object) -> None:
        raise log_proofs.NotProvable

    monkeypatch.setattr(log_proofs, "prove", cannot)
    before, slot, after = verify_papers.split(raw)
    said = verify_papers.open_slot(slot)
    del said["entry"], said["proof"]
    early = before + verify_papers.encode_slot(said) + after
    with override("en"):
        address = reverse("retention:verify")
    answer = Client().post(address, {"file": SimpleUploadedFile("receipt.json", early), "proof": "1"})
    assert "Nothing was added to your file" in answer.content.decode()
    answer = Client().post(address, {"file": SimpleUploadedFile("receipt.json", raw), "proof": "1"})
    assert answer.content == raw


def test_the_keys_and_programs_are_there_for_everybody(paper: tuple[bytes, list[str]]) -> None:
    _raw, vkeys = paper
    assert Client().get(reverse("paper-keys")).content.decode().split() == vkeys[2:]
    for name in PROGRAMS:
        assert Client().get(f"/log/{name}").content == Path(verify.__file__).with_name(name).read_bytes()
    assert Client().get("/log/apps.py").status_code == 404


class AttachmentTests(PortalTestCase):
    def test_the_page_is_as_it_was_and_the_proof_is_an_attachment(self) -> None:
        odile = factory.make_odile()
        pledge = odile.pledges.first()
        assert pledge is not None
        plain = pledge_pdf(pledge, language="ko")
        raw = workforce.print_pledge(pledge, language="ko", actor=odile, at=NOON)
        assert raw.startswith(plain.rstrip()), "an update behind the file: no byte of the page is another"
        assert text_of(raw) == text_of(plain)
        with pikepdf.open(io.BytesIO(raw)) as opened:
            assert list(opened.attachments) == ["proof.json"]
            said = json.loads(opened.attachments["proof.json"].get_file().read_bytes())
            assert (opened.Root.Lang, opened.Root.MarkInfo.Marked) == ("ko", True), "as accessible as before"
        assert said["statement"]["number"] == pledge.reference


class SupersededTests(PortalTestCase):
    def test_a_receipt_is_superseded_by_the_next_decision(self) -> None:
        person = factory.make_mina()
        document = receipts.for_decision(factory.agree(person, "activation"))
        content = json.dumps(document, ensure_ascii=False, indent=2).encode()
        odile = factory.make_odile()
        raw = document_issuance.issue(
            content, kind="consent-receipt", number=document["record_id"], actor=odile, at=NOON
        )
        assert REPLACED not in ask(file=raw)
        factory.decide(person, "activation", "withdraw", at=NOON + timedelta(hours=1))
        assert REPLACED in ask(file=raw)
        assert REPLACED in ask(digest=receipts.digest(document))
        assert GENUINE in ask(file=raw)

    def test_a_pledge_is_superseded_by_the_next_of_its_occasion(self) -> None:
        odile = factory.make_odile()
        pledge = odile.pledges.first()
        assert pledge is not None
        raw = workforce.print_pledge(pledge, language="ko", actor=odile, at=NOON)
        assert REPLACED not in ask(file=raw)
        workforce.sign(pledge.text, typed_name=odile.name, language="ko", actor=odile, at=NOON + timedelta(days=1))
        assert REPLACED in ask(file=raw)
