"""Accounts and resets: asked by one officer, approved by another, and set up by their owner alone (issue 17, 3)."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.accounts.forms import AccountForm
from privacy.accounts.models import AccessGrant, AccessRequest, AccountAct, Invitation, User
from privacy.accounts.tasks import deliver_invitation
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase

CHOSEN = "seven quiet lamps over water"


def ask(**changes: object) -> AccountAct:
    given = {
        "email": "Nari@extrus.example", "name": "Nari", "role": "officer", "is_outside": False, "reason": "joins us",
        "actor": factory.make_odile(granted=False), "at": clock.now(), **changes,
    }  # fmt: skip
    return accounts.ask_account(**given)  # type: ignore[arg-type]


def deliver() -> str:
    """Send the newest invitation as the worker does; return the path of its link."""
    row = GeneralOutbox.objects.filter(kind="accounts.invitation").latest("id")
    deliver_invitation(row.ids, event=row.id, starts=1, at=clock.now())
    found = re.search(r"https?://[^/\s]+(/\S*invitation/\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


@pytest.mark.attack("17.3")
class OpeningTests(PortalTestCase):
    def test_asking_opens_nothing_and_the_asker_cannot_approve(self) -> None:
        act = ask()
        assert not User.objects.filter(email="nari@extrus.example").exists()
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_act(act, reason="x", actor=factory.make_odile(granted=False), at=clock.now())
        with pytest.raises(NotPermitted):
            accounts.approve_act(act, reason="x", actor=factory.make_hana(granted=False), at=clock.now())
        with pytest.raises(accounts.AlreadyRequested):
            ask()
        assert not User.objects.filter(email="nari@extrus.example").exists()
        assert not Invitation.objects.exclude(asked_by="system:tests").exists()

    @pytest.mark.law("S-11")
    def test_an_address_has_one_account(self) -> None:
        with pytest.raises(accounts.AccountExists):
            ask(email=factory.make_hana(granted=False).email.upper())

    @pytest.mark.law("S-11")
    @pytest.mark.asvs("6.3.6", "6.4.1")
    def test_another_approves_and_only_the_owner_of_the_address_sets_the_password(self) -> None:
        act = accounts.approve_act(ask(), reason="known", actor=factory.make_omar(), at=clock.now())
        nari = User.objects.get(email="nari@extrus.example")
        assert not nari.has_usable_password()
        grant = nari.grants.get()
        assert (grant.asked_by, grant.approved_by) == (act.asked_by, factory.make_omar())
        assert (act.email, act.name) == ("", "")
        path = deliver()
        assert mail.outbox[-1].to == ["nari@extrus.example"]
        visitor = Client()
        assert visitor.get(path).status_code == 200
        assert visitor.post(path, {"password": CHOSEN, "again": "another one entirely"}).status_code == 400
        assert visitor.post(path, {"password": "nari@extrus", "again": "nari@extrus"}).status_code == 400
        assert visitor.post(path, {"password": CHOSEN, "again": CHOSEN}).headers["Location"] == reverse("account_login")
        assert visitor.post(path, {"password": CHOSEN + "!", "again": CHOSEN + "!"}).status_code == 404
        signed = visitor.post(reverse("account_login"), {"login": nari.email, "password": CHOSEN})
        assert signed.headers["Location"] == "/welcome/"
        assert visitor.get("/office/").headers["Location"] == reverse("mfa_index"), (
            "no console before the second factor"
        )
        for word in ("act.asked", "act.approved", "invitation.made", "invitation.sent", "invitation.used"):
            self.assertLedgered(f"accounts.{word}")

    @pytest.mark.asvs("6.4.1", "11.5.1")
    def test_the_link_is_no_entry_no_row_and_no_page(self) -> None:
        accounts.approve_act(ask(), reason="known", actor=factory.make_omar(), at=clock.now())
        token = deliver().rstrip("/").rsplit("/", 1)[1]
        assert len(token) >= 43
        assert not Invitation.objects.filter(digest=token).exists()
        assert not [entry for entry in Entry.objects.all() if token in entry.payload]
        assert token not in str(list(GeneralOutbox.objects.values()))
        self.client.force_login(factory.make_odile())
        act = AccountAct.objects.get()
        page = self.client.get(reverse("admin:accounts_accountact_change", args=[act.pk])).content.decode()
        assert token not in page
        assert Invitation.objects.latest("made_at").digest not in page

    @pytest.mark.asvs("6.4.1")
    def test_a_second_mail_and_the_end_of_its_time_close_a_link(self) -> None:
        accounts.approve_act(ask(), reason="known", actor=factory.make_omar(), at=clock.now())
        first, second = deliver(), deliver()
        assert first != second
        assert Client().get(first).status_code == 404
        token = second.rstrip("/").rsplit("/", 1)[1]
        invitation = accounts.find_invitation(token, at=clock.now())
        assert invitation.expires_at - invitation.made_at == timedelta(hours=72)
        with pytest.raises(accounts.InvitationInvalid):
            accounts.accept_invitation(token, password=CHOSEN, at=invitation.expires_at)

    @pytest.mark.asvs("6.4.6")
    def test_no_form_of_the_office_takes_a_password(self) -> None:
        assert not [name for name in AccountForm().fields if "password" in name]
        self.client.force_login(factory.make_odile())
        page = reverse("admin:accounts_user_open")
        assert "password" not in self.client.get(page).context["form"].as_p()
        given = {
            "confirmed": "yes", "name": "Nari", "email": "nari@extrus.example", "role": "handler", "reason": "joins",
            "password": CHOSEN,
        }  # fmt: skip
        self.client.post(page, given)
        act = AccountAct.objects.get()
        pressed = {
            "CHANGE_FORM-action": "approve",
            "_selected_action": str(act.pk),
            "index": "0",
            "confirmed": "yes",
            "reason": "mine",
        }
        where = reverse("admin:accounts_accountact_change", args=[act.pk])
        self.client.post(where, pressed)
        assert not User.objects.filter(email="nari@extrus.example").exists(), "the same officer pressed both"
        self.client.force_login(factory.make_omar())
        self.client.post(where, pressed)
        assert not User.objects.get(email="nari@extrus.example").check_password(CHOSEN)

    def test_refused_leaves_no_account_and_no_address(self) -> None:
        act = accounts.refuse_act(ask(), reason="unknown", actor=factory.make_omar(), at=clock.now())
        assert (act.state, act.email) == ("refused", "")
        with pytest.raises(accounts.RequestClosed):
            accounts.approve_act(act, reason="x", actor=factory.make_omar(), at=clock.now())

    def test_the_database_takes_no_approval_by_the_asker_and_edits_no_decision(self) -> None:
        act = ask()
        with pytest.raises(IntegrityError, match="account_act_is_approved_by_another"), transaction.atomic():
            AccountAct.objects.filter(pk=act.pk).update(
                state="approved", user=factory.make_hana(granted=False), decided_by=act.asked_by, decided_at=clock.now()
            )
        accounts.approve_act(act, reason="known", actor=factory.make_omar(), at=clock.now())
        for statement in (
            "UPDATE accounts_accountact SET decided_by = 'U-9'",
            "UPDATE accounts_invitation SET asked_by = 'U-9'",
            "UPDATE accounts_invitation SET used_at = now() WHERE used_at IS NOT NULL",
            "DELETE FROM accounts_invitation",
            "DELETE FROM accounts_accountact",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


@pytest.mark.attack("17.3")
class ResetTests(PortalTestCase):
    @pytest.mark.law("S-12")
    @pytest.mark.asvs("6.4.3", "6.4.4")
    def test_a_reset_changes_nothing_until_another_approves_and_then_the_owner_starts_anew(self) -> None:
        odile, hana = factory.make_odile(granted=False), factory.make_hana(granted=False)
        act = accounts.ask_reset(hana, reason="lost the phone", actor=odile, at=clock.now())
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_act(act, reason="x", actor=odile, at=clock.now())
        hana.refresh_from_db()
        assert hana.check_password(factory.PASSWORD)
        accounts.approve_act(act, reason="seen", actor=factory.make_omar(), at=clock.now())
        hana.refresh_from_db()
        assert not hana.has_usable_password()
        path = deliver()
        assert mail.outbox[-1].to == [hana.email]
        Client().post(path, {"password": CHOSEN, "again": CHOSEN})
        hana.refresh_from_db()
        assert hana.check_password(CHOSEN)
        newest = Invitation.objects.filter(user=hana).latest("made_at")
        assert newest.used_at is not None
        assert newest.factor_at is None
        factory.give_app(hana)
        newest.refresh_from_db()
        assert newest.factor_at is not None

    def test_whom_it_is_about_does_not_approve(self) -> None:
        omar = factory.make_omar()
        act = accounts.ask_reset(omar, reason="x", actor=factory.make_odile(granted=False), at=clock.now())
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_act(act, reason="x", actor=omar, at=clock.now())


@pytest.mark.attack("17.3")
class GrantingTests(PortalTestCase):
    def test_an_officer_who_grants_for_a_colleague_only_asks(self) -> None:
        odile, hana, today = factory.make_odile(granted=False), factory.make_hana(granted=False), clock.today()
        self.client.force_login(odile)
        given = {
            "user": str(hana.pk), "scope": "role:officer", "reason": "stands in",
            "valid_from": today.isoformat(), "valid_until": (today + timedelta(days=9)).isoformat(),
        }  # fmt: skip
        self.client.post(reverse("admin:accounts_accessgrant_grant"), given)
        asked = AccessRequest.objects.get()
        assert asked.asked_by == odile.ref
        assert User.objects.get(pk=hana.pk).roles == ["handler"]
        with pytest.raises(accounts.OwnAccess):
            accounts.approve_access(asked, reason="x", actor=odile, at=clock.now())
        grant = accounts.approve_access(asked, reason="yes", actor=factory.make_omar(), at=clock.now())
        assert (grant.asked_by, grant.approved_by) == (odile.ref, factory.make_omar())

    def test_only_who_may_grant_asks_for_others(self) -> None:
        with pytest.raises(NotPermitted):
            accounts.request_access(
                user=factory.make_emin(), asked_by=factory.make_hana(granted=False), role="officer", reason="x",
                valid_from=clock.today(), valid_until=clock.today(), at=clock.now(),
            )  # fmt: skip

    def test_one_person_does_not_prolong_access(self) -> None:
        hana, today = factory.make_hana(granted=False), clock.today()
        grant = accounts.grant(
            user=hana, asked_by=hana, category="app-log", purpose="error-analysis", reason="x", valid_from=today,
            valid_until=today, actor=factory.make_omar(), at=clock.now(),
        )  # fmt: skip
        with pytest.raises(accounts.EndsLater):
            accounts.change_end(
                grant, valid_until=today + timedelta(1), reason="x", actor=factory.make_odile(), at=clock.now()
            )
        assert AccessGrant.objects.get(pk=grant.pk).revoked_at is None


class FirstOfficerTests(PortalTestCase):
    def test_the_command_invites_and_prints_no_secret_where_mail_is_set(self) -> None:
        said = StringIO()
        with override_settings(EMAIL_URL="smtp://mail.example"):
            call_command("first_officer", "first@extrus.example", "First", stdout=said)
        first = User.objects.get(email="first@extrus.example")
        assert not first.has_usable_password()
        assert "invitation/" not in said.getvalue()
        path = deliver()
        assert mail.outbox[-1].to == [first.email]
        assert Client().get(path).status_code == 200

    def test_in_development_without_mail_it_prints_the_link(self) -> None:
        said = StringIO()
        with override_settings(EMAIL_URL="", DEVELOPMENT=True):
            call_command("first_officer", "first@extrus.example", "First", stdout=said)
        found = re.search(r"(/invitation/\S+)", said.getvalue())
        assert found
        assert Client().get(found.group(1)).status_code == 200
