"""Who may call the API of the office: the owner's program, within its scopes, for as long as the owner may."""

import base64
import hmac
import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import override_settings
from django.urls import reverse
from jwt.algorithms import RSAAlgorithm

from privacy.accounts import access_tokens
from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.office_api import actions as office_api
from privacy.office_api.models import Credential, Scope
from tests import factory, identity_provider
from tests.privacy.accounts.test_sessions import signed_in
from tests.privacy.office_api.base import ROOT, OfficeApiTestCase
from tests.privacy.office_api.test_calls import NEW_CASE


class TokenTests(OfficeApiTestCase):
    @pytest.mark.asvs("16.3.1")
    def test_only_its_hash_is_kept_and_each_call_is_on_record(self) -> None:
        row = Credential.objects.get()
        assert self.token.encode() not in bytes(row.digest) and self.token[8:] not in str(vars(row))
        self.ok("GET", "/holds")
        entry = self.assertLedgered("office_api.call.made")
        assert (entry.kind, entry.actor, entry.task) == ("read", self.odile.reference, "office_api.holds.listed")
        assert f'"credential":"{row.reference}"' in entry.payload

    @pytest.mark.asvs("8.3.2", "13.3.4")
    def test_no_token_a_wrong_one_an_old_one_and_a_revoked_one_are_answered_alike(self) -> None:
        row = Credential.objects.get()
        for token in ("", "of_" + "x" * 43, "gw_x", "a.b.c", "한", "of_" + "x" * 9_000):
            assert self.refused("GET", "/holds", token=token) == (401, "unauthenticated"), token
        Credential.objects.update(expires_at=row.issued_at + timedelta(microseconds=1))
        assert self.refused("GET", "/holds") == (401, "unauthenticated")
        Credential.objects.update(expires_at=row.expires_at)
        self.ok("GET", "/holds")
        office_api.revoke(row, actor=factory.make_omar(), at=self.now)
        assert self.refused("GET", "/holds") == (401, "unauthenticated")
        self.assertLedgered("office_api.credential.revoked", row)

    @pytest.mark.asvs("8.3.2", "8.3.3")
    def test_it_ends_with_its_owner_and_can_do_no_more_than_they(self) -> None:
        hana = factory.make_handler()
        token = self.issue(hana)
        self.ok("GET", "/cases", token=token)
        AccessGrant.objects.filter(user=hana, role="handler").update(revoked_at=self.now, revocation="moved")
        assert self.refused("GET", "/cases", token=token) == (403, "not-permitted")
        self.assertLedgered("ledger.denied")
        accounts.deactivate_user(hana, why="left", actor=self.odile, at=self.now)
        assert self.refused("GET", "/cases", token=token) == (401, "unauthenticated")

    @pytest.mark.asvs("8.2.1", "8.3.1", "16.3.2")
    def test_a_scope_opens_its_calls_and_no_other(self) -> None:
        token = self.issue(self.odile, "holds.read")
        self.ok("GET", "/holds", token=token)
        for path in ("/cases", "/registers", "/statistics?first=2026-01-01&last=2026-01-31"):
            assert self.refused("GET", path, token=token) == (403, "not-permitted")
        reference = Credential.objects.order_by("-issued_at", "-id")[0].reference
        assert f'"credential":"{reference}"' in self.assertLedgered("ledger.denied").payload
        number, period = factory.ask(at=self.now).number, {"first": "2026-01-01", "last": "2026-01-31"}
        why = {"reason": "to look at it"}
        asked = {"about": str(uuid4()), "question": "use", "category": "app-log", "purpose": "registration", **why}
        calls = {
            "GET /cases": ("cases.read", None),
            "POST /cases": ("cases.write", {**NEW_CASE, "received_on": clock.today().isoformat()}),
            "GET /cases/{number}": ("cases.read", None),
            "POST /cases/{number}/openings": ("cases.open", {"purpose": "rights", **why}),
            "POST /cases/{number}/messages": ("messages.write", {"text": "Hello", "newest": 1}),
            "POST /permissions": ("permissions.ask", asked),
            "GET /holds": ("holds.read", None),
            "GET /freezes": ("holds.read", None),
            "GET /registers": ("registers.read", None),
            "POST /registers/{code}/extracts": ("registers.read", {**period, **why}),
            "GET /statistics": ("statistics.read", None),
        }
        published = {
            f"{method.upper()} {path.removeprefix(ROOT)}"
            for path, methods in self.client.get(f"{ROOT}/openapi.json").json()["paths"].items()
            for method in methods
        }
        assert calls.keys() == published and {scope for scope, _body in calls.values()} == set(Scope.values)
        for call, (scope, body) in calls.items():
            token = self.issue(self.odile, *(one for one in Scope.values if one != scope))
            path = call.partition(" ")[2].format(number=number, code="gateways")
            path += f"?first={period['first']}&last={period['last']}" if path == "/statistics" else ""
            assert self.refused(call.split()[0], path, body, token=token) == (403, "not-permitted"), call
        with pytest.raises(office_api.UnknownScope):
            self.issue(self.odile, "everything")

    @pytest.mark.asvs("8.2.4")
    def test_it_opens_nothing_from_where_the_console_does_not(self) -> None:
        with override_settings(OFFICE_NETWORKS=["10.20.0.0/16"]):
            assert self.refused("GET", "/holds") == (403, "elsewhere")
        row = Credential.objects.get()
        assert f'"credential":"{row.reference}"' in self.assertLedgered("ledger.denied", row).payload
        with override_settings(OFFICE_NETWORKS=["127.0.0.0/8"]):
            self.ok("GET", "/holds")

    @pytest.mark.asvs("2.3.2", "2.4.1")
    def test_a_minute_has_so_many_calls(self) -> None:
        Credential.objects.update(rate=2)
        # A minute may begin between two calls: of four in a row, two at least are in one.
        statuses = [self.call("GET", "/holds").status_code for _each in range(6)]
        assert 429 in statuses and statuses[0] == 200
        assert int(self.call("GET", "/holds").headers.get("Retry-After", "1")) >= 1

    def test_one_revokes_one_s_own_and_officers_everyones(self) -> None:
        hana = factory.make_handler()
        self.issue(hana)
        row = Credential.objects.get(owner=hana)
        with pytest.raises(office_api.NotYours):
            office_api.revoke(row, actor=factory.make_user("hugo@extrus.example", "Hugo", "handler"), at=self.now)
        office_api.revoke(row, actor=hana, at=self.now)
        row.refresh_from_db()
        assert row.revoked_by == hana.reference

    def test_the_console_shows_a_token_once(self) -> None:
        console = signed_in(factory.make_handler())
        page = console.post(
            reverse("admin:office_api_credential_token"), {"title": "crm", "scopes": ["holds.read"], "days": "30"}
        )
        token = page.content.decode().split('class="token">')[1].split("<")[0]
        self.ok("GET", "/holds", token=token)
        row = Credential.objects.get(title="crm")
        record = console.get(reverse("admin:office_api_credential_change", args=[row.pk])).content.decode()
        assert token not in record and row.hint in record
        listed = console.get(reverse("admin:office_api_credential_changelist")).content.decode()
        assert "crm" in listed and reverse("admin:office_api_credential_client") in listed


