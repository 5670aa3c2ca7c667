"""Pages say who must act next and why somebody may not; going on alone and the representative's link by their pages."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.accounts.actions.account_acts import ask_reset
from privacy.accounts.models import EmergencyApproval, User
from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import ArchiveAccess
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.accounts.test_second_person import second_account

WHY = "Omar is in hospital and the court's deadline ends tonight."


@pytest.mark.attack("17.3")
class EmergencyPageTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        self.double = second_account(asked_by=self.odile, approved_by=self.omar)
        self.access = self.ask(hours_ago=25)

    def ask(self, *, hours_ago: int) -> ArchiveAccess:
        return retention.ask_access(
            rule="test", subject_id=factory.make_device().subject_id, law="법", document="1", reason="x",
            actor=self.odile, at=clock.now() - timedelta(hours=hours_ago),
        )  # fmt: skip

    def page(self, user: User, access: ArchiveAccess) -> str:
        client = Client()
        client.force_login(user)
        with override("en"):
            address = reverse("admin:retention_archiveaccess_change", args=[access.pk])
        return client.get(address).content.decode()

    def test_a_record_says_who_may_approve_and_why_others_may_not(self) -> None:
        page = self.page(self.omar, self.access)
        assert "Can approve now: Omar." in page
        assert "Odile: asked for it" in page
        assert "Double: one of the two was recently involved" in page
        with override("ko"):
            client = Client()
            client.force_login(self.omar)
            korean = client.get(reverse("admin:retention_archiveaccess_change", args=[self.access.pk]))
        assert "지금 승인할 수 있는 사람: Omar." in korean.content.decode()

    def test_the_way_alone_is_offered_once_the_wait_is_over(self) -> None:
        way = reverse("admin:accounts_emergencyapproval_alone", args=["retention_archiveaccess", self.access.pk])
        assert way in self.page(self.odile, self.access)
        early = self.page(self.odile, self.ask(hours_ago=1))
        assert "/alone/" not in early
        assert "may proceed alone from" in early

    def test_going_on_alone_tells_everybody_and_leads_back_to_the_button(self) -> None:
        self.client.force_login(self.odile)
        way = reverse("admin:accounts_emergencyapproval_alone", args=["retention_archiveaccess", self.access.pk])
        assert self.client.post(way, {"reason": "urgent"}).status_code == 400
        answer = self.client.post(way, {"reason": WHY})
        assert answer.headers["Location"].endswith(f"/{self.access.pk}/change/")
        made = EmergencyApproval.objects.get()
        assert made.reference in self.page(self.odile, self.access)
        dispatch_due(at=clock.now())
        told = {one.to[0]: one.body for one in mail.outbox}
        assert {"odile@extrus.example", "omar@extrus.example", "representative@extrus.example"} <= set(told)
        assert all(WHY in body for body in told.values() if made.reference in body)
        link = next(word for word in told["representative@extrus.example"].split() if "/representative/" in word)
        assert "/representative/" not in told["omar@extrus.example"]
        path = "/" + link.split("/", 3)[3]
        stranger = Client()
        assert "Omar is in hospital" in stranger.get(path).content.decode()
        assert EmergencyApproval.objects.get().reviewed_at is None, "opening the link decides nothing"
        assert stranger.post(path, {"answer": "no"}).status_code == 400
        assert stranger.post(path, {"answer": "no", "note": "He was there."}).status_code == 200
        assert EmergencyApproval.objects.get().outcome == "unjustified"
        assert stranger.get(path).status_code == 404

    def test_another_reviews_it_by_its_page(self) -> None:
        self.client.force_login(self.odile)
        way = reverse("admin:accounts_emergencyapproval_alone", args=["retention_archiveaccess", self.access.pk])
        self.client.post(way, {"reason": WHY})
        made = EmergencyApproval.objects.get()
        address = reverse("admin:accounts_emergencyapproval_change", args=[made.pk])
        pressed = {"CHANGE_FORM-action": "review", "_selected_action": str(made.pk), "index": "0", "confirmed": "1"}
        self.client.post(address, {**pressed, "outcome": "justified", "note": "x"})
        assert EmergencyApproval.objects.get().reviewed_at is None
        self.client.force_login(self.omar)
        assert "Omar is in hospital" in self.client.get(address).content.decode()
        self.client.post(address, {**pressed, "outcome": "justified", "note": "Checked with the hospital."})
        assert EmergencyApproval.objects.get().reviewed_by == self.omar.ref

    def test_the_representative_confirms_a_colleague_by_the_page(self) -> None:
        ask_reset(self.omar, reason="x", actor=self.odile, at=clock.now())
        self.client.force_login(self.odile)
        address = reverse("admin:accounts_user_change", args=[self.double.pk])
        pressed = {"CHANGE_FORM-action": "confirm_colleague", "_selected_action": str(self.double.pk), "index": "0"}
        self.client.post(address, {**pressed, "confirmed": "1", "reason": "new colleague"})
        dispatch_due(at=clock.now())
        body = mail.outbox[-1].body
        path = "/" + next(word for word in body.split() if "/representative/" in word).split("/", 3)[3]
        assert "Double" in Client().get(path).content.decode()
        Client().post(path, {"answer": "yes", "note": ""})
        assert retention.approve_access(self.access, actor=self.double, at=clock.now()).approved_by == self.double.ref

    @pytest.mark.truth("a-query-for-each-account")
    def test_many_questions_to_the_representative_are_listed_with_as_many_queries_as_few(self) -> None:
        self.client.force_login(self.odile)
        address = reverse("admin:accounts_representativelink_changelist")

        def asked() -> int:
            accounts.ask_confirmation(self.double, reason="new colleague", actor=self.omar, at=clock.now())
            with CaptureQueriesContext(connection) as queries:
                assert f"Omar ({self.omar.ref})" in self.client.get(address).content.decode()
            return len(queries)

        asked()
        few = asked()
        asked()
        assert asked() <= few
