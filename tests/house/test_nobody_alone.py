"""No act of two people is completed by one human, whatever accounts, receipts or tokens they hold (decision 0106)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from config.event_descriptions import EVENT_DESCRIPTIONS
from privacy.accounts.models import AccessGrant, User
from privacy.ledger.actors import Actor, ExternalActor, SystemActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import actions as policies
from privacy.policies.actions.parameters import ParameterOutOfRange
from privacy.policies.models import Parameter
from tests import factory
from tests.base import PortalTestCase
from tests.house.acts_of_two_people import ACTS, OF_ONE_PERSON
from tests.own_writes import as_the_portal

COMPLETING = re.compile(
    r"\.((partly-)?granted|approved|seconded|lifted|published|provided|decided|(not-)?confirmed|set|reset)$"
)
NOW = clock.now()
DAYS_AGO = NOW - timedelta(days=5)


def opened(asker: User) -> User:
    """An account that the asker asked to be opened, or reset: its invitation says so."""
    double = factory.make_user("double@extrus.example", "Double", "officer")
    factory.make_used_invitation(double, used_at=DAYS_AGO, asked_by=asker.ref)
    return double


def opener(asker: User) -> User:
    """An account by which the asker's own was opened or reset."""
    double = factory.make_user("double@extrus.example", "Double", "officer")
    factory.make_used_invitation(asker, used_at=DAYS_AGO, asked_by=double.ref)
    return double


def given_a_role(asker: User) -> User:
    """An account to which the asker asked to give another role."""
    double = factory.make_user("double@extrus.example", "Double", "officer")
    AccessGrant.objects.create(
        user=double, role="auditor", reason="x", asked_by=asker.ref, approved_by=factory.make_omar(),
        granted_at=DAYS_AGO, granted_by="x", valid_from=clock.kst_date(DAYS_AGO), valid_until=clock.kst_date(NOW),
    )  # fmt: skip
    return double


# What one human may hold beside the account that asked.
HELD: dict[str, Callable[[User], Actor]] = {
    "nothing else": lambda asker: asker,
    "an account they opened or reset": opened,
    "an account that opened or reset theirs": opener,
    "an account they gave a role": given_a_role,
    "a receipt": lambda asker: ExternalActor(kind="subject", ref="receipt"),
    "a status token": lambda asker: ExternalActor(kind="subject", ref="20260001"),
    "a gateway's token": lambda asker: factory.make_gate(),
}


@pytest.mark.asvs("2.3.5")
class NobodyAloneTests(PortalTestCase):
    """Filled below: a test for each act with each thing held, by the verb and by raw SQL of the portal's role."""


def by_verb(act: str, held: str) -> Callable[[PortalTestCase], None]:
    def test(self: PortalTestCase) -> None:
        asker = factory.make_odile()
        other = HELD[held](asker)
        record = ACTS[act].ask(asker, NOW)
        with pytest.raises(Refusal), transaction.atomic():
            ACTS[act].approve(record, other, NOW)
        if other is not asker and not isinstance(other, User):
            return
        for approver in (other.ref, "U-nobody", "EM-NONE-HERE", "system:portal"):
            for moment in (NOW, NOW - timedelta(days=400), NOW + timedelta(days=400)):
                with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(ACTS[act].raw, [approver, moment, record.pk])

    return pytest.mark.attack("17.3")(test)


def by_two(act: str) -> Callable[[PortalTestCase], None]:
    def test(self: PortalTestCase) -> None:
        record = ACTS[act].ask(factory.make_odile(), NOW)
        assert ACTS[act].approve(record, factory.make_omar(), NOW)

    return test


for _act in ACTS:
    name = _act.replace(" ", "_")
    setattr(NobodyAloneTests, f"test_two_people_{name}", by_two(_act))
    for _held in HELD:
        setattr(NobodyAloneTests, f"test_nobody_can_{name}_with_{re.sub(r'[^a-z]', '_', _held)}", by_verb(_act, _held))


def test_every_completing_event_is_in_the_matrix() -> None:
    found = {word for word in EVENT_DESCRIPTIONS if COMPLETING.search(word)}
    declared = {word for act in ACTS.values() for word in act.completed_by}
    assert found - declared - OF_ONE_PERSON.keys() == set(), "an act of two people, or say why one may complete it"
    assert OF_ONE_PERSON.keys() - found == set(), "no such event any more"


