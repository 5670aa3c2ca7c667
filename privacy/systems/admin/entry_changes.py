"""Changes of what connected systems are asked for, and their ends, in the console: what waits for a second person."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.admin.console_buttons import Page, pressed
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.systems import actions as systems
from privacy.systems.admin.asked_changes import KEEP, AskedChangeAdmin
from privacy.systems.admin.scope import identifiers_shown, items_shown
from privacy.systems.models import EntryChange


@admin.register(EntryChange)
class EntryChangeAdmin(AskedChangeAdmin):
    explanation = _(
        "Changes to what connected systems are asked for and to how they find people, and the ends of systems. A "
        "change takes effect once a second person approves it: one person alone could make a destruction skip a "
        "system."
    )
    empty_hint = _("A change is requested on the page of a connected system.")
    list_display = ("system", "ended_on", "asked_at", "state_shown")
    list_select_related = ("system",)
    fields = (
        "system", "items_shown", "items_now", "identifiers_shown", "identifiers_now", "ended_on", "reason",
        ("asker", "asked_at"), ("approver", "approved_at"), ("refuser", "refused_at"),
    )  # fmt: skip
    readonly_fields = (
        "items_shown", "items_now", "identifiers_shown", "identifiers_now", "asker", "approver", "refuser",
    )  # fmt: skip

    @admin.display(description=_("items"))
    def items_shown(self, row: EntryChange) -> SafeString:
        return items_shown(row.items)

    @admin.display(description=_("items now"))
    def items_now(self, row: EntryChange) -> SafeString | str:
        return items_shown(row.system.items) if row.waits else "–"

    @admin.display(description=_("how people are found"))
    def identifiers_shown(self, row: EntryChange) -> str:
        return identifiers_shown(row.identifiers)

    @admin.display(description=_("how people are found now"))
    def identifiers_now(self, row: EntryChange) -> str:
        return identifiers_shown(row.system.identifiers) if row.waits else "–"

    @button(description=_("Approve"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[EntryChange]) -> Page:
        return pressed(
            self, request, queryset, systems.approve_entry_change, title=_("Approve the change"),
            consequences=[
                _(
                    "From now on the system is asked for these items, by these identifiers. After its end, it is "
                    "asked for nothing."
                ),
                _("The register names you as the second person."),
            ],
            success=_("Approved. The register now shows it."),
        )  # fmt: skip

    @button(description=_("Refuse"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def refuse(self, request: HttpRequest, queryset: QuerySet[EntryChange]) -> Page:
        return pressed(
            self, request, queryset, systems.refuse_entry_change, title=_("Refuse the change"),
            consequences=[_("The system is asked as before.")], success=_("Refused."),
        )  # fmt: skip
