"""Sessions: how long they last, how many at once, who sees and ends them; and confirming before a dangerous act."""

import time
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from privacy.accounts.models import Browser, SignIn, User
from privacy.accounts.signin import actions as signin
from privacy.accounts.tasks import deliver_notice
from privacy.jobs.models import GeneralOutbox
from privacy.lib import clock
from tests import factory
from tests.base import PortalTestCase


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def age(client: Client, **seconds: float) -> None:
    """Make a session look older."""
    session = client.session
    for name, by in seconds.items():
        session[name] = session[name] - by
    session.save()


class TimeOutTests(PortalTestCase):
    @pytest.mark.asvs("7.3.1")
    def test_an_idle_session_of_the_console_ends_after_a_quarter_of_an_hour(self) -> None:
        odile, emin = signed_in(factory.make_odile(granted=False)), signed_in(factory.make_emin())
        for client in (odile, emin):
            age(client, seen_at=14 * 60)
        assert odile.get("/office/").status_code == emin.get("/staff/").status_code == 200
        for client in (odile, emin):
            age(client, seen_at=16 * 60)
        assert odile.get("/office/").headers["Location"].startswith("/sign-in/?next=/office/")
        assert emin.get("/staff/").status_code == 200
        assert odile.get("/office/").status_code == 302
        self.assertLedgered("accounts.session.ended")
        assert SignIn.objects.get(user__email="odile@extrus.example").ended_by == SignIn.End.IDLE

    @pytest.mark.asvs("7.3.2")
    def test_a_busy_session_ends_after_eight_hours_all_the_same(self) -> None:
        client = signed_in(factory.make_emin())
        age(client, began_at=8 * 3600 - 60)
        assert client.get("/staff/").status_code == 200
        age(client, began_at=120)
        assert client.get("/staff/").headers["Location"].startswith("/sign-in/")
        page = client.get("/sign-in/?next=/staff/").content.decode()
        assert "최대 이용 시간" in page


class OwnSessionTests(PortalTestCase):
    @pytest.mark.asvs("7.5.2")
    def test_a_person_sees_their_sessions_and_ends_one(self) -> None:
        emin = factory.make_emin()
        here, there = signed_in(emin), signed_in(emin)
        assert len(here.get("/staff/security/").context["sessions"]) == 2
        other = SignIn.objects.get(session_key=there.session.session_key)
        assert here.post(f"/staff/security/sessions/{other.pk}/end/").status_code == 302
        assert there.get("/staff/").headers["Location"].startswith("/sign-in/")
        assert here.get("/staff/").status_code == 200
        self.assertLedgered("accounts.session.ended", emin)

    @pytest.mark.asvs("8.2.2")
    def test_another_s_session_is_not_there(self) -> None:
        emin = signed_in(factory.make_emin())
        signed_in(factory.make_omar())
        theirs = SignIn.objects.get(user=factory.make_omar())
        assert emin.post(f"/staff/security/sessions/{theirs.pk}/end/").status_code == 404
        with pytest.raises(signin.OwnSignIn):
            signin.revoke(theirs, actor=factory.make_emin(), at=clock.now())

    def test_the_oldest_session_gives_way_to_a_fourth(self) -> None:
        emin = factory.make_emin()
        clients = [signed_in(emin) for _number in range(4)]
        answers = [client.get("/staff/").status_code for client in clients]
        assert answers == [302, 200, 200, 200]

    def test_everywhere_else_is_everywhere_but_here(self) -> None:
        emin = factory.make_emin()
        here, there = signed_in(emin), signed_in(emin)
        here.post("/staff/security/sessions/end/")
        assert (here.get("/staff/").status_code, there.get("/staff/").status_code) == (200, 302)

    @pytest.mark.asvs("6.2.3")
    def test_a_new_password_needs_the_old_one_keeps_this_session_and_ends_the_others(self) -> None:
        emin = factory.make_emin()
        here, there = signed_in(emin), signed_in(emin)
        new = {"oldpassword": factory.PASSWORD, "password1": "a longer sentence of mine"}
        new["password2"] = new["password1"]
        for wrong in ({"oldpassword": "no"}, {"password1": "short", "password2": "short"}):
            assert here.post("/staff/security/password/", {**new, **wrong}).status_code == 200
        assert here.post("/staff/security/password/", new).headers["Location"] == "/staff/security/"
        assert (here.get("/staff/").status_code, there.get("/staff/").status_code) == (200, 302)
        self.assertLedgered("accounts.password.changed", emin)

    def test_a_new_device_is_told_by_mail_and_a_known_one_is_not(self) -> None:
        emin = factory.make_emin()
        client = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")
        for _time in range(2):
            client.post("/sign-in/", {"login": emin.email, "password": factory.PASSWORD})
            client.post("/sign-out/")
        assert Browser.objects.get(user=emin).title == "Firefox, Windows"
        row = GeneralOutbox.objects.get(kind=signin.NOTICE)
        from django.core import mail

        deliver_notice(row.ids, event=row.id, starts=1, at=clock.now())
        assert "Firefox, Windows" in mail.outbox[0].body and mail.outbox[0].to == [emin.email]


