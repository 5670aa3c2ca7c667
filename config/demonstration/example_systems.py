"""The demo's connected systems: one that a person asks, and one by the protocol that waits for a second person."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from privacy.accounts.models import User
from privacy.policies.categories import CONTACT, DEVICE_REGISTRATION
from privacy.systems import actions as systems
from privacy.systems.models import ConnectedSystem

# A key of nobody's: its private half was never kept.
EXAMPLE_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
# No machine has this name (RFC 2606), and an installation takes it: there, only https is called.
EXAMPLE_ADDRESS = "https://mdm.example/portal"


def register_systems(people: Mapping[str, User], at: datetime) -> str:
    """Register the systems that are missing; return what there is."""
    shared: dict[str, Any] = {
        "owner": people["Odile"].ref,
        "begins_on": date(2026, 1, 1),
        "actor": people["Odile"],
        "at": at,
    }
    if not ConnectedSystem.objects.filter(code="crm").exists():
        systems.register_system(
            code="crm", name_ko="고객관리 시스템", name_en="Customer system",
            contact="고객지원팀 02-000-0100 (example)",
            way=ConnectedSystem.Way.PERSON, items={DEVICE_REGISTRATION: ["model"], CONTACT: ["email", "phone"]},
            identifiers=["email", "phone"], **shared,
        )  # fmt: skip
    if not ConnectedSystem.objects.filter(code="mdm-server").exists():
        made = systems.register_system(
            code="mdm-server", name_ko="단말관리(MDM) 서버", name_en="MDM server",
            contact="인프라팀 02-000-0200 (example)",
            way=ConnectedSystem.Way.API, items={DEVICE_REGISTRATION: ["imei", "serial_number", "model", "os_version"]},
            identifiers=["imei", "serial_number"], **shared,
        )  # fmt: skip
        systems.ask_connection(
            made, address=EXAMPLE_ADDRESS, public_key=EXAMPLE_KEY,
            reason="인프라팀 담당자에게서 대면으로 받음 (example)", actor=people["Odile"], at=at,
        )  # fmt: skip
    return "two connected systems: one that a person asks, one by the protocol that waits for a second person"
