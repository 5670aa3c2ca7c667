"""Who may open what: a grant in its period, given by another (P8.8)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, AccessRequest
from privacy.ledger.authorization import NotPermitted
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON, make_emin, make_hana, make_odile
from tests.privacy.retention.test_races import at_once

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
        fields["asked_by"] = changes.get("user", fields["user"])
        return accounts.grant(**{**fields, **changes})  # type: ignore[arg-type]

    @pytest.mark.asvs("8.2.4")
    def test_a_grant_holds_in_its_period_both_ends_included(self) -> None:
        hana = self.grant().user
        assert not hana.may_open("app-log", "error-analysis", TODAY - timedelta(days=1))
        assert hana.may_open("app-log", "error-analysis", TODAY)
        assert hana.may_open("app-log", "error-analysis", TODAY + timedelta(days=7))
        assert not hana.may_open("app-log", "error-analysis", TODAY + timedelta(days=8))

    @pytest.mark.law("S-08")
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

    @pytest.mark.truth("granted-twice")
    def test_a_grant_that_is_sent_twice_is_one_line_and_one_revocation_ends_it(self) -> None:
        first = self.grant()
        assert self.grant().pk == first.pk
        accounts.revoke(grant=first, actor=make_odile(granted=False), at=NOON)
        assert not first.user.may_open("app-log", "error-analysis", TODAY)
        assert self.grant().pk != first.pk, "after the revocation it can be granted anew"

    @pytest.mark.truth("granted-twice")
    def test_another_end_is_not_before_the_beginning(self) -> None:
        grant = self.grant(valid_from=TODAY + timedelta(days=3))
        with pytest.raises(accounts.InvalidPeriod):
            accounts.change_end(
                grant, valid_until=TODAY + timedelta(days=2), reason="x", actor=make_odile(granted=False), at=NOON
            )

    @pytest.mark.law("S-08")
    def test_nobody_grants_to_themselves(self) -> None:
        odile = make_odile(granted=False)
        with pytest.raises(accounts.OwnAccess):
            self.grant(user=odile)
        with pytest.raises(IntegrityError, match="access_is_approved_by_another"), transaction.atomic():
            AccessGrant.objects.create(
                user=odile, approved_by=odile, category="app-log", purpose="rights", reason="x", asked_by="U-1",
                granted_at=NOON,
                valid_from=TODAY, valid_until=TODAY,
            )  # fmt: skip

    def test_a_handler_grants_nothing_and_the_try_is_on_record(self) -> None:
        with pytest.raises(NotPermitted):
            self.grant(actor=make_hana(granted=False), user=make_emin())
        self.assertLedgered("ledger.denied")


@pytest.mark.truth("asked-twice")
def test_a_request_that_is_sent_several_times_at_once_is_one(portal_database: PortalDatabase) -> None:
    hana = make_hana(granted=False)
    ask = lambda: accounts.request_access(  # noqa: E731
        user=hana, category="app-log", purpose="error-analysis", reason="crash of release 4", valid_from=TODAY,
        valid_until=TODAY + timedelta(days=30), at=NOON,
    )  # fmt: skip
    answers = at_once(*[ask] * 6)
    assert sum(isinstance(answer, accounts.AlreadyRequested) for answer in answers) == 5
    assert AccessRequest.objects.open().count() == 1
