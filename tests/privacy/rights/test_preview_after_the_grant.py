"""After a grant, who granted it alone changes what is left out, and another value gives nothing away (R-12, R-29)."""

import json
from datetime import timedelta

import pytest

from privacy.rights import actions as rights
from privacy.rights.access_package.redactions import BLACKED_OUT
from privacy.rights.models import Right
from privacy.subjects.models import Contact, Subject
from tests import factory
from tests.factories.accounts import NOON
from tests.own_writes import as_the_portal
from tests.privacy.rights.test_package_preview import GROUND, PreviewCase, everything_in


@pytest.mark.clause("P1.4")
class AfterTheGrantTests(PreviewCase):
    def setUp(self) -> None:
        super().setUp()
        self.omar = factory.make_omar()
        factory.grant_everything(self.omar, by=self.odile)
        self.leave_out("explanation")
        rights.grant(self.row(), actor=self.odile, at=NOON)

    def test_another_officer_is_told_who_alone_may(self) -> None:
        kept, places = self.row(), {name: self.place_of(name) for name in ("imei", "explanation")}
        common = {"place": {}, "read": self.read(), "actor": self.omar, "at": NOON}
        with as_the_portal(), pytest.raises(rights.WrongState, match=self.odile.reference):
            rights.leave_out(self.row(), chosen=[places["imei"]], ground=GROUND, **common)
        with as_the_portal(), pytest.raises(rights.WrongState, match=self.odile.reference):
            rights.put_back(self.row(), chosen=[places["explanation"]], **common)
        assert (self.row().redactions, self.row().decided_by) == (kept.redactions, self.odile.reference)

    def test_who_granted_it_goes_on(self) -> None:
        with as_the_portal():
            self.leave_out("imei")
            self.put_back(self.place_of("explanation"))
        assert [one["path"] for one in self.row().redactions] == [["imei"]]
        assert self.row().decided_by == self.odile.reference

    def test_the_page_says_so_before_and_refuses_a_page_from_before_the_grant(self) -> None:
        case, token = self.right.request, json.dumps(self.place_of("imei"))
        assert "귀하가 이 열람을 인용하셨습니다" in self.press(case, "preview").content.decode()
        self.client.force_login(self.omar)
        page = self.press(case, "preview").content.decode()
        assert f"Odile ({self.odile.reference})" in page
        assert BLACKED_OUT in page
        assert 'name="chosen"' not in page
        told = self.press(case, "preview", chosen=token, ground=GROUND).content.decode()
        assert f"Odile ({self.odile.reference})" in told
        assert len(self.row().redactions) == 1


@pytest.mark.clause("P1.4")
class AnotherContactTests(PreviewCase):
    """Another value of a contact is another record: what was marked of the one before is left out of it too."""

    def setUp(self) -> None:
        super().setUp()
        self.subject = Subject.objects.get(pk=self.device.subject_id)
        factory.make_contact(self.subject, value="friend@example.org")
        factory.make_contact(self.subject, kind="phone", value="010-1234-5678")
        self.leave_out("email")

    def replaced(self) -> str:
        factory.make_contact(self.subject, value="friend2@example.org", source="gateway", at=NOON + timedelta(hours=1))
        return everything_in(self.released())

    def test_what_a_gateway_replaced_is_left_out(self) -> None:
        given = self.replaced()
        assert "friend" not in given
        assert "010-1234-5678" in given
        assert "contact:email" in given

    def test_a_mark_that_tells_the_moment_of_the_one_before_is_about_the_kind_too(self) -> None:
        (mark,) = self.row().redactions
        mark["record"] = mark["record"].replace("contact:email#", f"email:{NOON.isoformat()}#")
        Right.objects.filter(id=self.right.id).update(redactions=[mark])
        seen = rights.preview_package(self.row(), place={}, actor=self.odile, at=NOON)
        told = {pointer: marks for _code, records in seen.records for pointer, _said, marks in records if marks}
        assert [(pointer == mark.record, mark.path) for pointer, (mark,) in told.items()] == [(True, ("email",))]
        assert "friend" not in self.replaced()

    def test_one_of_a_contact_that_is_gone_is_named_by_its_kind_and_put_back(self) -> None:
        Contact.objects.filter(kind="email").delete()
        page = self.press(self.right.request, "preview").content.decode()
        assert "연락처 전자우편" in page
        (mark,) = self.row().redactions
        self.put_back((mark["category"], mark["record"], mark["path"]))
        assert self.row().redactions == []
