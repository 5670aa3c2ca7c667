"""What a person is told about their own sign-in by mail, what the trail keeps of it, and when an idle session ends."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from privacy.accounts.signin import actions as signin
from privacy.accounts.tasks import deliver_notice
from privacy.jobs.models import GeneralOutbox
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
        assert self.told()
        self.assertLedgered("accounts.factor.removed", emin)

    @pytest.mark.asvs("16.3.1")
    def test_sign_ins_and_failures_are_on_record(self) -> None:
        emin = factory.make_emin()
        Client().post("/sign-in/", {"login": emin.email, "password": "another"})
        self.assertLedgered("accounts.session.failed")
        client = Client()
        client.post("/sign-in/", {"login": emin.email, "password": factory.PASSWORD})
        self.assertLedgered("accounts.session.signed-in", emin)
        client.post("/sign-out/")
        self.assertLedgered("accounts.session.signed-out", emin)

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
