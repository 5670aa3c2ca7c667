"""A protection is not lessened by one officer in advance: a later value may not undo what is raised before its day."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.ledger.actors import Actor, SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.admin.parameters import _values_in_time
from privacy.policies.models import Parameter, ParameterChange
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.own_writes import as_the_portal
from tests.privacy.policies.test_two_at_once import pressed

# What each holds, and what protects more.
RAISED = (
    ("withdrawal.wait.hours", 24, 96),
    ("duties.apart.days", 30, 90),
    ("duties.emergency.wait.hours", 24, 72),
    ("destruction.ceiling.floor", 20, 1),
    ("keys.turn.days", 28, 56),
    ("keys.grace.days", 7, 14),
)
SYSTEM = SystemActor("tests")
WAIT = "withdrawal.wait.hours"


class RequestedCase(PortalTestCase):
    def setUp(self) -> None:
        self.now, self.today = clock.now(), clock.today()
        self.soon = self.today + timedelta(days=2)
        self.odile, self.omar = factory.make_odile(granted=False), factory.make_omar()

    def set(self, value: int, on: date, *, code: str = WAIT, actor: Actor | None = None) -> Parameter:
        return policies.set_parameter(
            code=code, value=value, effective_on=on, basis="x", actor=actor or self.odile, at=self.now
        )  # fmt: skip

    def request(self, value: int, on: date, *, code: str = WAIT) -> ParameterChange:
        return policies.ask_change(code=code, value=value, effective_on=on, basis="x", actor=self.odile, at=self.now)


@pytest.mark.attack("17.3")
class PlantedTests(RequestedCase):
    def test_what_is_raised_is_not_lowered_by_a_value_that_one_officer_set_before(self) -> None:
        for code, held, raised in RAISED:
            self.set(held, self.today - timedelta(days=1), code=code, actor=SYSTEM)
            self.set(held, self.soon, code=code)
            with pytest.raises(policies.NeedsTwoPeople, match=self.soon.isoformat()):
                self.set(raised, self.today, code=code, actor=self.omar)
            unit = Parameter.objects.filter(code=code).values_list("unit", flat=True)[0]
            with as_the_portal(), pytest.raises(IntegrityError, match="lessens a protection"), transaction.atomic():
                Parameter.objects.create(code=code, value=raised, unit=unit, effective_on=self.today, basis="x")
            self.set(raised, self.soon + timedelta(days=1), code=code, actor=self.omar)

    def test_two_people_may_raise_it_until_that_day(self) -> None:
        self.set(24, self.soon)
        asked = self.request(96, self.today)
        policies.approve_change(asked, actor=self.omar, at=self.now)
        assert rulebook.parameter(WAIT, self.soon - timedelta(days=1)) == 96

    def test_the_day_that_is_advised_can_be_set_by_one_officer(self) -> None:
        for days in (2, 5, 6):
            self.set(24, self.today + timedelta(days=days))
        last = self.today + timedelta(days=6)
        with override("en"), pytest.raises(policies.NeedsTwoPeople, match=f"Choose a date after {last}"):
            self.set(96, self.today, actor=self.omar)
        self.set(96, last + timedelta(days=1), actor=self.omar)

    def test_where_no_later_day_helps_none_is_advised(self) -> None:
        self.set(24, self.soon)
        self.set(200, self.soon + timedelta(days=1))
        with override("en"), pytest.raises(policies.NeedsTwoPeople) as refused:
            self.set(96, self.today, actor=self.omar)
        assert "Choose a date" not in str(refused.value)
        assert f"On {self.soon} a value that is already set" in str(refused.value)
        with override("ko"), pytest.raises(policies.NeedsTwoPeople, match="요청된 값") as refused:
            self.set(96, self.today, actor=self.omar)
        assert "날짜를 선택" not in str(refused.value)

    def test_what_two_people_lessened_for_a_later_day_stands_in_nobodys_way(self) -> None:
        self.set(96, self.today)
        policies.approve_change(self.request(48, self.soon), actor=self.omar, at=self.now)
        self.set(200, self.today + timedelta(days=1))
        assert rulebook.parameter(WAIT, self.soon) == 48

    def test_a_later_value_that_protects_as_much_stands_in_nobodys_way(self) -> None:
        self.set(96, self.soon)
        self.set(96, self.today)
        assert rulebook.parameter(WAIT, self.soon) == 96


@pytest.mark.attack("17.3")
class ApprovalTests(RequestedCase):
    """What the second person is asked for is said from the values as they are when it is approved."""

    def page(self, change: ParameterChange) -> str:
        self.client.force_login(self.omar)
        with override("en"):
            address = reverse("admin:policies_parameterchange_change", args=[change.pk])
        pressed = {"CHANGE_FORM-action": "approve", "index": "0", "_selected_action": str(change.pk)}
        return " ".join(self.client.post(address, pressed).content.decode().split())

    def test_the_page_says_what_applies_now_and_from_each_day(self) -> None:
        self.set(200, self.today, actor=SYSTEM)
        asked = self.request(100, self.today + timedelta(days=5))
        self.set(250, self.today + timedelta(days=9))
        page = self.page(asked)
        assert "“withdrawal.wait.hours” is now 200." in page
        until = self.today + timedelta(days=8)
        assert f"From {self.today + timedelta(days=5)} until {until}: 100 (this request)." in page
        assert f"From {self.today + timedelta(days=9)}: 250." in page
        assert "weaker than it is now" not in page

    def test_a_request_whose_day_has_passed_says_until_when_its_value_applies(self) -> None:
        ago = [self.today - timedelta(days=days) for days in range(11)]
        self.set(96, ago[10], actor=SYSTEM)
        asked = self.request(48, ago[3])
        assert f"From {ago[3]}: 48 (this request)." in self.page(asked)
        self.set(120, ago[1], actor=SYSTEM)
        page = self.page(asked)
        assert "“withdrawal.wait.hours” is now 120." in page
        assert f"From {ago[3]} until {ago[2]}: 48 (this request)." in page
        assert f"From {ago[1]}: 120." in page
        assert f"From {ago[10]}" not in page
        with override("ko"):
            assert f"{ago[3]}부터 {ago[2]}까지: 48(이 요청)" in _values_in_time(asked)
        policies.approve_change(asked, actor=self.omar, at=self.now)
        assert [rulebook.parameter(WAIT, day) for day in reversed(ago[:5])] == [96, 48, 48, 120, 120]

    def test_what_lessens_nothing_any_more_is_refused_and_set_directly(self) -> None:
        self.set(200, self.today, actor=SYSTEM)
        asked = self.request(100, self.today + timedelta(days=5))
        policies.approve_change(self.request(72, self.today + timedelta(days=1)), actor=self.omar, at=self.now)
        with pytest.raises(policies.LessensNothing, match="거절"), override("ko"):
            policies.approve_change(asked, actor=self.omar, at=self.now)
        policies.refuse_change(asked, actor=self.omar, at=self.now)
        self.set(100, self.today + timedelta(days=5))

    def test_of_two_requests_for_one_day_the_second_is_told_what_the_first_set(self) -> None:
        self.set(200, self.today, actor=SYSTEM)
        first, second = self.request(100, self.soon), self.request(72, self.soon)
        policies.approve_change(first, actor=self.omar, at=self.now)
        with pytest.raises(policies.ParameterExists, match=r"100.*another day"), override("en"):
            policies.approve_change(second, actor=self.omar, at=self.now)
        second.refresh_from_db()
        assert second.is_open
        assert f"From {self.soon}: 100." in self.page(second)


@pytest.mark.attack("17.3")
def test_of_two_who_set_it_at_once_the_second_sees_the_first(portal_database: PortalDatabase) -> None:
    """Neither reads a moment at which the other's value is not there yet."""
    today = clock.today()

    def plant(officer: User) -> None:
        policies.set_parameter(
            code=WAIT, value=24, effective_on=today + timedelta(days=2), basis="x", actor=officer, at=clock.now()
        )  # fmt: skip

    def lift(officer: User) -> None:
        policies.set_parameter(
            code=WAIT, value=96, effective_on=today, basis="x", actor=officer, at=clock.now()
        )  # fmt: skip

    held = "LOCK TABLE policies_parameter IN SHARE ROW EXCLUSIVE MODE"
    assert pressed(portal_database, held, plant, lift) == ["done", "needs-two-people"]
