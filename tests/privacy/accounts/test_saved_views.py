"""A list of the console is kept as it was narrowed, for oneself or for colleagues, and leaves as a file on record."""

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from privacy.accounts.models import SavedView
from privacy.ledger.entries.payloads import facts_in
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import make_user

LIST = "admin:rights_request_changelist"
SAVE = "/office/lists/rights/request/save/"
FILE = "/office/lists/rights/request/file/"


class SavedViewTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana, self.aram = factory.make_odile(), factory.make_hana(), factory.make_aram()
        self.case = factory.ask().request
        self.client.force_login(self.odile)

    def save(self, query: str = "assigned=nobody", title: str = "Unassigned", **rest: str) -> str:
        return self.client.post(f"{SAVE}?{query}", {"title": title, **rest}, follow=True).content.decode()

    def test_it_keeps_filters_and_order_under_a_name_on_record(self) -> None:
        self.save("assigned=nobody&o=-3&state__exact=received")
        view = SavedView.objects.get()
        assert view.query == "state__exact=received&assigned=nobody&o=-3"
        assert facts_in(self.assertLedgered("accounts.view.saved", view).payload)["shared"] is False
        page = self.client.get(f"{reverse(LIST)}?{view.query}").content.decode()
        assert "Unassigned" in page
        assert 'aria-current="true"' in page

    def test_it_keeps_nothing_that_was_typed(self) -> None:
        for typed in ("q=010-1234-5678", "number__exact=010-1234-5678", "assigned=010-1234-5678", "state__exact=Mina"):
            with self.subTest(typed):
                self.client.post(f"{SAVE}?{typed}", {"title": typed[:4]})
        assert set(SavedView.objects.values_list("query", flat=True)) <= {""}

    def test_a_name_holds_no_address_and_no_number(self) -> None:
        for title in ("mina@example.org", "010-1234-5678", "356938 035643809"):
            with self.subTest(title):
                self.save(title=title)
        assert not SavedView.objects.exists()

    def test_direction_overrides_are_no_name(self) -> None:
        self.save(title="cases\u202egnp")
        assert not SavedView.objects.exists()

    def test_two_of_one_name_are_refused_over_the_form(self) -> None:
        self.save()
        assert "이미 있습니다" in self.save()
        assert SavedView.objects.count() == 1

    def test_a_colleague_sees_what_is_shared_and_may_not_remove_it(self) -> None:
        self.save(title="Mine alone")
        self.save(title="For all", is_shared="on")
        shared = SavedView.objects.get(title="For all")
        self.client.force_login(self.hana)
        page = self.client.get(reverse(LIST)).content.decode()
        assert "For all" in page
        assert "Mine alone" not in page
        assert self.client.post(f"/office/lists/{shared.pk}/remove/").status_code == 404
        self.client.force_login(self.odile)
        assert self.client.get(f"/office/lists/{shared.pk}/remove/").status_code == 405
        self.client.post(f"/office/lists/{shared.pk}/remove/")
        self.assertLedgered("accounts.view.removed", shared)
        assert "For all" not in self.client.get(reverse(LIST)).content.decode()

    def test_whoever_may_not_see_a_list_keeps_no_view_and_gets_no_file(self) -> None:
        self.client.force_login(self.hana)
        for address in ("/office/lists/accounts/user/save/", "/office/lists/accounts/user/file/"):
            assert self.client.get(address).status_code == 403
        assert self.client.get("/office/lists/accounts/nothing/file/").status_code == 404
        self.client.force_login(make_user("emin@extrus.example", "Emin"))
        assert self.client.get(FILE).status_code != 200

    def test_a_file_has_the_rows_of_the_list_a_reason_and_an_entry(self) -> None:
        factory.make_verified(factory.ask(address="203.0.113.9"))
        page = self.client.post(f"{FILE}?state__exact=received", {"form": "xlsx", "reason": ""})
        assert page.status_code == 200
        assert page["Content-Type"].startswith("text/html")
        sent = self.client.post(f"{FILE}?state__exact=received", {"form": "xlsx", "reason": "weekly meeting"})
        rows = list(load_workbook(io.BytesIO(sent.content)).active.iter_rows(values_only=True))
        assert [row[0] for row in rows[1:]] == [self.case.number]
        assert not any("<" in str(cell) for row in rows for cell in row)
        entry = self.assertLedgered("ledger.register.exported")
        facts = facts_in(entry.payload)
        assert (facts["register"], facts["filters"], facts["rows"]) == ("rights.request", "state__exact=received", 1)
        assert "weekly meeting" in entry.payload

    @pytest.mark.asvs("1.2.10")
    def test_csv_runs_no_formula(self) -> None:
        gateway = factory.make_gateway()
        type(gateway).objects.filter(pk=gateway.pk).update(title="=HYPERLINK(1)")
        sent = self.client.post("/office/lists/devices/gateway/file/", {"form": "csv", "reason": "for the inspection"})
        text = sent.content.decode("utf-8-sig")
        assert "'=HYPERLINK(1)" in text

    def test_people_in_a_list_are_named_on_the_record_of_its_file(self) -> None:
        device = factory.make_device(1)
        self.client.post("/office/lists/devices/device/file/", {"form": "csv", "reason": "for the inspection"})
        entry = self.assertLedgered("ledger.register.exported")
        assert entry.subjects or str(device.subject_id) in entry.payload
