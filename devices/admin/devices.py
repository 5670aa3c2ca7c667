"""Devices and licences: masked, found by exact identifiers only, shown in clear for a stated reason (law S-28)."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents.models import Standing
from devices import finding
from devices.actions.registration import ITEMS
from devices.models import Device, Gateway, Licence
from privacy.accounts.console import actor_of
from privacy.accounts.models import User
from privacy.ledger.registers import RecordedReads
from privacy.lib import clock
from privacy.lib.admin import button
from privacy.lib.asking import ask
from privacy.lib.badges import badge, day_text, state_badge
from privacy.lib.keyset import KeysetAdmin
from privacy.lib.refusals import Refusal
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

UNMASK = "devices.unmask_device"


class ReasonForm(forms.Form):
    """Why somebody wants to see the identifiers: for which purpose, and the reason (law S-02)."""

    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=[
            (purpose.value, purpose.label) for purpose in (Purpose.REGISTRATION, Purpose.RIGHTS, Purpose.LEGAL_DUTY)
        ],
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        min_length=5,
        help_text=_("Case number, or what it is needed for. It is on record."),
    )


class LicenceInline(admin.TabularInline[Licence, Device]):
    """The licences of a device, masked."""

    model = Licence
    fields = ("licence", "starts_on", "ends_on", "recorded_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    @admin.display(description=_("licence key"))
    def licence(self, licence: Licence) -> str:
        return str(licence.key)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Device)
class DeviceAdmin(RecordedReads, KeysetAdmin):
    explanation = _(
        "Every registered terminal. Identifiers stay masked; to find a device, enter its reference, or its whole IMEI, "
        "serial or ADB number."
    )
    empty_hint = _("Devices appear here when a gateway registers them.")
    read_purpose = Purpose.REGISTRATION
    keyset = ("registered_at", "id")
    list_display = ("reference", "gateway", "registered_at", "updated_at", "service")
    search_fields = ("reference",)
    search_help_text = _("A reference, or the whole IMEI, serial or ADB number (exact match; the search is on record)")
    fields = (
        "reference",
        "gateway",
        "state",
        "consents",
        *(f"masked_{item}" for item in ITEMS),
        "registered_at",
        "updated_at",
        "service",
    )
    readonly_fields = cast(tuple[str, ...], fields)
    inlines = (LicenceInline,)
    actions = ("unmask",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Device], search_term: str
    ) -> tuple[QuerySet[Device], bool]:
        """Exact search only; a search by identifier is on record before it answers."""
        if not search_term.strip():
            return queryset, False
        return finding.devices(search_term, actor=actor_of(request), at=clock.now()), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        self._gateways = dict(Gateway.objects.values_list("id", "title"))
        return super().get_queryset(request)

    @admin.display(description=_("gateway"))
    def gateway(self, device: Device) -> str:
        return self._gateways.get(device.gateway_id, "–")

    @admin.display(description=_("service"))
    def service(self, device: Device) -> SafeString | str:
        if device.service_ended_on is None:
            return badge(_("running"), "good")
        return format_html("{} {}", badge(_("ended"), "done"), day_text(device.service_ended_on))

    @admin.display(description=_("data subject"))
    def state(self, device: Device) -> SafeString | str:
        subject = Subject.objects.filter(pk=device.subject_id).first()
        if subject is None:
            return "–"
        address = reverse("admin:subjects_subject_change", args=[subject.pk])
        word = state_badge(subject.state, subject.get_state_display())
        return format_html('<a href="{}">{}</a> {}', address, subject.reference, word)

    @admin.display(description=_("consents"))
    def consents(self, device: Device) -> SafeString | str:
        held = (
            Standing.objects.of(device.subject_id).select_related("decision__version").order_by("agreement__position")
        )
        words = [
            format_html(
                "{} {}", row.decision.version.title, state_badge(f"{row.choice}d", row.decision.get_choice_display())
            )
            for row in held
        ]
        return (
            format_html("{}" * len(words), *(format_html("<div>{}</div>", word) for word in words))
            if words
            else str(_("none"))
        )

    @button(description=_("Show in clear"), permission=UNMASK, locations=(ActionLocation.CHANGE_FORM,))
    def unmask(self, request: HttpRequest, queryset: QuerySet[Device]) -> HttpResponse | None:
        """Ask for purpose and reason, then show the items of one device once."""
        device = queryset.first()
        if device is None:
            return None
        answers = ask(
            self,
            request,
            queryset,
            title=_("Show a device's items in clear"),
            verb=_("Show"),
            consequences=[
                _("The items are shown once, on one page, and not kept."),
                _("Your name, the time, the purpose and the reason are put on record first; the person can see it."),
            ],
            form_class=ReasonForm,
        )
        if isinstance(answers, HttpResponse):
            return answers
        try:
            shown = _revealed(device, answers, actor=actor_of(request))
        except Refusal as refusal:
            self.message_user(request, str(refusal), level="ERROR")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Items of %(reference)s in clear") % {"reference": device.reference},
            "opts": self.opts,
            "device": device,
            "shown": shown,
            "purpose": Purpose(answers["purpose"]).label,
            "reason": answers["reason"],
        }
        return TemplateResponse(request, "devices/office/unmasked.html", context)


def _revealed(device: Device, answers: dict[str, Any], *, actor: User) -> list[tuple[Any, Any]]:
    with vault.opened(
        purpose=Purpose(answers["purpose"]),
        task="devices.device.unmasked",
        actor=actor,
        at=clock.now(),
        reason=answers["reason"],
    ) as door:
        values = door.reveal_items(device, ITEMS)
    return [(NAMES[item], value) for item, value in values.items() if value is not None]


NAMES: dict[str, Any] = {
    "imei": _("IMEI"),
    "serial_number": _("serial number"),
    "adb_number": _("ADB number"),
    "model": _("model"),
    "model_description": _("model description"),
    "os_version": _("OS version"),
    "os_build": _("OS build"),
    "time_zone": _("time zone"),
}


def _masked(item: str) -> Any:
    @admin.display(description=NAMES[item])
    def masked(self: Any, device: Device) -> str:
        value = getattr(device, item)
        return "–" if value is None else str(value)

    return masked


for _name in ITEMS:
    setattr(DeviceAdmin, f"masked_{_name}", _masked(_name))


@admin.register(Licence)
class LicenceAdmin(KeysetAdmin):
    explanation = _(
        "Licences of the agent. Two years after the last one expires, the registration is destroyed (P6.1)."
    )
    empty_hint = _("Licences appear here when a gateway registers devices.")
    keyset = ("ends_on", "id")
    list_display = ("ends_on", "device_reference", "starts_on", "state")
    search_fields = ("device__reference",)
    search_help_text = _("A device's reference, or the whole licence key (exact match; the search is on record)")
    fields = ("device_reference", "masked_key", "starts_on", "ends_on", "recorded_at", "updated_at")
    readonly_fields = fields
    list_select_related = ("device",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Licence], search_term: str
    ) -> tuple[QuerySet[Licence], bool]:
        if not search_term.strip():
            return queryset, False
        found = finding.licences(search_term, actor=actor_of(request), at=clock.now())
        return found.select_related("device"), False

    @admin.display(description=_("device"))
    def device_reference(self, licence: Licence) -> str:
        address = reverse("admin:devices_device_change", args=[licence.device_id])
        return format_html('<a href="{}">{}</a>', address, licence.device.reference)

    @admin.display(description=_("licence key"))
    def masked_key(self, licence: Licence) -> str:
        return str(licence.key)

    @admin.display(description=_("state"))
    def state(self, licence: Licence) -> SafeString:
        today = clock.today()
        if licence.ends_on < today:
            return badge(_("expired"), "done")
        return badge(_("running"), "good") if licence.starts_on <= today else badge(_("to come"), "open")
