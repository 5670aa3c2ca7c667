"""The console's navigation: registers grouped by the work they serve, not by the app that holds them."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class NavigationGroup:
    """A group of the navigation: ``apps`` whole, ``models`` singly (they go before their app), in this order."""

    code: str
    name: Promise | str
    apps: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def place(self, model: str) -> tuple[int, int]:
        """Return where a model stands in its group: named ones first, as listed."""
        return (0, self.models.index(model)) if model in self.models else (1, 0)


NAVIGATION = (
    NavigationGroup(
        "requests",
        _("Requests"),
        ("rights",),
        ("rights.request", "rights.objection", "rights.letter", "incidents.complaint", "vault.freeze"),
    ),
    NavigationGroup(
        "data",
        _("Data"),
        ("subjects", "devices", "consents"),
        ("subjects.subject", "devices.device", "devices.licence", "devices.gateway", "consents.decision"),
    ),
    NavigationGroup(
        "disclosures",
        _("Disclosures"),
        ("disclosures",),
        ("disclosures.disclosure", "disclosures.notice", "disclosures.thirdparty"),
    ),
    NavigationGroup(
        "retention",
        _("Retention"),
        ("retention",),
        (
            "retention.destructionlist",
            "retention.destructionrun",
            "retention.hold",
            "retention.archivedrecord",
            "retention.registerentry",
            "retention.certificate",
        ),
    ),
    NavigationGroup(
        "people",
        _("People"),
        ("workforce", "accounts"),
        (
            "workforce.pledge",
            "workforce.coursecompletion",
            "accounts.accessgrant",
            "accounts.accessrequest",
            "accounts.accountact",
            "accounts.emergencyapproval",
            "workforce.colleagueletter",
            "accounts.accessreview",
            "accounts.user",
        ),
    ),
    NavigationGroup(
        "safeguards",
        _("Safeguards"),
        ("safeguards", "incidents"),
        (
            "incidents.incident",
            "safeguards.calendar",
            "safeguards.measure",
            "safeguards.managementplan",
            "safeguards.member",
            "safeguards.meeting",
            "safeguards.inspection",
            "safeguards.inspectionfinding",
            "safeguards.area",
            "safeguards.annualreport",
        ),
    ),
    NavigationGroup("audit", _("Audit"), ("ledger",), ("ledger.entry", "ledger.checkpoint", "ledger.tree")),
    NavigationGroup(
        "policy",
        _("Policy"),
        ("policies", "campaigns"),
        (
            "policies.policyversion",
            "campaigns.campaign",
            "policies.officer",
            "policies.agency",
            "policies.parameter",
            "policies.parameterchange",
        ),
    ),
    NavigationGroup("system", _("System"), ("jobs", "vault"), ("jobs.generaloutbox", "jobs.heartbeat")),
)


def group_of_model(app_label: str, model_name: str) -> NavigationGroup:
    """Return the group a model belongs to; what nobody placed is a matter of the system."""
    name = f"{app_label}.{model_name}"
    for group in NAVIGATION:
        if name in group.models:
            return group
    for group in NAVIGATION:
        if app_label in group.apps:
            return group
    return NAVIGATION[-1]


def grouped_app_list(apps: list[dict[str, Any]], index_url: str) -> list[dict[str, Any]]:
    """Turn the admin's list of apps into the list of groups, in the shape the admin's templates know."""
    models: dict[str, list[tuple[tuple[int, int], str, dict[str, Any]]]] = {group.code: [] for group in NAVIGATION}
    for app in apps:
        for entry in app["models"]:
            meta = entry["model"]._meta
            group = group_of_model(app["app_label"], meta.model_name)
            models[group.code].append((group.place(meta.label_lower), str(entry["name"]), entry))
    return [
        {
            "name": group.name,
            "app_label": group.code,
            "app_url": f"{index_url}#{group.code}",
            "has_module_perms": True,
            "models": [entry for _place, _name, entry in sorted(models[group.code], key=lambda found: found[:2])],
        }
        for group in NAVIGATION
        if models[group.code]
    ]
