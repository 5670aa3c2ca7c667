"""A second factor is removed by two officers, or by its owner while another stays; the last one goes by a reset."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccountAct, User
from privacy.accounts.second_person import NotASecondPerson
from privacy.accounts.signin.actions import OwnSignIn
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.accounts.test_second_person import second_account


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

    def test_its_owner_removes_one_and_not_the_last(self) -> None:
        self.client.force_login(self.hana)
        pages = (reverse("mfa_remove_webauthn", args=[self.key.pk]), reverse("mfa_deactivate_totp"))
        for page in pages:
            self.client.post(page)
        assert self.kinds() == ["totp"]
