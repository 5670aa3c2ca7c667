"""A designation that was dated far ahead by mistake keeps nobody from designating before it."""

from datetime import date

import pytest

from privacy.policies import actions as policies
from privacy.policies.models import Officer
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class DesignationFarAheadTest(PortalTestCase):
    def designate(self, name: str, day: date) -> Officer:
        return policies.designate_officer(
            name=name, department_ko="개인정보보호팀", department_en="Privacy Team", phone="02-555-0199", email="",
            designated_from=day, actor=factory.make_odile(granted=False), at=NOON,
        )  # fmt: skip

    @pytest.mark.truth("designated-far-ahead")
    def test_another_officer_is_designated_before_one_that_is_to_come(self) -> None:
        far = self.designate("먼나중", date(2062, 1, 1))
        made = self.designate("김새롬", date(2026, 12, 1))
        assert Officer.objects.on(date(2026, 12, 1)) == made
        assert Officer.objects.on(date(2061, 12, 31)) == made
        assert Officer.objects.on(date(2062, 1, 1)) == far
        first = Officer.objects.on(date(2026, 11, 30))
        assert first is not None and first.designated_until == date(2026, 11, 30)

    @pytest.mark.truth("designated-far-ahead")
    def test_what_has_begun_is_not_rewritten_and_no_day_has_two(self) -> None:
        self.designate("먼나중", date(2062, 1, 1))
        for day in (date(2062, 1, 1), date(2020, 11, 30)):
            with pytest.raises(policies.DesignationOrder):
                self.designate("김새롬", day)
