"""A session's key: made by the server, long, new at each sign-in and confirmation, and worth nothing once it ended."""

import base64
import random
import re
import time
from datetime import timedelta
from email.utils import formatdate
from importlib import import_module
from unittest import mock
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import resolve

from consents.actions import representatives
from devices import actions as devices
from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.accounts.signin import second_factors, urls
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.identifiers.access_codes import AccessCodes
from privacy.subjects.actions import contact_codes
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.house.route_list import all_routes
from tests.privacy.accounts.test_second_factors_go import give_key
from tests.privacy.accounts.test_sessions import signed_in

TESTS = SystemActor("tests")
PAGES_OF_FACTORS = (
    "/staff/security/app/", "/staff/security/app/remove/", "/staff/security/key/", "/staff/security/codes/renew/",
)  # fmt: skip


def sign_in(client: Client, user: User) -> None:
    assert client.post("/sign-in/", {"login": user.email, "password": factory.PASSWORD}).status_code == 302


def confirmed_long_ago(client: Client, kind: str) -> None:
    session = client.session
    session["account_authentication_methods"] = [{"method": kind, "type": "totp", "at": time.time() - 301}]
    session.save()


@pytest.mark.asvs("6.3.2")
def test_a_new_portal_has_no_account(portal_database: PortalDatabase) -> None:
    """Migrated as an installation is, with nothing else: nobody is there, and no page makes the first one."""
    with portal_database.connect() as owner:
        assert owner.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)
    for path in ("/setup/", "/install/", "/sign-up/", "/office/accounts/user/open/"):
        assert Client().get(path).status_code in (302, 404)


@pytest.mark.asvs("6.5.3", "6.5.4", "6.6.1", "11.5.1")
@pytest.mark.django_db(databases=["default", "personal", "archive"])
def test_seeds_and_codes_are_random_and_long_enough() -> None:
    """The same seed of Python's own generator makes other secrets: they come from the operating system."""
    odile, device = factory.make_odile(granted=False), factory.make_device(1)
    made: dict[str, list[str]] = {"app": [], "recovery": [], "device": []}
    for time_ in range(2):
        random.seed(7)
        made["app"].append(second_factors.new_totp_secret())
        made["recovery"].append(" ".join(RecoveryCodes.activate(odile).get_unused_codes()))
        made["device"].append(
            devices.issue_challenge(device_id=device.id, case=f"K-{time_}", actor=TESTS, at=clock.now()).shown
        )
        Authenticator.objects.filter(user=odile).delete()
    assert all(first != second for first, second in made.values())
    assert len(base64.b32decode(made["app"][0])) * 8 >= 112
    assert all(re.fullmatch(r"\d{8}", code) for code in made["recovery"][0].split())  # 26 bits
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{6}", code) for code in made["device"])  # 30 bits
    # What goes by mail or text message: of contacts and representatives, and what a page shows of the same make.
    for codes in (contact_codes.CODES, representatives.CODES, AccessCodes("tests")):
        sent = [codes.of(str(mark)).replace("-", "") for mark in range(50)]
        assert len(set(sent)) == 50 and all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", code) for code in sent)  # 130 bits


