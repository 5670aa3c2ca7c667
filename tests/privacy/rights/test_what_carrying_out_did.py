"""After “Carry out” the page says what happened to this right, and nothing of what happens to others (17.3)."""

import pytest
from django.urls import reverse

from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.truth("what-carrying-out-did")
class WhatHappenedTests(PortalTestCase):
    def setUp(self) -> None:
        self.omar, self.hana = factory.make_omar(), factory.make_handler()
        self.device = factory.make_device(1)

    def told(self, right: Right) -> str:
        """Carry a right out by its button and return what the page says."""
        self.client.force_login(self.hana)
        path = reverse("admin:rights_request_change", args=[right.request_id])
        typed = {"CHANGE_FORM-action": "carry_out", "index": "0", "_selected_action": str(right.request_id)}
        read = rights.digest_of_request(right.request)
        answer = self.client.post(
            path, {**typed, "confirmed": "1", "rights": [str(right.position)], "read": read}, follow=True
        )
        return " ".join(str(message) for message in answer.context["messages"])

    def granted(self, *asked: RequestedRight) -> Right:
        case = factory.verify_by_documents(factory.ask(*asked, target=factory.imei(1)).request, actor=self.hana)
        return rights.grant(case.rights.get(position=1), actor=self.omar, at=factory.NOON)

    def test_a_correction_is_done_and_waits_for_nothing(self) -> None:
        case = factory.verify_by_documents(factory.ask_correction().request, actor=self.hana)
        right = rights.grant(case.rights.get(), actor=self.omar, at=factory.NOON)
        said = self.told(right)
        assert "정정했습니다" in said
        assert "기다" not in said
        assert "파기" not in said

    def test_a_deletion_says_until_when_it_can_be_stopped(self) -> None:
        right = self.granted(RequestedRight("deletion"))
        said = self.told(right)
        right.refresh_from_db()
        assert right.waits_until is not None
        assert "아직 파기하지 않았습니다" in said

    @pytest.mark.attack("18")
    def test_pages_say_that_a_deletion_has_begun_which_the_worker_ends(self) -> None:
        factory.end_waits_at_once()
        right = self.granted(RequestedRight("deletion"))
        with self.settings(PORTAL_PROCESS="pages"):
            said = self.told(right)
        right.refresh_from_db()
        assert right.carried_out_at is None and right.destruction_began_at is not None
        assert "시작했습니다" in said
        assert "파기하거나" not in said and "아직" not in said

    def test_a_copy_and_a_suspension_say_what_they_are(self) -> None:
        assert "사본" in self.told(self.granted(RequestedRight("access")))
        assert "정지했습니다" in self.told(self.granted(RequestedRight("suspension")))

    def test_where_nothing_is_held_it_says_so(self) -> None:
        case = factory.verify_by_documents(factory.ask(RequestedRight("deletion")).request, actor=self.hana)
        right = rights.grant(case.rights.get(), actor=self.omar, at=factory.NOON)
        assert "보유한 정보가 없어" in self.told(right)
