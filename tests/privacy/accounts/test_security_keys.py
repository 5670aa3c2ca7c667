"""Security keys: only from this page's own origin, never from a frame, and never a copy of the key (WebAuthn)."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from fido2.utils import websafe_decode, websafe_encode

from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from tests import factory
from tests.base import PortalTestCase
from tests.software_key import SoftwareKey

CONFIRM, ADD = "/staff/security/confirm/key/", "/staff/security/key/"


@pytest.mark.attack("17.23")
class SecurityKeyTests(PortalTestCase):
    def setUp(self) -> None:
        self.omar = factory.make_omar()
        secret = factory.give_app(self.omar)
        self.browser, self.key = Client(headers={"host": "localhost"}), SoftwareKey()
        self.browser.post("/sign-in/", {"login": self.omar.email, "password": factory.PASSWORD})
        self.browser.post("/sign-in/second/", {"code": factory.next_code(self.omar, secret)})

    def options(self, page: str) -> dict[str, Any]:
        asked: dict[str, Any] = json.loads(self.browser.get(page).context["options"])
        assert websafe_decode(asked["publicKey"]["challenge"])
        return asked

    def add(self, **lie: Any) -> bool:
        made = self.key.make(self.options(ADD), **lie)
        return self.browser.post(ADD, {"name": "blue", "credential": json.dumps(made)}).status_code == 302

    def confirm(self, **lie: Any) -> bool:
        signed = self.key.sign(self.options(CONFIRM), **lie)
        return self.browser.post(CONFIRM, {"credential": json.dumps(signed)}).status_code == 302

    def test_a_key_is_added_and_used_from_this_page(self) -> None:
        assert self.add()
        assert all(self.confirm() for _time in range(3))
        assert Authenticator.objects.get(type="webauthn").data["counter"] == 3

    @pytest.mark.truth("answer-of-no-key")
    def test_what_no_browser_sends_is_refused(self) -> None:
        assert self.add()
        signed = self.key.sign(self.options(CONFIRM))
        signed["response"]["clientDataJSON"] = websafe_encode(b"[" * 200_000)
        for answer in (json.dumps(signed), "[" * 200_000):
            assert self.browser.post(CONFIRM, {"credential": answer}).status_code == 200

    def test_other_origins_and_frames_are_refused(self) -> None:
        lies: tuple[dict[str, Any], ...] = (
            {"origin": "http://localhost:8443"},
            {"origin": "https://localhost"},
            {"origin": "http://evil.localhost"},
            {"origin": "http://localhost.evil.example"},
            {"crossOrigin": True},
            {"topOrigin": "http://localhost"},
        )
        for lie in lies:
            with self.subTest(**lie):
                assert not self.add(**lie)
        assert not Authenticator.objects.filter(type="webauthn").exists()
        assert self.add()
        for lie in lies:
            with self.subTest(**lie):
                assert not self.confirm(**lie)
        assert self.confirm()

    @pytest.mark.asvs("6.7.2")
    def test_challenges_are_long_and_come_once(self) -> None:
        assert self.add()
        seen = {websafe_decode(self.options(CONFIRM)["publicKey"]["challenge"]) for _time in range(20)}
        assert len(seen) == 20 and all(len(challenge) >= 16 for challenge in seen)
        signed = self.key.sign(self.options(CONFIRM))
        assert self.browser.post(CONFIRM, {"credential": json.dumps(signed)}).status_code == 302
        self.options(CONFIRM)
        assert self.browser.post(CONFIRM, {"credential": json.dumps(signed)}).status_code == 200, "an answer of before"

    @pytest.mark.asvs("16.3.1")
    def test_a_counter_that_does_not_grow_is_a_copy_of_the_key(self) -> None:
        assert self.add()
        assert self.confirm(counter=7)
        for counter in (7, 6, 0):
            assert not self.confirm(counter=counter)
        failed = Entry.objects.filter(word="accounts.factor.failed")
        assert [facts_in(one.payload) for one in failed.all()] == [{"method": "webauthn"}] * 3
        assert not self.confirm(origin="http://evil.localhost") and failed.count() == 4
        assert self.confirm(counter=8) and failed.count() == 4

    def test_a_key_without_a_counter_is_taken(self) -> None:
        assert self.add()
        assert all(self.confirm(counter=0) for _time in range(3))

    def test_what_is_no_answer_is_refused(self) -> None:
        assert self.add()
        self.options(CONFIRM)
        for sent in ("{}", "[]", "7", '{"response": {}}', '{"response": {"clientDataJSON": "eyJ9"}}', "x"):
            assert self.browser.post(CONFIRM, {"credential": sent}).status_code == 200