class CompanyClientTests(OfficeApiTestCase):
    """OAuth 2.0 client credentials: a token that the company's provider made for this API, now, for a known client."""

    @pytest.fixture(autouse=True)
    def provider_runs(self) -> Any:
        with identity_provider.running() as provider:
            self.provider = provider
            with override_settings(
                OIDC_ISSUER=provider.issuer, OIDC_CLIENT_ID="portal", OIDC_CLIENT_SECRET="secret",
                PORTAL_URL="https://privacy.example",
            ):  # fmt: skip
                yield

    def made(self, *, signs_with: Any = None, kid: str = "1", headers: Any = None, **claims: Any) -> str:
        now = int(time.time())
        said = {
            "iss": self.provider.issuer, "aud": "https://privacy.example/api/office/v1/", "iat": now,
            "exp": now + 60, "sub": "crm", "client_id": "crm", "scope": "holds.read cases.read", **claims,
        }  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        more = {"kid": kid, "typ": "at+jwt", **(headers or {})}
        return jwt.encode(said, signs_with or self.provider.key, "RS256", headers=more)

    def made_without_its_key(self, algorithm: str, secret: bytes = b"") -> str:
        """A token that is right to its last claim, by an algorithm that needs no private key."""
        header, claims, _signature = self.made().split(".")
        named = json.dumps({**jwt.get_unverified_header(self.made()), "alg": algorithm}).encode()
        header = base64.urlsafe_b64encode(named).rstrip(b"=").decode()
        signed = hmac.digest(secret, f"{header}.{claims}".encode(), "sha256") if secret else b""
        return f"{header}.{claims}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"

    @pytest.mark.asvs("10.3.2")
    def test_a_registered_client_has_the_scopes_of_both(self) -> None:
        assert self.refused("GET", "/holds", token=self.made()) == (401, "unauthenticated")
        office_api.register_client(
            title="crm", client_id="crm", scopes=["holds.read", "registers.read"], actor=self.odile, at=self.now
        )
        self.ok("GET", "/holds", token=self.made())
        assert self.refused("GET", "/cases", token=self.made())[0] == 403, "not granted here"
        assert self.refused("GET", "/registers", token=self.made())[0] == 403, "not in the token"
        asked = self.provider.asked.count("/keys")
        self.ok("GET", "/holds", token=self.made(client_id=None, azp="crm", scope=None, scp=["holds.read"]))
        assert self.provider.asked.count("/keys") == asked, "keys are remembered"
        with pytest.raises(office_api.ClientTaken):
            office_api.register_client(title="x", client_id="crm", scopes=["holds.read"], actor=self.odile, at=self.now)

    @pytest.mark.asvs("9.1.1", "9.2.1", "9.2.2", "9.2.3", "10.3.1")
    def test_what_is_not_for_us_now_from_the_provider_is_refused(self) -> None:
        office_api.register_client(title="crm", client_id="crm", scopes=["holds.read"], actor=self.odile, at=self.now)
        now = int(time.time())
        for token in (
            self.made(signs_with=self.provider.stranger), self.made(kid="2"), self.made(aud="portal"),
            self.made(iss="https://elsewhere.example"), self.made(exp=now - 600, iat=now - 900), self.made(exp=None),
            self.made(client_id="other"), self.made(client_id=None), self.made(client_id=7),
            self.made(auth_time=now), self.made(amr=["pwd"]), self.made(sid="s"),
            self.made(nonce="n"), self.made(scope="openid holds.read"), self.made(scope=None, scp=["openid"]),
            self.made(nbf=now + 600), self.made(iat=now + 600), self.made(headers={"typ": "logout+jwt"}),
            self.made(headers={"typ": "dpop+jwt"}), self.made(iss=f"{self.provider.issuer}/"),
            self.made(authorization_details=[{"type": "one-hold"}]),
        ):  # fmt: skip
            assert self.refused("GET", "/holds", token=token) == (401, "unauthenticated")
        assert not Entry.objects.filter(word="office_api.call.made", actor=self.odile.reference, time__gte=self.now)

    @pytest.mark.asvs("9.1.2", "9.1.3")
    def test_no_other_algorithm_and_no_key_that_a_token_brings_along(self) -> None:
        office_api.register_client(title="crm", client_id="crm", scopes=["holds.read"], actor=self.odile, at=self.now)
        self.ok("GET", "/holds", token=self.made())
        public = self.provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        stranger = json.loads(RSAAlgorithm.to_jwk(self.provider.stranger.public_key()))
        brought: tuple[dict[str, Any], ...] = (
            {"jwk": stranger}, {"jku": f"{self.provider.issuer}/stranger"}, {"x5u": "https://evil.example/"},
        )  # fmt: skip
        for token in (
            self.made_without_its_key("none"), self.made_without_its_key("NONE"),
            self.made_without_its_key("HS256", b"secret"),  # OIDC_CLIENT_SECRET
            self.made_without_its_key("HS256", public),  # what everybody knows
            *(self.made(signs_with=self.provider.stranger, headers=one) for one in brought),
        ):  # fmt: skip
            assert self.refused("GET", "/holds", token=token) == (401, "unauthenticated"), token
        assert "/stranger" not in self.provider.asked

    @pytest.mark.asvs("15.4.1")
    def test_no_call_waits_for_the_provider_s_keys_and_none_is_used_for_ever(self) -> None:
        office_api.register_client(title="crm", client_id="crm", scopes=["holds.read"], actor=self.odile, at=self.now)
        self.ok("GET", "/holds", token=self.made())
        keys, issuer = access_tokens._keys, self.provider.issuer
        keys._asked_at[issuer] = float("-inf")
        with keys._refreshing:  # another call is asking at this moment
            self.ok("GET", "/holds", token=self.made())
            assert self.refused("GET", "/holds", token=self.made(kid="2"))[0] == 401
        self.provider.lies["description"] = {"jwks_uri": f"{issuer}/nothing"}
        self.ok("GET", "/holds", token=self.made())
        published_at, held = keys._held[issuer]
        keys._held[issuer] = published_at - access_tokens.HELD_SECONDS, held
        assert self.refused("GET", "/holds", token=self.made())[0] == 401
        del self.provider.lies["description"]
        keys._asked_at[issuer] = float("-inf")
        self.ok("GET", "/holds", token=self.made())
