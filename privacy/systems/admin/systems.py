"""The register of connected systems in the console, and where each answers with which key."""

from collections.abc import Collection
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, pressed
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.systems import actions as systems
from privacy.systems.admin.asked_changes import KEEP, AskedChangeAdmin
from privacy.systems.admin.forms import (
    ConnectionForm,
    EndForm,
    RegisterForm,
    ScopeChangeForm,
    SystemForm,
    as_shown,
    scope_as_shown,
)
from privacy.systems.admin.scope import identifiers_shown, items_shown
from privacy.systems.models import Act, ConnectedSystem, Connection


@admin.register(ConnectedSystem)
class ConnectedSystemAdmin(ReadOnlyAdmin):
    explanation = _(
        "Other systems of the company that hold copies. Each takes part in every access, freeze, correction and "
        "destruction, by the protocol or by a person."
    )
    empty_hint = _("Register each system that holds copies of what the portal holds.")
    list_display = ("name_ko", "reference", "way", "owner_shown", "open_shown", "state_shown")
    list_filter = ("way", ("ended_on", admin.EmptyFieldListFilter))
    fields = (
        ("reference", "code"), ("name_ko", "name_en"), ("owner_shown", "contact"), ("way", "begins_on"),
        "items_shown", "identifiers_shown", "terms_shown", ("address_shown", "key_shown"), "secret_generation",
        ("registrar", "registered_at"), ("ended_on", "end_reason", "ender"),
    )  # fmt: skip
    readonly_fields = (
        "owner_shown", "items_shown", "identifiers_shown", "terms_shown", "address_shown", "key_shown", "registrar",
        "ender",
    )  # fmt: skip
    account_fields = ("owner",)
    actions = ("change", "change_scope", "connect", "show_secret", "renew_secret", "end")
    change_list_template = "admin/systems/connectedsystem/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        new = path("register/", self.page(self.register, needs=KEEP), name="systems_connectedsystem_register")
        return [new, *super().get_urls()]

    def register(self, request: HttpRequest) -> HttpResponse:
        """Register a connected system."""
        answers = confirm_action(
            self, request, ConnectedSystem.objects.none(), title=_("Register a connected system"),
            verb=pgettext_lazy("verb", "Register"), form_class=RegisterForm,
            consequences=[
                _("From its first day on it is asked at every access, freeze, correction and destruction."),
                _(
                    "If it takes part by the protocol, it is called once another person has approved its address and "
                    "key."
                ),
            ],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(systems.register_system, actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("The system has been registered."))
        return HttpResponseRedirect(reverse("admin:systems_connectedsystem_changelist"))

    def buttons_for(self, record: ConnectedSystem) -> Collection[str]:
        if record.ended_on is not None:
            return ()
        api = record.way == ConnectedSystem.Way.API
        always = ("change", "change_scope", "end")
        return (*always[:2], "connect", "show_secret", "renew_secret", "end") if api else always

    @admin.display(description=_("owner"))
    def owner_shown(self, row: ConnectedSystem) -> str:
        return self.account_name(row.owner)

    @admin.display(description=_("registered by"))
    def registrar(self, row: ConnectedSystem) -> str:
        return self.account_name(row.registered_by)

    @admin.display(description=_("end recorded by"))
    def ender(self, row: ConnectedSystem) -> str:
        return self.account_name(row.ended_by) if row.ended_by else "–"

    @admin.display(description=_("open tasks"))
    def open_shown(self, row: ConnectedSystem) -> int:
        return row.tasks.open().count()

    @admin.display(description=_("state"))
    def state_shown(self, row: ConnectedSystem) -> SafeString:
        if row.ended_on is not None:
            return badge(_("ended"), "done")
        if row.way == ConnectedSystem.Way.PERSON:
            return badge(_("asked by a person"), "good")
        if row.connections.filter(approved_at__isnull=False).exists():
            return badge(_("connected"), "good")
        return badge(_("not connected yet"), "wait")

    @admin.display(description=_("items"))
    def items_shown(self, row: ConnectedSystem) -> SafeString:
        return items_shown(row.items)

    @admin.display(description=_("how people are found"))
    def identifiers_shown(self, row: ConnectedSystem) -> str:
        return identifiers_shown(row.identifiers)

    @admin.display(description=_("terms in days"))
    def terms_shown(self, row: ConnectedSystem) -> str:
        return ", ".join(f"{act.label} {row.terms.get(act, '–')}" for act in Act)

    @admin.display(description=_("base address"))
    def address_shown(self, row: ConnectedSystem) -> str:
        found = systems.connection_of(row)
        return found.address if found else "–"

    @admin.display(description=_("public key of its answers"))
    def key_shown(self, row: ConnectedSystem) -> str:
        found = systems.connection_of(row)
        return found.public_key if found else "–"

    @button(description=_("Change the entry"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def change(self, request: HttpRequest, queryset: QuerySet[ConnectedSystem]) -> Page:
        return pressed(
            self, request, queryset, systems.change_system, form_class=SystemForm, edits=as_shown,
            title=_("Change the entry"), consequences=[_("Existing tasks stay as they were requested.")],
            success=_("Changed."),
        )  # fmt: skip

    @button(description=_("Change what it is asked for"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def change_scope(self, request: HttpRequest, queryset: QuerySet[ConnectedSystem]) -> Page:
        return pressed(
            self, request, queryset, systems.ask_scope, form_class=ScopeChangeForm, edits=scope_as_shown,
            title=_("Change what it is asked for"),
            consequences=[
                _("Another person approves it. Until then the system is asked as before."),
                _("An item that you take out is no longer destroyed, corrected or frozen there."),
                _("Anyone who can't be found there by the remaining identifiers counts as not held."),
            ],
            success=_("Another person must approve it now, under Changes of connected systems."),
        )  # fmt: skip

    @button(description=_("Enter address and key"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def connect(self, request: HttpRequest, queryset: QuerySet[ConnectedSystem]) -> Page:
        return pressed(
            self, request, queryset, systems.ask_connection, form_class=ConnectionForm,
            title=_("Enter address and key"),
            consequences=[
                _("Another person approves it. Until then the system is called as before."),
                _("Identifiers of people are sent to this address."),
            ],
            success=_("Another person must approve it now."),
        )  # fmt: skip

    @button(
        description=_("Show the shared secret"), permission="systems.show_secret", locations=CHANGE_FORM_ONLY,
        step_up=True,
    )  # fmt: skip
    def show_secret(self, request: HttpRequest, queryset: QuerySet[ConnectedSystem]) -> Page:
        system = queryset.get()
        shown: list[str] = []
        verb = lambda: shown.append(systems.show_secret(system, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, _("The secret was shown, and this was recorded.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Shared secret"),
            "opts": self.opts,
            "record": system,
            "how": _("The system verifies our calls with this secret. Hand it to the owner in person."),
            "secret": shown[0],
        }
        return TemplateResponse(request, "admin/disclosures/once.html", context)

    @button(description=_("Renew the shared secret"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def renew_secret(self, request: HttpRequest, queryset: QuerySet[ConnectedSystem]) -> Page:
        return pressed(
            self, request, queryset, systems.renew_secret, title=_("Renew the shared secret"),
            consequences=[_("The system refuses our calls until its owner has entered the new secret.")],
            success=_("Renewed. Show the new secret to the owner."), dangerous=True,
        )  # fmt: skip

    @button(description=_("End"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def end(self, request: HttpRequest, queryset: QuerySet[ConnectedSystem]) -> Page:
        return pressed(
            self, request, queryset, systems.ask_end, form_class=EndForm, title=_("End the connected system"),
            consequences=[
                _("Another person approves it. Until then the system is asked as before."),
                _("From then on nothing is asked of it."),
            ],
            success=_("Another person must approve it now, under Changes of connected systems."),
            initial={"ended_on": clock.today()},
        )  # fmt: skip


@admin.register(Connection)
class ConnectionAdmin(AskedChangeAdmin):
    explanation = _(
        "Where each connected system answers, and with which key. A connection is used once a second person approves "
        "it."
    )
    empty_hint = _("Address and key are entered on the page of a connected system.")
    list_display = ("system", "address", "asked_at", "state_shown")
    list_select_related = ("system",)
    fields = (
        "system", "address", "public_key", "reason", ("asker", "asked_at"), ("approver", "approved_at"),
        ("refuser", "refused_at"),
    )  # fmt: skip
    readonly_fields = ("asker", "approver", "refuser")

    @button(description=_("Approve"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[Connection]) -> Page:
        return pressed(
            self, request, queryset, systems.approve_connection, title=_("Approve the connection"),
            consequences=[
                _("Identifiers of people are sent to this address, and answers with this key count as proof."),
                _("The register names you as the second person."),
            ],
            success=_("Approved. What waited for it is sent now."),
        )  # fmt: skip

    @button(description=_("Refuse"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def refuse(self, request: HttpRequest, queryset: QuerySet[Connection]) -> Page:
        return pressed(
            self, request, queryset, systems.refuse_connection, title=_("Refuse the connection"),
            consequences=[_("The system is called as before.")], success=_("Refused."),
        )  # fmt: skip
