"""Paths that destroy beside the sweep and the order, each tried under a hold; ``tests/house`` keeps the list (D-03)."""

from datetime import date, timedelta
from unittest.mock import patch
from uuid import UUID

import pytest

from devices import actions as devices
from devices.models import ImportedRow
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Disclosure
from privacy.incidents import actions as incidents
from privacy.incidents.models import ComplaintText
from privacy.jobs.models import PersonalOutbox
from privacy.retention import actions as retention
from privacy.retention.actions.destruction import execution
from privacy.retention.actions.destruction.archive_strategy import ArchiveStrategy
from privacy.retention.archive import preservation
from privacy.retention.destruction import journal
from privacy.retention.models import ArchivedRecord
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.actions import RequestedRight, package_builds
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Package, PackagePiece, Particulars
from privacy.safeguards import actions as safeguards
from privacy.subjects import actions as subjects
from privacy.subjects import holdings
from privacy.subjects.models import Contact, Subject
from privacy.subjects.tasks import tell_change
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile, MonthKey, SubjectKey
from tests.base import PortalTestCase
from tests.factories.retention import lift_hold
from tests.factory import (
    NOON,
    SWEEPER,
    ask,
    at_noon,
    attach_scan,
    carry_out_all,
    end_waits_at_once,
    grant_office_categories,
    imei,
    make_contact,
    make_device,
    make_disclosure,
    make_gateway,
    make_granted,
    make_hold,
    make_measure,
    make_odile,
    make_officer,
    make_omar,
    make_sealed_file,
    make_verified,
    package_files,
    sweep_on,
)  # fmt: skip
from tests.privacy.retention.test_archive import archive_an_access, rule_of
from tests.privacy.retention.test_register import DUE, record
from tests.privacy.rights.test_access_package_freshness import CORRECTION, granted
from tests.sample_uploads import PDF

LATER = NOON + timedelta(days=30)


def lift(hold: object) -> None:
    lift_hold(hold, reason="settled", at=LATER)  # type: ignore[arg-type]


