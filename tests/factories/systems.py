"""Connected systems, registered and answering."""

from datetime import date, datetime
from typing import Any

from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.systems import actions as systems
from privacy.systems.models import ConnectedSystem, SystemTask
from tests.factories.accounts import NOON, make_odile, make_user

ITEMS = {"device-registration": ["imei", "model"], "contact": ["email"]}


def make_ines() -> User:
    """Another officer: who approves what Odile asked for."""
    return make_user("ines@extrus.example", "Ines", "officer")


def make_system(code: str = "mdm", *, at: datetime = NOON, **changes: Any) -> ConnectedSystem:
    """A system with copies of the registration and of the e-mail address, which a person asks."""
    values: dict[str, Any] = {
        "name_ko": f"시스템 {code}", "name_en": f"System {code}", "owner": make_odile().ref, "contact": "ext. 100",
        "way": "person", "items": ITEMS, "identifiers": ["imei", "email"], "begins_on": date(2026, 1, 1), **changes,
    }  # fmt: skip
    return systems.register_system(code=code, actor=make_odile(), at=at, **values)


def make_api_system(
    code: str, address: str, public_key: str, *, at: datetime = NOON, **changes: Any
) -> ConnectedSystem:
    """A system that answers by the protocol at an address, approved by two people."""
    made = make_system(code, at=at, way="api", **changes)
    connect(made, address, public_key, at=at)
    return made


def connect(system: ConnectedSystem, address: str, public_key: str, *, at: datetime = NOON) -> None:
    """Approve where a system answers and with which key."""
    asked = systems.ask_connection(
        system, address=address, public_key=public_key, reason="from its owner", actor=make_odile(), at=at
    )
    systems.approve_connection(asked, actor=make_ines(), at=at)


def make_destruction_elsewhere(*, at: datetime = NOON) -> SystemTask:
    """A destruction that a person has to have carried out in a system without an API."""
    system = make_system(at=at)
    made = systems.order_month_destruction(
        list_id=new_id(), case="DL-TEST-0001", category="device-registration", month=date(2026, 1, 1),
        actor=SystemActor("test"), at=at,
    )  # fmt: skip
    return next(task for task in made if task.system_id == system.id)
