"""Access: everything that is held, why, how long, who got it, who opened it; handed out once after a second proof."""

import base64
import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.template.loader import render_to_string
from django.utils.translation import override

from devices import actions as devices
from devices import report_schema
from devices.models import Challenge
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.ledger import actions as ledger
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import letters, openings, status_page, tasks
from privacy.rights.access_package import contents, html_pages
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.consequences import consequences_of
from privacy.rights.models import Package, Request, Right
from privacy.subjects.models import Subject
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

ROOT = Path(__file__).resolve().parents[3]


class AccessCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
        devices.store_reports(
            factory.make_batch(factory.make_report(self.device), factory.make_report(self.device, "app-log")),
            gateway=factory.make_gate(),
            at=NOON,
        )
        factory.make_provided(self.device, "model")

    def carried_out(self, **asked: Any) -> Right:
        receipt = factory.ask(RequestedRight("access", **asked), target=factory.imei(1), answer_by="portal")
        return rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)

    def package(self) -> Package:
        return Package.objects.get()

    def files(self, at: Any = NOON) -> dict[str, bytes]:
        code = factory.pickup_code(self.package(), at=NOON)
        content = b"".join(rights.download(self.package(), code=code, at=at))
        assert hashlib.sha256(content).hexdigest() == self.package().file_digest
        archive = zipfile.ZipFile(io.BytesIO(content))
        return {name: archive.read(name) for name in archive.namelist()}

    def content(self) -> dict[str, Any]:
        return dict(json.loads(self.files()["content.json"]))


