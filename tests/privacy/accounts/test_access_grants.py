"""Who may open what: a grant in its period, given by another (P8.8)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant
from privacy.ledger.actors import NotPermitted
from tests.base import PortalTestCase
from tests.factory import NOON, make_emin, make_hana, make_odile

TODAY = date(2026, 11, 24)


@pytest.mark.clause("P8.8")
class AccessGrantTest(PortalTestCase):
    def grant(self, **changes: object) -> AccessGrant:
        fields = {
            "user": make_hana(granted=False),
            "category": "app-log",
            "purpose": "error-analysis",
            "reason": "error analysis of release 4",
            "valid_from": TODAY,
            "valid_until": TODAY + timedelta(days=7),
            "actor": make_odile(granted=False),
            "at": NOON,
        }
        return accounts.grant(**{**fields, **changes})  # type: ignore[arg-type]

    def test_a_grant_holds_in_its_period_both_ends_included(self) -> None:
        hana = self.grant().user
        assert not hana.may_open("app-log", "error-analysis", TODAY - timedelta(days=1))
        assert hana.may_open("app-log", "error-analysis", TODAY)
        assert hana.may_open("app-log", "error-analysis", TODAY + timedelta(days=7))
        assert not hana.may_open("app-log", "error-analysis", TODAY + timedelta(days=8))

    def test_it_opens_nothing_else(self) -> None:
        hana = self.grant().user
        assert not hana.may_open("app-log", "analytics", TODAY)
        assert not hana.may_open("service-analytics", "error-analysis", TODAY)

    def test_without_the_role_a_grant_opens_nothing(self) -> None:
        emin = make_emin()
        self.grant(user=emin)
        assert not emin.may_open("app-log", "error-analysis", TODAY)

    def test_revoked_is_over_at_once_and_stays_in_the_register(self) -> None:
        grant = self.grant()
        accounts.revoke(grant=grant, actor=make_odile(granted=False), at=NOON)
        assert not grant.user.may_open("app-log", "error-analysis", TODAY)
        self.assertLedgered("accounts.access.revoked", grant)
        with pytest.raises(accounts.AlreadyRevoked):
            accounts.revoke(grant=grant, actor=make_odile(granted=False), at=NOON)

    def test_nobody_grants_to_themselves(self) -> None:
        odile = make_odile(granted=False)
        with pytest.raises(accounts.OwnAccess):
            self.grant(user=odile)
        with pytest.raises(IntegrityError, match="access_is_approved_by_another"), transaction.atomic():
            AccessGrant.objects.create(
                user=odile, approved_by=odile, category="app-log", purpose="rights", reason="x", granted_at=NOON,
                valid_from=TODAY, valid_until=TODAY,
            )  # fmt: skip

    def test_a_handler_grants_nothing_and_the_try_is_on_record(self) -> None:
        with pytest.raises(NotPermitted):
            self.grant(actor=make_hana(granted=False), user=make_emin())
        self.assertLedgered("ledger.denied")
