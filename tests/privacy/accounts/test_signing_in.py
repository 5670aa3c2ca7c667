"""Password, second factor, delays: who gets in, who doesn't, and what each is told."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.test import Client
from django.urls import reverse

from privacy.accounts.models import SignIn, SignInThrottle, User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import second_factors, throttling
from privacy.accounts.signin.adapters import FactorAdapter
from privacy.accounts.signin.client_info import ClientInfo
from privacy.lib.dates import clock
from tests import factory, force_login
from tests.base import PortalTestCase

SECOND = "/sign-in/second/"


def give_password(client: Client, email: str, password: str = factory.PASSWORD) -> object:
    return client.post("/sign-in/", {"login": email, "password": password})


class SecondFactorTests(PortalTestCase):
    def sign_in(self, user: User) -> Client:
        client, secret = Client(), factory.give_app(user)
        assert give_password(client, user.email).headers["Location"] == SECOND
        answer = client.post(SECOND, {"code": factory.next_code(user, secret)})
        assert answer.headers["Location"] == "/welcome/", answer.content.decode()
        return client

    @pytest.mark.law("S-14")
    @pytest.mark.asvs("2.3.1", "6.3.3")
    def test_the_password_alone_opens_nothing(self) -> None:
        odile = factory.make_odile(granted=False)
        factory.give_app(odile)
        client = Client()
        give_password(client, odile.email)
        for page in ("/office/", "/staff/", "/staff/security/", "/office/accounts/user/"):
            assert client.get(page).headers["Location"].startswith(("/sign-in/", "/office/login/")), page
        assert self.sign_in(odile).get("/office/").status_code == 200
        self.assertLedgered("accounts.session.signed-in", odile)

    @pytest.mark.law("S-14")
    @pytest.mark.asvs("6.3.3")
    def test_who_needs_a_second_factor_and_has_none_is_led_to_add_one(self) -> None:
        for make in (factory.make_omar, factory.make_aram, lambda: factory.make_hana(granted=False)):
            client = Client()
            give_password(client, make().email)
            for page in ("/office/", "/staff/", "/office/ledger/entry/"):
                assert client.get(page).headers["Location"] == "/staff/security/", page
            assert "2차 인증이 필요합니다" in client.get("/staff/security/").content.decode()
            answer = client.get("/staff/security/app/")
            secret = answer.context["form"].secret
            step = int(clock.now().timestamp()) // second_factors.PERIOD_SECONDS
            code = second_factors.totp_code(secret, step)
            added = client.post("/staff/security/app/", {"code": code})
            assert added.headers["Location"] == "/staff/security/codes/"
            assert client.get("/office/").status_code == 200
        self.assertLedgered("accounts.factor.added")

    def test_an_employee_may_do_without(self) -> None:
        client = Client()
        assert give_password(client, factory.make_emin().email).headers["Location"] == "/welcome/"
        assert client.get("/staff/").status_code == 200

    @pytest.mark.asvs("6.5.1", "16.3.1")
    def test_a_code_works_once(self) -> None:
        hana = factory.make_hana(granted=False)
        secret = factory.give_app(hana)
        at = clock.now()
        code = second_factors.totp_code(secret, int(at.timestamp()) // second_factors.PERIOD_SECONDS)
        assert signin.verify_code(user=hana, code=code, at=at) is not None
        assert signin.verify_code(user=hana, code=code, at=at) is None
        self.assertLedgered("accounts.factor.failed", hana)

    @pytest.mark.asvs("6.5.5")
    def test_a_code_of_two_steps_ago_is_too_old(self) -> None:
        hana = factory.make_hana(granted=False)
        secret, at = factory.give_app(hana), clock.now()
        step = int(at.timestamp()) // second_factors.PERIOD_SECONDS
        for far in (-2, 2):
            assert signin.verify_code(user=hana, code=second_factors.totp_code(secret, step + far), at=at) is None

    @pytest.mark.asvs("6.5.1")
    def test_a_recovery_code_works_once_and_its_list_is_shown_once(self) -> None:
        odile = factory.make_odile(granted=False)
        client = self.sign_in(odile)
        assert client.post("/staff/security/codes/renew/").headers["Location"] == "/staff/security/codes/"
        shown = client.get("/staff/security/codes/").context["unused_codes"]
        assert len(shown) == 10
        assert not set(shown) & set(client.get("/staff/security/codes/").content.decode().split())
        assert signin.verify_code(user=odile, code=shown[3], at=clock.now()) is not None
        assert signin.verify_code(user=odile, code=shown[3], at=clock.now()) is None

    @pytest.mark.law("S-12", "S-18")
    @pytest.mark.asvs("6.5.2", "11.2.2", "11.3.3")
    def test_secrets_are_sealed_and_survive_a_new_secret_key(self) -> None:
        odile = factory.make_odile(granted=False)
        secret = factory.give_app(odile)
        row = Authenticator.objects.get(user=odile)
        assert secret not in str(row.data)
        # So is the seed that the recovery codes are made of, and nothing else of them is there.
        codes = RecoveryCodes.activate(odile)
        kept = codes.instance.data
        assert set(kept) == {"seed", "used_mask"} and FactorAdapter().decrypt(kept["seed"]) not in kept["seed"]
        new = self.settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[])
        with new, pytest.raises(ValueError, match="SECRET_KEY"):
            codes.get_unused_codes()
        with new, pytest.raises(ValueError, match="SECRET_KEY"):
            second_factors.totp_secret(odile)
        with self.settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
            assert second_factors.totp_secret(odile) == secret

    @pytest.mark.asvs("6.3.4")
    def test_the_console_s_own_sign_in_and_password_pages_lead_to_ours(self) -> None:
        assert Client().get("/office/login/").headers["Location"].startswith("/sign-in/")
        self.client.force_login(factory.make_omar())
        answer = self.client.get("/office/password_change/")
        assert answer.headers["Location"] == reverse("account_change_password")

    @pytest.mark.law("S-14")
    @pytest.mark.asvs("8.4.2")
    def test_a_session_without_the_factor_loses_the_console(self) -> None:
        """The positive control of every test that takes a session as given."""
        self.client.force_login(factory.make_omar())
        assert self.client.get("/office/").status_code == 200
        force_login.without_factor(self.client)
        assert self.client.get("/office/").headers["Location"] == "/staff/security/"


class DelayTests(PortalTestCase):
    @pytest.mark.law("S-13")
    @pytest.mark.asvs("6.3.1")
    def test_the_wait_grows_and_is_never_longer_than_an_hour(self) -> None:
        seconds = [wait.total_seconds() if (wait := throttling.delay_after(n, 4)) else 0 for n in range(1, 16)]
        assert seconds == [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]

    @pytest.mark.law("S-13")
    @pytest.mark.asvs("6.3.1", "6.3.8")
    @pytest.mark.clause("P8.2")
    def test_known_and_unknown_accounts_are_told_the_same_and_both_wait(self) -> None:
        told = []
        for email in (factory.make_omar().email, "nobody@extrus.example"):
            client = Client(REMOTE_ADDR=f"198.51.100.{len(told) + 1}")
            pages = []
            for _try in range(6):
                page = give_password(client, email, "not the password").content.decode()
                pages.append(page[page.index("error-summary") : page.index("</form>")].replace(email, ""))
            told.append(pages)
        assert told[0][:5] == told[1][:5]
        assert all("이후에 다시 시도" in pages[5] and "이후에 다시 시도" not in pages[4] for pages in told)
        self.assertLedgered("accounts.session.delayed")
        # The right password waits as well, until the delay is over.
        right = give_password(Client(), factory.make_omar().email)
        assert right.status_code == 200
        with patch("privacy.accounts.signin.forms.clock.now", return_value=clock.now() + timedelta(seconds=31)):
            assert give_password(Client(), factory.make_omar().email).status_code == 302

    @pytest.mark.asvs("6.3.8")
    def test_the_work_that_takes_time_is_done_for_everybody(self) -> None:
        """A password is hashed once for who is known, who is not, and who has only been invited."""
        invited = factory.make_user("invited@extrus.example", "Invited")
        hasher = type(get_hasher())
        invited.set_unusable_password()
        invited.save()
        for email in (factory.make_emin().email, "nobody@extrus.example", invited.email):
            with patch.object(hasher, "encode", autospec=True, side_effect=hasher.encode) as hashed:
                give_password(Client(), email, "not the password")
            assert hashed.call_count == 1, email

    @pytest.mark.asvs("6.3.1", "8.2.4")
    def test_a_browser_its_owner_knows_is_not_locked_out_by_a_stranger(self) -> None:
        emin, at = factory.make_emin(), clock.now()
        own = ClientInfo("192.0.2.1", "", "Firefox, Windows")
        token = signin.begin(user=emin, session_key="a" * 32, place=own, at=at)
        own = ClientInfo("192.0.2.1", token or "", own.title)
        stranger = ClientInfo("192.0.2.66", "", "?")
        for _try in range(5):
            signin.record_attempt(throttling.password_keys(emin.email, stranger), user=emin, at=at)
        with pytest.raises(signin.TooManyFailures):
            signin.record_attempt(throttling.password_keys(emin.email, stranger), user=emin, at=at)
        signin.record_attempt(throttling.password_keys(emin.email, own), user=emin, at=at)

    @pytest.mark.attack("17.8")
    def test_one_person_in_the_office_keeps_nobody_else_of_it_out(self) -> None:
        """The whole office shares one address; somebody in it fails for accounts that they make up."""
        omar = factory.make_omar()
        secret = factory.give_app(omar)
        known = Client()
        give_password(known, omar.email)
        known.post(SECOND, {"code": factory.next_code(omar, secret)})
        known.post("/sign-out/")
        attacker = Client()
        for number in range(settings.SIGN_IN_FREE_FAILURES_OF_ADDRESS + 2):
            page = give_password(attacker, f"n{number}@extrus.example", "wrong")
        assert "이후에 다시 시도" in page.content.decode(), "the address must wait"
        for number in range(6):
            give_password(attacker, omar.email, f"wrong {number}")
        assert give_password(known, omar.email).headers["Location"] == SECOND
        answer = known.post(SECOND, {"code": factory.next_code(omar, secret)})
        assert answer.headers["Location"] == "/welcome/", answer.content.decode()

    @pytest.mark.attack("17.8")
    def test_while_one_must_wait_the_right_password_looks_like_a_wrong_one(self) -> None:
        omar = factory.make_omar()
        for _try in range(6):
            give_password(Client(), omar.email, "wrong")
        told = [give_password(Client(), omar.email, password).content for password in (factory.PASSWORD, "wrong")]
        pages = [page.decode()[page.decode().index("error-summary") :].partition("</form>")[0] for page in told]
        assert pages[0] == pages[1]

    @pytest.mark.attack("17.19")
    def test_wrong_codes_in_another_browser_leave_a_live_session_its_step_up(self) -> None:
        omar = factory.make_omar()
        secret = factory.give_app(omar)
        live, attacker = Client(), Client()
        give_password(live, omar.email)
        live.post(SECOND, {"code": factory.next_code(omar, secret)})
        give_password(attacker, omar.email)
        for _try in range(6):
            page = attacker.post(SECOND, {"code": "000000"})
        assert "이후에 다시 시도" in page.content.decode()
        before = live.session.session_key
        answer = live.post("/staff/security/confirm/code/", {"code": factory.next_code(omar, secret)})
        assert answer.status_code == 302, answer.content.decode()
        assert live.session.session_key != before, "a session that gains rights gets a new key"
        assert SignIn.objects.get(user=omar, ended_at=None, session_key=live.session.session_key)
        assert live.get("/office/").status_code == 200

    @pytest.mark.law("S-13")
    @pytest.mark.asvs("6.3.1")
    @pytest.mark.attack("17.19")
    def test_codes_tried_in_a_live_session_are_counted(self) -> None:
        omar = factory.make_omar()
        secret, live = factory.give_app(omar), Client()
        give_password(live, omar.email)
        live.post(SECOND, {"code": factory.next_code(omar, secret)})
        pages = [live.post("/staff/security/confirm/code/", {"code": "000000"}).content.decode() for _try in range(6)]
        assert "이후에 다시 시도" in pages[5] and "이후에 다시 시도" not in pages[4]

    def test_the_current_password_is_not_guessed_on_the_page_of_a_new_one(self) -> None:
        emin, live = factory.make_emin(), Client()
        give_password(live, emin.email)
        new = {"password1": "quiet lamps over water", "password2": "quiet lamps over water"}
        for _try in range(5):
            live.post("/staff/security/password/", {"oldpassword": "wrong", **new})
        page = live.post("/staff/security/password/", {"oldpassword": factory.PASSWORD, **new})
        self.assertContains(page, "이후에 다시 시도")
        SignInThrottle.objects.update(wait_until=None)
        assert live.post("/staff/security/password/", {"oldpassword": factory.PASSWORD, **new}).status_code == 302
        assert set(SignInThrottle.objects.values_list("failures", flat=True)) == {0}

    @pytest.mark.asvs("6.3.1", "8.2.4")
    def test_an_address_waits_after_many_failures_for_many_accounts(self) -> None:
        at, place = clock.now(), ClientInfo("192.0.2.9", "", "?")
        for number in range(21):
            signin.record_attempt(throttling.password_keys(f"n{number}@extrus.example", place), user=None, at=at)
        with pytest.raises(signin.TooManyFailures):
            signin.record_attempt(throttling.password_keys("another@extrus.example", place), user=None, at=at)
        assert not SignInThrottle.objects.filter(key__contains="extrus").exists()

    def test_success_forgets_the_failures_and_so_does_a_day(self) -> None:
        at, place = clock.now(), ClientInfo("192.0.2.9", "", "?")
        counted = list(throttling.password_keys("emin@extrus.example", place))
        for _try in range(4):
            signin.record_attempt(counted, user=None, at=at)
        signin.reset_attempts(counted)
        assert {row.key.split(":")[0]: row.failures for row in SignInThrottle.objects.all()} == {
            "password": 0,
            "address": 3,
        }
        signin.record_attempt(counted, user=None, at=at + timedelta(hours=25))
        assert set(SignInThrottle.objects.values_list("failures", flat=True)) == {1}

    def test_a_wrong_code_is_counted_too(self) -> None:
        omar = factory.make_omar()
        factory.give_app(omar)
        client = Client()
        give_password(client, omar.email)
        pages = [client.post(SECOND, {"code": "000000"}).content.decode() for _try in range(6)]
        assert "이후에 다시 시도" in pages[5] and "이후에 다시 시도" not in pages[4]

    @pytest.mark.law("S-12")
    @pytest.mark.asvs("6.3.4", "6.3.6", "6.3.8")
    def test_there_is_no_way_in_by_mail_and_no_sign_up(self) -> None:
        for path in ("signup", "password/reset", "accounts/signup", "accounts/password/reset", "sign-in/code"):
            assert Client().get(f"/{path}/").status_code == 404
