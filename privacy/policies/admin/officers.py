"""The protection officer and the agencies in the console (P2.1, P2.2)."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import Agency, Officer


@admin.register(Officer)
class OfficerAdmin(EditableAdmin):
    explanation = _(
        "Who is designated as protection officer, and since when. The current one is shown on every public page."
    )
    list_display = ("name", "department_shown", "phone", "email", "designated_from", "designated_until")
    fields = (
        "name",
        "name_en",
        "department_ko",
        "department_en",
        "phone",
        "email",
        "designated_from",
        "designated_until",
    )

    @admin.display(description=_("department"))
    def department_shown(self, officer: Officer) -> str:
        return officer.department

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("policies.designate_officer")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            obj is not None
            and (obj.designated_until is None or obj.designated_until >= clock.today())
            and actor_of(request).has_perm("policies.designate_officer")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("designated_until",) if obj is None else ("name", "designated_from", "designated_until")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for the name in Latin letters: English pages print it."""
        form = super().get_form(request, obj, change, **kwargs)
        if "name_en" in form.base_fields:
            form.base_fields["name_en"].required = True
            form.base_fields["name_en"].help_text = _("English pages, e-mails and papers print it.")
        return form

    def save_model(self, request: HttpRequest, obj: Officer, form: Any, change: bool) -> None:
        reached = {name: getattr(obj, name) for name in ("name_en", "department_ko", "department_en", "phone", "email")}
        if change:
            policies.correct_officer(obj, **reached, actor=actor_of(request), at=clock.now())
        else:
            obj.pk = policies.designate_officer(
                name=obj.name,
                designated_from=obj.designated_from,
                **reached,
                actor=actor_of(request),
                at=clock.now(),
            ).pk


@admin.register(Agency)
class AgencyAdmin(EditableAdmin):
    explanation = _("Agencies that people can contact. Saving one confirms that its entry is correct today.")
    list_display = ("__str__", "named_in_policy", "last_verified_on")
    fields = ("code", "name_ko", "name_en", "phone", "url", "named_in_policy", "last_verified_on")
    readonly_fields = ("code", "named_in_policy", "last_verified_on")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has_perm("policies.edit_agency")

    def save_model(self, request: HttpRequest, obj: Agency, form: Any, change: bool) -> None:
        policies.verify_agency(
            obj,
            name_ko=obj.name_ko,
            name_en=obj.name_en,
            phone=obj.phone,
            url=obj.url,
            actor=actor_of(request),
            at=clock.now(),
        )
