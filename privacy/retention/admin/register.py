"""The destruction register in the console, and the officer's confirmation of each result."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, datetime_text
from privacy.retention import actions as retention
from privacy.retention.admin.forms import DelayReasonForm
from privacy.retention.admin.record_links import record_link
from privacy.retention.certificates import statement_texts
from privacy.retention.models import RegisterEntry
from privacy.retention.register import ACTOR_COLUMNS, FORM_F6_COLUMNS, FURTHER_COLUMNS, describe_actors_of


def _told(name: str) -> Callable[..., str]:
    """Return a field that tells whom a column names, as the list and the export do."""
    field = cast("models.Field[Any, Any]", RegisterEntry._meta.get_field(name))

    @admin.display(description=field.verbose_name, ordering=name)
    def told(self: Any, entry: RegisterEntry) -> str:
        return describe_actors_of(entry, name) or "–"

    return told


@admin.register(RegisterEntry)
class RegisterEntryAdmin(ReadOnlyAdmin):
    explanation = _("The destruction register with the columns of the official form. It names no data subject.")
    empty_hint = _("Each destruction, electronic or on paper, is entered here with the next number.")
    list_display = (
        "number",
        "file_name",
        "record_kinds",
        "destroyed_on",
        "reason",
        "handled",
        "department_head",
        "confirmed",
    )
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter), "media_destroyed")
    fields = (
        *(f"{name}_told" if name in ACTOR_COLUMNS else name
          for name in (*FORM_F6_COLUMNS, "created_until", "trigger_until", *FURTHER_COLUMNS)),
        "list_shown", "paper_shown",
    )  # fmt: skip
    handler_told, witness_told, requested_by_told = map(_told, ("handler", "witness", "requested_by"))
    approved_by_told, confirmed_by_told = map(_told, ("approved_by", "confirmed_by"))
    readonly_fields = (*(f"{name}_told" for name in sorted(ACTOR_COLUMNS)), "list_shown", "paper_shown")
    # The official form is filled in in Korean.
    content_language = "ko"
    actions = ("confirm",)

    def buttons_for(self, record: RegisterEntry) -> Collection[str]:
        return () if record.confirmed_at else ("confirm",)

    @admin.display(description=_("destruction list"), ordering="list")
    def list_shown(self, entry: RegisterEntry) -> SafeString | str:
        return record_link("destructionlist", entry.list)

    @admin.display(description=_("destruction of paper"), ordering="paper")
    def paper_shown(self, entry: RegisterEntry) -> SafeString | str:
        return record_link("paperdestruction", entry.paper)

    @admin.display(description=_("handled by"), ordering="handler")
    def handled(self, entry: RegisterEntry) -> str:
        return describe_actors_of(entry, "handler")

    @admin.display(description=_("confirmed by the officer"), ordering="confirmed_at")
    def confirmed(self, entry: RegisterEntry) -> SafeString | str:
        if entry.confirmed_at is None:
            return badge(_("to be confirmed"), "wait")
        return f"{statement_texts.describe_actors(entry.confirmed_by)} · {datetime_text(entry.confirmed_at)}"

    @button(description=_("Confirm the result"), permission="retention.confirm_destruction")
    def confirm(self, request: HttpRequest, queryset: QuerySet[RegisterEntry]) -> HttpResponse | None:
        because = ""
        if any(entry.lacks_reason_for_delay for entry in queryset):
            answers = confirm_action(
                self,
                request,
                queryset,
                title=_("Confirm the result"),
                verb=_("Confirm the result"),
                consequences=[_("The reason for the delay is kept in the destruction register.")],
                form_class=DelayReasonForm,
            )
            if isinstance(answers, TemplateResponse):
                return answers
            because = answers["reason"]
        for entry in queryset:
            confirm = partial(retention.confirm_result, entry, late_because=because)
            run_action(self, request, partial(confirm, actor=actor_of(request), at=clock.now()), _("Confirmed."))
        return None
