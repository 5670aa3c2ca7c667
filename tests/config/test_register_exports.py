"""The console's page of registers: only what a person may take out, with a reason, as a file."""

import base64
import io
from unittest import mock

import pytest
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from privacy.incidents import actions as incidents
from privacy.ledger.models import Entry
from privacy.lib.registries import registers
from tests import factory
from tests.base import PortalTestCase
from tests.encrypted_zips import REFUSED, opened
from tests.factories.accounts import NOON

PERIOD = {"first": "2026-11-01", "last": "2026-11-30", "form": "xlsx"}


class PageTests(PortalTestCase):
    def test_it_lists_what_one_may_take_out(self) -> None:
        self.client.force_login(factory.make_odile())
        page = self.client.get(reverse("admin:registers")).content.decode()
        assert "접근권한 관리대장" in page
        assert "개인정보파일 파기 관리대장" in page
        self.client.force_login(factory.make_hana())
        page = self.client.get(reverse("admin:registers")).content.decode()
        assert "열람등요구 처리대장" not in page

    def test_a_list_in_the_console_leads_to_its_file(self) -> None:
        self.client.force_login(factory.make_odile())
        page = self.client.get(reverse("admin:consents_decision_changelist")).content.decode()
        assert reverse("admin:register", args=["consents"]) in page

    def test_who_may_not_is_turned_away_and_the_unknown_is_not_found(self) -> None:
        self.client.force_login(factory.make_hana())
        assert self.client.get(reverse("admin:register", args=["requests"])).status_code == 403
        assert self.client.get(reverse("admin:register", args=["nothing"])).status_code == 404

    @pytest.mark.law("S-05", "S-27")
    def test_it_asks_for_a_reason_and_for_days_in_their_order(self) -> None:
        self.client.force_login(factory.make_odile())
        address = reverse("admin:register", args=["consents"])
        assert self.client.post(address, PERIOD).headers["Content-Type"].startswith("text/html")
        turned = {**PERIOD, "last": "2026-10-01", "reason": "inspection"}
        assert self.client.post(address, turned).headers["Content-Type"].startswith("text/html")
        answer = self.client.post(address, {**PERIOD, "reason": "inspection"})
        assert answer.headers["Content-Disposition"] == 'attachment; filename="consents-2026-11-30.xlsx"'

    @pytest.mark.asvs("15.2.2")
    @pytest.mark.truth("refusal-in-the-registers-language")
    def test_what_is_too_long_for_a_file_is_said_in_the_language_of_the_page(self) -> None:
        self.client.force_login(factory.make_odile())
        with override("en"), mock.patch.dict(registers.MAX_ROWS, {"pdf": 0}):
            address = reverse("admin:register", args=["agencies"])
            page = self.client.post(address, {**PERIOD, "form": "pdf", "reason": "inspection"}).content.decode()
        assert "A PDF can hold at most 0 rows." in page


@pytest.mark.clause("P2.2")
@pytest.mark.clause("P8.3")
class SealedRegisterTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        incidents.file_complaint(explanation="=zebra", contact={"email": "mina@example.org"}, at=NOON)

    @pytest.mark.law("S-21")
    def test_the_vault_opens_it_for_the_export_and_records_whose_it_was(self) -> None:
        self.client.force_login(factory.make_odile())
        answer = self.client.post(
            reverse("admin:register", args=["complaints"]), {**PERIOD, "reason": "yearly inspection"}
        )
        file = answer.context["file"]
        packed = base64.b64decode(file)
        assert b"zebra" not in packed
        assert file in answer.content.decode()
        assert answer.context["secret"] in answer.content.decode()
        assert "no-store" in answer.headers["Cache-Control"]
        with pytest.raises(REFUSED):
            opened(packed, "wrong")
        (content,) = opened(packed, answer.context["secret"]).values()
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet["D2"].value == "=zebra"
        assert sheet["D2"].data_type == "s"
        read = Entry.objects.filter(task="incidents.complaint.exported").get()
        assert "yearly inspection" in read.payload
        self.assertLedgered("ledger.register.exported")

    def test_without_a_grant_the_door_stays_shut(self) -> None:
        self.client.force_login(factory.make_odile(granted=False))
        answer = self.client.post(reverse("admin:register", args=["complaints"]), {**PERIOD, "reason": "inspection"})
        assert b"zebra" not in answer.content
        assert answer.headers["Content-Type"].startswith("text/html")
        with self.assertNotLedgered("ledger.register.exported"):
            pass
