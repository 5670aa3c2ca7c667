"""The page that tells somebody that they may not see it says that the attempt was recorded: so it is."""

import json

import pytest
from django.contrib.admin import site
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from privacy.campaigns.models import Campaign
from privacy.ledger.models import Entry
from privacy.lib.errors.refusals import Refusal
from tests import factory
from tests.base import PortalTestCase


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

    def test_who_is_not_signed_in_is_asked_to_and_nothing_is_recorded(self) -> None:
        before = Entry.objects.filter(word="ledger.denied").count()
        assert self.client.get("/en/office/ledger/review/").status_code == 302
        assert Entry.objects.filter(word="ledger.denied").count() == before


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
