"""Devices and licences: masked, found by exact identifiers only, shown in clear for a stated reason (law S-28)."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consents.models import CurrentConsent
from devices import lookup
from devices.admin.device_buttons import DeviceButtonsMixin
from devices.items import CODES, INDEXED_LABELS, REGISTRATION, RegistrationItem
from devices.models import Device, Gateway, Licence
from privacy.accounts.actors import actor_of
from privacy.accounts.models import User
from privacy.ledger.read_recording import RecordReadsMixin
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, date_text, state_badge
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

UNMASK = "devices.unmask_device"
# The state that a badge shows a decision by.
STATE_OF_CHOICE = {"agree": "agreed", "disagree": "disagreed", "withdraw": "withdrawn"}


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
        help_text=_("Case number, or why you need it. This is recorded."),
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
class DeviceAdmin(DeviceButtonsMixin, RecordReadsMixin, KeysetAdmin):
    explanation = _("Every registered device, with masked identifiers. Find one by reference or whole identifier.")
    empty_hint = _("Devices appear here when a gateway registers them.")
    read_purpose = Purpose.REGISTRATION
    keyset = ("registered_at", "id")
    list_display = ("reference", "gateway", "registered_at", "updated_at", "service")
    search_fields = ("reference",)
    search_help_text = format_lazy(
        _("A reference or one whole identifier ({identifiers}). Exact match; the search is recorded."),
        identifiers=INDEXED_LABELS,
    )
    fields = (
        "reference",
        "gateway",
        "state",
        "consents",
        *(f"masked_{item}" for item in CODES),
        "registered_at",
        "updated_at",
        "service",
        "signs",
    )
    readonly_fields = cast(tuple[str, ...], fields)
    inlines = (LicenceInline,)
    actions = ("unmask", "settle_errors", "remove_key")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Device], search_term: str
    ) -> tuple[QuerySet[Device], bool]:
        """Exact search only; a search by identifier is on record before it answers."""
        if not search_term.strip():
            return queryset, False
        return lookup.find_devices(search_term, actor=actor_of(request), at=clock.now()), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        self._gateways = dict(Gateway.objects.values_list("id", "title"))
        return super().get_queryset(request)

    @admin.display(description=_("gateway"))
    def gateway(self, device: Device) -> str:
        return self._gateways.get(device.gateway_id, "–")

    @admin.display(description=_("service"))
    def service(self, device: Device) -> SafeString | str:
        ended_on = device.service_ended_on or self._registration_ended_on(device)
        if ended_on is None:
            return badge(_("running"), "good")
        return format_html("{} {}", badge(_("ended"), "done"), date_text(ended_on))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read at once which people of one page have ended their service or registration."""
        made = super().get_changelist_instance(request)
        people = Subject.objects.filter(id__in=[row.subject_id for row in made.result_list])
        ended = dict(people.values_list("id", "service_ended_on"))
        for row in made.result_list:
            row.registration_ended_on = ended.get(row.subject_id)
        return made

    def _registration_ended_on(self, device: Device) -> date | None:
        """Return when the service ended with the registration, of which the device itself is not told."""
        if hasattr(device, "registration_ended_on"):
            known: date | None = device.registration_ended_on
            return known
        return Subject.objects.filter(pk=device.subject_id).values_list("service_ended_on", flat=True).first()

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
            CurrentConsent.objects.of(device.subject_id)
            .select_related("decision__version")
            .order_by("agreement__position")
        )
        words = [
            format_html(
                "{} {}",
                row.decision.version.title,
                state_badge(STATE_OF_CHOICE[row.choice], row.decision.get_choice_display()),
            )
            for row in held
        ]
        return (
            format_html("{}" * len(words), *(format_html("<div>{}</div>", word) for word in words))
            if words
            else str(_("none"))
        )

    @button(description=_("Show unmasked"), permission=UNMASK, locations=CHANGE_FORM_ONLY)
    def unmask(self, request: HttpRequest, queryset: QuerySet[Device]) -> HttpResponse | None:
        """Ask for purpose and reason, then show the items of one device once."""
        device = queryset.first()
        if device is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Show a device's items unmasked"),
            verb=_("Show"),
            consequences=[
                _("The items are shown only once, on one page, and are not kept."),
                _("Your name, the time, the purpose and the reason are recorded first; the person can see this."),
            ],
            form_class=ReasonForm,
        )
        if isinstance(answers, HttpResponse):
            return answers
        shown = _decrypted_items(device, answers, actor=actor_of(request))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Unmasked items of %(reference)s") % {"reference": device.reference},
            "opts": self.opts,
            "device": device,
            "shown": shown,
            "purpose": Purpose(answers["purpose"]).label,
            "reason": answers["reason"],
        }
        return TemplateResponse(request, "devices/office/unmasked.html", context)


def _decrypted_items(device: Device, answers: dict[str, Any], *, actor: User) -> list[tuple[Any, Any]]:
    with vault.opened(
        purpose=Purpose(answers["purpose"]),
        task="devices.device.unmasked",
        actor=actor,
        at=clock.now(),
        reason=answers["reason"],
    ) as vault_session:
        values = vault_session.decrypt_fields(device, CODES)
    return [(item.label, values[item.code]) for item in REGISTRATION if values[item.code] is not None]


def _masked(item: RegistrationItem) -> Any:
    @admin.display(description=item.label)
    def masked(self: Any, device: Device) -> str:
        value = getattr(device, item.code)
        return "–" if value is None else str(value)

    return masked


for _item in REGISTRATION:
    setattr(DeviceAdmin, f"masked_{_item.code}", _masked(_item))


@admin.register(Licence)
class LicenceAdmin(KeysetAdmin):
    explanation = _(
        "Licences of the agent. When the last one has expired, the retention period of the registration begins."
    )
    empty_hint = _("Licences appear here when a gateway registers devices.")
    keyset = ("ends_on", "id")
    list_display = ("ends_on", "device_reference", "starts_on", "state")
    search_fields = ("device__reference",)
    search_help_text = _("A device's reference, or the whole licence key (exact match; the search is recorded)")
    fields = ("device_reference", "masked_key", "starts_on", "ends_on", "recorded_at", "updated_at")
    readonly_fields = fields
    list_select_related = ("device",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Licence], search_term: str
    ) -> tuple[QuerySet[Licence], bool]:
        if not search_term.strip():
            return queryset, False
        found = lookup.find_licences(search_term, actor=actor_of(request), at=clock.now())
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
        return badge(_("running"), "good") if licence.starts_on <= today else badge(_("upcoming"), "open")
