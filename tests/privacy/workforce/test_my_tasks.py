"""The first page of an employee: what is owed comes first."""

from datetime import timedelta

import pytest

from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import grant_pairs
from tests.privacy.accounts.test_sessions import signed_in


@pytest.mark.truth("claims")
class MyTasksTest(PortalTestCase):
    def test_what_is_owed_is_on_top_and_signing_in_leads_there(self) -> None:
        nina = factory.make_user("nina@extrus.example", "Nina Kim", "employee", fit=False)
        client = signed_in(nina)
        assert client.get("/welcome/").headers["Location"] == "/staff/"
        page = client.get("/staff/").content.decode()
        owed, access = page.index("notice-error"), page.index('class="lead"')
        assert page.index("<h1>") < owed < access
        assert "/staff/pledges/" in page[owed:access] and "/staff/training/" in page[owed:access]
        emin = signed_in(factory.make_emin())
        assert "notice-error" not in emin.get("/staff/").content.decode()

    @pytest.mark.truth("access-that-begins-later")
    def test_access_that_begins_later_is_told_with_its_day_and_not_as_none(self) -> None:
        emin = factory.make_emin()
        client = signed_in(emin)
        assert "You don't have access to personal information." in client.get("/en/staff/").content.decode()
        begins = clock.today() + timedelta(days=10)
        grant_pairs(emin, [("device-registration", "rights")], by=factory.make_odile(granted=False), on=begins)
        page = client.get("/en/staff/").content.decode()
        assert "You don't have access to personal information." not in page
        assert "You can&#x27;t view personal data yet." in page or "You can't view personal data yet." in page
        assert "Access that begins later" in page
