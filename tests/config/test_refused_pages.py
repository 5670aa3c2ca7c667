"""The page that tells somebody that they may not see it says that the attempt was recorded: so it is."""

import json

import pytest
from django.contrib.admin import site
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse

from config.transport_checks import office_networks_are_networks
from privacy.campaigns.models import Campaign
from privacy.ledger.models import Entry
from privacy.lib.errors.refusals import Refusal
from tests import factory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes


@pytest.mark.asvs("16.3.2")
@pytest.mark.truth("a-refused-page-is-on-record")
class RefusedPagesTest(PortalTestCase):
    def test_who_opens_a_page_that_they_may_not_see_is_on_record(self) -> None:
        hana = factory.make_hana(granted=False)
        self.client.force_login(hana)
        for address in ("/en/office/ledger/review/", "/en/office/accounts/accessgrant/grant/"):
            before = Entry.objects.filter(word="ledger.denied").count()
            page = self.client.get(address)
            assert page.status_code == 403, (address, page.status_code)
            self.assertContains(page, "the attempt was recorded", status_code=403)
            assert Entry.objects.filter(word="ledger.denied").count() == before + 1, address
            entry = Entry.objects.filter(word="ledger.denied").latest("id")
            told = json.loads(entry.payload)
            assert hana.reference in entry.payload, told
            assert "admin:" in entry.payload, told

    def test_every_page_that_refuses_a_signed_in_person_puts_it_on_record(self) -> None:
        refused, silent = 0, []
        for make in (lambda: factory.make_hana(granted=False), factory.make_aram):
            client = Client(raise_request_exception=False)
            client.force_login(make())
            for place in all_routes():
                if place.is_api or place.name == "sign-out":
                    continue
                before = Entry.objects.filter(word="ledger.denied").count()
                if client.get(place.address).status_code == 403:
                    refused += 1
                    if Entry.objects.filter(word="ledger.denied").count() != before + 1:
                        silent.append(place.address)
        assert refused > 300 and silent == []
        # Who has no console is led to its door, and is refused there.
        client.force_login(factory.make_emin())
        for address in ("/office/", "/office/ledger/entry/"):
            before = Entry.objects.filter(word="ledger.denied").count()
            assert client.get(address, follow=True).status_code == 403
            assert Entry.objects.filter(word="ledger.denied").count() == before + 1

    def test_who_is_not_signed_in_is_asked_to_and_nothing_is_recorded(self) -> None:
        before = Entry.objects.filter(word="ledger.denied").count()
        assert self.client.get("/en/office/ledger/review/").status_code == 302
        assert Entry.objects.filter(word="ledger.denied").count() == before


@pytest.mark.law("S-16")
class OfficeNetworksTest(PortalTestCase):
    @pytest.mark.asvs("8.2.4")
    def test_the_console_opens_to_the_named_networks_alone_and_a_try_is_on_record(self) -> None:
        odile = factory.make_odile()
        self.client.force_login(odile)
        with self.settings(OFFICE_NETWORKS=["10.20.0.0/16", "2001:db8::/32"], TRUSTED_PROXIES=["127.0.0.1/32"]):
            for address, status in (
                ("10.20.3.4", 200), ("2001:db8::1", 200), ("::ffff:10.20.0.1", 200), ("10.21.0.1", 403),
                ("203.0.113.9", 403), ("", 403), ("nonsense", 403),
                # A hop that a client wrote is believed by nobody.
                ("10.20.0.1, 203.0.113.9", 403),
            ):  # fmt: skip
                before = Entry.objects.filter(word="ledger.denied").count()
                page = self.client.get("/en/office/", headers={"x-forwarded-for": address})
                assert page.status_code == status, address
                assert (Entry.objects.filter(word="ledger.denied").count() > before) == (status == 403), address
            self.assertContains(page, "only from the office's own networks", status_code=403, html=False)
            assert odile.reference in Entry.objects.filter(word="ledger.denied").latest("id").payload
            assert self.client.get("/en/rights/").status_code == 200
        assert self.client.get("/en/office/").status_code == 200

    def test_what_is_no_network_is_told_before_the_portal_starts(self) -> None:
        with self.settings(OFFICE_NETWORKS=["10.20.0.0/16", "office"]):
            assert [one.id for one in office_networks_are_networks()] == ["config.E037"]
        assert list(office_networks_are_networks()) == []


class RefusedWithoutFormTest(PortalTestCase):
    def test_what_a_page_without_a_form_refuses_is_said_on_the_list(self) -> None:
        def refuse(request: HttpRequest) -> HttpResponse:
            raise Refusal("zebra")

        self.client.force_login(factory.make_odile())
        request = self.client.get(reverse("admin:index")).wsgi_request
        answer = site.get_model_admin(Campaign).page(refuse)(request)  # type: ignore[attr-defined]
        assert answer.url == reverse("admin:campaigns_campaign_changelist")
        assert [str(message) for message in get_messages(request)] == ["zebra"]


@pytest.mark.truth("address-that-no-database-reads")
class UnreadableAddressTest(PortalTestCase):
    def test_an_address_with_a_sign_that_no_text_may_hold_is_refused_and_no_error(self) -> None:
        factory.the_policy()
        self.client.force_login(factory.make_odile())
        for address in (
            "/policy/a%00..b/",
            "/en/consents/receipts/%00/",
            "/staff/pledges/%00/",
            "/office/jobs/heartbeat/%00/change/",
            "/office/jobs/generaloutbox/?kind__exact=a%00",
        ):
            page = self.client.get(address)
            assert page.status_code == 400, address
            self.assertContains(page, "<h1", status_code=400)
        assert self.client.get("/verify/?digest=%2500").status_code != 400