@pytest.mark.clause("P7.1")
class AHoldStopsToo(PortalTestCase):
    @pytest.mark.truth("hold-before-the-rows-go")
    def test_archived_records_that_are_counted_and_still_there(self) -> None:
        """A hold waits for the count to commit and is next: what it says is kept is there, and nobody says it went."""
        held, free = (
            archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1), number=number).subject_id
            for number in (1, 2)
        )
        at = at_noon(date(2026, 12, 2))
        row = execution.begin(sweep_on(date(2026, 12, 2)).lists.get(unit="archive"), actor=SWEEPER, at=at)
        archive = ArchiveStrategy(row, actor=SWEEPER, at=at)
        archive.destroy_keys(lambda: True)
        row.refresh_from_db()
        archive._count({held, free})
        make_hold(subject_id=held, at=at)
        archive._delete_counted()
        assert set(ArchivedRecord.objects.values_list("subject_id", flat=True)) == {held}
        retention.execute(row, actor=SWEEPER, at=at)
        row.refresh_from_db()
        assert row.rows_removed["records"] == 2
        destroyed = row.certificates.get().statement["destroyed"]
        assert (destroyed["people"], destroyed["passed_over"]) == (1, {"held": 1})
        said = [line for line in journal.lines() if line.number not in journal.voided_numbers()]
        assert {one for line in said if line.category == "archive" for one in line.people} == {free}

    def test_the_sweep_of_every_category_of_the_office(self) -> None:
        case = ask().request
        complaint = incidents.file_complaint(
            explanation="zebra", contact={"email": "mina@example.org"}, at=NOON
        ).complaint
        incidents.answer_complaint(complaint, answer="we are sorry", actor=make_officer(), at=NOON)
        disclosure = attach_scan(make_disclosure(make_device(3)))
        evidence = safeguards.record_evidence(
            make_measure(), result="passed", detail="seen", name="a.pdf", content=PDF, actor=make_odile(), at=NOON
        )
        rights.withdraw(case, actor=Requester(case.reference), at=NOON)
        hold = make_hold()
        # Ten years on the term of every file is over: still nothing may go.
        day = date(NOON.year + 10, 1, 2)
        carry_out_all(sweep_on(day))
        assert Particulars.objects.filter(subject_id=case.holder_id).exists()
        assert ComplaintText.objects.exists()
        assert EncryptedFile.objects.filter(subject_id__in=[disclosure.id, evidence.id]).count() == 2
        # Positive control: without the hold all of it is due on that day.
        lift(hold)
        run = sweep_on(day)
        carry_out_all(run)
        assert {"rights-request", "complaint", "disclosure-request", "safeguard-evidence"} <= set(
            run.lists.values_list("category", flat=True)
        )
        assert not Particulars.objects.filter(subject_id=case.holder_id).exists()
        assert not ComplaintText.objects.exists()
        assert not EncryptedFile.objects.filter(subject_id__in=[disclosure.id, evidence.id]).exists()

    def test_a_contact_that_ended(self) -> None:
        contact = make_contact(Subject.objects.get(pk=make_device(1).subject_id))
        subjects.end_contact(contact, actor=tasks.WORKER, at=NOON)
        tell_change({"contact": str(contact.pk)}, event=contact.pk, starts=1, at=NOON)
        PersonalOutbox.objects.update(done_at=NOON)
        hold = make_hold(subject_id=contact.subject_id)
        assert subjects.remove_ended_contacts(actor=tasks.WORKER, at=LATER) == 0
        lift(hold)
        assert subjects.remove_ended_contacts(actor=tasks.WORKER, at=LATER) == 1
        assert not Contact.objects.exists()

    def test_the_documents_of_a_closed_case(self) -> None:
        case = ask().request
        rights.submit_document(case, name="id.pdf", content=PDF, actor=Requester(case.reference), at=NOON)
        hold = make_hold(category="rights-request")
        rights.reject_identity(case, actor=make_officer(), at=NOON)
        assert rights.documents(case).count() == 1
        assert rights.destroy_leftover_documents(actor=tasks.WORKER, at=NOON) == 0
        lift(hold)
        assert rights.destroy_leftover_documents(actor=tasks.WORKER, at=LATER) == 1
        assert not rights.documents(case).exists()
        self.assertLedgered("rights.evidence.destroyed", case)

    def test_the_package_of_an_access_request(self) -> None:
        device = make_device(1)
        right = make_granted(ask(target=imei(1)))
        rights.carry_out(right, actor=make_officer(), at=NOON)
        Letter.objects.update(sent_at=NOON)  # the time for the download counts from the answer
        hold = make_hold(subject_id=device.subject_id)
        assert rights.remove_packages(actor=tasks.WORKER, at=LATER) == 0
        assert EncryptedFile.objects.filter(id=Package.objects.get().file_id).exists()
        lift(hold)
        assert rights.remove_packages(actor=tasks.WORKER, at=LATER) == 1
        assert not package_files().exists()

    def test_the_documents_of_a_joined_case(self) -> None:
        make_device(1)
        end_waits_at_once()
        asked = RequestedRight("deletion", category="app-log")
        first, second = (ask(asked, target=imei(1), at=NOON + timedelta(days=days)).request for days in (0, 1))
        rights.submit_document(second, name="id.pdf", content=PDF, actor=Requester(second.reference), at=LATER)
        hold = make_hold(category="rights-request")
        rights.join(second, to=first, actor=make_officer(), at=LATER)
        assert rights.documents(second).count() == 1
        lift(hold)
        assert rights.destroy_leftover_documents(actor=tasks.WORKER, at=LATER) == 1
        assert not rights.documents(second).exists()

    def test_what_came_with_an_objection(self) -> None:
        make_device(1)
        right = make_verified(ask(target=imei(1))).rights.get()
        rights.refuse(right, ground="life-or-body", actor=make_officer(), at=NOON)
        sent = [("proof.pdf", PDF)]
        requester, omar = Requester(right.request.reference), make_omar()
        grant_office_categories(omar, by=make_officer())
        made = rights.object_to(right, statement="no", evidence=sent, actor=requester, at=NOON)
        files = rights.evidence_of(made)
        files.unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=NOON)
        held = EncryptedFile.objects.filter(id=files.get().id)
        rights.open_evidence(made, actor=omar, at=NOON)
        hold = make_hold(category="rights-request")
        rights.decide_objection(made, outcome="dismissed", actor=omar, at=NOON)
        assert held.exists()
        assert rights.destroy_leftover_evidence(actor=tasks.WORKER, at=LATER) == 0
        assert held.exists()
        lift(hold)
        assert rights.destroy_leftover_evidence(actor=tasks.WORKER, at=LATER) == 1
        assert not held.exists()

    def test_a_package_that_is_begun_anew(self) -> None:
        device = make_device(1)
        right = make_granted(ask(target=imei(1)))
        with patch.object(package_builds, "MAX_SLICES_PER_RUN", 1), pytest.raises(rights.InProgress):
            rights.carry_out(right, actor=make_officer(), at=NOON)
        begun = set(package_files().values_list("id", flat=True))
        hold = make_hold(subject_id=device.subject_id)
        # What it has read is no longer so: the slices are dropped, and what they sealed stays.
        soon = NOON + timedelta(minutes=5)
        (correction,) = granted(CORRECTION, at=soon)
        rights.carry_out(correction, actor=make_officer(), at=soon)
        tasks.resume_interrupted(at=soon)
        pieces = set(PackagePiece.objects.of(Package.objects.get()).values_list("file_id", flat=True))
        assert begun and not begun & pieces
        assert set(package_files().values_list("id", flat=True)) > begun | pieces
        lift(hold)
        package_builds.remove_orphaned_files(right, Package.objects.get().event_id, actor=tasks.WORKER, at=LATER)
        assert set(package_files().values_list("id", flat=True)) == pieces

    def test_a_scan_that_was_never_attached(self) -> None:
        disclosure = make_disclosure(make_device())
        make_sealed_file(subject_id=disclosure.id, category="disclosure-request")
        hold = make_hold(category="disclosure-request")
        assert disclosures.discard_orphaned_scans(actor=SWEEPER, at=LATER) == 0
        assert EncryptedFile.objects.exists()
        lift(hold)
        assert disclosures.discard_orphaned_scans(actor=SWEEPER, at=LATER) == 1
        assert not EncryptedFile.objects.exists()

    def test_a_scan_whose_place_another_takes(self) -> None:
        disclosure = attach_scan(make_disclosure(make_device()))
        hold = make_hold(category="disclosure-request")
        first = Disclosure.objects.get().scan_id
        attach_scan(disclosure)
        assert EncryptedFile.objects.filter(id=first).exists()
        lift(hold)
        assert disclosures.discard_orphaned_scans(actor=SWEEPER, at=LATER) == 1
        assert EncryptedFile.objects.get(subject_id=disclosure.id).id == Disclosure.objects.get().scan_id != first

    def test_the_evidence_of_a_paper(self) -> None:
        paper = record(evidence=retention.Evidence("shredding.pdf", b"%PDF-1.7 %%EOF"))
        hold = make_hold(category="destruction-evidence")
        day = date(DUE.year + 10, 1, 2)
        carry_out_all(sweep_on(day))
        assert EncryptedFile.objects.filter(id=paper.evidence_id).exists()
        lift(hold)
        carry_out_all(sweep_on(day))
        assert not EncryptedFile.objects.exists()

    def test_the_evidence_of_a_paper_that_is_sent_twice(self) -> None:
        sent = {"evidence": retention.Evidence("shredding.pdf", b"%PDF-1.7 %%EOF"), "submission": "one"}
        paper = record(**sent)
        make_hold(category="destruction-evidence")
        assert record(**sent).pk == paper.pk
        assert EncryptedFile.objects.filter(subject_id=paper.pk).count() == 1

    def test_an_import_that_is_thrown_away_or_left(self) -> None:
        from tests.devices.test_fleet_import import as_csv, line

        odile = make_odile()
        made = devices.preview_import(
            name="fleet.csv", content=as_csv(line(1)), gateway=make_gateway(), actor=odile, at=NOON
        )
        hold = make_hold()
        with pytest.raises(vault.UnderHold):
            devices.discard_import(made, actor=odile, at=NOON)
        assert devices.discard_expired_imports(actor=SWEEPER, at=LATER) == 0
        made.refresh_from_db()
        assert made.state == made.State.PREVIEWED
        assert ImportedRow.objects.exists()
        lift(hold)
        assert devices.discard_expired_imports(actor=SWEEPER, at=LATER) == 1
        assert not ImportedRow.objects.exists()

    def test_rows_of_an_import_that_were_refused_on_the_way(self) -> None:
        from tests.devices.test_fleet_import import WORKER, as_csv, line

        odile = make_odile()
        made = devices.preview_import(
            name="fleet.csv", content=as_csv(line(1), line(2)), gateway=make_gateway(), actor=odile, at=NOON
        )
        make_device(1)
        devices.confirm_import(made, actor=odile, at=NOON)
        hold = make_hold()
        assert not devices.continue_import(made.id, actor=WORKER, at=NOON)
        with pytest.raises(vault.UnderHold):
            devices.continue_import(made.id, actor=WORKER, at=NOON)
        assert ImportedRow.objects.get().number == 2
        lift(hold)
        assert devices.continue_import(made.id, actor=WORKER, at=NOON)
        made.refresh_from_db()
        assert (made.state, made.registered, made.refused) == (made.State.DONE, 1, 1)
        assert not ImportedRow.objects.exists()


