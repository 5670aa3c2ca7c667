"""A copy that is handed out tells what is held: it is made last, made anew where something changed, made once."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from devices import actions as devices
from privacy.retention.refusals import OnHold
from privacy.rights import actions as rights
from privacy.rights import status_page, tasks
from privacy.rights.access_package import writer
from privacy.rights.actions import RequestedRight, package_builds
from privacy.rights.models import Package, PackageBuild, PackagePiece, Request, Right
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit
from tests.privacy.rights.test_case_actions import DeskCase
from tests.privacy.rights.test_concurrent_decisions import at_once

LATER = NOON + timedelta(minutes=5)
CORRECTION = RequestedRight("correction", category="device-registration", item="imei", wanted=factory.RIGHT_IMEI)
REPORTS = 23


def fetched(package: Package, at: Any = LATER) -> bytes:
    code = factory.pickup_code(package, at=at)
    return b"".join(rights.download(package, code=code, at=at))


def content_of(package: Package, at: Any = LATER) -> dict[str, Any]:
    archive = zipfile.ZipFile(io.BytesIO(fetched(package, at)))
    assert archive.testzip() is None
    return dict(json.loads(archive.read("content.json")))


def granted(*asked: RequestedRight, target: str = "", at: Any = NOON) -> list[Right]:
    """The rights of one case, verified and granted, as they were asked for."""
    receipt = factory.ask(*asked, target=target or factory.imei(1), answer_by="portal", address="", at=at)
    case = factory.make_verified(receipt, at=at)
    return [rights.grant(right, actor=factory.make_officer(), at=at) for right in case.rights.order_by("position")]


@pytest.mark.truth("6")
class OrderTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1)

    def test_a_copy_before_its_correction_is_refused_and_says_what_to_do(self) -> None:
        access, correction = granted(RequestedRight("access"), CORRECTION)
        with pytest.raises(rights.WrongState, match="정정"):
            rights.carry_out(access, actor=self.odile, at=NOON)
        assert Right.objects.get(id=access.id).started_at is None
        rights.carry_out(correction, actor=self.odile, at=NOON)
        rights.carry_out(access, actor=self.odile, at=NOON)
        content = content_of(Package.objects.get())
        assert content["held"]["device-registration"][0]["imei"] == factory.RIGHT_IMEI
        assert content["frozen"] == []

    def test_a_copy_before_a_decision_is_refused(self) -> None:
        receipt = factory.ask(
            RequestedRight("access"), RequestedRight("deletion", category="app-log"), target=factory.imei(1)
        )
        case = factory.make_verified(receipt)
        access = rights.grant(case.rights.get(kind="access"), actor=self.odile, at=NOON)
        with pytest.raises(rights.WrongState):
            rights.carry_out(access, actor=self.odile, at=NOON)
        rights.refuse(
            case.rights.get(kind="deletion"), ground="collected-by-law", law="법 제1조", actor=self.odile, at=NOON
        )
        assert rights.carry_out(access, actor=self.odile, at=NOON).carried_out_at is not None

    def test_a_deletion_that_a_hold_keeps_from_going_on_keeps_no_copy_back(self) -> None:
        access, deletion = granted(RequestedRight("access"), RequestedRight("deletion"))
        factory.make_hold(subject_id=self.device.subject_id)
        with pytest.raises(OnHold):
            rights.carry_out(deletion, actor=self.odile, at=NOON)
        rights.carry_out(access, actor=self.odile, at=NOON)
        assert content_of(Package.objects.get())["held"]["device-registration"]


@pytest.mark.truth("6")
class TogetherTests(DeskCase):
    def test_pressed_together_the_copy_is_made_last(self) -> None:
        access, _correction = granted(RequestedRight("access"), CORRECTION)
        self.press(access.request, "carry_out", rights=["1", "2"])
        content = content_of(Package.objects.get())
        assert content["held"]["device-registration"][0]["imei"] == factory.RIGHT_IMEI
        page = status_page.context(Request.objects.get(), at=LATER)
        assert not page["package_outdated"]
        assert not access.request.rights.to_carry_out().exists()


@pytest.mark.truth("6")
class OutdatedTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        reports = [factory.make_report(self.device, kind) for kind in ("status", "app-log")]
        devices.store_reports(factory.make_batch(*reports), gateway=factory.make_gate(), at=NOON)
        (self.access,) = granted(RequestedRight("access"))
        rights.carry_out(self.access, actor=self.odile, at=NOON)

    def package(self) -> Package:
        return Package.objects.get()

    def correct(self) -> None:
        (right,) = granted(CORRECTION, at=LATER)
        rights.carry_out(right, actor=self.odile, at=LATER)

    def test_a_corrected_value_is_not_handed_out_and_the_copy_is_made_anew(self) -> None:
        code = factory.pickup_code(self.package(), at=NOON)
        self.correct()
        with pytest.raises(rights.PackageOutdated, match="새로 작성"):
            rights.download(self.package(), code=code, at=LATER)
        self.assertLedgered("rights.package.outdated")
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 1
        whole = b"".join(rights.download(self.package(), code=code, at=LATER))
        content = json.loads(zipfile.ZipFile(io.BytesIO(whole)).read("content.json"))
        assert content["held"]["device-registration"][0]["imei"] == factory.RIGHT_IMEI
        assert factory.package_files().count() == self.package().pieces

    @pytest.mark.truth("a-new-one-is-being-made")
    def test_who_fetches_it_once_more_within_the_hour_gets_the_new_one_that_is_promised(self) -> None:
        code = factory.pickup_code(self.package(), at=NOON)
        assert b"".join(rights.download(self.package(), code=code, at=NOON))
        self.correct()
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 0, "nobody asked for another one"
        with pytest.raises(rights.PackageOutdated, match="새로 작성"):
            rights.download(self.package(), code=code, at=LATER)
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 1
        assert b"".join(rights.download(self.package(), code=code, at=LATER))
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), code=code, at=NOON + timedelta(hours=1))

    def test_nobody_has_to_try_first(self) -> None:
        self.correct()
        # the copy can be fetched for three days: whoever runs the tests later is too late
        with patch("privacy.rights.tasks.clock.now", return_value=LATER):
            tasks.resume()
        assert content_of(self.package())["held"]["device-registration"][0]["imei"] == factory.RIGHT_IMEI

    def test_the_status_page_says_that_it_is_made_anew(self) -> None:
        case = Request.objects.get(id=self.access.request_id)
        assert not status_page.context(case, at=LATER)["package_outdated"]
        self.correct()
        assert status_page.context(case, at=LATER)["package_outdated"]
        rights.renew_packages(actor=tasks.WORKER, at=LATER)
        assert not status_page.context(case, at=LATER)["package_outdated"]

    def test_what_was_destroyed_meanwhile_is_not_handed_out(self) -> None:
        (right,) = granted(RequestedRight("deletion", category="app-log"), at=LATER)
        rights.carry_out(right, actor=self.odile, at=LATER)
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 1
        assert content_of(self.package())["held"]["app-log"] == []

    def test_a_withdrawn_consent_a_freeze_and_a_provision_are_changes(self) -> None:
        factory.make_provided(self.device, "model")
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 1
        (right,) = granted(RequestedRight("suspension"), at=LATER)
        rights.carry_out(right, actor=self.odile, at=LATER)
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 1
        (right,) = granted(RequestedRight("consent-withdrawal", agreement="app-log"), at=LATER)
        rights.carry_out(right, actor=self.odile, at=LATER)
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 1
        content = content_of(self.package())
        assert content["provided"]
        assert content["frozen"]
        assert "withdraw" in {one["decision"] for one in content["consents"]}

    def test_what_comes_in_later_is_no_change(self) -> None:
        batch = factory.make_batch(factory.make_report(self.device, at=LATER))
        devices.store_reports(batch, gateway=factory.make_gate(), at=LATER)
        assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 0
        assert len(content_of(self.package())["held"]["service-analytics"]) == 1


@pytest.mark.truth("package-made-in-slices")
class SliceTests(PortalTestCase):
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The real sizes need hundreds of thousands of records; the same code with small ones.
        monkeypatch.setattr(writer, "SLICE_RECORDS", 4)
        monkeypatch.setattr(writer, "PAGE_RECORDS", 2)
        monkeypatch.setattr(package_builds, "MAX_SLICES_PER_RUN", 3)

    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        self.device = factory.make_device(1)
        times = [NOON - timedelta(minutes=number // 2) for number in range(REPORTS)]
        batch = factory.make_batch(*(factory.make_report(self.device, "configuration", at=at) for at in times))
        devices.store_reports(batch, gateway=factory.make_gate(), at=NOON)
        (self.access,) = granted(RequestedRight("access"))

    def rings(self) -> Iterator[int]:
        """Ring until the copy is there; yield after each ring how many slices there are."""
        while not Package.objects.exists():
            tasks.resume_interrupted(at=LATER)
            yield sum(PackageBuild.objects.values_list("slices", flat=True))

    def test_what_does_not_fit_one_run_goes_on_where_it_ended(self) -> None:
        with pytest.raises(rights.InProgress):
            rights.carry_out(self.access, actor=self.odile, at=NOON)
        slices = [PackageBuild.objects.get().slices, *self.rings()]
        assert slices[:-1] == sorted(set(slices[:-1]))
        assert len(slices) > 2
        content = content_of(Package.objects.get())
        reports = [one["report"] for one in content["held"]["service-analytics"]]
        assert len(reports) == len(set(reports)) == REPORTS
        assert not PackageBuild.objects.exists()
        assert factory.package_files().count() == Package.objects.get().pieces

    def test_every_page_is_whole_and_in_the_manifest(self) -> None:
        with pytest.raises(rights.InProgress):
            rights.carry_out(self.access, actor=self.odile, at=NOON)
        list(self.rings())
        archive = zipfile.ZipFile(io.BytesIO(fetched(Package.objects.get())))
        assert archive.testzip() is None
        pages = [name for name in archive.namelist() if name.startswith("service-analytics-")]
        assert sum(archive.read(page).decode().count("<dl>") for page in pages) == REPORTS
        manifest = json.loads(archive.read("manifest.json"))
        assert set(manifest["files"]) == set(archive.namelist()) - {
            "manifest.json",
            "signature.json",
            "manifest-proof.json",
        }

    def test_what_changes_while_it_is_made_is_in_it(self) -> None:
        with pytest.raises(rights.InProgress):
            rights.carry_out(self.access, actor=self.odile, at=NOON)
        (right,) = granted(CORRECTION, at=LATER)
        rights.carry_out(right, actor=self.odile, at=LATER)
        list(self.rings())
        content = content_of(Package.objects.get())
        assert content["held"]["device-registration"][0]["imei"] == factory.RIGHT_IMEI
        assert len(content["held"]["service-analytics"]) == REPORTS
        assert factory.package_files().count() == Package.objects.get().pieces


@pytest.mark.truth("package-download-again")
class BrokenDownloadTests(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        factory.make_device(1)
        (access,) = granted(RequestedRight("access"))
        rights.carry_out(access, actor=self.odile, at=NOON)
        self.package = Package.objects.get()
        self.code = factory.pickup_code(self.package, at=NOON)

    def start(self, at: Any = LATER) -> Any:
        return rights.download(self.package, code=self.code, at=at)

    def test_one_that_breaks_off_can_be_tried_again_until_the_end(self) -> None:
        broken = self.start()
        next(broken)
        broken.close()
        self.package.refresh_from_db()
        assert self.package.downloaded_at is None
        assert not self.package.right.request.steps.filter(word="rights.package.downloaded").exists()
        assert zipfile.ZipFile(io.BytesIO(b"".join(self.start(NOON + timedelta(hours=50))))).testzip() is None

    def test_a_whole_one_can_be_tried_again_for_an_hour_because_nobody_knows_whether_it_arrived(self) -> None:
        first = b"".join(self.start())
        self.assertLedgered("rights.package.downloaded")
        assert b"".join(self.start(LATER + timedelta(minutes=59))) == first
        with pytest.raises(rights.PackageGone):
            self.start(LATER + timedelta(hours=1))


@pytest.mark.truth("download-of-a-renewed-copy")
class RenewedWhileDownloadedTests(PortalTestCase):
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Several runs of pieces, as a large copy has.
        monkeypatch.setattr(writer, "PIECE_BYTES", 400)

    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile = factory.make_officer()
        factory.make_device(1)
        (access,) = granted(RequestedRight("access"))
        rights.carry_out(access, actor=self.odile, at=NOON)
        self.package = Package.objects.get()
        self.code = factory.pickup_code(self.package, at=NOON)
        self.under_way = rights.download(self.package, code=self.code, at=LATER)
        next(self.under_way)

    def renew(self) -> None:
        (right,) = granted(CORRECTION, at=LATER)
        rights.carry_out(right, actor=self.odile, at=LATER)
        assert rights.renew_packages(actor=self.odile, at=LATER) == 1

    def test_what_can_no_longer_be_sent_whole_breaks_off_and_the_new_copy_is_still_to_fetch(self) -> None:
        self.renew()
        with pytest.raises(rights.PackageOutdated):
            list(self.under_way)
        self.package.refresh_from_db()
        assert self.package.downloaded_at is None
        assert not self.package.right.request.steps.filter(word="rights.package.downloaded").exists()
        assert content_of(self.package)["held"]["device-registration"][0]["imei"] == factory.RIGHT_IMEI

    def test_a_copy_that_was_sent_whole_just_before_it_was_renewed_does_not_count_for_the_new_one(self) -> None:
        parts = [next(self.under_way) for _piece in range(self.package.pieces - 1)]
        assert parts
        self.renew()
        assert list(self.under_way) == []
        self.package.refresh_from_db()
        assert self.package.downloaded_at is None


@pytest.mark.truth("package-double-click")
@pytest.mark.fault("FLT-19")
def test_two_who_carry_out_at_once_make_one_whole_copy(portal_database: PortalDatabase) -> None:
    odile = factory.make_officer()
    factory.make_handler()
    device = factory.make_device(1)
    devices.store_reports(factory.make_batch(factory.make_report(device)), gateway=factory.make_gate(), at=NOON)
    for _round in range(5):
        (access,) = granted(RequestedRight("access"))

        def carry_out(right: Right, officer: Any) -> object:
            return rights.carry_out(right, actor=officer, at=NOON)

        def go_on(right: Right, officer: Any) -> object:
            return tasks.resume_interrupted(at=LATER)

        at_once(access, [(carry_out, odile), (carry_out, odile), (go_on, odile)])
        tasks.resume_interrupted(at=LATER)
        package = Package.objects.get(right=access)
        assert content_of(package)["held"]["device-registration"]
        assert package_builds.package_files(access, package.event_id).count() == package.pieces


@pytest.mark.asvs("15.2.2")
@pytest.mark.truth("package-made-in-slices")
@pytest.mark.fault("FLT-03")
def test_killed_at_any_slice_it_is_gone_on_with(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SLICE_RECORDS", 2)
    monkeypatch.setattr(writer, "PAGE_RECORDS", 1)
    device = factory.make_device(1)
    batch = factory.make_batch(*(factory.make_report(device, "configuration") for _number in range(5)))
    devices.store_reports(batch, gateway=factory.make_gate(), at=NOON)
    granted(RequestedRight("access"))

    def carry_out() -> None:
        rights.carry_out(Right.objects.get(), actor=factory.make_officer(), at=NOON)

    copies = Copies(portal_database, tmp_path)
    with copies.copy():
        commits = run_until_commit(carry_out, 0)
    for number in range(4, commits, 7):
        with copies.copy():
            assert run_until_commit(carry_out, number) == KILLED
            tasks.resume_interrupted(at=LATER)
            package = Package.objects.get()
            assert len(content_of(package)["held"]["service-analytics"]) == 5
            assert package_builds.package_files(package.right, package.event_id).count() == package.pieces
            assert PackagePiece.objects.count() == package.pieces


@pytest.mark.truth("resume-each")
class ResumeTests(PortalTestCase):
    def test_a_right_that_breaks_keeps_no_other_from_going_on(self) -> None:
        factory.make_officer()
        factory.make_device(1)
        (broken,) = granted(RequestedRight("consent-withdrawal"))
        (access,) = granted(RequestedRight("access"))
        for right in (broken, access):
            rights.begin_execution(right, actor=factory.make_officer(), at=NOON)
        # A kind of right that this release does not know, as after going back to an earlier one.
        Right.objects.filter(id=broken.id).update(kind="unknown")
        assert tasks.resume_interrupted(at=LATER) == 1
        assert Right.objects.get(id=access.id).carried_out_at is not None

    def test_what_was_tried_longest_ago_comes_first(self) -> None:
        factory.make_officer()
        factory.make_device(1)
        first, second = granted(RequestedRight("suspension")), granted(RequestedRight("access"))
        for right in (*first, *second):
            rights.begin_execution(right, actor=factory.make_officer(), at=NOON)
        Right.objects.filter(id=first[0].id).update(tried_at=LATER)
        assert [one.id for one in Right.objects.interrupted(at=LATER)] == [second[0].id, first[0].id]