class WaitsTests(PortalTestCase):
    def test_no_account_makes_the_rule_weaker(self) -> None:
        tomorrow = clock.today() + timedelta(days=1)
        for code, less, more in (
            ("duties.account.days", 0, 2),
            ("duties.apart.days", 29, 60),
            ("duties.emergency.wait.hours", 23, 48),
            ("duties.emergency.review.hours", 73, 48),
            ("withdrawal.wait.hours", 23, 48),
        ):
            given = {"code": code, "effective_on": tomorrow, "basis": "x", "at": NOW}
            with pytest.raises(ParameterOutOfRange):
                policies.set_parameter(value=less, actor=factory.make_odile(granted=False), **given)  # type: ignore[arg-type]
            policies.set_parameter(value=more, actor=SystemActor("tests"), **given)  # type: ignore[arg-type]

    def test_what_was_raised_is_lessened_by_two(self) -> None:
        odile, omar, today = factory.make_odile(granted=False), factory.make_omar(), clock.today()
        for code, stronger, weaker in (
            ("duties.account.days", 5, 3),
            ("duties.apart.days", 60, 45),
            ("duties.emergency.wait.hours", 48, 24),
            ("duties.emergency.review.hours", 24, 48),
            ("withdrawal.wait.hours", 72, 48),
            ("contact.wait.hours", 96, 72),
            ("destruction.ceiling.percent", 1, 50),
            ("destruction.ceiling.floor", 1, 1_000),
            ("destruction.ceiling.months", 1, 12),
            ("keys.turn.days", 56, 28),
            ("keys.grace.days", 14, 0),
        ):
            given = {"code": code, "basis": "x", "at": NOW}
            policies.set_parameter(value=stronger, effective_on=today, actor=odile, **given)  # type: ignore[arg-type]
            later = {**given, "value": weaker, "effective_on": today + timedelta(days=1)}
            with pytest.raises(policies.NeedsTwoPeople):
                policies.set_parameter(actor=odile, **later)  # type: ignore[arg-type]
            unit = Parameter.objects.filter(code=code).values_list("unit", flat=True)[0]
            with as_the_portal(), pytest.raises(IntegrityError, match="lessens a protection"), transaction.atomic():
                Parameter.objects.create(
                    code=code, value=weaker, unit=unit, effective_on=today + timedelta(days=1), basis="x"
                )
            asked = policies.ask_change(actor=odile, **later)  # type: ignore[arg-type]
            with pytest.raises(policies.OwnChange):
                policies.approve_change(asked, actor=odile, at=NOW)
            made = policies.approve_change(asked, actor=omar, at=NOW)
            assert (made.value, made.effective_on) == (weaker, today + timedelta(days=1))
            with pytest.raises(policies.ChangeDecided):
                policies.approve_change(asked, actor=omar, at=NOW)

    def test_a_number_that_protects_nobody_is_set_by_one(self) -> None:
        given = {"code": "rights.records.years", "basis": "x", "at": NOW, "actor": factory.make_odile(granted=False)}
        for day, value in enumerate((9, 4)):
            effective_on = clock.today() + timedelta(days=day)
            assert policies.set_parameter(value=value, effective_on=effective_on, **given)  # type: ignore[arg-type]

    def test_what_lessens_nothing_is_not_asked_for_and_a_refused_value_is_not_set(self) -> None:
        odile, tomorrow = factory.make_odile(granted=False), clock.today() + timedelta(days=1)
        given = {"basis": "x", "at": NOW, "actor": odile, "effective_on": tomorrow}
        with pytest.raises(policies.LessensNothing):
            policies.ask_change(code="duties.apart.days", value=60, **given)  # type: ignore[arg-type]
        with pytest.raises(ParameterOutOfRange):
            policies.ask_change(code="duties.apart.days", value=29, **given)  # type: ignore[arg-type]
        asked = policies.ask_change(code="destruction.ceiling.percent", value=99, **given)  # type: ignore[arg-type]
        policies.refuse_change(asked, actor=odile, at=NOW)
        with pytest.raises(policies.ChangeDecided):
            policies.approve_change(asked, actor=factory.make_omar(), at=NOW)
