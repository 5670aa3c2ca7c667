"""Prints and copies in the console: what left by the trail, who keeps it, what became of it."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.lib.display.badges import badge, due_badge
from privacy.safeguards import actions as safeguards
from privacy.safeguards import copies_register, outputs
from privacy.safeguards.actions.copies import KEEP
from privacy.safeguards.admin.forms import date_field
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import CopyRecord, Printout


class CopiesForm(forms.Form):
    """Where the copies are, and until when."""

    copies = forms.IntegerField(label=_("Number of copies"), min_value=1, max_value=10_000, initial=1)
    holder = forms.CharField(label=_("Kept by"), max_length=120)
    taken_out = forms.BooleanField(label=_("Taken out of the office"), required=False)
    due_on = date_field(label=_("Destroy or return by"))
    purpose = forms.CharField(
        label=_("Purpose"), max_length=300, required=False,
        help_text=_("Only where no reason was asked for when it was made."),
    )  # fmt: skip


class GoneForm(forms.Form):
    """What became of the copies."""

    outcome = forms.ChoiceField(
        label=_("What became of it"), choices=CopyRecord.Outcome.choices, widget=forms.RadioSelect
    )
    method = forms.CharField(
        label=_("How"), max_length=200, help_text=_("For example shredded, deleted from the computer, posted.")
    )
    ended_on = date_field(label=_("On"))


class CopiesFilter(admin.SimpleListFilter):
    title = _("what became of it")
    parameter_name = "copies"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("untold", _("not recorded")), ("open", _("kept")), ("ended", _("gone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Printout]) -> QuerySet[Printout]:
        wanted: dict[str, dict[str, Any]] = {
            "untold": {"copy_record": None},
            "open": {"copy_record__isnull": False, "copy_record__ended_on": None},
            "ended": {"copy_record__ended_on__isnull": False},
        }
        return queryset.filter(**wanted.get(self.value() or "", {}))


def _kept(name: str, label: Any) -> Any:
    """Return a field that shows what the record of copies says, where there is one."""

    @admin.display(description=label)
    def shown(self: Any, row: Printout) -> Any:
        kept = getattr(row, "copy_record", None)
        value = getattr(kept, name, None)
        return "–" if value in (None, "") else value

    return shown


@admin.register(Printout)
class PrintoutAdmin(RecordAdmin):
    explanation = _(
        "Registers, lists, letters and files for recipients that somebody of the office took out, from the audit "
        "trail. Record who keeps the copies and until when; another person confirms that they are gone."
    )
    empty_hint = _("A line appears here when a register, list or letter is exported or printed.")
    list_display = ("number", "made_at", "maker", "of_what", "why", "number_of_copies", "state_shown")
    list_filter = (CopiesFilter,)
    list_select_related = ("copy_record",)
    ordering = ("-id",)
    fields = (
        ("number", "made_at", "maker"), "of_what", "what_items", "why", ("number_of_copies", "keeper", "out"),
        "state_shown", ("became", "how"), ("gone_on", "confirmer"), "entry_link",
    )  # fmt: skip
    readonly_fields = (
        "number", "made_at", "maker", "of_what", "what_items", "why", "number_of_copies", "keeper", "out",
        "state_shown", "became", "how", "gone_on", "confirmer", "entry_link",
    )  # fmt: skip
    actions = ("keep", "gone")
    maker = account_column("actor", _("printed or exported by"))
    number_of_copies = _kept("copies", _("number of copies"))
    keeper = _kept("holder", _("kept by"))
    became = _kept("get_outcome_display", _("what became of it"))
    how = _kept("method", _("how"))
    gone_on = _kept("ended_on", _("destroyed or returned on"))
    confirmer = _kept("confirmed_by", _("confirmed by"))

    def buttons_for(self, record: Printout) -> Collection[str]:
        kept = getattr(record, "copy_record", None)
        return ("keep",) if kept is None else () if kept.ended_on else ("gone",)

    @admin.display(description=_("number"), ordering="id")
    def number(self, row: Printout) -> int:
        return row.pk

    @admin.display(description=_("printed or exported at"), ordering="time")
    def made_at(self, row: Printout) -> str:
        return badges.datetime_text(row.time)

    @admin.display(description=_("copy of"))
    def of_what(self, row: Printout) -> str:
        return outputs.copy_of(row)

    @admin.display(description=_("items"))
    def what_items(self, row: Printout) -> str:
        return outputs.items(row)

    @admin.display(description=_("purpose"))
    def why(self, row: Printout) -> str:
        return copies_register.purpose(row) or "–"

    @admin.display(description=_("taken out of the office"))
    def out(self, row: Printout) -> Any:
        kept = getattr(row, "copy_record", None)
        return "–" if kept is None else _("yes") if kept.taken_out else _("no")

    @admin.display(description=_("state"))
    def state_shown(self, row: Printout) -> SafeString:
        kept = getattr(row, "copy_record", None)
        if kept is None:
            return due_badge(clock.kst_date(row.time), clock.today())
        return badge(_("gone"), "done") if kept.ended_on else due_badge(kept.due_on, clock.today())

    @admin.display(description=_("entry of the audit trail"))
    def entry_link(self, row: Printout) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:ledger_entry_change", args=[row.pk]), row.pk)

    @button(description=_("Record the copies"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def keep(self, request: HttpRequest, queryset: QuerySet[Printout]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Record the copies"), verb=_("Record"),
            consequences=[_("The deadline is shown on the first page and in the calendar until the copies are gone.")],
            form_class=CopiesForm,
            initial={"copies": 1, "holder": actor_of(request).name, "due_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.record_copies, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The copies have been recorded."))
        return None

    @button(description=_("Confirm that they are gone"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def gone(self, request: HttpRequest, queryset: QuerySet[Printout]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Confirm that the copies are gone"), verb=_("Confirm"),
            consequences=[_("You confirm that someone else made and recorded the copies.")],
            form_class=GoneForm, initial={"ended_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        kept = CopyRecord.objects.get(entry_id=queryset.get().pk)
        verb = partial(safeguards.confirm_copies_gone, kept, actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("It is recorded that the copies are gone."))
        return None
