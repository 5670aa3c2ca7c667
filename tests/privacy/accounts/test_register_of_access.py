"""The register of access and reality are the same: asked, decided, changed, revoked, reviewed, kept (P8.8, S-08 …)."""

import io
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, AccessRequest, SignIn, User
from privacy.accounts.register import COLUMNS
from privacy.accounts.roles import ROLES
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.exports import register_export
from privacy.lib.dates import clock, periods
from privacy.lib.registries import registers
from tests.base import PortalTestCase
from tests.factory import NOON, PASSWORD, make_aram, make_emin, make_hana, make_odile, make_omar, make_user

TODAY = date(2026, 11, 24)


@pytest.mark.clause("P8.8")
class PermissionsTest(PortalTestCase):
    @pytest.mark.law("S-08")
    def test_they_are_those_of_the_roles_in_force_and_nothing_else(self) -> None:
        assert make_hana(granted=False).get_all_permissions() == set(ROLES["handler"])
        assert make_emin().get_all_permissions() == set()

    def test_a_group_and_a_permission_by_hand_give_nothing(self) -> None:
        """There is no table any more that ties an account to a group or to a permission."""
        emin = make_emin()
        group = Group.objects.create(name="sneaked-in")
        group.permissions.set(Permission.objects.all())
        assert not hasattr(emin, "groups")
        assert not hasattr(emin, "user_permissions")
        tables = connection.introspection.table_names()
        assert not [name for name in tables if name in ("accounts_user_groups", "accounts_user_user_permissions")]
        User.objects.filter(pk=emin.pk).update(is_outside=False)
        emin.is_superuser = True  # type: ignore[attr-defined]  # what a careless script would set
        assert not emin.has_perm("accounts.grant_access")
        assert not emin.is_staff

    def test_a_role_ends_with_its_day_and_begins_with_it(self) -> None:
        emin, today = make_emin(), clock.today()
        for first, last, holds in ((-9, -1, False), (0, 0, True), (1, 9, False)):
            grant = accounts.grant(
                asked_by=make_omar(),
                user=emin, role="auditor", reason="x", valid_from=today + timedelta(days=first),
                valid_until=today + timedelta(days=last), actor=make_odile(granted=False),
                at=clock.now() - timedelta(days=9),
            )  # fmt: skip
            assert User.objects.get(pk=emin.pk).may("ledger.review_trail") is holds
            accounts.revoke(grant=grant, actor=make_odile(granted=False), at=NOON)
            assert not User.objects.get(pk=emin.pk).may("ledger.review_trail")

    def test_the_console_offers_no_other_door(self) -> None:
        self.client.force_login(make_odile())
        for page in (
            reverse("admin:accounts_user_changelist"),
            reverse("admin:accounts_user_change", args=[make_emin().pk]),
        ):
            content = self.client.get(page).content.decode()
            assert "is_superuser" not in content
            assert "user_permissions" not in content
        assert self.client.get("/office/auth/group/").status_code == 404