@pytest.mark.clause("P6.4")
class AHoldOnTheArchive(PortalTestCase):
    def test_keeps_the_keys_of_a_finished_month(self) -> None:
        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        ring = preservation.keyring(rule_of(device))
        carry_out_all(sweep_on(date(2026, 12, 2)))
        hold = make_hold(category="archive", at=at_noon(date(2026, 12, 3)))
        carry_out_all(sweep_on(date(2027, 1, 1)))
        assert MonthKey.objects.filter(category=ring, month=date(2026, 12, 1)).exists()
        lift(hold)
        carry_out_all(sweep_on(date(2027, 1, 2)))
        assert not MonthKey.objects.filter(category=ring, month=date(2026, 12, 1)).exists()

    def test_keeps_the_keys_of_a_person_without_records(self) -> None:
        held, free = (
            archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1), number=number)
            for number in (1, 2)
        )
        ring = preservation.keyring(rule_of(held))
        for device in (held, free):
            shred(device.subject_id, holdings.categories())
            Subject.objects.filter(pk=device.subject_id).update(
                state="destroyed", destroyed_at=at_noon(date(2026, 10, 1))
            )
        run = sweep_on(date(2026, 12, 2))
        # Placed between the selection and the end of the keyrings, on a record that is not past its term any more.
        ArchivedRecord.objects.filter(subject_id=held.subject_id).update(ends_on=date(2026, 12, 31))
        make_hold(subject_id=held.subject_id, at=at_noon(date(2026, 12, 2)))
        carry_out_all(run)
        rings = SubjectKey.objects.filter(category=ring)
        assert rings.filter(subject_id=held.subject_id).exists()
        assert not rings.filter(subject_id=free.subject_id).exists()


