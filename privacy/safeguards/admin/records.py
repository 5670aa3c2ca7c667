"""What the registers of safeguards share: a page that makes a record, people by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.lib.http import form_submissions
from privacy.lib.identifiers.access_codes import new_form_nonce

# The page of a button by which somebody says that they read a record: it shows the record's ``content`` once more.
READ = "admin/safeguards/read.html"


class RecordAdmin(ReadOnlyAdmin):
    """A register with a page for a new record (``new_…``)."""

    change_list_template = "admin/safeguards/change_list.html"
    add_label: Any = ""
    record_form: type[forms.Form] | None = None
    add_permission = ""
    add_hint: Any = ""

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Model:
        """Call the verb that makes a record of the new page's answers."""
        raise NotImplementedError

    def form_for(self, request: HttpRequest) -> forms.Form:
        """Return the form of the new page, as it was sent or empty."""
        assert self.record_form is not None
        return self.record_form(request.POST or None, request.FILES or None)

    @property
    def _route(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def get_urls(self) -> list[URLPattern]:
        if self.record_form is None:
            return super().get_urls()
        new = path("new/", self.page(self.new, needs=self.add_permission), name=f"{self._route}_new")
        return [new, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Offer the new page to those who may."""
        may = actor_of(request).may
        more: dict[str, Any] = {"tools": []}
        if self.record_form is not None and may(self.add_permission):
            more["tools"].append((reverse(f"admin:{self._route}_new"), self.add_label))
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def new(self, request: HttpRequest) -> HttpResponse:
        """Ask for what a new record needs, and make it: once, however often this showing of the form is sent."""
        form = self.form_for(request)
        submission = request.POST.get(form_submissions.FIELD) or new_form_nonce()
        if request.method == "POST":
            made = self._made_of(request, form, submission)
            if made is not None:
                messages.success(request, now_("It is recorded."))
                return HttpResponseRedirect(reverse(f"admin:{self._route}_change", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": self.add_label,
            "opts": self.opts,
            "form": form,
            "hint": self.add_hint,
            "submission": submission,
        }
        return TemplateResponse(request, "admin/safeguards/new.html", context)

    def _made_of(self, request: HttpRequest, form: forms.Form, submission: str) -> Model | None:
        """Return the record that a form makes, or made when it was sent before; None where it is refused."""
        content, actor = form_submissions.content_of(request), actor_of(request)
        if not form.is_valid():
            # What the first sending took can't be chosen any more.
            return accounts.made_before(self.model, submission, content, actor=actor)
        make = partial(self.make, request, form.cleaned_data)
        once = partial(accounts.make_once, self.model, submission, content, make, actor=actor, at=clock.now())
        made: Model | None = make_or_refuse(form, once)
        return made

    def press(self, request: HttpRequest, verb: Callable[[], object], success: object) -> None:
        """Call a verb and say how it went."""
        run_action(self, request, verb, success)


def account_column(field: str, label: Any) -> Callable[..., SafeString | str]:
    """Return a column or field that shows an account by name."""

    def shown(self: Any, record: Any) -> SafeString | str:
        reference = getattr(record, field)
        name = self._name("account", reference)
        if name == reference or not reference:
            return str(reference or "–")
        return format_html('{} <span class="reference secondary">{}</span>', name, reference)

    shown.short_description = label  # type: ignore[attr-defined]
    shown.account_field = field  # type: ignore[attr-defined]
    return shown


def record_state_badge(record: Any) -> SafeString:
    """Return a record's state as the console shows states."""
    return state_badge(record.state, record.get_state_display())
