"""A list leaves as its register may, its record says by what it was narrowed, and no page of it asks row by row."""

import pytest
from django.contrib.admin.templatetags.admin_list import result_headers
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.text import capfirst

from privacy.accounts.models import SavedView
from privacy.ledger.entries.payloads import facts_in
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import make_user

FILE = "/office/lists/rights/request/file/"
CASES = "/office/rights/request/"
SENT = {"form": "csv", "reason": "for the inspection"}


class ListFileTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = factory.make_odile(), factory.make_hana()
        self.case = factory.ask().request
        self.client.force_login(self.odile)

    def facts(self) -> dict[str, object]:
        return facts_in(self.assertLedgered("ledger.register.exported").payload)

    def test_who_may_not_export_the_register_takes_out_no_list_of_it(self) -> None:
        assert FILE in self.client.get(CASES).content.decode()
        self.client.force_login(self.hana)
        assert FILE not in self.client.get(CASES).content.decode()
        with self.assertNotLedgered("ledger.register.exported"):
            assert self.client.post(FILE, SENT).status_code == 403

    @pytest.mark.law("S-27")
    def test_it_leaves_with_the_columns_that_it_shows_and_no_identifier_in_clear(self) -> None:
        device = factory.make_device(1)
        listing = self.client.get("/office/devices/device/").context["cl"]
        shown = [capfirst(one["text"]) for one in result_headers(listing) if one.get("sortable") is not None]
        sent = self.client.post("/office/lists/devices/device/file/", SENT).content.decode("utf-8-sig")
        assert device.reference in sent
        columns = self.facts()["columns"]
        assert columns == [one for one in shown if one in columns] and len(columns) > 2
        assert columns == shown
        for secret in (factory.imei(1), factory.imei(1)[-4:], "R3CT000001X", "SM-S931N", "EXAFE-00000001"):
            assert secret not in sent

    def test_what_was_typed_into_a_filter_shows_on_the_record_without_its_value(self) -> None:
        self.client.post(f"{FILE}?id__exact={self.case.pk}&state__exact=received", SENT)
        assert self.facts()["filters"] == "state__exact=received&id__exact=…"

    def test_text_that_looks_like_html_stays(self) -> None:
        gateway = factory.make_gateway()
        type(gateway).objects.filter(pk=gateway.pk).update(title="load <5 and > 3 &amp;")
        sent = self.client.post("/office/lists/devices/gateway/file/", SENT)
        assert "load <5 and > 3 &amp;" in sent.content.decode("utf-8-sig")

    def test_too_many_filters_are_refused_over_the_form(self) -> None:
        listing = self.client.get(CASES).context["cl"]
        chosen = "&".join(
            str(choice["query_string"]).lstrip("?") for spec in listing.filter_specs for choice in spec.choices(listing)
        )
        page = self.client.post(f"/office/lists/rights/request/save/?{chosen}", {"title": "All of it"})
        assert page.status_code == 200
        assert page.context["form"].errors
        assert not SavedView.objects.exists()

    def test_a_number_is_a_number_however_it_is_parted(self) -> None:
        for title in ("010/1234/5678", "010\u20111234\u20115678", "010_123_456", "(02) 123, 45"):
            with self.subTest(title):
                self.client.post("/office/lists/rights/request/save/?state__exact=received", {"title": title})
                assert not SavedView.objects.exists()

    def test_a_list_asks_as_often_for_twenty_five_colleagues_as_for_five(self) -> None:
        people = [make_user(f"u{place}@extrus.example", f"Colleague {place}") for place in range(25)]
        asked = []
        for count in (5, 25):
            for place, person in enumerate(people[:count]):
                case = factory.ask(address=f"203.0.{count}.{place}").request
                type(case).objects.filter(pk=case.pk).update(assigned_to=person.ref)
            self.client.get(CASES)
            with CaptureQueriesContext(connection) as queries:
                page = self.client.get(CASES).content.decode()
            assert people[0].name in page
            asked.append(len(queries))
        assert asked[0] == asked[1]
