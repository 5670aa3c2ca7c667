"""Somebody who was granted a category and holds no role that opens it is told what they lack."""

from datetime import timedelta

import pytest

from privacy.accounts import actions as accounts
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.truth("a-grant-without-a-role")
class AccessWithoutARoleTest(PortalTestCase):
    def setUp(self) -> None:
        self.emin, today = factory.make_emin(), clock.today()
        accounts.grant(
            asked_by=self.emin,
            user=self.emin, category="device-registration", purpose="registration", reason="inventory",
            valid_from=today, valid_until=today + timedelta(9), actor=factory.make_odile(granted=False),
            at=clock.now(),
        )  # fmt: skip

    def test_the_page_says_that_the_role_is_missing(self) -> None:
        self.client.force_login(self.emin)
        page = self.client.get("/en/staff/")
        self.assertContains(page, "None of your roles lets you view personal data")
        hana = factory.make_hana()
        self.client.force_login(hana)
        self.assertNotContains(self.client.get("/en/staff/"), "None of your roles lets you view personal data")

    def test_the_refusal_names_the_role_and_not_a_grant_that_is_there(self) -> None:
        device = factory.make_device()
        with (
            pytest.raises(NotPermitted, match="역할"),
            vault.opened(
                purpose="registration", task="devices.device.unmasked", actor=self.emin, at=clock.now(), reason="test"
            ) as door,
        ):
            door.decrypt_fields(device, ["model"])
