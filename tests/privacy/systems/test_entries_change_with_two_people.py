"""What a system is asked for, by what it finds people and its end change with a second person alone (decision 0418)."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.systems import actions as systems
from privacy.systems.models import ConnectedSystem, EntryChange
from privacy.systems.refusals import Incomplete, SamePerson, WrongState
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.systems import ITEMS

LESS: dict[str, Any] = {"items": {"contact": ["email"]}, "identifiers": ["email"]}


def ask(system: ConnectedSystem, **changes: Any) -> EntryChange:
    given: dict[str, Any] = {**LESS, "reason": "the table was dropped", "actor": factory.make_odile(), "at": NOON}
    return systems.ask_scope(system, **{**given, **changes})


class EntryChangeTest(PortalTestCase):
    def setUp(self) -> None:
        self.system = factory.make_system(at=NOON)

    def entry(self) -> tuple[dict[str, list[str]], list[str]]:
        self.system.refresh_from_db()
        return self.system.items, self.system.identifiers

    def asked_by_a_destruction(self) -> list[str]:
        made = systems.order_month_destruction(
            list_id=new_id(), case="DL-TEST-0001", category="device-registration", month=NOON.date().replace(day=1),
            actor=SystemActor("test"), at=NOON,
        )  # fmt: skip
        return [task.system.code for task in made]

    @pytest.mark.attack("17.6")
    def test_one_person_alone_makes_no_destruction_skip_a_system(self) -> None:
        change = ask(self.system)
        with pytest.raises(SamePerson):
            systems.approve_entry_change(change, actor=factory.make_odile(), at=NOON)
        assert self.entry() == (ITEMS, ["email", "imei"])
        assert self.asked_by_a_destruction() == ["mdm"]
        with pytest.raises(WrongState):  # one at a time
            ask(self.system, identifiers=["imei"])
        systems.approve_entry_change(change, actor=factory.make_ines(), at=NOON)
        assert self.entry() == (LESS["items"], LESS["identifiers"])
        assert self.asked_by_a_destruction() == []
        self.assertLedgered("systems.change.approved", change)
        self.assertLedgered("systems.system.changed", self.system)
        with pytest.raises(WrongState):
            systems.approve_entry_change(change, actor=factory.make_ines(), at=NOON)

    def test_a_change_that_is_refused_or_says_nothing_changes_nothing(self) -> None:
        for wrong in ({"items": ITEMS, "identifiers": ["imei", "email"]}, {"items": {}}, {"identifiers": []},
                      {"identifiers": ["name"]}, {"items": {"contact": ["x"]}}, {"reason": " "}):  # fmt: skip
            with pytest.raises(Incomplete):
                ask(self.system, **wrong)
        refused = systems.refuse_entry_change(ask(self.system), actor=factory.make_odile(), at=NOON)
        with pytest.raises(WrongState):
            systems.approve_entry_change(refused, actor=factory.make_ines(), at=NOON)
        assert self.entry() == (ITEMS, ["email", "imei"])

    @pytest.mark.asvs("11.6.1")
    def test_no_connection_is_asked_for_with_a_key_that_is_none(self) -> None:
        short, long = (base64.b64encode(b"k" * size).decode() for size in (31, 33))
        for key in ("", "x", "AAAA", short, long, "é" * 44):
            with pytest.raises(Incomplete) as refused:
                systems.ask_connection(
                    self.system, address="https://mdm.example/exafe", public_key=key, reason="x",
                    actor=factory.make_odile(), at=NOON,
                )  # fmt: skip
            assert refused.value.pointer == "/public_key", key

    def test_a_system_ends_by_two_people_and_only_without_open_tasks(self) -> None:
        who = {"actor": factory.make_odile(), "at": NOON}
        asked = systems.ask_end(self.system, ended_on=NOON.date(), reason="gone", **who)
        [task] = systems.order_month_destruction(
            list_id=new_id(), case="DL-TEST-0002", category="device-registration", month=NOON.date().replace(day=1),
            actor=SystemActor("test"), at=NOON,
        )  # fmt: skip
        with pytest.raises(WrongState):  # a task came meanwhile
            systems.approve_entry_change(asked, actor=factory.make_ines(), at=NOON)
        systems.give_up(task, reason="the vendor is gone", **who)
        systems.approve_entry_change(asked, actor=factory.make_ines(), at=NOON)
        self.system.refresh_from_db()
        odile = factory.make_odile().ref
        assert (self.system.ended_on, self.system.end_reason, self.system.ended_by) == (NOON.date(), "gone", odile)
        self.assertLedgered("systems.system.ended", self.system)
        with pytest.raises(WrongState):
            ask(self.system)

    @pytest.mark.attack("17.6")
    def test_sql_changes_the_register_no_other_way(self) -> None:
        first = ask(self.system)
        for statement in (
            "UPDATE systems_connectedsystem SET items = '{}'",
            "UPDATE systems_connectedsystem SET identifiers = '[\"phone\"]'",
            "UPDATE systems_connectedsystem SET begins_on = '2100-01-01'",
            "UPDATE systems_connectedsystem SET ended_on = begins_on, end_reason = 'x', ended_by = 'y'",
            f"UPDATE systems_connectedsystem SET items = c.items, identifiers = c.identifiers"
            f" FROM systems_entrychange c WHERE c.id = '{first.id}'",
            "UPDATE systems_entrychange SET items = '{}'",
        ):
            self.refused_by_sql(statement)
        systems.approve_entry_change(first, actor=factory.make_ines(), at=NOON)
        back = ask(self.system, items=ITEMS, identifiers=["imei", "email"], at=NOON + timedelta(hours=1))
        systems.approve_entry_change(back, actor=factory.make_ines(), at=NOON + timedelta(hours=1))
        # What was approved once brings nothing back.
        self.refused_by_sql(
            f"UPDATE systems_connectedsystem SET items = c.items, identifiers = c.identifiers"
            f" FROM systems_entrychange c WHERE c.id = '{first.id}'"
        )
        self.refused_by_sql("UPDATE systems_entrychange SET approved_at = approved_at + interval '1 day'")
        assert self.entry() == (ITEMS, ["email", "imei"])

    def refused_by_sql(self, statement: str) -> None:
        with pytest.raises(IntegrityError, match="systems_entry"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_the_pages_ask_and_approve(self) -> None:
        pages = {}
        for officer in (factory.make_odile(), factory.make_ines()):
            pages[officer.name] = client = Client()
            client.force_login(officer)
        page = f"/office/systems/connectedsystem/{self.system.pk}/change/"
        press = {"CHANGE_FORM-action": "change_scope", "_selected_action": str(self.system.pk)}
        form = pages["Odile"].post(page, press).content.decode()
        assert 'value="device-registration:imei"' in form and "checked" in form
        given = {**press, "items": ["contact:email"], "identifiers": ["email"], "reason": "x", "confirmed": "yes"}
        assert pages["Odile"].post(page, given).status_code == 302
        change = EntryChange.objects.get()
        page = f"/office/systems/entrychange/{change.pk}/change/"
        for who, may in (("Odile", False), ("Ines", True)):
            shown = pages[who].get(page).content.decode()
            assert "second-person-title" in shown and ('value="approve"' in shown) == may, who
        press = {"CHANGE_FORM-action": "approve", "_selected_action": str(change.pk), "confirmed": "yes"}
        assert pages["Ines"].post(page, press).status_code == 302
        assert self.entry() == (LESS["items"], LESS["identifiers"])
