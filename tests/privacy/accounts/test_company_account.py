"""Signing in with the company account: whose account it opens, what it does not replace, and what is refused."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client, override_settings
from jwt.algorithms import RSAAlgorithm

from privacy.accounts import actions as accounts
from privacy.accounts.models import Browser, SignIn, User
from privacy.accounts.signin import actions as signin
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory, identity_provider
from tests.base import PortalTestCase
from tests.identity_provider import CLIENT, SECRET, Provider
from tests.privacy.accounts.test_sessions import age


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


def at_the_provider(address: str) -> str:
    """Go to the provider as a browser does, and return where it sends the person back to."""
    try:
        urllib.request.build_opener(NoRedirect()).open(address, timeout=10)
    except urllib.error.HTTPError as redirect:
        return str(redirect.headers["Location"])
    raise AssertionError("the provider did not send the person back")


class CompanyAccountTests(PortalTestCase):
    @pytest.fixture(autouse=True)
    def provider_runs(self) -> Iterator[None]:
        with identity_provider.running() as provider:
            self.provider: Provider = provider
            company = {"OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET}
            with override_settings(**company):
                yield

    def come_back(self, client: Client, path: str = "/sign-in/company/") -> str:
        """Go to the provider and back; return where the portal leads then."""
        leaving = client.get(path)
        assert leaving.status_code == 302, leaving.content.decode()
        back = at_the_provider(leaving.headers["Location"])
        assert "/sign-in/company/back/?" in back
        return str(client.get(back.removeprefix("http://testserver")).headers["Location"])

    def is_(self, user: User, **claims: object) -> None:
        self.provider.person = {"sub": f"sub of {user.email}", "email": user.email, "email_verified": True, **claims}

    @pytest.mark.law("S-14")
    @pytest.mark.asvs("6.3.3", "6.3.4", "6.8.1", "6.8.4", "16.3.1")
    def test_the_second_factor_is_asked_for_all_the_same(self) -> None:
        odile = factory.make_odile(granted=False)
        secret, password = factory.give_app(odile), odile.password
        self.is_(odile)
        client = Client()
        assert self.come_back(client) == "/sign-in/second/"
        for page in ("/office/", "/staff/"):
            assert client.get(page).headers["Location"].startswith(("/sign-in/", "/office/login/"))
        answer = client.post("/sign-in/second/", {"code": factory.next_code(odile, secret)})
        assert answer.headers["Location"] == "/welcome/"
        assert client.get("/office/").status_code == 200
        odile.refresh_from_db()
        assert odile.password == password, "the password stays"
        tied = SocialAccount.objects.get()
        assert (tied.user, tied.uid, tied.extra_data) == (odile, "sub of odile@extrus.example", {})
        self.assertLedgered("accounts.identity.linked", odile)
        said = self.assertLedgered("accounts.session.signed-in", odile).payload
        assert '"method":"socialaccount, totp"' in said

    @pytest.mark.asvs("3.7.2")
    def test_an_employee_is_led_back_to_the_page_and_the_language_they_came_from(self) -> None:
        self.is_(factory.make_emin())
        client = Client()
        assert self.come_back(client, "/en/sign-in/company/?next=/en/staff/access/") == "/en/staff/access/"
        assert client.get("/en/staff/access/").status_code == 200
        assert self.come_back(Client(), "/en/sign-in/company/") == "/en/welcome/"
        for elsewhere in ("https://evil.example/", "//evil.example/", "/%5Cevil.example/", "javascript:alert(1)"):
            assert self.come_back(Client(), f"/sign-in/company/?next={elsewhere}") == "/welcome/", elsewhere

    def test_the_way_to_the_provider_begins_a_sign_in_and_nothing_else(self) -> None:
        """Not what the library also does at such an address: to tie an identity, or to lead on without a sign-in."""
        self.is_(factory.make_emin())
        for process in ("connect", "redirect", "x"):
            client = Client()
            assert self.come_back(client, f"/sign-in/company/?process={process}") == "/welcome/", process
            assert "_auth_user_id" in client.session

    def test_two_pages_that_leave_at_once_both_come_back(self) -> None:
        for user, leads in (
            (factory.make_emin(), "/welcome/"),
            (factory.make_odile(granted=False), "/sign-in/second/"),
        ):
            if leads != "/welcome/":
                factory.give_app(user)
            self.is_(user)
            client = Client()
            left = [client.get("/sign-in/company/").headers["Location"] for _page in range(2)]
            for address in reversed(left):
                back = at_the_provider(address).removeprefix("http://testserver")
                assert client.get(back).headers["Location"] == leads
        assert not Entry.objects.filter(word="accounts.session.failed").exists()

    @pytest.mark.asvs("10.5.2")
    def test_an_identity_is_known_again_under_another_address(self) -> None:
        emin = factory.make_emin()
        self.is_(emin)
        self.come_back(Client())
        self.is_(emin, email="emin.kim@extrus.example")
        assert self.come_back(Client()) == "/welcome/"
        assert SocialAccount.objects.count() == 1

    def assert_refused(self, why: str) -> None:
        client = Client()
        assert self.come_back(client) == "/sign-in/"
        page = client.get("/sign-in/")
        assert why in page.content.decode()
        assert "_auth_user_id" not in client.session
        assert client.get("/staff/").headers["Location"].startswith("/sign-in/")

    @pytest.mark.asvs("16.3.1")
    def test_nobody_gets_an_account_by_signing_in(self) -> None:
        people = User.objects.count()
        self.provider.person = {"sub": "x", "email": "nobody@extrus.example", "email_verified": True}
        self.assert_refused("회사 계정에 연결된 포털 계정이 없습니다")
        assert User.objects.count() == people
        failed = Entry.objects.filter(word="accounts.session.failed")
        assert '"method":"socialaccount"' in failed.get().payload
        # Also where the provider's word is not right, which is nobody's account.
        self.provider.signs_with = self.provider.stranger
        self.assert_refused("회사 계정으로 로그인하지 못했습니다")
        assert [facts_in(one.payload) for one in failed.all()] == [{"method": "socialaccount"}] * 2

    def test_who_cancels_or_has_begun_nothing_has_not_failed(self) -> None:
        client = Client()
        begun = client.get("/sign-in/company/").headers["Location"]
        (state,) = parse_qs(urlsplit(begun).query)["state"]
        for query in (f"error=access_denied&state={state}", "error=access_denied&state=x", "code=x&state=x", ""):
            answer = client.get(f"/sign-in/company/back/?{query}")
            assert answer.status_code == 302
        assert not Entry.objects.filter(word="accounts.session.failed").exists()

    def test_an_address_that_the_provider_has_not_verified_opens_nothing(self) -> None:
        self.is_(factory.make_emin(), email_verified=False)
        self.assert_refused("회사 계정에 연결된 포털 계정이 없습니다")

    @pytest.mark.asvs("7.6.1")
    def test_a_leaver_is_not_let_in(self) -> None:
        emin = factory.make_emin()
        self.is_(emin)
        self.come_back(Client())
        User.objects.filter(pk=emin.pk).update(is_active=False)
        self.assert_refused("회사 계정에 연결된 포털 계정이 없습니다")

    @pytest.mark.asvs("7.6.1")
    def test_a_session_of_the_provider_has_our_time_outs_and_ends_with_the_account(self) -> None:
        """However long the provider goes on: after each end it is asked anew, with a nonce of its own."""
        emin = factory.make_emin()
        self.is_(emin)
        for end in ({"seen_at": 31 * 60}, {"began_at": 8 * 3600 + 1}):
            client = Client()
            self.come_back(client)
            assert client.get("/staff/").status_code == 200
            age(client, **end)
            assert client.get("/staff/").headers["Location"].startswith("/sign-in/")
        client = Client()
        self.come_back(client)
        accounts.deactivate_user(emin, why="resigned", actor=factory.make_odile(granted=False), at=clock.now())
        assert client.get("/staff/").headers["Location"].startswith("/sign-in/")

    @pytest.mark.asvs("10.5.2")
    def test_an_address_given_to_a_new_colleague_does_not_open_the_account_of_the_old_one(self) -> None:
        emin = factory.make_emin()
        self.is_(emin)
        self.come_back(Client())
        self.is_(emin, sub="somebody else")
        self.assert_refused("다른 회사 계정이 연결되어 있습니다")
        signin.reset(emin, actor=factory.make_odile(), at=factory.NOON)
        self.assert_refused("먼저 초대 링크로 비밀번호를 정하십시오")
        factory.accept_invitation(accounts.invite(emin, asked_by="U-1", actor=factory.make_odile(), at=clock.now()))
        assert self.come_back(Client()) == "/welcome/"

    @pytest.mark.attack("17.16")
    def test_a_new_account_is_not_opened_by_the_provider_before_its_invitation_is_used(self) -> None:
        new = accounts.create_user(
            email="new@extrus.example", name="New", roles=["employee"], password=None, actor=SystemActor("tests"),
            at=clock.now(),
        )  # fmt: skip
        invitation = accounts.invite(new, asked_by="U-1", actor=SystemActor("tests"), at=clock.now())
        self.is_(new)
        self.assert_refused("먼저 초대 링크로 비밀번호를 정하십시오")
        factory.accept_invitation(invitation)
        assert self.come_back(Client()) == "/welcome/"

    @pytest.mark.asvs("6.8.2", "9.1.1", "9.1.3", "9.2.1", "9.2.3", "10.5.4", "11.2.5")
    def test_false_tokens_are_refused(self) -> None:
        self.is_(factory.make_emin())
        for lie in (
            {"claims": {"aud": "another client"}},
            {"claims": {"iss": "https://elsewhere.example"}},
            {"claims": {"exp": 1_600_000_000}},
        ):
            self.provider.lies = lie
            with self.assertLogs("portal.accounts", "WARNING") as logs:
                self.assert_refused("회사 계정으로 로그인하지 못했습니다")
            assert re.search(r"company account failed: Invalid|company account failed: Expired", logs.output[0])
        self.provider.lies, self.provider.signs_with = {}, self.provider.stranger
        self.assert_refused("회사 계정으로 로그인하지 못했습니다")

    @pytest.mark.asvs("6.8.2", "9.2.1", "9.2.2", "9.2.3", "10.1.2", "10.5.1", "11.2.5")
    @pytest.mark.attack("17.16")
    def test_what_the_standard_refuses_is_refused(self) -> None:
        emin, now = factory.make_emin(), int(time.time())
        self.is_(emin)
        for name, lie in {
            "no token": {"tokens": {"id_token": None}},
            "token of another kind": {"tokens": {"id_token": 7}},
            "no token at all": {"tokens": {"id_token": "a.b.c"}},
            "somebody else's user information": {"userinfo": {**self.provider.person, "sub": "another"}},
            "user information of nobody": {"userinfo": []},
            "no nonce": {"claims": {"nonce": None}},
            "another nonce": {"claims": {"nonce": "x" * 43}},
            "another authorized party": {"claims": {"azp": "another client"}},
            "several audiences": {"claims": {"aud": [CLIENT, "another client"]}},
            "no audience": {"claims": {"aud": None}},
            "no end": {"claims": {"exp": None}},
            "no begin": {"claims": {"iat": None}},
            "old": {"claims": {"iat": now - 3_600}},
            "of tomorrow": {"claims": {"iat": now + 86_400}},
            "not yet": {"claims": {"nbf": now + 86_400}},
            "no subject": {"claims": {"sub": None}},
            "empty subject": {"claims": {"sub": ""}, "userinfo": {**self.provider.person, "sub": ""}},
            "subject longer than is kept": {
                "claims": {"sub": "x" * 192},
                "userinfo": {**self.provider.person, "sub": "x" * 192},
            },
            "begun at no time": {"claims": {"iat": -(10**400)}},
            "begun as a text": {"claims": {"iat": str(now)}},
            "without an end": {"claims": {"exp": float("inf")}},
            "subject of another kind": {"claims": {"sub": 5}, "userinfo": {**self.provider.person, "sub": 5}},
            "unknown key": {"kid": "2"},
        }.items():
            with self.subTest(name):
                self.provider.lies = lie
                self.assert_refused("회사 계정으로 로그인하지 못했습니다")
        assert not SocialAccount.objects.exists()

    @pytest.mark.asvs("6.8.2", "9.1.2")
    @pytest.mark.attack("17.16")
    def test_a_token_signed_with_a_shared_secret_is_refused(self) -> None:
        self.is_(factory.make_emin())
        for algorithm, key in (("HS256", SECRET), ("none", None)):
            self.provider.lies, self.provider.signs_with = {"algorithm": algorithm}, key
            self.assert_refused("회사 계정으로 로그인하지 못했습니다")

    @pytest.mark.asvs("9.1.3")
    def test_a_key_that_a_token_brings_along_is_not_taken(self) -> None:
        """A token that names its own key, or where to fetch it, is signed by a stranger all the same."""
        self.is_(factory.make_emin())
        stranger = json.loads(RSAAlgorithm.to_jwk(self.provider.stranger.public_key()))
        self.provider.signs_with = self.provider.stranger
        for brought in (
            {"jwk": stranger},
            {"jku": f"{self.provider.issuer}/stranger"},
            {"x5u": "https://evil.example/"},
        ):
            self.provider.lies = {"headers": brought}
            self.assert_refused("회사 계정으로 로그인하지 못했습니다")
        assert "/stranger" not in self.provider.asked

    @pytest.mark.asvs("10.1.1", "10.2.3")
    def test_nothing_is_asked_for_or_kept_beyond_the_sign_in(self) -> None:
        self.is_(factory.make_emin())
        client = Client()
        leaving = urlsplit(client.get("/sign-in/company/?scope=profile+offline_access").headers["Location"])
        assert set(parse_qs(leaving.query)["scope"][0].split()) == {"openid", "email"}
        assert parse_qs(leaving.query).keys() == {
            "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge",
            "code_challenge_method",
        }  # fmt: skip
        assert self.come_back(client) == "/welcome/"
        assert not SocialToken.objects.exists() and SocialAccount.objects.get().extra_data == {}
        # Under whatever name: neither the token of access nor that of the identity.
        kept = [str(dict(client.session)), client.get("/staff/").content.decode(), str(client.cookies)]
        kept += [str(list(model.objects.values())) for model in (SocialAccount, SignIn, Browser, Entry)]
        assert len(self.provider.given) == 2
        assert not [token for token in self.provider.given if any(token in each for each in kept)]

    @pytest.mark.asvs("15.3.5")
    @pytest.mark.attack("17.16")
    def test_an_address_is_verified_where_the_provider_says_true_and_nothing_else(self) -> None:
        emin = factory.make_emin()
        for said in ("false", "no", "0", "true", [False], [True], 1, {}, None):
            with self.subTest(said):
                self.is_(emin, email_verified=said)
                self.assert_refused("회사 계정에 연결된 포털 계정이 없습니다")

    @pytest.mark.attack("17.16")
    def test_a_token_without_the_name_of_its_key_is_taken_where_there_is_one_key(self) -> None:
        self.is_(factory.make_emin())
        self.provider.lies = {"kid": None}
        assert self.come_back(Client()) == "/welcome/"

    @pytest.mark.attack("17.16")
    def test_an_account_that_must_have_a_second_factor_and_has_none_is_not_opened_by_the_provider(self) -> None:
        self.is_(factory.make_omar())
        self.assert_refused("먼저 비밀번호로 로그인하여 2차 인증을 등록하십시오")
        assert not SocialAccount.objects.exists()

    @pytest.mark.asvs("10.5.3", "16.3.4", "16.5.2")
    def test_a_provider_that_describes_another_or_does_not_answer_leads_back_to_the_sign_in_page(self) -> None:
        for issuer in ("https://elsewhere.example", f"{self.provider.issuer}/", self.provider.issuer.upper(), None):
            self.provider.lies = {"description": {"issuer": issuer}}
            why, *_rest = self.assert_told()
            assert why.startswith("ERROR")
            assert f"issuer is {str(issuer)!r}, and OIDC_ISSUER is {self.provider.issuer!r}" in why
        with override_settings(OIDC_ISSUER="http://127.0.0.1:9"):
            self.assert_told()

    def assert_told(self) -> list[str]:
        client = Client()
        with self.assertLogs("portal.accounts", "WARNING") as logs:
            assert client.get("/sign-in/company/").headers["Location"] == "/sign-in/"
        assert re.search(r"identity provider can't be asked: (OAuth2Error|ConnectionError)", logs.output[-1])
        assert "회사 계정으로 로그인하지 못했습니다" in client.get("/sign-in/").content.decode()
        return logs.output

    @pytest.mark.asvs("7.6.2", "10.1.2", "10.2.1")
    def test_an_answer_that_nobody_asked_for_is_refused(self) -> None:
        """A state of no session, no state, and another's code with the state of this browser's own sign-in."""
        self.is_(factory.make_emin())
        back = at_the_provider(Client().get("/sign-in/company/").headers["Location"]).removeprefix("http://testserver")
        stolen, victim = parse_qs(urlsplit(back).query)["code"][0], Client()
        own = parse_qs(urlsplit(victim.get("/sign-in/company/").headers["Location"]).query)["state"][0]
        answer = victim.get("/sign-in/company/back/", {"code": stolen, "state": own})
        assert answer.headers["Location"] == "/sign-in/" and "/token" in self.provider.asked
        assert "_auth_user_id" not in victim.session
        for client in (Client(), Client()):
            assert client.get(back).headers["Location"] == "/sign-in/"
            assert "_auth_user_id" not in client.session
        assert Client().get("/sign-in/company/back/?error=access_denied").headers["Location"] == "/sign-in/"

    @pytest.mark.asvs("10.1.2", "10.2.1", "11.5.1")
    def test_each_way_to_the_provider_has_secrets_of_its_own_and_its_answer_is_taken_once(self) -> None:
        """State, verifier and nonce: 256 bits, others the next time, and none that was used is used again."""
        self.is_(factory.make_emin())
        client, seen = Client(), list[tuple[str, str, str]]()
        for _time in range(3):
            leaving = client.get("/sign-in/company/").headers["Location"]
            asked = parse_qs(urlsplit(leaving).query)
            seen.append((asked["state"][0], asked["code_challenge"][0], asked["nonce"][0]))
            back = at_the_provider(leaving).removeprefix("http://testserver")
            assert client.get(back).headers["Location"] == "/welcome/"
            client.post("/sign-out/")
            for used in (client, Client()):
                assert used.get(back).headers["Location"] == "/sign-in/"
                assert "_auth_user_id" not in used.session
        for secrets in zip(*seen, strict=True):
            assert len(set(secrets)) == 3 and min(map(len, secrets)) >= 43, secrets

    def test_the_sign_in_page_offers_it(self) -> None:
        assert 'href="/sign-in/company/"' in Client().get("/sign-in/").content.decode()
        assert "/.well-known/openid-configuration" not in self.provider.asked


class WithoutProviderTests(PortalTestCase):
    def test_without_a_provider_there_is_no_such_door(self) -> None:
        assert "/sign-in/company/" not in Client().get("/sign-in/").content.decode()
        for path in ("/sign-in/company/", "/sign-in/company/back/?code=1&state=2"):
            assert Client().get(path).status_code == 404
