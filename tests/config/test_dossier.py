"""The dossier for an inspector: everything in it comes from the registers, and nothing leaves it unrecorded."""

import hashlib
import io
import re
import tempfile
import zipfile
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils.html import conditional_escape
from django.utils.translation import override

from config.dossier import criteria, processing, writing
from config.dossier.parts import Scope
from consents.models import AgreementVersion
from privacy.ledger import verify_papers
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.events import Event
from privacy.ledger.exports import document_issuance, log_bundles
from privacy.ledger.models import Entry
from privacy.ledger.verify_papers import issued_bytes
from privacy.lib.registries import deadlines, registers
from privacy.policies.models import PolicyVersion
from privacy.retention.models import Certificate
from privacy.rights.actions import RequestedRight
from privacy.safeguards import actions as safeguards
from privacy.safeguards.automated_checks.registry import CHECKS
from privacy.safeguards.models import AnnualReport
from privacy.safeguards.thresholds import THRESHOLDS
from privacy.subjects import holdings
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

AREAS = {"1": 16, "2": 64, "3": 21}


class CriteriaTests(PortalTestCase):
    def test_all_of_the_notice_are_there_once_and_each_is_shown_or_a_gap(self) -> None:
        numbers = [one.number for one in criteria.load().all]
        assert len(numbers) == len(set(numbers)) == 101
        assert {area: sum(number.startswith(f"{area}.") for number in numbers) for area in AREAS} == AREAS
        for one in criteria.load().all:
            assert one.registers or one.checks or one.decisions or one.documents or one.parts or one.gap, one.number
            assert one.area in criteria.load().areas
            assert all(text["ko"] and text["en"] for text in (one.name, *([one.gap] if one.gap else [])))

    def test_whatever_they_name_exists_and_every_register_is_named(self) -> None:
        known = {register.code for register in registers.all_registers()}
        named = {code for one in criteria.load().all for code in one.registers}
        assert named == known, "config/dossier/criteria.toml says which criterion a register shows"
        assert {code for one in criteria.load().all for code in one.checks} <= set(CHECKS)
        assert {code for one in criteria.load().all for code in one.decisions} <= set(THRESHOLDS)
        assert {code for one in criteria.load().all for code in one.parts} <= set(writing.MAKERS)
        assert all((settings.BASE_DIR / name).is_file() for one in criteria.load().all for name in one.documents)

    def test_each_clock_of_the_office_stands_in_a_register(self) -> None:
        owed = {one.name for one in deadlines.sources() if one.owed and not one.is_automatic}
        assert set(criteria.load().late) == owed, "config/dossier/criteria.toml says in which register a clock stands"
        assert set(criteria.load().late.values()) <= {register.code for register in registers.all_registers()}

    def test_what_no_row_tells_is_late_too(self) -> None:
        """A list of destruction has another model than its register, and an incident's clocks stand in no row."""
        factory.make_expired_device(7, ended_on=date(2024, 5, 15))
        factory.sweep_on(date(2026, 5, 16))
        incident = factory.make_incident(at=NOON)
        assert incident.closed_at is None
        late = criteria.overdue_by_register(NOON.date() + timedelta(days=30), lambda _permission: True)
        assert late["destructions"] >= 1
        assert late["incidents"] >= 1

    def test_what_is_left_out_or_empty_shows_nothing(self) -> None:
        one = criteria.Criterion("9.9.9", {}, registers=("complaints",), parts=("papers",))
        common: dict[str, Any] = {"kept": (), "looks": {}, "on": NOON.date()}
        assert criteria.standing(one, **common) == "nothing-recorded"
        assert criteria.standing(one, **common, left_out={"complaints"}) == "left-out"
        assert criteria.standing(one, **common, left_out={"complaints"}, written={"papers"}) == "records"

    def test_what_is_decided_not_to_be_here_is_shown_from_its_day(self) -> None:
        (cameras,) = criteria.chosen("3.1.6")
        safeguards.decide_applicability(
            threshold="cameras", applies=False, reasons="looked", actor=factory.make_odile(), at=NOON
        )
        for last, standing in ((NOON.date(), "records"), (NOON.date() - timedelta(1), "nothing-recorded")):
            decided = criteria.decisions_until(last)
            assert criteria.standing(cameras, kept=(), looks={}, decided=decided, on=last) == standing
        decided = criteria.decisions_until(NOON.date())
        stale = decided["cameras"].again_on + timedelta(1)
        assert criteria.standing(cameras, kept=(), looks={}, decided=decided, on=stale) == "not-in-order"

    def test_a_look_that_did_not_pass_is_told(self) -> None:
        (backup,) = criteria.chosen("2.12.2")
        backup = criteria.Criterion(backup.number, backup.name, checks=("backup",))
        measure = factory.make_measure("backup")
        assert criteria.standing(backup, kept=(), looks={}, on=NOON.date()) == "nothing-recorded"
        expected = (("failed", "not-in-order"), ("unknown", "not-in-order"), ("passed", "records"))
        for hour, (result, standing) in enumerate(expected):
            at = NOON + timedelta(hours=hour)
            safeguards.record_evidence(measure, result=result, detail="seen", actor=factory.make_odile(), at=at)
            looks = criteria.check_results(NOON.date(), NOON.date())
            assert criteria.standing(backup, kept=(), looks=looks, on=NOON.date()) == standing
        assert criteria.check_results(date(2020, 1, 1), date(2020, 12, 31)) == {}


class DossierTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())) / "dossier"
        self.folder.mkdir()

    def scope(self, **changes: object) -> Scope:
        given = {
            "first": date(2026, 1, 1), "last": date(2026, 12, 31), "language": "en", "reason": "inspection",
            "actor": SystemActor("dossier"), "at": NOON,
        }  # fmt: skip
        return Scope(**{**given, **changes})  # type: ignore[arg-type]

    def test_it_holds_every_register_and_says_of_each_file_what_it_is(self) -> None:
        factory.make_device(3)
        made = writing.write(self.folder, self.scope())
        by_code = {one.register.code: one for one in made.registers}
        assert set(by_code) == {register.code for register in registers.all_registers()}
        assert {code for code, one in by_code.items() if not one.files} == {"complaints"}
        _headings, *inventory, mark = (self.folder / "registers/inventory.csv").read_text("utf-8-sig").splitlines()
        assert "system:dossier" in mark, "who took it out, as on every file of a register (decision 0377)"
        assert len(inventory) == by_code["inventory"].rows == len(holdings.all_holdings())
        paper = (self.folder / "dossier.pdf").read_bytes()
        known = document_issuance.find(hashlib.sha256(issued_bytes(paper)).hexdigest())
        assert known is not None
        assert (known.genuine, known.number) == (True, "2026-01-01/2026-11-24")
        for line in (self.folder / "SHA256SUMS").read_text().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256((self.folder / name).read_bytes()).hexdigest() == digest
        page = (self.folder / "index.html").read_text("utf-8")
        assert page.count('id="c') >= 101
        for name in (one for register in made.registers for one in register.files):
            assert f'href="{name}"' in page

    def test_it_is_read_without_the_portal(self) -> None:
        """Whatever a page of it refers to lies in the folder; the one address outside is told as a place to check."""
        writing.write(self.folder, self.scope())
        for page in self.folder.rglob("*.html"):
            for target in re.findall(r'(?:href|src)="([^"#]+)', page.read_text("utf-8")):
                assert target.endswith("/en/verify/") or (page.parent / target).is_file(), (page.name, target)

    def test_one_entry_says_which_registers_left_with_the_digest_of_each_file(self) -> None:
        writing.write(self.folder, self.scope(), criterion="3.5.2")
        entry = Entry.objects.filter(word=Event.REGISTER_EXPORTED).latest("id")
        facts = facts_in(entry.payload)["registers"]
        files = {
            path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.folder.rglob("registers/*.csv")
        }
        assert facts == files
        assert {"requests", "objections", "freezes"} == set(files)

    @pytest.mark.truth("only-the-newest-plan")
    def test_papers_of_the_period_come_as_they_are_handed_out(self) -> None:
        """Those that have a slot for their proof, and annual reports, which have none."""
        factory.make_approved_plan()
        factory.make_approved_plan(effective_on=NOON.date())
        report = safeguards.make_report(year=2026, language="ko", actor=self.odile, at=NOON)
        factory.make_expired_device(7, ended_on=date(2024, 5, 15))
        factory.carry_out_all(factory.sweep_on(date(2026, 5, 16)))
        made = writing.write(self.folder, self.scope(), criterion="3.4.1")
        (papers,) = (part for part in made.parts if part.code == "papers")
        certificate = Certificate.objects.get()
        assert set(papers.files) == {
            f"papers/{certificate.number}.pdf", f"papers/annual-report-{report.reference}.pdf",
            "papers/management-plan-v1.pdf", "papers/management-plan-v2.pdf",
        }  # fmt: skip
        for name in papers.files:
            content = (self.folder / name).read_bytes()
            issued = issued_bytes(content) if verify_papers.MARK in content else content
            known = document_issuance.find(hashlib.sha256(issued).hexdigest())
            assert known is not None, name

    def test_an_annual_report_that_no_longer_is_what_was_made_is_told_and_stops_nothing(self) -> None:
        report = safeguards.make_report(year=2026, language="ko", actor=self.odile, at=NOON)
        AnnualReport.objects.filter(pk=report.pk).update(digest="0" * 64)
        made = writing.write(self.folder, self.scope(), criterion="3.4.1")
        (papers,) = (part for part in made.parts if part.code == "papers")
        assert papers.left_out.startswith(report.reference)
        assert not papers.files
        assert conditional_escape(papers.left_out) in (self.folder / "index.html").read_text("utf-8")

    def test_what_is_late_is_told_with_its_register(self) -> None:
        """Of an inspection that was planned for yesterday the criterion says more than that there is a record."""
        factory.make_held_inspection()
        later = (NOON + timedelta(days=3)).date()
        before = criteria.overdue_by_register(later, self.odile.may).get("inspections", 0)
        safeguards.plan_inspection(
            kind="implementation", planned_on=NOON.date(), scope="servers", method="on site",
            inspector=factory.make_aram().ref, actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        at = NOON + timedelta(days=3)
        (line,) = writing.write(self.folder, self.scope(at=at), criterion="1.4.2").lines
        assert (line.standing, line.registers[0].overdue) == ("not-in-order", before + 1)
        assert f"{before + 1} overdue" in (self.folder / "index.html").read_text("utf-8")

    def test_the_policy_comes_with_the_bytes_of_its_seal(self) -> None:
        writing.write(self.folder, self.scope(), criterion="3.5.1")
        version = PolicyVersion.objects.in_force(NOON.date())
        assert version is not None
        sealed = (self.folder / f"policy/{version.number}.json").read_bytes()
        assert hashlib.sha256(sealed).hexdigest() == version.seal

    def test_the_texts_that_people_agreed_to_come_along(self) -> None:
        writing.write(self.folder, self.scope())
        for text in AgreementVersion.objects.published().filter(published_at__lte=NOON).select_related("agreement"):
            said = (self.folder / f"agreements/{text.agreement.code}-{text.number}.txt").read_text("utf-8")
            assert text.digest in said
            assert text.body_en in said

    def test_a_case_that_leaves_is_on_record_whatever_else_does(self) -> None:
        factory.make_device(30)
        case = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(30)), at=NOON)
        writing.write(self.folder, self.scope(actor=self.odile), case=case.number, criterion="2.5.3")
        entry = Entry.objects.filter(word=Event.REGISTER_EXPORTED).latest("id")
        assert facts_in(entry.payload)["case"] == case.number
        assert (self.folder / "case/story.csv").is_file()
        assert not (self.folder / "case/proofs").exists(), "proofs are for who may export the trail"
        assert "only auditors export the audit trail" in (self.folder / "index.html").read_text("utf-8")

    def test_the_programs_that_check_it_come_along_without_the_trail(self) -> None:
        writing.write(self.folder, self.scope(actor=self.odile), criterion="2.4.6")
        assert {path.name for path in (self.folder / "verify").iterdir()} == set(log_bundles.PROGRAMS)
        assert "verify/verify.py paper dossier.pdf" in (self.folder / "index.html").read_text("utf-8")

    def test_a_criterion_narrows_it_to_what_shows_it(self) -> None:
        made = writing.write(self.folder, self.scope(), criterion="2.4.6")
        assert [one.register.code for one in made.registers] == ["media-movements"]
        assert {path.name for path in self.folder.iterdir()} == {
            "registers", "verify", "dossier.css", "index.html", "dossier.pdf", "SHA256SUMS",
        }  # fmt: skip
        assert "Record of processing" not in (self.folder / "index.html").read_text("utf-8")

    def test_the_command_writes_one_and_says_what_is_wrong(self) -> None:
        folder = self.folder.parent / "made"
        call_command(
            "dossier", str(folder), period="2026", criterion="2.4.6", reason="yearly inspection", stdout=StringIO()
        )
        assert (folder / "index.html").is_file()
        for given, told in (
            ({"period": "26"}, "is no period"),
            ({"criterion": "9.9"}, "9.9"),
            ({"reason": " "}, "이유"),
        ):
            with pytest.raises(CommandError, match=told):
                call_command("dossier", str(self.folder.parent / "none"), **given)
            assert not (self.folder.parent / "none").exists()
        with pytest.raises(CommandError, match="exists already"):
            call_command("dossier", str(folder))

    def test_nothing_is_made_without_a_reason_or_of_nothing(self) -> None:
        with pytest.raises(writing.MissingReason):
            writing.write(self.folder, self.scope(reason=" "))
        with pytest.raises(writing.NothingChosen, match=r"9\.9\.9"):
            writing.write(self.folder, self.scope(), criterion="9.9.9")
        with pytest.raises(writing.NothingChosen, match="2026-0000000"):
            writing.write(self.folder, self.scope(), case="2026-0000000")
        assert not list(self.folder.iterdir())

    def test_a_long_register_is_told_and_not_cut(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writing, "MOST_ROWS", 2)
            made = writing.write(self.folder, self.scope(), criterion="3.2.1")
        (inventory,) = (one for one in made.registers if one.register.code == "inventory")
        assert (inventory.files, "more than 2 rows" in inventory.missing, inventory.row_text) == ((), True, "> 2")
        assert inventory.missing in (self.folder / "index.html").read_text("utf-8")

    def test_each_gets_what_their_role_may_export(self) -> None:
        made = writing.write(self.folder, self.scope(actor=self.odile))
        missing = {one.code: one.missing for one in made.parts if one.missing}
        assert missing["trail"] == "Only auditors export the audit trail."
        assert all(self.odile.may(one.register.permission) for one in made.registers if one.files)

    def test_the_story_of_a_case_comes_along(self) -> None:
        factory.make_device(30)
        case = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(30)), at=NOON)
        writing.write(self.folder, self.scope(), case=case.number.lower(), criterion="3.5.2")
        story = (self.folder / "case/story.csv").read_text("utf-8-sig")
        told = Entry.objects.about(f"rights.Request:{case.pk}") | Entry.objects.about(f"rights.request:{case.pk}")
        assert len(story.splitlines()) - 1 == told.count() > 2

    def test_the_map_names_all_that_is_held_and_follows_the_policy(self) -> None:
        writing.write(self.folder, self.scope(), criterion="1.2.2")
        drawing = (self.folder / "flow/data-flow.svg").read_text("utf-8")
        with override("en"):
            found = processing.activities(NOON.date())
        assert all(conditional_escape(one.name.split()[0]) in drawing for one in found)
        assert {one.code for one in found} >= set(holdings.categories())

    def test_on_the_page_it_leaves_as_one_file_with_a_reason(self) -> None:
        self.client.force_login(self.odile)
        address = "/en/office/dossier/"
        asked = self.client.get(address).content.decode()
        assert "Dossier for an inspector" in asked
        assert "without proofs of its entries" in asked
        given = {"first": "2026-01-01", "last": "2026-12-31", "language": "ko", "criterion": "2.4.6", "reason": ""}
        assert self.client.post(address, given).headers["Content-Type"].startswith("text/html")
        answer = self.client.post(address, {**given, "reason": "inspection"})
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            assert "dossier/registers/media-movements.html" in packed.namelist()
            assert "보조저장매체 반출입 대장" in packed.read("dossier/index.html").decode()
        told = self.client.post(address, {**given, "reason": "inspection", "criterion": "7.7"}).content.decode()
        assert "There is no criterion 7.7" in told
        assert 'value="inspection"' in told
        self.client.force_login(factory.make_hana())
        assert self.client.get(address).status_code == 403
