"""Every address of the portal, from the resolver, with an example where it takes an argument."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.urls import get_resolver

from tests.house.test_open_routes import routes

# What stands in an address where no example of it exists.
NOTHING = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "1"}
CONSOLE = re.compile(r"admin:(?P<app>[a-z]+)_(?P<model>[a-z]+)_")
ARGUMENT = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
# What a person types or follows, that no primary key is.
EXAMPLES = {
    "policies:difference": ("2020-12-01", "2020-12-01"),
    "policies:version": ("2020-12-01",),
    "policies:published": ("2020-12-01", "en"),
    "consents:agreement": ("activation",),
    "consents:begin": ("activation",),
    "guide": ("officer",),
    "workforce:course": ("privacy-basics",),
    "workforce:sign": ("yearly",),
    "admin:register": ("requests",),
    "admin:retention_certificate_file": (None, "json"),
}
# Records whose addresses don't name their model: one of the kind, and where it is somebody's, of the employee.
RECORDS: dict[str, tuple[str, dict[str, object]]] = {
    "accounts:withdraw-request": ("accounts.AccessRequest", {}),
    "admin:campaigns_campaign_policy": ("policies.PolicyVersion", {"state": "published"}),
    "admin:safeguards_plan_paper": ("safeguards.ManagementPlan", {}),
    "workforce:pledge": ("workforce.Pledge", {"user__email": "emin@extrus.example"}),
    "workforce:pledge-paper": ("workforce.Pledge", {"user__email": "emin@extrus.example"}),
}
# People meet these by the number on their paper.
BY_REFERENCE = {"workforce:pledge", "workforce:pledge-paper"}


@dataclass(frozen=True)
class ListedRoute:
    """One route: what it is called, and an address of it."""

    name: str
    address: str

    @property
    def is_api(self) -> bool:
        return self.address.startswith(("/api/", "/scim/"))


def key_of(name: str) -> str | None:
    """Return the key of a record that a route can show, if there is one."""
    label, which = RECORDS.get(name, ("", {}))
    found = CONSOLE.match(name)
    if not label and (found is None or found["model"] not in apps.all_models.get(found["app"], {})):
        return None
    model = apps.get_model(label) if label else apps.get_model(found["app"], found["model"])  # type: ignore[index]
    by = "reference" if name in BY_REFERENCE else "pk"
    row = model._default_manager.filter(**which).order_by("pk").values_list(by, flat=True).first()
    return str(row) if row is not None else None


def all_routes() -> Iterator[ListedRoute]:
    """Every route of the resolver, each once."""
    console = {f"office/{m._meta.app_label}/{m._meta.model_name}/": m for m in admin.site._registry}
    for name, pattern, _entry in routes(get_resolver().url_patterns):
        if name.endswith("None"):
            name = pattern
            model = next((model for prefix, model in console.items() if pattern.startswith(prefix)), None)
            first = model._default_manager.order_by("pk").values_list("pk", flat=True).first() if model else None
        else:
            first = key_of(name)
        examples: list[Any] = list(EXAMPLES.get(name, ()))
        address = pattern.replace("(?P<url>.*)$", "nothing-here").replace("^.*$", "nothing-here")
        address = re.sub(r"\^\(\?P<app_label>(\w+)\|.*\)/\$", r"\1/", address)

        def fill(argument: re.Match[str], first: Any = first, examples: list[Any] = examples) -> str:
            given = examples.pop(0) if examples else None
            return str(given or first or NOTHING.get(argument["kind"] or "", NOTHING["uuid"]))

        yield ListedRoute(name, "/" + ARGUMENT.sub(fill, address))