@pytest.mark.clause("P1.2")
class PackageTests(AccessCase):
    def test_every_category_is_a_table_too_and_in_the_manifest(self) -> None:
        self.carried_out()
        files = self.files()
        every = json.loads(files["content.json"])["held"]
        name = f"table-{list(every).index('service-analytics') + 1:02}.csv"
        rows, held = list(csv.DictReader(io.StringIO(files[name].decode("utf-8-sig")))), every["service-analytics"]
        assert [row["body.state"] for row in rows] == [record["body"]["state"] for record in held]
        manifest = json.loads(files["manifest.json"])["files"]
        assert manifest[name] == hashlib.sha256(files[name]).hexdigest()
        assert f'href="{name}"' in files["index.html"].decode()

    @pytest.mark.law("R-02")
    def test_it_holds_every_record_and_every_consent(self) -> None:
        self.carried_out()
        content = self.content()
        registration = content["held"]["device-registration"]
        assert registration[0]["imei"] == factory.imei(1)
        assert any("licence_key" in record for record in registration)
        assert content["held"]["service-analytics"][0]["body"] == {"state": "active"}
        assert content["held"]["app-log"][0]["body"]["message"] == "policy did not apply"
        assert {one["agreement"] for one in content["consents"]} == {"activation", "service-analytics", "app-log"}

    @pytest.mark.law("R-02")
    def test_it_tells_purposes_retention_and_provision(self) -> None:
        self.carried_out()
        content = self.content()
        assert "registration" in content["purposes"]["device-registration"]
        assert content["retention"]["device-registration"] == {"from": "licence-expiry", "years": 2, "months": 0}
        (provided,) = content["provided"]
        assert provided["recipient"] == "Acme Devices"
        assert provided["items"] == ["model"]

    def test_it_tells_who_opened_the_data_and_for_what(self) -> None:
        self.carried_out()
        opened = self.content()["opened"]
        assert self.odile.reference in {one["by"] for one in opened}
        assert "disclosures.disclosure.provided" in {one["task"] for one in opened}

    @pytest.mark.truth("7")
    def test_who_read_what_she_wrote_in_her_case_is_among_them(self) -> None:
        receipt = factory.ask(RequestedRight("access"), target=factory.imei(1), answer_by="portal")
        right = factory.make_granted(receipt)
        hana = factory.make_handler()
        rights.read_particulars(right.request, task="rights.particulars.read", actor=hana, at=NOON)
        rights.carry_out(right, actor=self.odile, at=NOON)
        read = [one for one in self.content()["opened"] if one["task"] == "rights.particulars.read"]
        assert [one["by"] for one in read] == [hana.reference]

    @pytest.mark.truth("7")
    def test_an_empty_list_says_what_it_does_not_show(self) -> None:
        right = self.carried_out()
        content = {**contents.content_of(right, at=NOON), "opened": [], "provided": [], "held": {}}
        with override("en"):
            page = render_to_string("rights/package.html", html_pages.context(content))
        assert "We have no record of anyone opening your data." in page
        assert "Records that a law requires us to keep secret" in page
        assert "Nobody" not in page
        assert content["opened_since"]

    @pytest.mark.law("R-32")
    def test_the_content_follows_its_schema(self) -> None:
        self.carried_out()
        files = self.files()
        schema, content = json.loads(files["schema.json"]), json.loads(files["content.json"])
        assert set(schema["required"]) <= set(content)
        assert set(content) <= set(schema["properties"])
        for name, part in content.items():
            rules = schema["properties"][name]
            if rules.get("type") == "array" and rules["items"].get("properties"):
                for row in part:
                    assert set(rules["items"]["required"]) <= set(row) <= set(rules["items"]["properties"])

    def test_the_manifest_is_signed_and_names_every_file(self) -> None:
        self.carried_out()
        files = self.files()
        manifest, signed = json.loads(files["manifest.json"]), json.loads(files["signature.json"])
        for name, digest in manifest["files"].items():
            assert hashlib.sha256(files[name]).hexdigest() == digest
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed["public_key"]))
        key.verify(base64.b64decode(signed["signature"]), files["manifest.json"])
        paper = json.loads(files["manifest-proof.json"])
        assert paper["manifest"] == manifest
        assert paper["paper"]["statement"]["kind"] == "access-package-manifest"

    @pytest.mark.law("R-03")
    def test_a_person_can_read_it(self) -> None:
        self.carried_out()
        page = self.files()["index.html"].decode()
        assert 'lang="ko"' in page
        assert factory.imei(1) in page
        assert "단말기기 고유번호(IMEI)" in page

    def test_no_key_or_code_of_ours_stands_on_the_readable_page(self) -> None:
        factory.make_contact(Subject.objects.get(pk=self.device.subject_id))
        self.carried_out()
        page = self.files()["index.html"].decode()
        for told in ("이름: Mina", "상태: 활성", "전자우편 주소"):
            assert told in page, told
        for code in ("name:", "state:", "email", "contact", "rights.", "devices."):
            assert code not in page, code

    def test_every_part_of_every_report_and_every_opening_has_its_words(self) -> None:
        bodies = [
            one for one in vars(report_schema).values() if isinstance(one, type) and issubclass(one, report_schema.Body)
        ]
        parts = {field.encode_name for body in bodies for field in msgspec.structs.fields(body)}
        assert len(parts) > 10
        assert not parts - set(html_pages.NESTED_LABELS)
        opens = re.compile(r'task(?:=|(?:, \w+)? = )"([a-z.-]+)"')
        apps = ("privacy/rights", "privacy/disclosures", "privacy/campaigns", "devices", "consents")
        files = [file for app in apps for file in (ROOT / app).rglob("*.py")]
        tasks = {task for file in files for task in opens.findall(file.read_text())}
        assert len(tasks) > 20
        assert not {task for task in tasks if not task.endswith(".exported")} - set(openings.TASK_LABELS)

    @pytest.mark.law("R-02", "F-1")
    def test_only_the_scope_asked_for_is_inside(self) -> None:
        self.carried_out(scope=("purposes", "retention"))
        content = self.content()
        assert "held" not in content
        assert "consents" not in content
        assert content["purposes"]

    @pytest.mark.law("R-11", "P-13")
    def test_parts_left_out_are_named_and_not_shown(self) -> None:
        receipt = factory.ask(RequestedRight("access"), target=factory.imei(1), answer_by="portal")
        case = factory.make_verified(receipt)
        right = rights.grant_partly(
            case.rights.get(), excluded=["app-log", "provision"], ground="life-or-body", actor=self.odile, at=NOON
        )
        rights.carry_out(right, actor=self.odile, at=NOON)
        files = self.files()
        content = json.loads(files["content.json"])
        assert content["left_out"] == ["app-log", "provision"]
        assert "app-log" not in content["held"]
        assert "provided" not in content
        assert "제3자 제공" in files["index.html"].decode()

    def test_nobody_elses_data_is_inside(self) -> None:
        other = factory.make_device(2)
        self.carried_out()
        text = json.dumps(self.content())
        assert factory.imei(2) not in text
        assert str(other.subject_id) not in text

    def test_a_person_of_whom_nothing_is_held_is_told_so_after_verification(self) -> None:
        receipt = factory.ask(RequestedRight("access"), target=factory.imei(4242), answer_by="portal")
        right = rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)
        assert right.result == {"nothing_held": True}
        assert Request.objects.get(id=right.request_id).state == "notified"

    @pytest.mark.law("P-12", "P-13")
    @pytest.mark.clause("P5.1")
    def test_what_the_law_keeps_secret_is_not_told(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        for kind, permit in {"user-information": "", "confirmation": "2026-77"}.items():
            authority = factory.make_authority(record_class=kind, permit_no=permit)
            made = factory.make_provided(self.device, "model", third_party=agency, authority=authority)
        self.carried_out()
        content = self.content()
        assert made.disclosure.reference not in json.dumps(content)
        assert len(content["provided"]) == 2  # of one moment, in no order
        assert {one["recipient"] for one in content["provided"]} == {"Acme Devices", "Agency Devices"}
        assert sum(one["task"] == "disclosures.disclosure.provided" for one in content["opened"]) == 2

    @pytest.mark.law("P-13")
    def test_whether_agencies_were_given_something_is_decided_in_the_case_with_its_ground(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        factory.make_provided(self.device, "model", third_party=agency, authority=factory.make_authority())
        right = factory.make_verified(factory.ask(target=factory.imei(1))).rights.get()
        with override("en"):
            assert "1 provision to an investigative agency" in str(consequences_of(right, at=NOON))
        words = {"ground": "law", "law": "통신비밀보호법 제9조의2"}
        right = rights.grant_partly(right, excluded=["provision-authorities"], **words, actor=self.odile, at=NOON)
        content = contents.content_of(right, at=NOON)
        assert [one["recipient"] for one in content["provided"]] == ["Acme Devices"]
        assert "agency" not in json.dumps([content["provided"], content["opened"]]).lower()
        assert content["left_out"] == ["provision-authorities"]
        assert sum(one["task"] == "disclosures.disclosure.provided" for one in content["opened"]) == 1
        entry = self.assertLedgered("rights.request.partly-granted", right.request)
        assert words["law"] in entry.payload
        assert (right.ground, right.law, right.decided_by) == (words["ground"], words["law"], self.odile.reference)
        with override("en"):
            said = letters.decision_text(right, on=NOON.date())
        assert "provision to investigative agencies" in said
        assert words["law"] in said

    @pytest.mark.law("P-13")
    def test_of_an_access_to_provisions_alone_leaving_out_all_of_them_is_a_refusal(self) -> None:
        asked = RequestedRight("access", scope=("provision",))
        right = factory.make_verified(factory.ask(asked, target=factory.imei(1))).rights.get()
        words = {"ground": "law", "law": "법", "actor": self.odile, "at": NOON}
        for excluded in (["provision"], ["provision", "provision-authorities"]):
            with pytest.raises(rights.NoGround):
                rights.grant_partly(right, excluded=excluded, **words)
        assert rights.grant_partly(right, excluded=["provision-authorities"], **words).is_granted

    @pytest.mark.truth("secret-by-its-notice")
    @pytest.mark.clause("P5.1")
    def test_a_notice_of_a_correction_does_not_tell_of_a_secret_provision(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        authority = factory.make_authority(record_class="confirmation", permit_no="2026-77")
        factory.make_provided(
            self.device, "imei", third_party=agency, authority=authority, terminal_number_ground="법원의 허가"
        )
        corrected = factory.make_granted(factory.ask_correction(answer_by="portal"))
        rights.carry_out(corrected, actor=self.odile, at=NOON)
        notice = Notice.objects.get(third_party=agency)
        disclosures.read_corrected(notice, actor=disclosures.Recipient(notice), at=NOON)
        assert ledger.entries_about(self.device.subject_id).filter(task="disclosures.notice.shown").exists()
        opened = list(contents.access_records([self.device.subject_id], corrected.request))
        assert agency.reference not in {one["by"] for one in opened}
        assert "disclosures.notice.shown" not in {one["task"] for one in opened}

    @pytest.mark.truth("opened-since")
    def test_of_very_many_openings_it_says_from_when_on_all_are_told(self) -> None:
        people = [self.device.subject_id]
        for days in range(3):
            ledger.record_read(
                actor=self.odile, at=NOON + timedelta(days=days), subjects=people, task="devices.device.viewed",
                purpose="rights", reason="case K7-1",
            )  # fmt: skip
        all_told = contents.access_records_since(people)
        known = len(list(contents.access_records(people, Request())))
        with patch.object(contents, "MAX_ACCESS_RECORDS", known):
            assert contents.access_records_since(people) == all_told
        with patch.object(contents, "MAX_ACCESS_RECORDS", known - 1):
            first = Entry.objects.naming(people[0]).reads().order_by("id").first()
            assert first is not None
            since = clock.kst_date(first.time) + timedelta(days=1)
            assert contents.access_records_since(people) == since.isoformat() != all_told

    def test_building_it_is_on_record(self) -> None:
        right = self.carried_out()
        self.assertLedgered("rights.package.built", right.request)
        assert contents.FORMAT in json.dumps(self.content())


class DownloadTests(AccessCase):
    def setUp(self) -> None:
        super().setUp()
        self.right = self.carried_out()

    def test_the_file_is_sealed_while_it_waits(self) -> None:
        files = EncryptedFile.objects.filter(category="rights-request")
        assert files
        assert all(b"PK" not in file.content.ciphertext[:4] for file in files)

    @pytest.mark.law("R-32")
    @pytest.mark.asvs("2.3.1", "6.3.3", "6.6.2")
    def test_without_the_second_proof_it_is_refused(self) -> None:
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), at=NOON)
        # Nor by a code whose place another has taken.
        before, _now = (factory.pickup_code(self.package(), at=NOON) for _time in range(2))
        for code in ("0000-0000-0000", before):
            with pytest.raises(rights.PackageGone):
                rights.download(self.package(), code=code, at=NOON)

    @pytest.mark.law("R-03", "R-32")
    @pytest.mark.asvs("2.3.4")
    def test_it_is_handed_out_once_and_then_removed(self) -> None:
        code = factory.pickup_code(self.package(), at=NOON)
        assert b"".join(rights.download(self.package(), code=code, at=NOON))
        later = NOON + timedelta(hours=1)
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), code=code, at=later)
        with pytest.raises(rights.WrongState):
            factory.pickup_code(self.package(), at=NOON)
        assert rights.remove_packages(actor=tasks.WORKER, at=later) == 0, "a slow line is still at it"
        assert rights.remove_packages(actor=tasks.WORKER, at=NOON + timedelta(hours=2)) == 1
        assert not factory.package_files().exists()
        self.assertLedgered("rights.package.downloaded", self.right.request)
        self.assertLedgered("rights.package.removed", self.right.request)

    def test_it_expires(self) -> None:
        later = NOON + timedelta(hours=72, minutes=1)
        code = factory.pickup_code(self.package(), at=NOON)
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), code=code, at=later)
        assert rights.remove_packages(actor=tasks.WORKER, at=later + timedelta(hours=1)) == 1

    def test_a_fresh_confirmation_on_the_device_is_a_second_proof(self) -> None:
        case = Request.objects.get(id=self.right.request_id)
        asked = status_page.challenge_for_download(case, actor=Requester(case.reference), at=NOON)
        assert not status_page.confirmed_for_download(case, at=NOON)
        devices.answer_challenge(
            device_id=self.device.id,
            challenge_id=asked.id,
            confirmed=True,
            code=asked.shown,
            gateway=factory.make_gate(),
            at=NOON,
        )
        assert status_page.confirmed_for_download(case, at=NOON)
        assert not status_page.confirmed_for_download(case, at=NOON + timedelta(hours=1))
        assert next(rights.download(self.package(), confirmed=True, at=NOON)).startswith(b"PK")

    @pytest.mark.asvs("6.6.2")
    def test_confirming_the_identity_is_not_confirming_a_download(self) -> None:
        case = Request.objects.get(id=self.right.request_id)
        made = devices.issue_challenge(
            device_id=self.device.id, case=case.reference, actor=Requester(case.reference), at=NOON
        )
        Challenge.objects.filter(id=made.id).update(state="confirmed", answered_at=NOON)
        assert not status_page.confirmed_for_download(case, at=NOON)
