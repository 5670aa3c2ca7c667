"""What the pages say about refusals is what a decision is held against, ground by ground (P1.4, R-12, R-15, R-22)."""

import re
from datetime import UTC, datetime

import pytest
from django.utils.html import escape
from django.utils.translation import override

from privacy.rights import actions as rights
from privacy.rights import models
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Right
from privacy.safeguards import actions as safeguards
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

THEN = datetime(2021, 6, 1, 3, 0, tzinfo=UTC)
PAGES = {"ko": ("/rights/", "/policy/"), "en": ("/en/rights/", "/en/policy/")}
ROW = re.compile(r"<dt>([^<]*)</dt><dd><ul>(.*?)</ul></dd>", re.DOTALL)


@pytest.mark.clause("P1.4")
@pytest.mark.truth("10")
class GroundsTests(PortalTestCase):
    def setUp(self) -> None:
        # Who isn't bound refuses on that ground too.
        odile = factory.make_odile(granted=False)
        safeguards.record_figures(
            year=NOON.year - 1, sales=0, average_sales=0, people=0, sensitive_people=0, users=0, is_small=True,
            source="x", actor=odile, at=NOON,
        )  # fmt: skip
        for duty in ("portability", "portability-others"):
            safeguards.decide_applicability(threshold=duty, applies=False, reasons="x", actor=odile, at=NOON)

    def told(self, path: str) -> dict[str, list[str]]:
        page = self.client.get(path).content.decode()
        part = page[page.index('id="grounds"') :]
        return {name: re.findall("<li>([^<]*)</li>", rows) for name, rows in ROW.findall(part[: part.index("</dl>")])}

    def enforced(self, language: str) -> dict[str, list[str]]:
        """What a decision accepts, found by trying every ground on every right."""
        with override(language):
            return {
                escape(kind.label): [escape(ground.label) for ground in Right.Ground if self.accepted(kind, ground)]
                for kind in Right.Kind
            }

    def accepted(self, kind: str, ground: str) -> bool:
        asked = RequestedRight(kind, category="device-registration", item="imei", wanted=factory.imei(2))
        plain = RequestedRight(kind, wanted="a lock of my device")
        case = factory.make_verified(factory.ask(asked if kind == Right.Kind.CORRECTION else plain, address=""))
        words = {"law": "전기통신사업법 제83조", "termination_asked": True}
        try:
            rights.refuse(case.rights.get(), ground=ground, actor=factory.make_officer(), at=NOON, **words)
        except rights.NoGround:
            return False
        return True

    def test_both_pages_name_exactly_the_grounds_that_a_decision_accepts(self) -> None:
        for language, paths in PAGES.items():
            enforced = self.enforced(language)
            for path in paths:
                told = self.told(path)
                assert {name: sorted(found) for name, found in told.items()} == {
                    name: sorted(found) for name, found in enforced.items()
                }, path

    def test_another_table_is_another_text(self) -> None:
        narrower = {**models.GROUNDS_BY_KIND, Right.Kind.ACCESS: (Right.Ground.LAW,)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(models, "GROUNDS_BY_KIND", narrower)
            assert not self.accepted(Right.Kind.ACCESS, Right.Ground.LIFE_OR_BODY)
            for path in PAGES["en"]:
                assert self.told(path)["access"] == ["An Act forbids or restricts access"]

    def test_a_version_kept_for_reference_does_not_tell_todays_grounds(self) -> None:
        assert b'id="grounds"' in self.client.get("/policy/2020-12-01/").content
        factory.make_policy(at=THEN)
        assert b'id="grounds"' in self.client.get("/policy/").content
        assert b'id="grounds"' not in self.client.get("/policy/2020-12-01/").content