class ResetTests(PortalTestCase):
    def test_an_officer_resets_another_s_sign_in_and_nobody_their_own(self) -> None:
        odile, hana = factory.make_odile(granted=False), factory.make_hana(granted=False)
        factory.give_app(hana)
        client = signed_in(hana)
        password = signin.reset(hana, actor=odile, at=clock.now())
        assert client.get("/staff/").status_code == 302
        answer = Client().post("/sign-in/", {"login": hana.email, "password": password})
        assert answer.headers["Location"] == "/welcome/"
        self.assertLedgered("accounts.factor.reset", hana)
        with pytest.raises(signin.OwnSignIn):
            signin.reset(odile, actor=odile, at=clock.now())

    def test_the_button_shows_the_password_once(self) -> None:
        client, hana = signed_in(factory.make_odile(granted=False)), factory.make_hana(granted=False)
        page = f"/office/accounts/user/{hana.pk}/change/"
        pressed = {"CHANGE_FORM-action": "reset_sign_in", "_selected_action": str(hana.pk), "index": "0"}
        asked = client.post(page, pressed)
        assert "확인하십시오" in asked.content.decode()
        done = client.post(page, {**pressed, "confirmed": "yes"})
        password = done.context["password"]
        assert hana.check_password(password) is False
        hana.refresh_from_db()
        assert hana.check_password(password)


class StepUpTests(PortalTestCase):
    @pytest.mark.asvs("7.5.3")
    def test_a_dangerous_act_asks_for_the_factor_again_after_five_minutes(self) -> None:
        odile = factory.make_odile()
        secret = factory.give_app(odile)
        client = signed_in(odile)
        assert client.get("/office/accounts/accessgrant/grant/").status_code == 200
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time() - 301}]
        session.save()
        for answer in (
            client.get("/office/accounts/accessgrant/grant/"),
            client.get("/office/registers/requests/"),
        ):
            asked = urlsplit(answer.headers["Location"])
            assert asked.path == "/staff/security/confirm/code/"
        assert parse_qs(asked.query)["next"] == ["/office/registers/requests/"]
        grant = odile.grants.filter(role="").first()
        assert grant is not None
        page = f"/office/accounts/accessgrant/{grant.pk}/change/"
        button = {"CHANGE_FORM-action": "revoke", "_selected_action": str(grant.pk), "index": "0"}
        pressed = client.post(page, button)
        assert urlsplit(pressed.headers["Location"]).path == "/staff/security/confirm/code/"
        grant.refresh_from_db()
        assert grant.revoked_at is None
        confirmed = client.post(pressed.headers["Location"], {"code": factory.next_code(odile, secret), "next": page})
        assert confirmed.headers["Location"] == page
        client.post(page, {**button, "confirmed": "1", "reason": "test"})
        grant.refresh_from_db()
        assert grant.revoked_at is not None
        self.assertLedgered("accounts.session.confirmed", odile)

    def test_what_is_not_dangerous_asks_nothing(self) -> None:
        client = signed_in(factory.make_odile(granted=False))
        with patch("privacy.accounts.receivers.clock.now", return_value=clock.now() + timedelta(minutes=10)):
            assert client.get("/office/accounts/accessgrant/").status_code == 200
            assert client.get("/office/accounts/accessgrant/grant/").status_code == 302
