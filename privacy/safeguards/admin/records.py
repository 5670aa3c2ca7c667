"""What the registers of safeguards share: a page that makes a record, people by name."""

from collections.abc import Callable
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
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.lib.documents import upload_validation
from privacy.lib.http.downloads import attachment


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
        """Ask for what a new record needs, and make it."""
        form = self.form_for(request)
        if request.method == "POST" and form.is_valid():
            made = make_or_refuse(form, lambda: self.make(request, form.cleaned_data))
            if made is not None:
                messages.success(request, now_("It is recorded."))
                return HttpResponseRedirect(reverse(f"admin:{self._route}_change", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": self.add_label,
            "opts": self.opts,
            "form": form,
            "hint": self.add_hint,
        }
        return TemplateResponse(request, "admin/safeguards/new.html", context)

    def press(self, request: HttpRequest, verb: Callable[[], object], success: object) -> None:
        """Call a verb and say how it went."""
        run_action(self, request, verb, success)


def hand_out_paper(
    modeladmin: ReadOnlyAdmin, request: HttpRequest, verb: Callable[..., tuple[bytes, str]], *, name: str
) -> HttpResponse | None:
    """Hand out the paper that a verb opens on record; it returns the content with its media type."""
    papers: list[tuple[bytes, str]] = []
    opening = lambda: papers.append(verb(actor=actor_of(request), at=clock.now()))  # noqa: E731
    if not run_action(modeladmin, request, opening, _("The document was opened, and this was recorded.")):
        return None
    content, media_type = papers[0]
    return attachment(content, media_type=media_type, name=f"{name}.{upload_validation.EXTENSIONS[media_type]}")


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
