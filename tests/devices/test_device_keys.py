"""A device's own key (SEC-39): whoever holds the gateway's token still can't speak for the device."""

import json
import secrets
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpResponse
from django.urls import reverse

from devices import actions as devices
from devices.models import Device, Scope
from devices.request_signatures import TOLERANCE_SECONDS, BadSignature
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.identifiers.ids import new_id
from tests import factory
from tests.devices.base import ApiTestCase
from tests.devices.signing import public, signed_headers

CHANGE = {"os_build": "BP2A.2"}


@pytest.mark.attack("17.10")
@pytest.mark.asvs("4.1.5")
class DeviceKeyTest(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.row = self.device(1)
        self.key = Ed25519PrivateKey.generate()
        self.address = f"/devices/{self.row.id}"
        assert self.sets_key(self.key).status_code == 200

    def sets_key(self, key: Ed25519PrivateKey, **headers: str) -> HttpResponse:
        content = json.dumps({"signing_key": public(key)}).encode()
        return self.call("PUT", f"{self.address}/signing-key", raw=content, **headers)

    def changes(self, **how: Any) -> HttpResponse:
        content = json.dumps(CHANGE).encode()
        keys = how.pop("keys", {"device": self.key})
        headers = signed_headers("PATCH", self.address, content, keys=keys, now=self.now, **how)
        return self.call("PATCH", self.address, raw=content, **headers)

    def refused(self, answer: HttpResponse) -> None:
        self.assertProblem(answer, 401, "bad-signature")

    def test_what_the_device_signed_is_taken(self) -> None:
        assert self.changes().status_code == 200
        path = f"{self.address}/consents"
        headers = signed_headers("GET", path, keys={"device": self.key}, now=self.now)
        assert self.call("GET", path, **headers).status_code == 200

    def test_every_call_about_the_device_needs_it(self) -> None:
        decision = {
            "decision": "agree", "version": 1, "decided_at": self.now.isoformat(), "method": "app", "language": "ko"
        }  # fmt: skip
        for method, path, body in (
            ("PUT", self.address, factory.registration(1)),
            ("PATCH", self.address, CHANGE),
            ("POST", f"{self.address}/end-of-service", {"ended_on": "2026-11-01"}),
            ("POST", f"{self.address}/errors-settled", {"until": self.now.isoformat()}),
            ("PUT", f"{self.address}/consents/activation", decision),
            ("GET", f"{self.address}/consents", None),
            ("GET", f"{self.address}/challenge", None),
            ("POST", f"{self.address}/challenge", {"challenge": str(self.row.id), "response": "deny"}),
        ):
            with self.subTest(f"{method} {path}"):
                self.refused(self.call(method, path, body))
        self.assertLedgered("devices.signature.refused", self.row)

    def test_reports_need_no_signature_of_the_device(self) -> None:
        assert self.send(self.report(self.row)).status_code == 200

    def test_neither_another_key_nor_an_old_or_repeated_signature(self) -> None:
        nonce = secrets.token_urlsafe(16)
        assert self.changes(nonce=nonce).status_code == 200
        self.refused(self.changes(nonce=nonce))
        self.refused(self.changes(keys={"device": Ed25519PrivateKey.generate()}))
        self.refused(self.changes(keys={"sig": self.key}))
        self.refused(self.changes(late=TOLERANCE_SECONDS + 5))
        self.refused(self.changes(digest_of=b"{}"))

    def test_a_signature_is_for_one_device(self) -> None:
        other = self.device(2)
        content = json.dumps(CHANGE).encode()
        headers = signed_headers("PATCH", f"/devices/{other.id}", content, keys={"device": self.key}, now=self.now)
        self.refused(self.call("PATCH", self.address, raw=content, **headers))

    def test_a_signed_token_and_a_device_sign_one_request(self) -> None:
        gateway, own = factory.make_gateway("Gate"), Ed25519PrivateKey.generate()
        self.token = devices.issue_token(
            gateway, scopes=Scope.values, signing_key=public(own), actor=SystemActor("tests"), at=self.now
        ).token
        assert self.changes(keys={"sig": own, "device": self.key}).status_code == 200
        self.refused(self.changes(keys={"sig": own}))
        self.refused(self.changes(keys={"device": self.key}))

    def test_only_the_present_key_replaces_itself(self) -> None:
        other = Ed25519PrivateKey.generate()
        self.refused(self.sets_key(other))
        path, content = f"{self.address}/signing-key", json.dumps({"signing_key": public(other)}).encode()
        headers = signed_headers("PUT", path, content, keys={"device": self.key}, now=self.now)
        assert self.call("PUT", path, raw=content, **headers).status_code == 200
        self.refused(self.changes())
        assert self.changes(keys={"device": other}).status_code == 200
        self.assertLedgered("devices.key.set", self.row)

    def test_another_gateway_learns_nothing_of_it(self) -> None:
        other = factory.make_token("Other", scopes=Scope.values, at=self.now)
        for address in (self.address, f"/devices/{new_id()}"):
            self.assertProblem(self.call("PATCH", address, CHANGE, token=other), 404, "unknown-device")
        refused = Entry.objects.filter(word="devices.signature.refused", about=f"devices.device:{self.row.id}")
        assert not refused.exists()

    def test_of_two_who_set_the_first_key_at_once_one_does(self) -> None:
        row = self.device(2)
        gateway = factory.make_gate()
        first = partial(devices.set_device_key, device_id=row.id, signed_by=None, gateway=gateway, at=self.now)
        first(signing_key=public(self.key))
        with pytest.raises(BadSignature):
            first(signing_key=public(Ed25519PrivateKey.generate()))

    def test_what_is_no_key_is_refused(self) -> None:
        address = f"/devices/{self.device(2).id}/signing-key"
        for wrong in ("x", "AAAA", public(self.key)[:-4]):
            with self.subTest(wrong):
                self.assertProblem(self.call("PUT", address, {"signing_key": wrong}), 400, "bad-key")

    def test_an_officer_removes_a_lost_key_and_a_handler_may_not(self) -> None:
        with pytest.raises(NotPermitted):
            devices.remove_device_key(self.row, actor=factory.make_hana(), at=self.now)
        self.client.force_login(factory.make_odile())
        address = reverse("admin:devices_device_change", args=[self.row.pk])
        press = {"CHANGE_FORM-action": "remove_key", ACTION_CHECKBOX_NAME: str(self.row.pk), "confirmed": "yes"}
        self.client.post(address, press)
        assert Device.objects.get(pk=self.row.pk).signing_key is None
        self.assertLedgered("devices.key.removed", self.row)
        assert self.call("PATCH", self.address, CHANGE).status_code == 200
