"""Sessions: how long they last, how many at once, who sees and ends them; and confirming before a dangerous act."""

import re
import time
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccountAct, Browser, SignIn, User
from privacy.accounts.signin import actions as signin
from privacy.accounts.tasks import deliver_notice
from privacy.jobs.models import GeneralOutbox
from privacy.lib.dates import clock
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
    @pytest.mark.law("S-15")
    @pytest.mark.asvs("7.3.1", "7.4.1", "14.3.1")
    def test_an_idle_session_of_the_console_ends_after_a_quarter_of_an_hour(self) -> None:
        odile, emin = signed_in(factory.make_odile(granted=False)), signed_in(factory.make_emin())
        for client in (odile, emin):
            age(client, seen_at=14 * 60)
        assert odile.get("/office/").status_code == emin.get("/staff/").status_code == 200
        # A page that stays open is emptied after as long (tests/browser/test_closing.py).
        assert 'data-seconds="900"' in odile.get("/office/").content.decode()
        assert 'data-seconds="1800"' in emin.get("/staff/").content.decode()
        assert "data-seconds" not in Client().get("/sign-in/").content.decode()
        for client in (odile, emin):
            age(client, seen_at=16 * 60)
        over = odile.get("/office/")
        assert over.headers["Location"].startswith("/sign-in/?next=/office/")
        assert over.headers["Clear-Site-Data"] == '"cache"'
        assert emin.get("/staff/").status_code == 200
        assert odile.get("/office/").status_code == 302
        self.assertLedgered("accounts.session.ended")
        assert SignIn.objects.get(user__email="odile@extrus.example").ended_by == SignIn.End.IDLE

    @pytest.mark.law("S-15")
    @pytest.mark.asvs("7.3.2", "7.6.1")
    def test_a_busy_session_ends_after_eight_hours_all_the_same(self) -> None:
        client = signed_in(factory.make_emin())
        age(client, began_at=8 * 3600 - 60)
        assert client.get("/staff/").status_code == 200
        age(client, began_at=120)
        assert client.get("/staff/").headers["Location"].startswith("/sign-in/")
        page = client.get("/sign-in/?next=/staff/").content.decode()
        assert "최대 이용 시간" in page


class OwnSessionTests(PortalTestCase):
    @pytest.mark.truth("ended-by-oneself")
    def test_who_ends_the_session_they_are_in_is_signed_out_and_reads_of_no_error(self) -> None:
        odile = factory.make_odile()
        factory.make_omar()
        role = odile.grants.exclude(role="").get()
        client = signed_in(odile)
        button = {"CHANGE_FORM-action": "revoke", "_selected_action": str(role.pk), "index": "0"}
        said = {**button, "confirmed": "1", "reason": "test"}
        assert client.post(f"/office/accounts/accessgrant/{role.pk}/change/", said).status_code == 302
        role.refresh_from_db()
        assert role.revoked_at is not None
        client = signed_in(factory.make_emin())
        (own,) = SignIn.objects.filter(user__email="emin@extrus.example", ended_at=None)
        assert client.post(f"/staff/security/sessions/{own.pk}/end/").status_code == 302
        assert client.get("/staff/").headers["Location"].startswith("/sign-in/")

    @pytest.mark.truth("ended-by-a-new-password")
    def test_sessions_that_a_new_password_ended_say_so(self) -> None:
        emin = factory.make_emin()
        factory.give_app(emin)
        here, there = signed_in(emin), signed_in(emin)
        key = there.session.session_key
        new = "brass-lantern-over-quiet-harbour"
        given = {"oldpassword": factory.PASSWORD, "password1": new, "password2": new}
        assert here.post("/staff/security/password/", given).status_code == 302
        assert SignIn.objects.get(session_key=key).ended_by == "password"
        assert '"why":"password"' in self.assertLedgered("accounts.session.ended", emin).payload

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

    @pytest.mark.asvs("7.5.2")
    def test_nobody_ends_a_session_by_one_that_was_left_open(self) -> None:
        """Who has not confirmed lately confirms first: neither one of them ends, nor all of the others."""
        emin = factory.make_emin()
        here, there = signed_in(emin), signed_in(emin)
        other = SignIn.objects.get(session_key=there.session.session_key)
        session = here.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 301}]
        session.save()
        for one in (f"/staff/security/sessions/{other.pk}/end/", "/staff/security/sessions/end/"):
            assert urlsplit(here.post(one).headers["Location"]).path == "/staff/security/confirm/", one
        assert there.get("/staff/").status_code == 200

    @pytest.mark.asvs("8.2.2")
    def test_another_s_session_is_not_there(self) -> None:
        emin = signed_in(factory.make_emin())
        signed_in(factory.make_omar())
        theirs = SignIn.objects.get(user=factory.make_omar())
        assert emin.post(f"/staff/security/sessions/{theirs.pk}/end/").status_code == 404
        with pytest.raises(signin.OwnSignIn):
            signin.revoke(theirs, actor=factory.make_emin(), at=clock.now())

    @pytest.mark.law("S-11")
    def test_the_oldest_session_gives_way_to_a_fourth(self) -> None:
        emin = factory.make_emin()
        clients = [signed_in(emin) for _number in range(4)]
        answers = [client.get("/staff/").status_code for client in clients]
        assert answers == [302, 200, 200, 200]

    @pytest.mark.asvs("7.4.3", "7.5.2")
    def test_everywhere_else_is_everywhere_but_here(self) -> None:
        emin = factory.make_emin()
        here, there = signed_in(emin), signed_in(emin)
        # The page of one's factors, where a change of them leads, has the button.
        [pressed] = re.findall(
            r'action="(/staff/security/sessions/end/)"', here.get("/staff/security/").content.decode()
        )
        here.post(pressed)
        assert (here.get("/staff/").status_code, there.get("/staff/").status_code) == (200, 302)

    @pytest.mark.law("S-12")
    @pytest.mark.asvs("6.2.3", "7.4.3", "7.5.1")
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

    @pytest.mark.law("S-11")
    @pytest.mark.asvs("6.3.5", "8.2.4")
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