@pytest.mark.clause("P7.2")
class TheLastLock(PortalTestCase):
    """Whoever forgets to ask: the vault itself destroys nothing that a hold reaches."""

    def test_no_key_of_a_held_person_goes(self) -> None:
        held, free = make_device(1), make_device(2)
        make_hold(subject_id=held.subject_id)
        for categories in ([category] for category in holdings.categories()):
            with self.subTest(categories=categories), pytest.raises(vault.UnderHold):
                shred(held.subject_id, categories)
        with pytest.raises(vault.UnderHold):
            shred(held.subject_id, None)
        with pytest.raises(vault.UnderHold):
            vault.shred_subjects(
                subject_ids=[free.subject_id, held.subject_id], categories=["app-log"], cause="x", certificate="C",
                actor=SWEEPER, at=NOON,
            )  # fmt: skip
        assert SubjectKey.objects.filter(subject_id=free.subject_id, category="device-registration").exists()
        assert shred(free.subject_id, ["device-registration"]) == 1

    def test_a_hold_on_a_category_reaches_that_category(self) -> None:
        device = make_device()
        make_hold(subject_id=device.subject_id, category="service-analytics")
        with pytest.raises(vault.UnderHold):
            shred(device.subject_id, ["service-analytics"])
        assert shred(device.subject_id, ["device-registration"]) == 1

    def test_no_key_of_a_month_goes(self) -> None:
        hold = make_hold(category="app-log")
        month = {"month": date(2026, 9, 1), "cause": "x", "certificate": "C", "actor": SWEEPER}
        with pytest.raises(vault.UnderHold):
            vault.shred_month(category="app-log", at=NOON, **month)  # type: ignore[arg-type]
        lift(hold)
        vault.shred_month(category="app-log", at=LATER, **month)  # type: ignore[arg-type]

    def test_no_sealed_file_goes(self) -> None:
        file = make_sealed_file()
        hold = make_hold(subject_id=file.subject_id)
        with pytest.raises(vault.UnderHold):
            vault.delete_file(file, actor=SWEEPER, at=NOON)
        lift(hold)
        vault.delete_file(file, actor=SWEEPER, at=LATER)
        assert not EncryptedFile.objects.exists()

    def test_it_ends_with_the_last_day_of_the_hold(self) -> None:
        device = make_device()
        make_hold(subject_id=device.subject_id, until=NOON.date())
        with pytest.raises(vault.UnderHold):
            shred(device.subject_id, ["device-registration"])
        assert shred(device.subject_id, ["device-registration"], days=1) == 1


def shred(subject_id: UUID, categories: list[str] | None, *, days: int = 0) -> int:
    at = NOON + timedelta(days=days)
    return vault.shred_subject(
        subject_id=subject_id, categories=categories, cause="x", certificate="C", actor=SWEEPER, at=at
    )