@pytest.mark.clause("P8.8")
class RequestTest(PortalTestCase):
    def ask(self, user: User | None = None, **changes: Any) -> AccessRequest:
        given = {
            "user": user or make_hana(granted=False), "category": "app-log", "purpose": "error-analysis",
            "reason": "crash of release 4", "valid_from": TODAY, "valid_until": TODAY + timedelta(days=30), "at": NOON,
            **changes,
        }  # fmt: skip
        return accounts.request_access(**given)

    def test_another_person_approves_and_the_register_has_the_line(self) -> None:
        asked = self.ask()
        hana = asked.user
        assert not hana.may_open("app-log", "error-analysis", TODAY)
        grant = accounts.approve_access(asked, reason="needed", actor=make_odile(granted=False), at=NOON)
        assert hana.may_open("app-log", "error-analysis", TODAY)
        assert grant.request == AccessRequest.objects.get()
        self.assertLedgered("accounts.request.approved", asked)

    def test_nobody_decides_their_own(self) -> None:
        odile = make_odile(granted=False)
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_access(self.ask(odile), reason="x", actor=odile, at=NOON)
        with pytest.raises(NotPermitted):
            accounts.approve_access(self.ask(), reason="x", actor=make_aram(), at=NOON)

    @pytest.mark.truth("you-have-requested-this")
    def test_refused_and_withdrawn_give_nothing_and_are_decided_once(self) -> None:
        asked = self.ask()
        accounts.refuse_access(asked, reason="not your task", actor=make_odile(granted=False), at=NOON)
        with pytest.raises(accounts.RequestClosed):
            accounts.approve_access(asked, reason="x", actor=make_odile(granted=False), at=NOON)
        again = self.ask()
        with pytest.raises(accounts.AlreadyRequested, match="이미 신청한"):
            self.ask()
        with pytest.raises(accounts.AlreadyRequested, match="이 사람"):
            self.ask(again.user, asked_by=make_odile(granted=False))
        accounts.withdraw_access(again, user=again.user, at=NOON)
        assert not AccessGrant.objects.filter(category="app-log").exists()

    def test_the_period_is_limited_by_the_rulebook(self) -> None:
        self.ask(category="contact", purpose="rights", valid_until=date(2027, 11, 23))
        with pytest.raises(accounts.GrantTooLong):
            self.ask(valid_until=date(2027, 11, 24))
        with pytest.raises(accounts.InvalidPeriod):
            self.ask(valid_until=TODAY - timedelta(days=1), valid_from=TODAY - timedelta(days=9))
        with pytest.raises(accounts.UnknownScope):
            self.ask(purpose="registration")

    def test_asked_and_decided_on_the_pages(self) -> None:
        emin = make_emin()
        self.client.force_login(emin)
        today = clock.today()
        given = {
            "scope": "role:auditor", "reason": "audit of the quarter", "valid_from": today.isoformat(),
            "valid_until": (today + timedelta(days=9)).isoformat(),
        }  # fmt: skip
        assert self.client.post(reverse("accounts:access"), given).status_code == 302
        asked = AccessRequest.objects.get(user=emin)
        self.client.force_login(make_odile())
        page = reverse("admin:accounts_accessrequest_change", args=[asked.pk])
        press = {
            "CHANGE_FORM-action": "approve",
            "index": "0",
            "_selected_action": str(asked.pk),
            "confirmed": "yes",
            "reason": "yes, do",
        }
        self.client.post(page, press)
        assert User.objects.get(pk=emin.pk).roles == ["auditor", "employee"]


@pytest.mark.clause("P8.8")
@pytest.mark.truth("renewal-without-a-gap")
class RenewalTest(PortalTestCase):
    @pytest.mark.truth("request-that-nobody-can-approve")
    def test_a_renewal_that_begins_later_takes_nothing_away_until_then(self) -> None:
        emin, odile = make_emin(), make_odile(granted=False)
        running = accounts.grant(
            asked_by=emin,
            user=emin, role="handler", reason="x", valid_from=TODAY, valid_until=TODAY + timedelta(days=60),
            actor=odile, at=NOON,
        )  # fmt: skip
        # The line that runs gives way to it, so it begins today, and runs no longer than one from today may.
        with pytest.raises(accounts.GrantTooLong):
            accounts.request_access(
                user=emin, role="handler", reason="too long", valid_from=TODAY + timedelta(days=50),
                valid_until=TODAY + timedelta(days=400), at=NOON,
            )  # fmt: skip
        asked = accounts.request_access(
            user=emin, role="handler", reason="goes on", valid_from=TODAY + timedelta(days=50),
            valid_until=TODAY + timedelta(days=300), at=NOON,
        )  # fmt: skip
        made = accounts.approve_access(asked, reason="needed", actor=make_omar(), at=NOON)
        for day in (TODAY, TODAY + timedelta(days=40), TODAY + timedelta(days=300)):
            assert User.objects.holding("handler", on=day).filter(pk=emin.pk).exists()
        assert made.replaces == running

    def test_an_approver_grants_no_earlier_day_than_was_asked_for(self) -> None:
        emin, odile = make_emin(), make_odile(granted=False)
        later = NOON.date() + timedelta(days=20)
        asked = accounts.request_access(
            user=emin, role="handler", reason="from then on", valid_from=later,
            valid_until=later + timedelta(days=30), at=NOON,
        )  # fmt: skip
        made = accounts.approve_access(asked, reason="x", valid_from=NOON.date(), actor=odile, at=NOON)
        assert made.valid_from == later


@pytest.mark.truth("no-access-before-its-decision")
class PeriodTest(PortalTestCase):
    def test_no_line_begins_before_it_was_decided_or_ends_before_it_begins(self) -> None:
        emin, odile = make_emin(), make_odile(granted=False)
        for first, last, field in ((-1, 9, "/valid_from"), (5, 4, "/valid_until")):
            with pytest.raises(accounts.InvalidPeriod) as refused:
                accounts.grant(
                    asked_by=emin,
                    user=emin, role="auditor", reason="x", valid_from=TODAY + timedelta(days=first),
                    valid_until=TODAY + timedelta(days=last), actor=odile, at=NOON,
                )  # fmt: skip
            assert refused.value.pointer == field
        assert not emin.grants.filter(role="auditor").exists()


class ChangeTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odile = make_odile(granted=False)
        self.grant = accounts.grant(
            asked_by=make_hana(granted=False),
            user=make_hana(granted=False), category="app-log", purpose="error-analysis", reason="x", valid_from=TODAY,
            valid_until=TODAY + timedelta(days=9), actor=self.odile, at=NOON,
        )  # fmt: skip

    @pytest.mark.law("S-10", "S-09")
    def test_a_change_is_a_new_line(self) -> None:
        new = accounts.change_end(
            self.grant, valid_until=TODAY + timedelta(days=5), reason="shorter", actor=self.odile, at=NOON
        )
        assert new.replaces == self.grant
        self.grant.refresh_from_db()
        assert self.grant.revoked_at == NOON
        self.assertLedgered("accounts.access.changed", new)

    @pytest.mark.truth("hunt")
    def test_what_was_revoked_meanwhile_is_said_to_be_revoked_also_of_a_line_of_the_host(self) -> None:
        line = make_emin().grants.get(role="employee")
        assert line.approved_by is None, "a command of the host has written it"
        shown = AccessGrant.objects.get(pk=line.pk)
        accounts.revoke(grant=line, actor=self.odile, at=NOON)
        for grant in (shown, line):
            with pytest.raises(accounts.AlreadyRevoked):
                accounts.change_end(
                    grant, valid_until=TODAY + timedelta(days=5), reason="shorter", actor=self.odile, at=NOON
                )

    @pytest.mark.law("S-10")
    def test_the_database_lets_nobody_edit_a_line_or_remove_one_before_three_years(self) -> None:
        for statement in (
            "UPDATE accounts_accessgrant SET valid_until = '2099-01-01'",
            "UPDATE accounts_accessgrant SET role = 'officer', category = '', purpose = ''",
            "DELETE FROM accounts_accessgrant",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    @pytest.mark.law("S-10")
    def test_old_lines_go_after_the_years_of_the_rulebook(self) -> None:
        old = accounts.grant(
            asked_by=make_emin(),
            user=make_emin(), category="app-log", purpose="error-analysis", reason="x", valid_from=date(2021, 1, 1),
            valid_until=date(2021, 3, 31), actor=self.odile, at=datetime(2021, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        worker = SystemActor("workforce")
        assert accounts.delete_old_grants(on=date(2024, 3, 31), actor=worker, at=datetime(2024, 3, 31, tzinfo=UTC)) == 0
        assert accounts.delete_old_grants(on=TODAY, actor=worker, at=NOON) == 1
        assert not AccessGrant.objects.filter(pk=old.pk).exists()
        assert AccessGrant.objects.filter(pk=self.grant.pk).exists()

    @pytest.mark.truth("old-access-goes-on-its-day-in-korea")
    def test_the_database_counts_the_three_years_in_korea_whatever_zone_it_is_asked_in(self) -> None:
        today = clock.today()
        over = periods.latest_event(today - timedelta(days=1), years=3)
        for last, zone, gone in ((over, "Etc/GMT+12", 1), (over + timedelta(days=1), "Pacific/Kiritimati", 0)):
            accounts.grant(
                asked_by=make_emin(),
                user=make_emin(), category="app-log", purpose="error-analysis", reason="x", valid_from=last,
                valid_until=last, actor=self.odile, at=clock.midnight(last),
            )  # fmt: skip
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")
                with suppress(DatabaseError), transaction.atomic():
                    AccessGrant.objects.filter(valid_until=last).delete()
            assert AccessGrant.objects.filter(valid_until=last).count() == 1 - gone

    @pytest.mark.law("S-10", "F-12")
    def test_it_exports_in_the_official_order(self) -> None:
        accounts.change_end(self.grant, valid_until=TODAY + timedelta(days=5), reason="=1+1", actor=self.odile, at=NOON)
        register = registers.get("access-grants")
        assert register.headings == COLUMNS
        year = {"first": date(2026, 1, 1), "last": date(2026, 12, 31), "reason": "inspection", "at": NOON}
        book = register_export.export_register(register, form="xlsx", actor=make_aram(), **year)
        sheet = load_workbook(io.BytesIO(book)).active
        assert sheet is not None
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
        hana, odile = make_hana(granted=False).reference, self.odile.reference
        (changed,) = (row for row in rows if row["구분"] == "변경" and row["신청자"] == hana)
        assert (changed["승인자"], changed["승인/거부"], changed["등록자"]) == (odile, "승인", odile)
        assert str(changed["사용기간"]).endswith((TODAY + timedelta(days=5)).isoformat())
        assert "=1+1" in str(changed["목적"]) and "=1+1" in str(changed["사유"])
        assert all(changed[heading] for heading in ("일시", "등록일", "방법", "시스템명", "권한명", "내역"))
        kinds = [row["구분"] for row in rows]
        assert {"부여", "변경", "말소"} <= set(kinds)
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.clause("P8.8")
class LeaverTest(PortalTestCase):
    @pytest.mark.law("S-09", "O-08")
    @pytest.mark.asvs("7.4.2", "7.4.5", "8.3.2")
    def test_loses_everything_at_once(self) -> None:
        hana = make_hana()
        client = Client()
        client.login(username=hana.email, password=PASSWORD)
        assert client.get("/office/").status_code == 200
        asked = accounts.request_access(
            user=hana, role="auditor", reason="audit", valid_from=TODAY, valid_until=TODAY, at=NOON
        )
        accounts.deactivate_user(hana, why="resigned", actor=make_odile(granted=False), at=NOON)
        hana = User.objects.get(pk=hana.pk)
        assert not hana.is_active
        assert not AccessGrant.objects.filter(user=hana, revoked_at=None).exists()
        assert AccessRequest.objects.get(pk=asked.pk).state == "withdrawn"
        assert not hana.may_open("device-registration", "registration", TODAY)
        assert [one.ended_by for one in hana.sign_ins.all()] == ["left"]
        assert client.get("/office/").status_code == 302
        assert not client.login(username=hana.email, password=PASSWORD)
        with pytest.raises(accounts.UserInactive):
            accounts.grant(
                asked_by=hana,
                user=hana, role="handler", reason="x", valid_from=TODAY, valid_until=TODAY,
                actor=make_odile(granted=False), at=NOON,
            )  # fmt: skip
        self.assertLedgered("accounts.user.deactivated", hana)

    @pytest.mark.truth("ended-on-its-day")
    def test_what_was_over_before_ended_on_its_own_day(self) -> None:
        """Neither leaving nor a late revocation moves the end of access in the register."""
        hana, odile = make_hana(granted=False), make_odile(granted=False)
        over = accounts.grant(
            asked_by=hana, user=hana, role="auditor", reason="x", valid_from=TODAY, valid_until=TODAY,
            actor=odile, at=NOON,
        )  # fmt: skip
        later = NOON + timedelta(days=10)
        with pytest.raises(accounts.GrantEnded):
            accounts.revoke(grant=over, actor=odile, at=later)
        living = hana.grants.living(on=clock.kst_date(later)).count()
        accounts.deactivate_user(hana, why="resigned", actor=odile, at=later)
        over.refresh_from_db()
        assert (over.revoked_at, over.ended_on) == (None, TODAY)
        assert f'"grants":{living}' in self.assertLedgered("accounts.user.deactivated", hana).payload

    @pytest.mark.law("S-09")
    @pytest.mark.asvs("7.4.5")
    def test_a_revoked_role_ends_the_sessions_of_its_holder_only(self) -> None:
        hana, aram = make_hana(granted=False), make_aram()
        for user in (hana, aram):
            Client().login(username=user.email, password=PASSWORD)
        accounts.revoke(grant=hana.grants.get(role="handler"), actor=make_odile(granted=False), at=NOON)
        assert [session.get_decoded()["_auth_user_id"] for session in Session.objects.all()] == [str(aram.pk)]
        assert list(SignIn.objects.values_list("user", "ended_by").order_by("began_at")) == [
            (hana.pk, "access"), (aram.pk, ""),
        ]  # fmt: skip
        assert list(SignIn.objects.going_on(at=clock.now())) == list(aram.sign_ins.all())

    def test_nobody_closes_their_own_account(self) -> None:
        odile = make_odile(granted=False)
        with pytest.raises(accounts.OwnAccount):
            accounts.deactivate_user(odile, why="x", actor=odile, at=NOON)

    @pytest.mark.law("S-09")
    def test_an_account_that_nobody_uses_is_dormant_after_the_days_of_the_rulebook(self) -> None:
        used = make_user("used@extrus.example", "Used", "employee")
        for days, dormant in ((90, False), (91, True)):
            day = clock.kst_date(used.joined_at) + timedelta(days=days)
            assert used.is_dormant(day) is dormant
            assert User.objects.dormant(on=day).filter(pk=used.pk).exists() is dormant
