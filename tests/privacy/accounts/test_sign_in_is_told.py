"""What a person is told about their own sign-in by mail, what the trail keeps of it, and when an idle session ends."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.accounts.signin import actions as signin
from privacy.accounts.tasks import deliver_notice
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.accounts.test_sessions import age, signed_in

pytestmark = pytest.mark.truth("claims")
NEW = "correct-horse-battery-9"


class ToldTests(PortalTestCase):
    def told(self) -> str:
        """The mails that wait, as they are sent."""
        for row in GeneralOutbox.objects.filter(kind=signin.NOTICE):
            deliver_notice(row.ids, event=row.id, starts=1, at=clock.now())
        GeneralOutbox.objects.filter(kind=signin.NOTICE).delete()
        said = "\n".join(str(message.body) for message in mail.outbox)
        mail.outbox.clear()
        return said

    @pytest.mark.asvs("6.3.7")
    def test_a_changed_factor_and_a_changed_password_are_told_by_mail_and_on_record(self) -> None:
        emin = factory.make_emin()
        factory.give_app(emin)
        assert "추가" in self.told()
        self.assertLedgered("accounts.factor.added", emin)
        client = signed_in(emin)
        given = {"oldpassword": factory.PASSWORD, "password1": NEW, "password2": NEW}
        assert client.post("/staff/security/password/", given).headers["Location"] == "/staff/security/"
        assert "비밀번호가 변경" in self.told()
        self.assertLedgered("accounts.password.changed", emin)
        Authenticator.objects.create(user=emin, type=Authenticator.Type.WEBAUTHN, data={})
        assert "추가" in self.told()
        Authenticator.objects.filter(user=emin, type=Authenticator.Type.TOTP).delete()
        assert "삭제" in self.told()
        self.assertLedgered("accounts.factor.removed", emin)
        signin.link_identity(user=emin, provider="company", uid="x", at=clock.now())
        assert "회사 계정" in self.told()
        act = accounts.ask_reset(emin, reason="lost", actor=factory.make_odile(granted=False), at=clock.now())
        self.told()
        accounts.approve_act(act, reason="seen", actor=factory.make_omar(), at=clock.now())
        assert "로그인 수단이 초기화" in self.told()

    @pytest.mark.asvs("16.3.1")
    def test_what_programs_and_visitors_show_in_vain_is_in_the_log(self) -> None:
        """Without a word of what was shown; the proxy writes the address and the status of each request beside it."""
        with self.assertLogs(level="WARNING") as logs:
            for call in ("/api/v1/devices/x/consents", "/api/office/v1/holds", "/scim/v2/Users"):
                answer = Client().get(call, headers={"Authorization": "Bearer shown-in-vain"})
                assert answer.status_code == 401, call
            for door, given in (
                ("rights:case", {"number": "2026-0000000"}),
                ("incidents:status", {"reference": "M7-0000-0000"}),
                ("consents:home", {}),
            ):
                assert Client().post(reverse(door), {**given, "code": "7" * 26}).status_code == 422, door
        said = [line for line in logs.output if "Unauthorized" in line or "wrong code" in line]
        assert len(said) == 6, logs.output
        assert "shown-in-vain" not in "".join(logs.output) and "7" * 26 not in "".join(logs.output)

    @pytest.mark.asvs("16.3.3")
    def test_who_tries_too_often_is_in_the_log(self) -> None:
        """Of a form that is refused for its content too a line says where and with which status, not what was sent."""
        door = reverse("consents:home")
        with self.assertLogs("django.request", level="WARNING") as logs:
            answers = [Client().post(door, {"code": f"{number:026}"}).status_code for number in range(11)]
        assert answers == [422] * 10 + [429]
        assert all(line.endswith(f": {door}") for line in logs.output) and len(logs.output) == 11
        assert f"Too Many Requests: {door}" in logs.output[10]
        assert not [line for line in logs.output if "0000000" in line]

    @pytest.mark.asvs("16.2.5", "16.3.1", "16.3.3")
    def test_sign_ins_and_failures_are_on_record(self) -> None:
        emin, odile = factory.make_emin(), factory.make_odile(granted=False)
        Client().post("/sign-in/", {"login": emin.email, "password": "another"})
        Client().post("/sign-in/", {"login": "nobody@extrus.example", "password": "another"})
        Client().post("/sign-in/", {"login": factory.PASSWORD, "password": "typed into the wrong field"})
        failed = Entry.objects.filter(word="accounts.session.failed").order_by("time")
        assert [(one.about, facts_in(one.payload)) for one in failed] == [
            (f"accounts.user:{emin.pk}", {"method": "password"}), (None, {"method": "password"}),
        ]  # fmt: skip
        client, secret, keys = Client(), factory.give_app(odile), []
        for user, shown in ((emin, "password"), (odile, "password, totp")):
            client.post("/sign-in/", {"login": user.email, "password": factory.PASSWORD})
            if user == odile:
                code = factory.next_code(odile, secret)
                client.post("/sign-in/second/", {"code": code})
            keys.append(client.session.session_key)
            assert f'"method":"{shown}"' in self.assertLedgered("accounts.session.signed-in", user).payload
            client.post("/sign-out/")
            self.assertLedgered("accounts.session.signed-out", user)
        for secret_ in (factory.PASSWORD, "another", "wrong field", secret, code, *keys):
            assert not Entry.objects.filter(payload__contains=secret_).exists()

    @pytest.mark.law("S-15")
    @pytest.mark.asvs("7.3.1")
    def test_an_idle_session_of_an_employee_ends_after_half_an_hour(self) -> None:
        client = signed_in(factory.make_emin())
        age(client, seen_at=29 * 60)
        assert client.get("/staff/").status_code == 200
        age(client, seen_at=31 * 60)
        assert client.get("/staff/").headers["Location"].startswith("/sign-in/")

    def test_a_security_key_is_bound_to_this_site(self) -> None:
        client = signed_in(factory.make_emin())
        for host in ("portal.example", "testserver"):
            with self.settings(ALLOWED_HOSTS=["*"]):
                page = client.get("/staff/security/key/", headers={"host": host})
            assert f'"id": "{host}"' in page.content.decode().replace("&quot;", '"'), host