class KnownBrowsersTests(PortalTestCase):
    @pytest.mark.truth("every-known-browser-is-listed")
    def test_every_browser_that_is_signed_in_from_without_a_mail_is_in_the_list(self) -> None:
        emin, at = factory.make_emin(), clock.now()
        client = signed_in(emin)
        Browser.objects.bulk_create(
            Browser(user=emin, token_digest=f"{number:064}", title="Firefox", first_seen_at=at, last_seen_at=at)
            for number in range(25)
        )
        shown = client.get("/staff/security/").context["browsers"]
        assert set(shown) == set(Browser.objects.filter(user=emin))
        assert len(shown) >= 25


class ResetTests(PortalTestCase):
    def reset(self, person: User) -> AccountAct:
        act = accounts.ask_reset(person, reason="lost", actor=factory.make_odile(granted=False), at=clock.now())
        return accounts.approve_act(act, reason="seen", actor=factory.make_omar(), at=clock.now())

    @pytest.mark.asvs("6.5.6", "7.4.3", "7.4.5")
    def test_an_officer_resets_another_s_sign_in_and_nobody_their_own(self) -> None:
        odile, hana = factory.make_odile(granted=False), factory.make_hana(granted=False)
        factory.give_app(hana)
        client = signed_in(hana)
        self.reset(hana)
        assert client.get("/staff/").status_code == 302
        hana.refresh_from_db()
        assert not hana.has_usable_password()
        assert not Authenticator.objects.filter(user=hana).exists()
        self.assertLedgered("accounts.factor.reset", hana)
        with pytest.raises(signin.OwnSignIn):
            accounts.ask_reset(odile, reason="lost", actor=odile, at=clock.now())

    @pytest.mark.truth("who-removed-a-second-factor")
    def test_the_trail_says_that_the_officer_removed_the_second_factors(self) -> None:
        omar, hana = factory.make_omar(), factory.make_hana(granted=False)
        factory.give_app(hana)
        self.reset(hana)
        assert f'"{omar.reference}"' in self.assertLedgered("accounts.factor.removed", hana).payload

    @pytest.mark.asvs("6.4.6")
    def test_the_button_asks_and_changes_nothing(self) -> None:
        client, hana = signed_in(factory.make_odile(granted=False)), factory.make_hana(granted=False)
        before = hana.password
        page = f"/office/accounts/user/{hana.pk}/change/"
        pressed = {"CHANGE_FORM-action": "reset_sign_in", "_selected_action": str(hana.pk), "index": "0"}
        client.post(page, {**pressed, "confirmed": "yes", "reason": "lost the phone"})
        act = AccountAct.objects.get()
        assert (act.user, act.kind, act.state) == (hana, "reset", "requested")
        hana.refresh_from_db()
        assert hana.password == before


class StepUpTests(PortalTestCase):
    @pytest.mark.asvs("7.5.3", "8.2.4", "8.4.2")
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
        for button in ("verify", "grant", "carry_out"):
            case = factory.ask_correction().request
            pressed = {"CHANGE_FORM-action": button, "_selected_action": str(case.pk), "index": "0"}
            answer = client.post(f"/office/rights/request/{case.pk}/change/", pressed)
            assert urlsplit(answer.headers["Location"]).path == "/staff/security/confirm/code/", button
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