class TokenTests(PortalTestCase):
    @pytest.mark.asvs("7.2.1", "7.2.2")
    def test_a_key_that_the_server_did_not_make_opens_nothing(self) -> None:
        client = signed_in(factory.make_emin())
        key = client.cookies["session"].value
        for made_up in (key[:-1] + ("a" if key[-1] != "a" else "b"), "a" * 32, str(factory.make_emin().pk), ""):
            other = Client()
            other.cookies["session"] = made_up
            assert other.get("/staff/").headers["Location"].startswith("/sign-in/"), made_up
        # What it stands for is on the server: without its row it opens nothing.
        Session.objects.all().delete()
        assert client.get("/staff/").headers["Location"].startswith("/sign-in/")

    @pytest.mark.asvs("7.2.2", "7.2.3", "11.5.1")
    def test_keys_have_more_than_128_bits_and_none_comes_twice(self) -> None:
        store = import_module(settings.SESSION_ENGINE).SessionStore
        keys = {store()._get_new_session_key() for _one in range(500)}
        assert len(keys) == 500
        again = []
        for _time in range(2):
            random.seed(7)
            again.append(store()._get_new_session_key())
        assert again[0] != again[1]
        assert all(re.fullmatch(r"[a-z0-9]{32}", key) for key in keys)  # 32 of 36 letters: 165 bits
        assert len({letter for key in keys for letter in key}) == 36

    @pytest.mark.asvs("7.2.4")
    def test_the_key_is_new_at_sign_in_and_one_that_was_planted_is_worth_nothing(self) -> None:
        planted = Client()
        session = planted.session
        session["language"] = "en"
        session.save()
        victim = Client()
        victim.cookies["session"] = planted.cookies["session"].value
        sign_in(victim, factory.make_emin())
        assert victim.cookies["session"].value != planted.cookies["session"].value
        assert victim.get("/staff/").status_code == 200
        assert planted.get("/staff/").headers["Location"].startswith("/sign-in/")

    @pytest.mark.asvs("7.2.4")
    def test_the_key_is_new_when_its_owner_confirms(self) -> None:
        odile = factory.make_odile(granted=False)
        secret = factory.give_app(odile)
        client = signed_in(odile)
        before = client.cookies["session"].value
        step = second_factors.next_time_step(odile, at=clock.now())
        answer = client.post("/staff/security/confirm/code/", {"code": second_factors.totp_code(secret, step)})
        assert answer.status_code == 302
        assert client.cookies["session"].value != before
        old = Client()
        old.cookies["session"] = before
        assert old.get("/office/").status_code == 302
        assert client.get("/office/").status_code == 200

    @pytest.mark.asvs("6.5.8")
    def test_a_code_goes_by_the_server_s_time(self) -> None:
        odile, client = factory.make_odile(granted=False), Client()
        secret = factory.give_app(odile)
        sign_in(client, odile)
        later = int(time.time()) + 3_600
        code = second_factors.totp_code(secret, later // second_factors.PERIOD_SECONDS)
        claims = {"Date": formatdate(later), "X-Time": str(later), "If-Modified-Since": formatdate(later)}
        answer = client.post("/sign-in/second/", {"code": code, "at": str(later), "time": str(later)}, headers=claims)
        assert answer.status_code == 200
        assert client.get("/office/").status_code == 302

    @pytest.mark.asvs("7.4.1", "14.3.1")
    def test_after_signing_out_the_key_opens_nothing_and_the_browser_forgets(self) -> None:
        client = signed_in(factory.make_emin())
        key = client.cookies["session"].value
        answer = client.post("/sign-out/")
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        replayed = Client()
        replayed.cookies["session"] = key
        assert replayed.get("/staff/").headers["Location"].startswith("/sign-in/")
        assert not Session.objects.filter(session_key=key).exists()

    @pytest.mark.asvs("7.5.1")
    def test_factors_are_changed_by_who_has_just_confirmed_alone(self) -> None:
        odile, emin = factory.make_odile(granted=False), factory.make_emin()
        factory.give_app(odile)
        key = give_key(odile)
        # Every address by which a factor comes or goes; a password asks for the old one in the same form.
        changing = [*PAGES_OF_FACTORS, f"/staff/security/key/{key.pk}/remove/"]
        named = {one.name for one in urls.urlpatterns if str(one.name).startswith("mfa_")}
        assert {resolve(page).url_name for page in changing} == named - {
            "mfa_authenticate", "mfa_index", "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
            "mfa_view_recovery_codes",
        }  # fmt: skip
        for user, kind, asked in (
            (odile, "mfa", "/staff/security/confirm/code/"),
            (emin, "password", "/staff/security/confirm/"),
        ):
            client = signed_in(user)
            confirmed_long_ago(client, kind)
            before = sorted(Authenticator.objects.values_list("pk", "type"))
            for page in changing if user is odile else changing[:1]:
                for answer in (client.post(page), *([client.get(page)] if "renew" not in page else [])):
                    assert urlsplit(answer.headers["Location"]).path == asked, page
            assert sorted(Authenticator.objects.values_list("pk", "type")) == before

    @pytest.mark.asvs("7.4.4", "14.3.2")
    def test_every_page_of_a_signed_in_person_has_the_button_that_signs_out(self) -> None:
        seen = 0
        for make in (lambda: factory.make_odile(granted=False), factory.make_emin):
            client = signed_in(make())
            for place in all_routes():
                if not place.address.startswith(("/office/", "/staff/")) or place.is_api:
                    continue
                answer = client.get(place.address)
                assert "no-store" in answer.headers["Cache-Control"], place.address
                if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
                    continue
                seen += 1
                assert 'action="/sign-out/"' in answer.content.decode(), place.address
        assert seen > 80

    @pytest.mark.asvs("8.3.2")
    def test_a_role_that_is_taken_away_is_gone_at_the_next_request(self) -> None:
        """Permissions are read from the register at each request, and nothing of them is in the session."""
        hana = factory.make_hana(granted=False)
        client = signed_in(hana)
        assert client.get("/office/").status_code == 200
        assert not [name for name, _value in client.session.items() if "perm" in name or "role" in name]
        hana.grants.update(revoked_at=clock.now())
        assert client.get("/office/").status_code != 200

    @pytest.mark.asvs("8.2.4")
    def test_a_role_is_gone_in_an_open_session_once_its_last_day_is_over(self) -> None:
        emin, today = factory.make_emin(), clock.today()
        accounts.grant(
            asked_by=emin, user=emin, role="handler", reason="x", valid_from=today, valid_until=today,
            actor=factory.make_odile(granted=False), at=clock.now(),
        )  # fmt: skip
        over = clock.midnight(today + timedelta(days=1))
        with mock.patch.object(clock, "now", return_value=over - timedelta(seconds=30)):
            client = signed_in(emin)
            assert client.get("/office/").status_code == 200
        with mock.patch.object(clock, "now", return_value=over + timedelta(seconds=30)):
            assert client.get("/office/").status_code != 200
            assert client.get("/staff/").status_code == 200, "the session goes on"

    @pytest.mark.asvs("8.2.3", "15.3.3")
    def test_a_form_writes_its_own_fields_alone(self) -> None:
        """Every field of an account is sent along with a password: nothing but the password changes."""
        emin = factory.make_emin()
        client, new = signed_in(emin), "quiet lamps over water"
        kept = {field.attname: getattr(emin, field.attname) for field in User._meta.concrete_fields}
        more = dict.fromkeys(kept, "1") | {"email": "evil@extrus.example", "is_staff": "on", "roles": "officer"}
        given = {**more, "oldpassword": factory.PASSWORD, "password1": new, "password2": new}
        assert client.post("/staff/security/password/", given).status_code == 302
        emin = User.objects.get(pk=emin.pk)
        changed = {name for name, value in kept.items() if getattr(emin, name) != value}
        assert changed <= {"password", "last_login"} and emin.check_password(new)
        assert not emin.grants.filter(role="officer").exists()

    @pytest.mark.asvs("15.3.7")
    def test_a_parameter_that_comes_twice_or_in_the_address_opens_nothing(self) -> None:
        emin, omar = factory.make_emin(), factory.make_omar()
        in_address = f"/sign-in/?login={emin.email}&password=correct+horse+battery+staple"
        assert Client().post(in_address, {}).status_code == 200
        twice = Client()
        answer = twice.post("/sign-in/", {"login": [omar.email, emin.email], "password": ["no", factory.PASSWORD]})
        assert answer.status_code == 302
        assert twice.session["_auth_user_id"] == str(emin.pk)
        other = Client()
        other.post("/sign-in/", {"login": [emin.email, omar.email], "password": [factory.PASSWORD, "no"]})
        assert "_auth_user_id" not in other.session
