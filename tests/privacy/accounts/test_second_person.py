"""Two accounts of one person are not two people: by the verbs, and by raw SQL as the portal's role (decision 0106)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.checks import Error
from django.db import IntegrityError, connection, transaction

from config.checks import second_person_is_another
from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, AccessRequest, AccountAct, User
from privacy.accounts.second_person import NotASecondPerson, require_second_person
from privacy.lib.dates import clock
from privacy.policies.models import Parameter
from privacy.retention import actions as retention
from privacy.retention.models import ArchiveAccess
from tests import factory
from tests.base import PortalTestCase

REFUSED = "cannot approve as the second person"


def second_account(*, asked_by: User, approved_by: User, used_days_ago: int = 5) -> User:
    """An officer's account opened by the real verbs; its owner set it up some days ago, with pledge and training."""
    now = clock.now()
    used, began = now - timedelta(days=used_days_ago), now - timedelta(days=used_days_ago, hours=1)
    act = accounts.ask_account(
        email="double@extrus.example", name="Double", role="officer", is_outside=False, reason="helps", actor=asked_by,
        at=began,
    )  # fmt: skip
    accounts.approve_act(act, reason="fine", actor=approved_by, at=began)
    user = User.objects.get(email="double@extrus.example")
    token = accounts.issue_invitation_token(user.invitations.get().pk, actor=factory.TESTS, at=began)
    assert token is not None
    accounts.accept_invitation(token, password=factory.PASSWORD, at=used)
    accounts.record_first_factor(user=user, at=used)
    factory.make_pledge(user)
    factory.make_training(user)
    return user


def refusal(approver: User, asker: User, at: datetime | None = None) -> str:
    try:
        require_second_person(approver, asked_by=asker.ref, at=at or clock.now())
    except NotASecondPerson as refused:
        return str(refused)
    return ""


@pytest.mark.asvs("2.3.5")
@pytest.mark.attack("17.3")
class RuleTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(granted=False), factory.make_omar()

    def test_two_colleagues_approve_for_each_other(self) -> None:
        assert refusal(self.omar, self.odile) == ""
        assert refusal(self.odile, self.omar) == ""

    def test_whose_account_one_asked_for_or_approved_is_no_second_person_in_either_direction(self) -> None:
        double = second_account(asked_by=self.odile, approved_by=self.omar)
        for officer in (self.odile, self.omar):
            assert "관여했습니다" in refusal(double, officer)
            assert "관여했습니다" in refusal(officer, double)
        later = clock.now() + timedelta(days=30)
        assert refusal(double, self.odile, later) == ""

    def test_a_reset_ties_two_people_as_an_opening_does(self) -> None:
        nari = factory.make_user("nari@extrus.example", "Nari", "officer")
        act = accounts.ask_reset(nari, reason="lost", actor=self.odile, at=clock.now() - timedelta(days=3))
        accounts.approve_act(act, reason="ok", actor=self.omar, at=clock.now() - timedelta(days=3))
        assert "2차 인증" in refusal(nari, self.odile), "the invitation has not been used"
        assert "관여했습니다" in refusal(self.odile, nari)

    def test_a_new_role_ties_two_people_and_its_renewal_does_not(self) -> None:
        hana, today = factory.make_hana(granted=False), clock.today()
        asked = accounts.request_access(
            user=self.omar, role="officer", reason="goes on", valid_from=today,
            valid_until=today + timedelta(days=200), at=clock.now(),
        )  # fmt: skip
        accounts.approve_access(asked, reason="yes", actor=self.odile, at=clock.now())
        assert refusal(self.odile, self.omar) == ""
        asked = accounts.request_access(
            user=hana, asked_by=self.odile, role="officer", reason="stands in", valid_from=today,
            valid_until=today + timedelta(days=9), at=clock.now(),
        )  # fmt: skip
        accounts.approve_access(asked, reason="yes", actor=self.omar, at=clock.now())
        assert "관여했습니다" in refusal(hana, self.odile)
        assert "관여했습니다" in refusal(self.omar, hana)

    def test_a_sign_in_of_less_than_a_day_and_one_without_factor_pledge_or_training_do_not_count(self) -> None:
        nari = factory.make_user("nari@extrus.example", "Nari", "officer", fit=False)
        assert "서약서" in refusal(nari, self.odile)
        factory.make_pledge(nari)
        assert "교육" in refusal(nari, self.odile)
        factory.make_training(nari)
        assert refusal(nari, self.odile) == ""
        factory.make_used_invitation(nari, used_at=clock.now() - timedelta(hours=23))
        assert "얼마 되지" in refusal(nari, self.odile)

    def test_the_rulebook_says_how_long_and_production_refuses_none(self) -> None:
        double = second_account(asked_by=self.odile, approved_by=self.omar)
        assert list(second_person_is_another()) == []
        for code in ("duties.account.days", "duties.apart.days"):
            Parameter.objects.create(code=code, value=0, unit="days", effective_on=clock.today(), basis="test")
        assert refusal(double, self.odile) == ""
        found = list(second_person_is_another())
        assert len(found) == 2
        assert all(isinstance(each, Error) for each in found)


