"""Who granted an access alone still changes what it leaves out: its decider is written once (R-12, R-29)."""

import json

import pytest

from privacy.rights import actions as rights
from privacy.rights.access_package.redactions import BLACKED_OUT
from tests import factory
from tests.factories.accounts import NOON
from tests.own_writes import as_the_portal
from tests.privacy.rights.test_package_preview import GROUND, PreviewCase


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
