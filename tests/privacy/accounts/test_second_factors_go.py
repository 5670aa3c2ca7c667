"""A second factor is removed by two officers, or by its owner while another stays; the last one goes by a reset."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccountAct, User
from privacy.accounts.second_person import NotASecondPerson
from privacy.accounts.signin import second_factors, urls
from privacy.accounts.signin.actions import OwnSignIn
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.accounts.test_second_person import second_account
from tests.software_key import SoftwareKey


def give_key(user: User) -> Authenticator:
    return Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "key"})


@pytest.mark.attack("17.3")
class SecondFactorsGoTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_odile(), factory.make_omar(), factory.make_hana(granted=False)
        factory.give_app(self.hana)
        self.key = give_key(self.hana)
        self.at = clock.now()

    def ask(self) -> AccountAct:
        return accounts.ask_factor_removal(
            self.hana, factor=self.key.pk, reason="lost", actor=self.odile, at=self.at - timedelta(hours=1)
        )

    def kinds(self) -> list[str]:
        return list(Authenticator.objects.filter(user=self.hana).values_list("type", flat=True))

    @pytest.mark.law("S-12")
    @pytest.mark.asvs("6.4.4", "6.5.6")
    def test_one_officer_asks_and_another_approves(self) -> None:
        act = self.ask()
        assert self.kinds() == ["totp", "webauthn"]
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_act(act, reason="x", actor=self.odile, at=self.at)
        double = second_account(asked_by=self.odile, approved_by=self.omar)
        with pytest.raises(NotASecondPerson):
            accounts.approve_act(act, reason="x", actor=double, at=self.at)
        accounts.approve_act(act, reason="x", actor=self.omar, at=self.at)
        assert self.kinds() == ["totp"]
        assert self.assertLedgered("accounts.factor.removed", self.hana).actor == self.omar.ref
        assert not self.hana.invitations.filter(used_at=None).exists()

    @pytest.mark.asvs("6.4.4")
    def test_the_last_one_is_neither_asked_for_nor_removed(self) -> None:
        act = self.ask()
        Authenticator.objects.filter(user=self.hana, type="totp").delete()
        with pytest.raises(accounts.LastFactor):
            self.ask()
        with pytest.raises(accounts.LastFactor):
            accounts.approve_act(act, reason="x", actor=self.omar, at=self.at)
        with pytest.raises(OwnSignIn):
            accounts.ask_factor_removal(self.odile, factor=1, reason="x", actor=self.odile, at=self.at)

    def test_the_database_keeps_the_last_one_until_a_reset(self) -> None:
        self.key.delete()
        with pytest.raises(IntegrityError, match="goes by a reset"), transaction.atomic():
            Authenticator.objects.filter(user=self.hana).delete()
            connection.check_constraints()
        act = accounts.ask_reset(self.hana, reason="lost", actor=self.odile, at=self.at)
        accounts.approve_act(act, reason="x", actor=self.omar, at=self.at)
        connection.check_constraints()
        assert self.kinds() == []

    def test_closing_and_opening_at_once_is_no_way_around_the_reset(self) -> None:
        row = User.objects.filter(pk=self.hana.pk)

        def opens_again(password: str) -> None:
            with pytest.raises(IntegrityError, match="opens again with nothing"), transaction.atomic():
                row.update(is_active=True, password=password)

        with transaction.atomic():
            row.update(is_active=False)
            Authenticator.objects.filter(user=self.hana).delete()
            connection.check_constraints()
            opens_again("!")  # Its grants are there.
            transaction.set_rollback(True)
        accounts.deactivate_user(self.hana, why="left", actor=self.odile, at=self.at)
        opens_again(self.odile.password)
        key = give_key(self.hana)
        opens_again("!")
        key.delete()
        accounts.reactivate_user(self.hana, actor=self.odile, at=self.at)
        assert row.get().is_active and row.get().roles == []

    @pytest.mark.asvs("6.7.1")
    def test_one_given_to_another_or_made_of_another_kind_is_no_way_around_it_either(self) -> None:
        row = Authenticator.objects.filter(user=self.hana)
        for change in ({"user": self.odile}, {"type": "recovery_codes"}):
            with pytest.raises(IntegrityError, match="stays with its person"), transaction.atomic():
                row.update(**change)
        row.update(last_used_at=self.at)
        factory.give_app(self.odile)
        factory.give_app(self.hana)
        mine = Authenticator.objects.get(user=self.odile, type="totp").data
        with pytest.raises(IntegrityError, match="stays with its person"), transaction.atomic():
            row.filter(type="totp").update(data=mine)

    def offers_to_end_the_others(self, answer: Any) -> None:
        """The page of one's factors, or the one that shows new codes once and leads there and nowhere else."""
        assert answer.status_code == 302, answer.content.decode()
        page = self.client.get(answer.headers["Location"]).content.decode()
        if answer.headers["Location"] == "/staff/security/codes/":
            [leads] = re.findall(r'<a class="btn[^"]*" href="([^"]+)"', page)
            page = self.client.get(leads).content.decode()
        assert 'action="/staff/security/sessions/end/"' in page

    @pytest.mark.asvs("7.4.3")
    def test_its_owner_removes_one_and_not_the_last(self) -> None:
        for client in (Client(), self.client):
            client.force_login(self.hana)
        gone = self.client.post(reverse("mfa_remove_webauthn", args=[self.key.pk]))
        assert gone.headers["Location"] == "/staff/security/"
        self.offers_to_end_the_others(gone)
        self.client.post(reverse("mfa_deactivate_totp"))
        assert self.kinds() == ["totp"]

    @pytest.mark.asvs("7.4.3")
    def test_after_each_change_of_them_the_other_sessions_can_be_ended(self) -> None:
        for client in (Client(), self.client):
            client.force_login(self.hana)
        changes = {one.name for one in urls.urlpatterns if str(one.name).startswith("mfa_")}
        self.client.post(reverse("mfa_remove_webauthn", args=[self.key.pk]))
        add, here = reverse("mfa_add_webauthn"), {"host": "localhost"}
        asked = json.loads(self.client.get(add, headers=here).context["options"])
        made = {"name": "blue", "credential": json.dumps(SoftwareKey().make(asked))}
        self.offers_to_end_the_others(self.client.post(add, made, headers=here))
        self.offers_to_end_the_others(self.client.post(reverse("mfa_generate_recovery_codes")))
        self.offers_to_end_the_others(self.client.post(reverse("mfa_deactivate_totp")))
        secret = self.client.get(reverse("mfa_activate_totp")).context["form"].secret
        code = second_factors.totp_code(secret, int(clock.now().timestamp()) // second_factors.PERIOD_SECONDS)
        self.offers_to_end_the_others(self.client.post(reverse("mfa_activate_totp"), {"code": code}))
        # A key's removal is in the test above; no other address changes one.
        assert changes == {
            "mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
            "mfa_view_recovery_codes", "mfa_deactivate_totp", "mfa_activate_totp", "mfa_generate_recovery_codes",
            "mfa_add_webauthn", "mfa_remove_webauthn",
        }  # fmt: skip
