"""The console: devices masked and found by whole identifiers, unmasked with a reason, tokens shown once (law S-28)."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from devices import actions as devices
from devices import lookup
from devices.actors import token_digest
from devices.models import Device, Gateway, GatewayToken, Licence
from privacy.accounts.models import User
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase

LIST = "/office/devices/device/"


class OfficeTestCase(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.odile = factory.make_odile()
        self.client.force_login(self.odile)

    def press(self, page: str, action: str, record: Any, **answers: Any) -> Any:
        """Press a button on a record's page and confirm."""
        chosen = {"CHANGE_FORM-action": action, ACTION_CHECKBOX_NAME: str(record.pk), "confirmed": "yes", **answers}
        return self.client.post(page, chosen, follow=True)


@pytest.mark.clause("P8.8")
class DeviceListTest(OfficeTestCase):
    @pytest.mark.law("S-28")
    @pytest.mark.asvs("8.2.3", "14.2.6")
    def test_identifiers_are_masked_in_lists_and_on_pages(self) -> None:
        device = factory.make_device(1, at=self.now)
        for page in (LIST, reverse("admin:devices_device_change", args=[device.pk]), "/office/devices/licence/"):
            answer = self.client.get(page)
            assert answer.status_code == 200
            self.assertContains(answer, device.reference)
            for secret in (factory.imei(1), factory.imei(1)[-4:], "R3CT000001X", "SM-S931N", "EXAFE-00000001"):
                self.assertNotContains(answer, secret)

    @pytest.mark.law("S-28")
    def test_a_device_is_found_by_reference_and_whole_identifiers_only(self) -> None:
        device, other = factory.make_device(1, adb_number="emulator-1"), factory.make_device(2)
        spellings = [device.reference, device.reference.lower(), factory.imei(1), "r3ct000001x", "emulator-1"]
        for term in spellings:
            answer = self.client.get(LIST, {"q": term})
            self.assertContains(answer, device.reference)
            self.assertNotContains(answer, other.reference)
        for term in (factory.imei(1)[:-1], "R3CT", "emulator", "%", factory.imei(99)):
            self.assertNotContains(self.client.get(LIST, {"q": term}), device.reference)

    def test_a_search_by_identifier_is_on_record_before_it_answers(self) -> None:
        device = factory.make_device(1)
        reads = Entry.objects.reads().count()
        self.client.get(LIST, {"q": factory.imei(1)})
        entry = Entry.objects.reads().order_by("-id")[0]
        assert Entry.objects.reads().count() == reads + 1
        assert (entry.task, entry.actor, entry.subjects) == (
            "devices.device.searched", self.odile.ref, [str(device.id)]
        )  # fmt: skip
        assert factory.imei(1) not in entry.payload

    @pytest.mark.law("S-28")
    def test_a_licence_is_found_by_its_whole_key(self) -> None:
        device = factory.make_device(1)
        self.assertContains(self.client.get("/office/devices/licence/", {"q": "exafe-00000001"}), device.reference)
        self.assertNotContains(self.client.get("/office/devices/licence/", {"q": "exafe"}), device.reference)

    def test_pages_follow_each_other_by_key_without_gaps(self) -> None:
        for number in range(1, 121):
            device = factory.make_device(number, agreed=())
            Device.objects.filter(pk=device.pk).update(registered_at=self.now - timedelta(seconds=number // 3))
        seen: list[str] = []
        address = LIST
        while address:
            answer = self.client.get(address)
            changelist = answer.context["cl"]
            seen += [row.reference for row in changelist.result_list]
            address = LIST + changelist.next_query if changelist.next_after else ""
        assert len(seen) == len(set(seen)) == 120

    def test_a_made_up_page_is_no_error(self) -> None:
        factory.make_device(1)
        for after in ("x", "[]", '["x","y"]', '["2026-11-24 00:00:00+00:00","not-a-uuid"]', "{}"):
            assert self.client.get(LIST, {"after": after}).status_code in {200, 302}

    def test_a_list_takes_few_queries_and_counts_no_big_table(self) -> None:
        for number in range(1, 60):
            factory.make_device(number, agreed=())
        self.client.get(LIST)
        with CaptureQueriesContext(connections["personal"]) as personal:
            self.client.get(LIST)
        assert len(personal) <= 6
        counts = [query["sql"] for query in personal if "COUNT(" in query["sql"]]
        assert all("LIMIT" in sql for sql in counts), counts


@pytest.mark.clause("P8.8")
class UnmaskTest(OfficeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.device = factory.make_device(1)
        self.page = reverse("admin:devices_device_change", args=[self.device.pk])

    @pytest.mark.law("S-05")
    def test_it_asks_for_purpose_and_reason_first(self) -> None:
        answer = self.client.post(
            self.page, {"CHANGE_FORM-action": "unmask", ACTION_CHECKBOX_NAME: str(self.device.pk)}
        )
        self.assertContains(answer, 'name="reason"')
        self.assertNotContains(answer, factory.imei(1))
        answer = self.press(self.page, "unmask", self.device, purpose="rights", reason="")
        self.assertNotContains(answer, factory.imei(1))

    @pytest.mark.law("S-27")
    def test_then_it_shows_the_items_once_and_is_on_record(self) -> None:
        answer = self.press(self.page, "unmask", self.device, purpose="rights", reason="case K7-0001, phone call")
        self.assertContains(answer, factory.imei(1))
        self.assertContains(answer, "SM-S931N")
        assert "no-store" in answer.headers["Cache-Control"]
        entry = Entry.objects.reads().order_by("-id")[0]
        assert entry.task == "devices.device.unmasked"
        assert "case K7-0001" in entry.payload
        self.assertNotContains(self.client.get(self.page), factory.imei(1))

    def test_a_frozen_item_stays_shut_for_ordinary_purposes(self) -> None:
        factory.make_freeze(self.device.subject_id, category="device-registration", item="imei", at=self.now)
        answer = self.press(self.page, "unmask", self.device, purpose="registration", reason="licence question")
        self.assertNotContains(answer, factory.imei(1))
        assert Entry.objects.filter(kind="denied").exists()

    @pytest.mark.law("S-08")
    def test_only_holders_of_the_permission_are_offered_it(self) -> None:
        self.client.force_login(factory.make_aram())
        answer = self.press(self.page, "unmask", self.device, purpose="rights", reason="curious auditor")
        assert answer.status_code == 403
        self.assertNotContains(self.client.get(self.page), "unmask")

    def test_without_an_access_grant_the_door_stays_shut(self) -> None:
        self.client.force_login(factory.make_hana(granted=False))
        answer = self.press(self.page, "unmask", self.device, purpose="rights", reason="case K7-0001")
        self.assertNotContains(answer, factory.imei(1))


class GatewayPagesTest(OfficeTestCase):
    def test_a_gateway_is_registered_and_gets_a_token_that_is_shown_once(self) -> None:
        self.client.post(
            "/office/devices/gateway/add/", {"title": "MDM server", "users": "anybody", "rate": "600"}, follow=True
        )
        gateway = Gateway.objects.get(title="MDM server")
        assert gateway.users == "anybody"
        page = reverse("admin:devices_gateway_change", args=[gateway.pk])
        answer = self.press(page, "issue_token", gateway, scopes=["reports", "devices"], days="30")
        token = answer.context["token"]
        self.assertContains(answer, token)
        row = GatewayToken.objects.get()
        assert bytes(row.digest) == token_digest(token)
        assert row.scopes == ["devices", "reports"]
        for address in (page, "/office/devices/gatewaytoken/"):
            self.assertNotContains(self.client.get(address), token)
        self.assertLedgered("devices.gateway.registered", gateway)
        own = reverse("admin:devices_gatewaytoken_change", args=[row.pk])
        self.press(own, "approve", row)
        row.refresh_from_db()
        assert row.approved_at is None
        self.client.force_login(factory.make_omar())
        self.press(own, "approve", row)
        row.refresh_from_db()
        assert row.approved_by == factory.make_omar().ref
        self.assertLedgered("devices.token.approved", row)

    def test_two_gateways_do_not_share_a_title(self) -> None:
        factory.make_gateway("Gate")
        answer = self.client.post("/office/devices/gateway/add/", {"title": "Gate", "rate": "600"}, follow=True)
        assert answer.status_code == 200
        assert Gateway.objects.count() == 1

    def test_a_token_is_rotated_and_revoked(self) -> None:
        made = devices.issue_token(factory.make_gateway(), scopes=["reports"], actor=self.odile, at=self.now)
        devices.approve_token(made.row, actor=factory.make_omar(), at=self.now)
        page = reverse("admin:devices_gatewaytoken_change", args=[made.row.pk])
        answer = self.press(page, "rotate", made.row)
        assert answer.context["token"] != made.token
        self.press(page, "revoke", made.row)
        made.row.refresh_from_db()
        assert made.row.revoked_by == self.odile.ref

    def test_a_closed_gateway_is_closed(self) -> None:
        gateway = factory.make_gateway()
        self.press(reverse("admin:devices_gateway_change", args=[gateway.pk]), "close", gateway)
        gateway.refresh_from_db()
        assert gateway.closed_at is not None

    def test_who_may_not_keep_gateways_can_not(self) -> None:
        aram: User = factory.make_aram()
        self.client.force_login(aram)
        assert self.client.get("/office/devices/gateway/add/").status_code == 403
        gateway = factory.make_gateway()
        page = reverse("admin:devices_gateway_change", args=[gateway.pk])
        self.press(page, "issue_token", gateway, scopes=["reports"], days="30")
        assert not GatewayToken.objects.exists()


class OtherPagesTest(OfficeTestCase):
    def test_every_list_and_page_of_the_app_opens(self) -> None:
        device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"), at=self.now)
        factory.make_token(at=self.now)
        devices.issue_challenge(device_id=device.id, case="K7-1", actor=self.odile, at=self.now)
        for model in ("device", "licence", "gateway", "gatewaytoken", "challenge", "dailyreportcount"):
            assert self.client.get(f"/office/devices/{model}/").status_code == 200, model
        for record in (device, Licence.objects.get(), Gateway.objects.get(), GatewayToken.objects.get()):
            page = reverse(f"admin:devices_{record._meta.model_name}_change", args=[record.pk])
            assert self.client.get(page).status_code == 200, page

    def test_statistics_are_a_page_with_charts_and_a_file(self) -> None:
        reports = [factory.make_report(factory.make_device(number), at=self.now) for number in range(1, 12)]
        devices.store_reports(factory.make_batch(*reports), gateway=factory.make_gate(), at=self.now)
        devices.count_batches(actor=self.odile, at=self.now)
        answer = self.client.get("/office/devices/dailyreportcount/")
        self.assertContains(answer, "<svg")
        self.assertContains(answer, "<caption")
        file = self.client.get("/office/devices/dailyreportcount/?format=csv")
        assert file.headers["Content-Type"].startswith("text/csv")
        assert "status:active,11" in file.content.decode()


@pytest.mark.truth("shown-is-recorded")
class SharedLicenceTest(PortalTestCase):
    def test_no_licence_is_found_that_the_record_of_the_search_does_not_name(self) -> None:
        for number in (1, 2, 3):
            device = factory.make_device(number)
            terms = devices.LicenceTerms("EXAFE-SHARED", date(2026, 1, 1), date(2027, 1, 1))
            devices.update(
                device_id=device.id, changes={"licence": terms}, gateway=factory.make_gate(), at=factory.NOON
            )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lookup, "MAX_FOUND", 2)
            found = lookup.find_licences("EXAFE-SHARED", actor=factory.make_odile(), at=factory.NOON)
        said = json.loads(self.assertLedgered("ledger.read").payload)
        assert (found.count(), len(said["subjects"])) == (2, 2)