@pytest.mark.attack("17.3")
class ActTests(PortalTestCase):
    """One human with two accounts of their own making, at each act of the accounts and at another app's."""

    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        self.double = second_account(asked_by=self.odile, approved_by=self.omar)

    def test_no_third_account_no_reset_and_no_access(self) -> None:
        at, today = clock.now(), clock.today()
        third = accounts.ask_account(
            email="third@extrus.example", name="Third", role="officer", is_outside=False, reason="x",
            actor=self.odile, at=at,
        )  # fmt: skip
        reset = accounts.ask_reset(factory.make_hana(granted=False), reason="x", actor=self.odile, at=at)
        for act in (third, reset):
            with pytest.raises(NotASecondPerson):
                accounts.approve_act(act, reason="x", actor=self.double, at=at)
        asked = accounts.request_access(
            user=self.odile, category="app-log", purpose="error-analysis", reason="x", valid_from=today,
            valid_until=today, at=at,
        )  # fmt: skip
        with pytest.raises(NotASecondPerson):
            accounts.approve_access(asked, reason="x", actor=self.double, at=at)
        assert not User.objects.filter(email="third@extrus.example").exists()
        assert AccountAct.objects.open().count() == 2
        assert AccessRequest.objects.open().count() == 1

    def test_the_archive_stays_shut(self) -> None:
        access = self.ask_archive()
        with pytest.raises(NotASecondPerson):
            retention.approve_access(access, actor=self.double, at=clock.now())
        assert retention.approve_access(access, actor=self.omar, at=clock.now()).approved_by == self.omar.ref

    def ask_archive(self) -> ArchiveAccess:
        return retention.ask_access(
            rule="test", subject_id=factory.make_device().subject_id, law="법", document="1", reason="x",
            actor=self.odile, at=clock.now(),
        )  # fmt: skip

    def test_raw_sql_of_the_portals_role_completes_none_either(self) -> None:
        at, today = clock.now(), clock.today()
        act = accounts.ask_reset(factory.make_hana(granted=False), reason="x", actor=self.odile, at=at)
        asked = accounts.request_access(
            user=self.odile, category="app-log", purpose="error-analysis", reason="x", valid_from=today,
            valid_until=today, at=at,
        )  # fmt: skip
        given: dict[str, Any] = {
            "user": self.odile, "role": "auditor", "reason": "x", "asked_by": self.odile.ref, "granted_by": "x",
            "granted_at": at, "valid_from": today, "valid_until": today,
        }  # fmt: skip
        for approver in (self.double, None):
            with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
                AccessGrant.objects.create(approved_by=approver, **given)
        AccessGrant.objects.create(approved_by=self.omar, **given)
        access = self.ask_archive()
        for table, row, columns in (
            ("accounts_accountact", act, "state = 'approved', decided_by = %s, decided_at = %s"),
            ("retention_archiveaccess", access, "approved_by = %s, approved_at = %s, until = now() + interval '1 day'"),
        ):
            for approver in (self.double.ref, "U-nobody", "system:portal"):
                for moment in (at, at - timedelta(days=400), at + timedelta(days=400)):
                    with (
                        pytest.raises(IntegrityError, match=REFUSED),
                        transaction.atomic(),
                        connection.cursor() as cursor,
                    ):
                        cursor.execute(f"UPDATE {table} SET {columns} WHERE id = %s", [approver, moment, row.pk])
        with pytest.raises(IntegrityError, match="its grant was not approved"), transaction.atomic():
            AccessRequest.objects.filter(pk=asked.pk).update(
                state="approved", decided_by=self.double.ref, decided_at=at, grant=AccessGrant.objects.first()
            )


@pytest.mark.attack("17.3")
class ALineOfTheRegister(PortalTestCase):
    """Raw SQL as the portal's role: what an earlier line allowed is not brought back by naming it."""

    def setUp(self) -> None:
        self.odile, self.hana = factory.make_odile(), factory.make_hana(granted=False)
        factory.make_omar()
        self.old = AccessGrant.objects.get(user=self.hana, role="handler")

    def again(self, **changes: Any) -> AccessGrant:
        """The same line once more, as one that takes the place of the old one."""
        old = AccessGrant.objects.get(pk=self.old.pk)
        same = ("user", "role", "category", "purpose", "asked_by", "approved_by", "valid_from", "valid_until")
        given = {name: getattr(old, name) for name in same} | {"replaces": old, "reason": "x", "granted_by": "x"}
        return AccessGrant.objects.create(**given | {"granted_at": clock.now()} | changes)

    def test_brings_no_revoked_role_back(self) -> None:
        accounts.revoke(grant=self.old, actor=self.odile, at=clock.now())
        revoked_at = AccessGrant.objects.get(pk=self.old.pk).revoked_at
        for moment in (clock.now(), revoked_at, revoked_at - timedelta(days=400)):
            with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
                self.again(granted_at=moment)

    def test_takes_the_place_of_one_that_ends_with_it_and_only_once(self) -> None:
        with pytest.raises(IntegrityError, match="one that goes on"), transaction.atomic():
            self.again()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        earlier = clock.today() + timedelta(days=9)
        accounts.change_end(self.old, valid_until=earlier, reason="less", actor=self.odile, at=clock.now())
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            self.again()

    def test_is_not_approved_on_a_day_on_which_the_pledge_still_held(self) -> None:
        nari = factory.make_user("nari@extrus.example", "Nari", "officer", fit=False)
        today = clock.today()
        factory.make_pledge(nari, valid_until=today - timedelta(days=1))
        factory.make_training(nari)
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            self.again(
                replaces=None, approved_by=nari, asked_by=self.odile.ref, granted_at=clock.now() - timedelta(days=40),
            )  # fmt: skip
