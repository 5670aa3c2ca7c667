"""Pruning takes what is past its term, in whole tiles, with a certificate; what stays is provable as before."""

import base64
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from openpyxl import load_workbook

from consents import receipts
from privacy.ledger import actions as ledger
from privacy.ledger import verify
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.notary_state import SigningRefused
from privacy.ledger.events import Event
from privacy.ledger.exports import log_bundles, log_proofs, register_export
from privacy.ledger.integrity import pruning, verification
from privacy.ledger.integrity.pruning import RetentionPeriodNotOver
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.models import Entry, Review
from privacy.ledger.review import signed_digests
from privacy.lib.crypto import document_signing
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.policies import actions as policies
from privacy.policies import integrity as policy_integrity
from privacy.safeguards import documents as plan_documents
from privacy.safeguards import integrity as plan_integrity
from privacy.workforce import integrity as pledge_integrity
from tests.database import PortalDatabase
from tests.factories.consents import agree
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
from tests.factories.subjects import make_mina
from tests.factory import make_approved_plan, make_aram, make_odile, the_policy
from tests.pdf_text import text_of, without_spaces
from tests.privacy.retention.test_document_authenticity import certified, forge_certificate

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
        superuser.execute(f"SELECT ledger.install_deny_trigger('{name}')")


@pytest.fixture
def notary(tmp_path: Path) -> Notary:
    return make_notary(tmp_path)


def sign_past_and_present(database: PortalDatabase, notary: Notary, *, past: int, present: int) -> None:
    """Seal and sign so many entries of a month that is past its term, then so many of today."""
    make_month(database, OLD)
    made = [(OLD + timedelta(seconds=n), "act", {"word": "tests.thing.tried", "n": n}) for n in range(past)]
    make_past_entries(database, made)
    seal(database, at=OLD + timedelta(hours=1))
    sign(database, notary)
    make_entries(database, present)
    seal(database)
    sign(database, notary)


@pytest.fixture
def trail(portal_database: PortalDatabase, notary: Notary) -> PortalDatabase:
    """1,000 entries of a month more than two years ago and 300 of today, sealed and signed."""
    sign_past_and_present(portal_database, notary, past=1_000, present=300)
    return portal_database


def prune(database: PortalDatabase, cut: datetime = CUT) -> list[str]:
    with database.connect("portal_pruner") as connection:
        planned = pruning.plan_pruning(connection, cut)
        assert planned is not None
        return pruning.prune(connection, planned, NOW)


@pytest.mark.clause("P8.3")
def test_a_month_past_its_term_goes_when_its_tiles_are_whole(trail: PortalDatabase) -> None:
    """The last tile of the month also holds entries of today: the month stays until that tile is past the term too."""
    with trail.connect("portal_pruner") as connection:
        planned = pruning.plan_pruning(connection, CUT)
        assert planned is not None
        assert planned.until == 768
        assert pruning.prune(connection, planned, NOW) == []


def test_everything_that_stays_is_sound_and_provable(
    portal_database: PortalDatabase, notary: Notary, tmp_path: Path
) -> None:
    sign_past_and_present(portal_database, notary, past=1_024, present=300)
    root = notary.state.root
    assert prune(portal_database) == [f"ledger.entry_{OLD:%Y_%m}"]
    make_entries(portal_database, 10)
    seal(portal_database)
    sign(portal_database, notary)

    with portal_database.connect("portal_auditor") as connection:
        counts = connection.execute("SELECT count(*) FROM ledger.entry").fetchone()
        report = verification.verify_log(connection, make_witnesses(tmp_path))
        assert log_proofs.consistency(connection, 1_024, 1_324)
        newest = connection.execute("SELECT max(id) FROM ledger.entry").fetchone()
        assert newest is not None
        proof = log_proofs.prove(connection, newest[0])
        with pytest.raises(log_proofs.NotProvable):
            log_proofs.prove(connection, 5)
        log_bundles.write(connection, tmp_path / "bundle", since=None, until=None, vkeys=notary.signer.vkeys)
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
        found = verify.Bundle(str(folder)).verify(notary.signer.keys).said
        assert found.startswith("311 entries of 1335")
    assert not (tmp_path / "mirror" / "tile" / "entries" / "000.gz").exists()
    assert (tmp_path / "mirror" / "tile" / "0" / "000").exists()


@pytest.mark.law("S-02")
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
            with pytest.raises(RetentionPeriodNotOver):
                pruning.prune(connection, pruning.PruningPlan(until, cut, "", 0), NOW)
        assert connection.execute("SELECT count(*) FROM ledger.pruning").fetchone() == (0,)


def test_only_the_pruner_prunes_and_it_can_do_nothing_else(trail: PortalDatabase) -> None:
    for role in ("portal_app", "portal_sequencer", "portal_notary", "portal_auditor"):
        with trail.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT ledger.prune(256, now() - interval '3 years', '')")
    for statement in ("DELETE FROM ledger.entry", "INSERT INTO ledger.pruning VALUES (256, now(), 1, '{}', '')"):
        with trail.connect("portal_pruner") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.law("S-02")
