"""Access: everything that is held, why, how long, who got it, who opened it; handed out once after a second proof."""

import base64
import hashlib
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices import actions as devices
from devices import wire
from devices.models import Challenge
from privacy.rights import actions as rights
from privacy.rights import packagepage, packages, statuspage, tasks
from privacy.rights.actions import Asked
from privacy.rights.models import Package, Request, Right
from privacy.rights.people import Requester
from privacy.subjects.models import Subject
from privacy.vault.models import SealedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

ROOT = Path(__file__).resolve().parents[3]


class AccessCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.device = factory.make_device(1, agreed=("activation", "app-log"))
        devices.store_reports(
            factory.make_batch(factory.make_report(self.device), factory.make_report(self.device, "app-log")),
            gateway=factory.make_gate(),
            at=NOON,
        )
        factory.make_provided(self.device, "model")

    def carried_out(self, **asked: Any) -> Right:
        receipt = factory.ask(Asked("access", **asked), target=factory.imei(1), answer_by="portal")
        return rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)

    def package(self) -> Package:
        return Package.objects.get()

    def files(self, at: Any = NOON) -> dict[str, bytes]:
        code = rights.issue_pickup_code(self.package(), actor=self.odile, at=NOON)
        content = b"".join(rights.download(self.package(), code=code, at=at))
        assert hashlib.sha256(content).hexdigest() == self.package().file_digest
        archive = zipfile.ZipFile(io.BytesIO(content))
        return {name: archive.read(name) for name in archive.namelist()}

    def content(self) -> dict[str, Any]:
        return dict(json.loads(self.files()["content.json"]))


@pytest.mark.clause("P1.2")
class PackageTests(AccessCase):
    def test_it_holds_every_record_and_every_consent(self) -> None:
        self.carried_out()
        content = self.content()
        registration = content["held"]["device-registration"]
        assert registration[0]["imei"] == factory.imei(1)
        assert any("licence_key" in record for record in registration)
        assert content["held"]["service-analytics"][0]["body"] == {"state": "active"}
        assert content["held"]["app-log"][0]["body"]["message"] == "policy did not apply"
        assert {one["agreement"] for one in content["consents"]} == {"activation", "app-log"}

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
        bodies = [one for one in vars(wire).values() if isinstance(one, type) and issubclass(one, wire.Body)]
        parts = {field.encode_name for body in bodies for field in msgspec.structs.fields(body)}
        assert len(parts) > 10
        assert not parts - set(packagepage.INNER)
        opens = re.compile(r'task(?:=|(?:, \w+)? = )"([a-z.-]+)"')
        apps = ("privacy/rights", "privacy/disclosures", "privacy/campaigns", "devices", "consents")
        files = [file for app in apps for file in (ROOT / app).rglob("*.py")]
        tasks = {task for file in files for task in opens.findall(file.read_text())}
        assert len(tasks) > 20
        assert not {task for task in tasks if not task.endswith(".exported")} - set(packagepage.TASKS)

    def test_only_the_scope_asked_for_is_inside(self) -> None:
        self.carried_out(scope=("purposes", "retention"))
        content = self.content()
        assert "held" not in content
        assert "consents" not in content
        assert content["purposes"]

    def test_parts_left_out_are_named_and_not_shown(self) -> None:
        receipt = factory.ask(Asked("access"), target=factory.imei(1), answer_by="portal")
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
        receipt = factory.ask(Asked("access"), target=factory.imei(4242), answer_by="portal")
        right = rights.carry_out(factory.make_granted(receipt), actor=self.odile, at=NOON)
        assert right.result == {"nothing_held": True}
        assert Request.objects.get(id=right.request_id).state == "notified"

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

    def test_building_it_is_on_record(self) -> None:
        right = self.carried_out()
        self.assertLedgered("rights.package.built", right.request)
        assert packages.FORMAT in json.dumps(self.content())


class DownloadTests(AccessCase):
    def setUp(self) -> None:
        super().setUp()
        self.right = self.carried_out()

    def test_the_file_is_sealed_while_it_waits(self) -> None:
        assert b"PK" not in SealedFile.objects.get(category="rights-request").content.box[:4]

    def test_without_the_second_proof_it_is_refused(self) -> None:
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), at=NOON)
        rights.issue_pickup_code(self.package(), actor=self.odile, at=NOON)
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), code="0000-0000-0000", at=NOON)

    def test_it_is_handed_out_once_and_then_removed(self) -> None:
        code = rights.issue_pickup_code(self.package(), actor=self.odile, at=NOON)
        assert rights.download(self.package(), code=code, at=NOON)
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), code=code, at=NOON)
        with pytest.raises(rights.WrongState):
            rights.issue_pickup_code(self.package(), actor=self.odile, at=NOON)
        assert rights.remove_packages(actor=tasks.WORKER, at=NOON) == 0, "a slow line is still at it"
        assert rights.remove_packages(actor=tasks.WORKER, at=NOON + timedelta(hours=1)) == 1
        assert not SealedFile.objects.filter(category="rights-request").exists()
        self.assertLedgered("rights.package.downloaded", self.right.request)
        self.assertLedgered("rights.package.removed", self.right.request)

    def test_it_expires(self) -> None:
        later = NOON + timedelta(hours=72, minutes=1)
        code = rights.issue_pickup_code(self.package(), actor=self.odile, at=NOON)
        with pytest.raises(rights.PackageGone):
            rights.download(self.package(), code=code, at=later)
        assert rights.remove_packages(actor=tasks.WORKER, at=later + timedelta(hours=1)) == 1

    def test_a_fresh_confirmation_on_the_device_is_a_second_proof(self) -> None:
        case = Request.objects.get(id=self.right.request_id)
        asked = statuspage.challenge_for_download(case, actor=Requester(case.reference), at=NOON)
        assert not statuspage.confirmed_for_download(case, at=NOON)
        devices.answer_challenge(
            device_id=self.device.id, challenge_id=asked.id, confirmed=True, gateway=factory.make_gate(), at=NOON
        )
        assert statuspage.confirmed_for_download(case, at=NOON)
        assert not statuspage.confirmed_for_download(case, at=NOON + timedelta(hours=1))
        assert next(rights.download(self.package(), confirmed=True, at=NOON)).startswith(b"PK")

    def test_confirming_the_identity_is_not_confirming_a_download(self) -> None:
        case = Request.objects.get(id=self.right.request_id)
        made = devices.challenge(
            device_id=self.device.id, case=case.reference, actor=Requester(case.reference), at=NOON
        )
        Challenge.objects.filter(id=made.id).update(state="confirmed", answered_at=NOON)
        assert not statuspage.confirmed_for_download(case, at=NOON)
