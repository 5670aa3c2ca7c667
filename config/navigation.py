"""The console's navigation: registers grouped by the work they serve, not by the app that holds them."""

from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

# A register, and what the navigation says of it.
type Shown = tuple[ModelAdmin[Any], dict[str, Any]]


@dataclass(frozen=True)
class NavigationGroup:
    """A group of the navigation: ``apps`` whole, ``models`` singly (they go before their app), in this order."""

    code: str
    name: Promise | str
    apps: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    # The guide and the number of its part that says why this work is done, and what comes next.
    guide: tuple[str, int] | None = None

    def place(self, model: str) -> tuple[int, int]:
        """Return where a model stands in its group: named ones first, as listed."""
        return (0, self.models.index(model)) if model in self.models else (1, 0)


NAVIGATION = (
    NavigationGroup(
        "requests",
        _("Requests"),
        ("rights",),
        (
            "rights.request",
            "rights.objection",
            "rights.letter",
            "rights.incomingmail",
            "incidents.complaint",
            "vault.freeze",
        ),
        guide=("officer", 2),
    ),
    NavigationGroup("incidents", _("Incidents"), ("incidents",), ("incidents.incident",), guide=("officer", 7)),
    NavigationGroup(
        "consents",
        _("Consents"),
        ("consents",),
        ("consents.decision", "consents.agreement", "consents.agreementversion", "consents.representativerequest"),
    ),
    NavigationGroup(
        "disclosures",
        _("Disclosures"),
        ("disclosures", "processors", "systems"),
        (
            "disclosures.disclosure",
            "disclosures.notice",
            "disclosures.correctionproof",
            "disclosures.recipientanswer",
            "disclosures.provisionreport",
            "disclosures.thirdparty",
            "processors.consignment",
            "processors.supervision",
            "processors.subprocessor",
            "processors.overseastransfer",
            "processors.businesstransfer",
            "systems.connectedsystem",
            "systems.systemtask",
            "systems.connection",
            "systems.entrychange",
            "systems.answer",
        ),
        guide=("officer", 5),
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
            "retention.prediction",
        ),
        guide=("officer", 6),
    ),
    NavigationGroup(
        "people",
        _("People"),
        ("workforce", "accounts", "scim"),
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
            "scim.provisioningcredential",
        ),
        guide=("officer", 3),
    ),
    NavigationGroup(
        "policy",
        _("Policy"),
        ("policies", "campaigns"),
        (
            "policies.policyversion",
            "campaigns.campaign",
            "campaigns.letterbatch",
            "campaigns.kakaotemplate",
            "campaigns.usenoticerefusal",
            "safeguards.assessment",
            "safeguards.assessmentexemption",
            "safeguards.managementplan",
            "safeguards.member",
            "safeguards.meeting",
            "safeguards.annualreport",
            "safeguards.managementreport",
            "safeguards.officerappointment",
            "safeguards.applicabilitydecision",
            "safeguards.yearfigures",
            "safeguards.officerfiling",
            "policies.messagetemplate",
            "policies.officer",
            "policies.agency",
            "policies.parameter",
            "policies.parameterchange",
        ),
        guide=("officer", 8),
    ),
    NavigationGroup(
        "audit",
        _("Audit"),
        ("ledger", "safeguards"),
        (
            "ledger.entry",
            "ledger.checkpoint",
            "ledger.tree",
            "safeguards.calendar",
            "safeguards.measure",
            "safeguards.inspection",
            "safeguards.inspectionfinding",
            "safeguards.printout",
            "safeguards.exposure",
            "safeguards.area",
        ),
        guide=("auditor", 1),
    ),
    NavigationGroup(
        "settings",
        _("Settings"),
        ("subjects", "devices", "jobs", "vault", "office_api"),
        (
            "devices.device",
            "devices.licence",
            "devices.gateway",
            "devices.apppermission",
            "office_api.credential",
            "office_api.subscription",
            "office_api.eventdelivery",
            "subjects.subject",
            "jobs.generaloutbox",
            "jobs.heartbeat",
        ),
    ),
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


def groups_for(site: AdminSite, request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups with the registers that somebody may see, in the shape the admin's templates know."""
    groups = []
    for group, registers in _all_registers(site, get_language() or "", get_script_prefix()):
        seen = [entry for register, entry in registers if _may_see(register, request)]
        if seen:
            address = f"{reverse('admin:all-registers', current_app=site.name)}#{group.code}"
            groups.append({"name": group.name, "app_label": group.code, "app_url": address, "models": seen})
    return groups


def _may_see(register: ModelAdmin[Any], request: HttpRequest) -> bool:
    return register.has_module_permission(request) and any(register.get_model_perms(request).values())


@lru_cache(maxsize=8)
def _all_registers(site: AdminSite, language: str, prefix: str) -> list[tuple[NavigationGroup, list[Shown]]]:
    """Return every register with its name and address, sorted: each page asks for them, and only who sees differs."""
    placed: dict[str, list[tuple[tuple[int, int], str, Shown]]] = {group.code: [] for group in NAVIGATION}
    for model, register in site._registry.items():
        meta = model._meta
        name = capfirst(str(meta.verbose_name_plural))
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", current_app=site.name)
        entry = {"model": model, "name": name, "object_name": meta.object_name, "admin_url": address}
        group = group_of_model(meta.app_label, str(meta.model_name))
        placed[group.code].append((group.place(meta.label_lower), name, (register, entry)))
    return [
        (group, [shown for _place, _name, shown in sorted(placed[group.code], key=itemgetter(0, 1))])
        for group in NAVIGATION
    ]
