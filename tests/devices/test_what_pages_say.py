"""What the office's pages of devices and gateways say of consents and tokens."""

from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from devices import actions as devices
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase


class WhatPagesSayTest(PortalTestCase):
    def setUp(self) -> None:
        self.client.force_login(factory.make_odile())

    @pytest.mark.truth("withdrawn-is-not-active")
    def test_a_withdrawn_consent_has_the_shape_of_one(self) -> None:
        device = factory.make_device(agreed=("app-log",))
        factory.decide(device, "app-log", "withdraw", at=factory.NOON + timedelta(hours=1))
        page = self.client.get(f"/en/office/devices/device/{device.pk}/change/")
        self.assertContains(page, '<span class="badge badge-done">withdrawn</span>')

    @pytest.mark.truth("an-old-token-ends-when-it-expires")
    def test_rotating_says_that_an_old_token_may_expire_sooner(self) -> None:
        issued = devices.issue_token(
            factory.make_gateway(), scopes=["reports"], lifetime=timedelta(days=2), actor=factory.make_odile(),
            at=clock.now(),
        )  # fmt: skip
        devices.approve_token(issued.row, actor=factory.make_omar(), at=clock.now())
        page = reverse("admin:devices_gatewaytoken_change", args=[issued.row.pk])
        asked = self.client.post(
            page, {"CHANGE_FORM-action": "rotate", ACTION_CHECKBOX_NAME: str(issued.row.pk)}, follow=True,
            headers={"accept-language": "en"},
        )  # fmt: skip
        assert asked.status_code == 200
        rotated = devices.rotate_token(issued.row, actor=factory.make_odile(), at=clock.now())
        issued.row.refresh_from_db()
        assert issued.row.expires_at < rotated.row.issued_at + timedelta(days=3)
        assert "그 전에 만료되면" in asked.content.decode() or "if that is sooner" in asked.content.decode()

    @pytest.mark.truth("scopes-in-words")
    def test_the_page_of_a_new_token_says_in_words_what_it_may_do(self) -> None:
        gateway = factory.make_gateway()
        page = self.client.post(
            f"/en/office/devices/gateway/{gateway.pk}/change/",
            {
                "CHANGE_FORM-action": "issue_token", ACTION_CHECKBOX_NAME: str(gateway.pk), "confirmed": "yes",
                "scopes": ["consents"], "days": "30",
            },
        )  # fmt: skip
        self.assertContains(page, "<dd>record and read consent decisions</dd>", html=True)

    @pytest.mark.truth("token-of-a-closed-gateway")
    def test_a_token_of_a_closed_gateway_does_not_work(self) -> None:
        gateway, odile = factory.make_gateway(), factory.make_odile()
        made = devices.issue_token(gateway, scopes=["reports"], actor=odile, at=clock.now())
        page = "/en/office/devices/gatewaytoken/"
        self.assertContains(self.client.get(page), ">waits for approval<")
        devices.approve_token(made.row, actor=factory.make_omar(), at=clock.now())
        self.assertContains(self.client.get(page), ">works<")
        devices.close_gateway(gateway, actor=odile, at=clock.now())
        shown = self.client.get(page)
        self.assertNotContains(shown, ">works<")
        self.assertContains(shown, ">gateway closed<")

    @pytest.mark.truth("nobody-denied-it")
    def test_a_code_that_nobody_answered_was_not_denied_on_the_device(self) -> None:
        device = factory.make_device()
        asked = clock.now() - timedelta(hours=2)
        for again in (asked, asked + timedelta(hours=1)):
            devices.issue_challenge(device_id=device.id, case="R-1", actor=factory.make_gate(), at=again)
        shown = self.client.get("/en/office/devices/challenge/")
        self.assertContains(shown, "ran out", count=2)
        for untrue in ('class="field-state_shown">denied', 'class="field-state_shown">waiting', ">expired<"):
            self.assertNotContains(shown, untrue)

    @pytest.mark.truth("no-service-after-the-registration")
    def test_the_service_of_an_ended_registration_does_not_run(self) -> None:
        device, other = factory.make_device(1), factory.make_device(2)
        for page in ("/en/office/devices/device/", f"/en/office/devices/device/{device.pk}/change/"):
            self.assertContains(self.client.get(page), "running")
        subjects.find_false_identity(
            Subject.objects.get(pk=device.subject_id), grounds="another's papers", evidence_digest="0" * 64,
            actor=factory.make_odile(), at=clock.now(),
        )  # fmt: skip
        self.assertNotContains(self.client.get(f"/en/office/devices/device/{device.pk}/change/"), "running")
        shown = self.client.get("/en/office/devices/device/").content.decode()
        assert shown.count(">running<") == 1, f"of {other} alone"