def test_a_small_office_may_keep_one_year_a_large_one_two(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        assert pruning.minimum_months(superuser, NOW.date()) == 24, "nothing is known about the table yet"
        superuser.execute("UPDATE pg_class SET reltuples = 100 WHERE relname = 'subjects_subject'")
        assert pruning.minimum_months(superuser, NOW.date()) == 12
        superuser.execute("UPDATE pg_class SET reltuples = 49000 WHERE relname = 'subjects_subject'")
        assert pruning.minimum_months(superuser, NOW.date()) == 24


def test_the_notary_does_not_believe_a_pruning_that_is_too_early(trail: PortalDatabase, notary: Notary) -> None:
    tamper(trail, "INSERT INTO ledger.pruning VALUES (1280, now(), 1, '{}', '')")
    with pytest.raises(SigningRefused, match="pruned too early"):
        sign(trail, notary)


@pytest.mark.fault("FLT-30")
def test_an_entry_removed_without_a_certificate_is_found(trail: PortalDatabase, tmp_path: Path) -> None:
    with trail.connect() as superuser:
        switch_triggers(superuser, "DISABLE")
        superuser.execute(f"DROP TABLE ledger.entry_{OLD:%Y_%m}")
    with trail.connect("portal_auditor") as connection:
        report = verification.verify_log(connection, make_witnesses(tmp_path))
    assert report.code == verify.ALTERED
    assert "entry 1 (index 0) is gone" in [finding.message for finding in report.findings]


@pytest.mark.law("S-02")
def test_the_command_refuses_a_day_inside_the_term_and_says_what_it_would_do(trail: PortalDatabase) -> None:
    early = (NOW - timedelta(days=400)).date().isoformat()
    run = trail.manage("prune_ledger", "--before", early, role="portal_pruner")
    assert run.returncode == 1
    assert "Entries stay for 24 months" in run.stderr
    run = trail.manage("prune_ledger", "--dry-run", role="portal_pruner")
    assert run.returncode == 0
    assert "Entries before index 768" in run.stdout


@pytest.mark.truth("days-of-commands")
def test_the_command_says_what_is_no_day(trail: PortalDatabase) -> None:
    for wrong in ("2024-13-01", "yesterday", "0001-01-01"):
        run = trail.manage("prune_ledger", "--before", wrong, role="portal_pruner")
        assert (run.returncode, run.stderr.strip()) == (1, f"CommandError: {wrong} is not a day: YYYY-MM-DD.")


@pytest.mark.truth("notary-pruning-crash")
def test_a_crash_while_the_mirror_is_pruned_is_made_good(
    trail: PortalDatabase, notary: Notary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prune(trail)
    entries = tmp_path / "mirror" / "tile" / "entries"

    for left in (1, 0):
        mirror = notary.mirror

        def crash(until: int, mirror: Tiles = mirror, left: int = left) -> int:
            Tiles.drop_entries(mirror, until - left)
            raise KeyboardInterrupt

        monkeypatch.setattr(mirror, "drop_entries", crash)
        with pytest.raises(KeyboardInterrupt):
            sign(trail, notary)
        notary = make_notary(tmp_path)
    make_entries(trail, 1)
    seal(trail)
    assert sign(trail, notary) == 1_302
    assert sorted(path.name for path in entries.iterdir()) == ["003.gz", "004.gz", "005.p"]
    assert json.loads((tmp_path / "mirror" / "bundle.json").read_text()) == {"start": 768}


@pytest.fixture
def past_term(portal_database: PortalDatabase, notary: Notary) -> PortalDatabase:
    """A month of whole tiles that is past its term, and entries of today behind it."""
    sign_past_and_present(portal_database, notary, past=256, present=3)
    return portal_database


PROMISE = "We can recognise every document we issue"


def check_page() -> str:
    return Client().get("/en" + reverse("retention:verify").removeprefix("/en")).content.decode()


@pytest.mark.truth("verify-page-after-pruning")
def test_the_check_page_says_from_when_on_it_knows_every_document(past_term: PortalDatabase) -> None:
    """Files are known by the trail alone: once its entries are past their term, the page no longer promises them."""
    assert PROMISE in check_page()
    assert prune(past_term)
    page = check_page()
    assert PROMISE not in page
    assert "We can recognise documents issued since" in page
    unknown = (
        Client().post("/en" + reverse("retention:verify").removeprefix("/en"), {"digest": "a" * 64}).content.decode()
    )
    assert "may have been issued before" in unknown


@pytest.mark.truth("register-of-a-pruned-period")
def test_the_register_of_a_pruned_period_says_from_when_on_there_are_records(past_term: PortalDatabase) -> None:
    """The register of access records showed a period as empty whose records were destroyed."""
    aram = make_aram()
    register = registers.get("access-records")

    def exported(first: date, form: str) -> bytes:
        return register_export.export_register(
            register, first=first, last=NOW.date(), form=form, reason="점검", actor=aram, at=NOW
        )

    def first_cell(first: date) -> object:
        return load_workbook(io.BytesIO(exported(first, "xlsx"))).active["A1"].value

    assert first_cell(OLD.date()) == "번호"
    assert prune(past_term)
    since = Entry.objects.kept_since()
    assert since is not None
    said = f"접속기록은 {localtime(since):%Y-%m-%d %H:%M:%S}"
    assert str(first_cell(OLD.date())).startswith(said)
    assert first_cell(clock.kst_date(since) + timedelta(days=1)) == "번호"
    assert without_spaces(said) in without_spaces(text_of(exported(OLD.date(), "pdf")))


@pytest.mark.truth("alarm-after-pruning")
def test_a_review_whose_signatures_are_pruned_is_not_called_altered(past_term: PortalDatabase) -> None:
    """The nightly scrub said of every review older than the term that it is not what was signed."""
    review = Review.objects.create(
        period_from=OLD.date(), period_until=OLD.date(), start_index=0, end_index=0, due_on=OLD.date(), opened_at=OLD,
        state=Review.State.CONFIRMED, reviewer="U-ARAM", signed_at=OLD, confirmer="U-OMAR", confirmed_at=OLD,
    )  # fmt: skip
    assert list(signed_digests.altered_reviews()) == [review]
    assert prune(past_term)
    assert list(signed_digests.altered_reviews()) == []
    Review.objects.filter(pk=review.pk).update(signed_at=datetime.now(UTC))
    assert list(signed_digests.altered_reviews()) == [review]


@pytest.mark.truth("alarm-after-pruning")
def test_a_receipt_whose_entry_is_pruned_is_not_called_altered(past_term: PortalDatabase) -> None:
    decision = agree(make_mina(at=OLD), "activation", at=OLD)
    digest = receipts.digest(receipts.for_decision(decision))
    address = "/en" + reverse("retention:verify").removeprefix("/en")
    assert "it has not been altered" in Client().post(address, {"digest": digest}).content.decode()
    tamper(past_term, f"DELETE FROM ledger.entry WHERE about = 'consents.decision:{decision.pk}'")
    assert "We can't confirm this document." in Client().post(address, {"digest": digest}).content.decode()
    assert prune(past_term)
    page = Client().post(address, {"digest": digest}).content.decode()
    assert "We can no longer confirm this document." in page
    assert "doesn't match" not in page


@pytest.mark.truth("forged-and-backdated")
def test_a_forged_document_is_not_excused_by_the_age_that_it_claims(past_term: PortalDatabase) -> None:
    """Nobody's signature is past its term: what carries a wrong one is doubted, however old it says that it is."""
    address = "/en" + reverse("retention:verify").removeprefix("/en")
    certificate = forge_certificate(certified(), issued_at=OLD)
    facts = {
        "kind": "pledge", "number": "PL-FORG-ED00", "issued_at": OLD.isoformat(),
        "signature": base64.b64encode(b"x" * 64).decode(), "key": document_signing.public_key(),
    }  # fmt: skip
    ledger.record_autocommit(Event.DOCUMENT_ISSUED, actor=make_odile(), at=NOW, about=("paper", "f" * 64), facts=facts)
    assert prune(past_term)
    for digest in (certificate.digest, "f" * 64):
        page = Client().post(address, {"digest": digest}).content.decode()
        assert "We can't confirm this document." in page
        assert "We can no longer confirm" not in page


@pytest.mark.truth("alarm-after-pruning")
def test_a_sealed_text_whose_entry_is_pruned_is_not_called_altered(past_term: PortalDatabase) -> None:
    """A pledge on paper, the plan's page and the public policy page said that somebody had changed them."""
    plan = make_approved_plan()
    pledge = make_odile(granted=False).pledges.first()
    assert pledge is not None
    published = policies.attach_text(
        the_policy(), language="en", text="As it was published.", source="x", actor=make_odile(granted=False), at=NOW
    )
    abouts = f"'safeguards.managementplan:{plan.pk}', 'policies.publishedtext:{published.pk}'"
    tamper(
        past_term,
        f"DELETE FROM ledger.entry WHERE about IN ({abouts}, 'workforce.pledge:{pledge.pk}')",
    )
    plan.approved_at = published.attached_at = pledge.signed_at = OLD
    assert not plan_integrity.is_past_term(plan)
    assert not policy_integrity.is_text_intact(published)
    assert not pledge_integrity.is_past_term(pledge)
    assert prune(past_term)
    assert plan_integrity.is_past_term(plan)
    paper = text_of(plan_documents.plan_pdf(plan, language="en"))
    assert "doesnotmatchitsseal" not in paper
    assert "pastitsretentionperiod" in paper
    assert policy_integrity.is_text_intact(published)
    assert pledge_integrity.is_past_term(pledge)
    published.text = "As it was never published."
    assert not policy_integrity.is_text_intact(published)
