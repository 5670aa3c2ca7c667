"""A list of the console as it is narrowed: kept under a name, and taken out as a file, with a reason and on record.

Only what a click on one of the filters could have chosen is kept: never a search term, nor what was typed into one.
"""

import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.accounts.models import SavedView, User
from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.events import Event
from privacy.ledger.exports import document_issuance
from privacy.ledger.read_recording import RecordReadsMixin
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.keyset_pagination import AFTER
from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.documents import spreadsheets
from privacy.lib.http.downloads import attachment
from privacy.lib.record_labels import about_label
from privacy.lib.registries import registers

# What a list's address says of the place in it, and of what was searched for.
NOT_OF_A_VIEW = (SEARCH_VAR, PAGE_VAR, ALL_VAR, ERROR_FLAG, AFTER)
ORDER = re.compile(r"-?\d{1,2}(\.-?\d{1,2}){0,5}")
# A list beyond this is a register: it leaves as one, for a period.
MAX_ROWS = 5_000


class SaveForm(forms.Form):
    """Under which name a view is kept, and for whom."""

    title = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Colleagues may see it. Don't use anybody's name or number.")
    )
    is_shared = forms.BooleanField(label=_("Share with everyone who sees this list"), required=False)


class FileForm(forms.Form):
    """In which form the list leaves, and why."""

    form = forms.ChoiceField(label=_("Format"), choices=[("xlsx", "XLSX"), ("csv", "CSV")], widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason for the export"), max_length=300)


@dataclass(frozen=True)
class NarrowedList:
    """A list of the console, as an address narrows it."""

    register: ReadOnlyAdmin
    rows: ChangeList

    @property
    def label(self) -> str:
        return about_label(self.register.model)

    @property
    def address(self) -> str:
        meta = self.register.opts
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")

    @property
    def permission(self) -> str:
        app, _dot, name = self.label.partition(".")
        return f"{app}.view_{name}"


def query_of(rows: ChangeList) -> str:
    """Return filters and order of a list as its address has them, and nothing that was typed."""
    given = {(name, value) for name, values in rows.filter_params.items() for value in values}
    kept = []
    for spec in rows.filter_specs:
        names = spec.expected_parameters()
        offered = {
            pair
            for choice in spec.choices(rows)
            for pair in parse_qsl(str(choice.get("query_string", "")).lstrip("?"))
            if pair[0] in names
        }
        kept += sorted(given & offered)
    order = rows.params.get(ORDER_VAR, "")
    if ORDER.fullmatch(str(order)):
        kept.append((ORDER_VAR, str(order)))
    return urlencode(kept)


def narrowed_by(rows: ChangeList) -> str:
    """Return by what a list is narrowed, as it is put on record: of what was typed, only into which filter."""
    kept = query_of(rows)
    clicked = {name for name, _value in parse_qsl(kept)}
    typed = sorted(set(rows.filter_params) - clicked)
    return "&".join([*([kept] if kept else []), *(f"{name}=…" for name in typed)])


def may_leave(label: str, user: User) -> bool:
    """Whether somebody may take a list out: as they may its register, where it is one."""
    found = registers.registers_of_model(label)
    return not found or any(user.may(one.permission) for one in found)


def save_page(site: AdminSite, request: HttpRequest, app: str, model: str, *, at: datetime) -> HttpResponse:
    """Ask for a name, and keep the view under it."""
    narrowed = _narrowed(site, request, app, model)
    query = query_of(narrowed.rows)
    form = SaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = make_or_refuse(
            form,
            lambda: accounts.save_view(
                register=narrowed.label, permission=narrowed.permission, query=query, actor=actor_of(request), at=at,
                **form.cleaned_data,
            ),
        )  # fmt: skip
        if made is not None:
            messages.success(request, now_("The view has been saved."))
            return HttpResponseRedirect(f"{narrowed.address}?{query}")
    return _page(site, request, narrowed, form, {
        "title": _("Save this view"),
        "verb": _("Save"),
        "consequences": [_("The filters and the order of the list are kept under this name, and no record.")],
        "back": f"{narrowed.address}?{query}",
    })  # fmt: skip


def remove(site: AdminSite, request: HttpRequest, view_id: UUID, *, at: datetime) -> HttpResponse:
    """Take one's own view away, and go back to its list."""
    view = SavedView.objects.filter(pk=view_id, owner=actor_of(request), removed_at=None).first()
    if view is None:
        raise Http404
    accounts.remove_view(view, actor=actor_of(request), at=at)
    messages.success(request, now_("The view has been removed."))
    back = next((one.opts for model, one in site._registry.items() if about_label(model) == view.register), None)
    address = f"admin:{back.app_label}_{back.model_name}_changelist" if back else "admin:index"
    return HttpResponseRedirect(reverse(address))


def file_page(site: AdminSite, request: HttpRequest, app: str, model: str, *, at: datetime) -> HttpResponse:
    """Ask for form and reason, then send the list as it is narrowed."""
    narrowed = _narrowed(site, request, app, model)
    if not may_leave(narrowed.label, actor_of(request)):
        raise PermissionDenied
    form = FileForm(request.POST or None, initial={"form": "xlsx"})
    if request.method == "POST" and form.is_valid():
        found = list(narrowed.rows.queryset[: MAX_ROWS + 1])
        if len(found) > MAX_ROWS:
            told = now_("The list has more than %(most)d rows. Narrow it by a filter, or export the register.")
            form.add_error(None, told % {"most": MAX_ROWS})
        else:
            return _send(request, narrowed, found, **form.cleaned_data, at=at)
    consequences = [
        _(
            "The export, its filters, reason and digest are recorded; of what was typed into a filter, only that "
            "something was."
        ),
        _("The file has the columns of the list as you see them. No text can run as a formula."),
    ]
    return _page(site, request, narrowed, form, {
        "title": _("Download this list"),
        "verb": _("Download"),
        "consequences": consequences,
        "back": f"{narrowed.address}?{narrowed.rows.get_query_string().lstrip('?')}",
    })  # fmt: skip


def _send(
    request: HttpRequest, narrowed: NarrowedList, found: Sequence[Any], *, form: str, reason: str, at: datetime
) -> HttpResponse:
    register = narrowed.register
    register.know_accounts_of(found)
    headings = [str(label) for label in _headings(narrowed.rows)]
    rows = [list(_cells(narrowed.rows, record)) for record in found]
    title = capfirst(str(register.opts.verbose_name_plural))
    mark = registers.watermark(actor_of(request).ref, at, request_context.current().request_id)
    content = (
        spreadsheets.workbook(title, headings, rows, mark=mark)
        if form == "xlsx"
        else spreadsheets.csv_file(headings, rows, mark=mark)
    )
    subjects: list[str] = register.subjects_of(found) if isinstance(register, RecordReadsMixin) else []
    ledger.record_before(
        Event.REGISTER_EXPORTED,
        actor=actor_of(request),
        at=at,
        subjects=subjects,
        about=("list", narrowed.label),
        task=f"{narrowed.label.lower()}.exported",
        purpose=getattr(register, "read_purpose", ""),
        reason=reason.strip(),
        facts={
            "register": narrowed.label,
            "filters": narrowed_by(narrowed.rows),
            "form": form,
            "columns": headings,
            "rows": len(rows),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )
    document_issuance.issue(content, kind="register", number=narrowed.label, actor=actor_of(request), at=at)
    media_type = spreadsheets.MEDIA_TYPE if form == "xlsx" else "text/csv; charset=utf-8"
    return attachment(content, media_type=media_type, name=f"{narrowed.label.replace('.', '-').lower()}.{form}")


def _narrowed(site: AdminSite, request: HttpRequest, app: str, model: str) -> NarrowedList:
    """Return the list that is meant. Raises Http404 where there is none, PermissionDenied for whom may not see it."""
    found = [one for one in site._registry.values() if (one.opts.app_label, one.opts.model_name) == (app, model)]
    if not found or not isinstance(found[0], ReadOnlyAdmin):
        raise Http404
    register = found[0]
    if not register.has_view_permission(request):
        raise PermissionDenied
    query = request.GET.copy()
    for name in NOT_OF_A_VIEW:
        query.pop(name, None)
    request.GET = query  # type: ignore[assignment]
    try:
        return NarrowedList(register, register.get_changelist_instance(request))
    except IncorrectLookupParameters:
        raise Http404 from None


def _columns(rows: ChangeList) -> list[Any]:
    return [column for column in rows.list_display if column != "action_checkbox"]


def _headings(rows: ChangeList) -> Iterator[str]:
    for column in _columns(rows):
        yield capfirst(str(label_for_field(column, rows.model, model_admin=rows.model_admin)))


def _cells(rows: ChangeList, record: Any) -> Iterator[Any]:
    """Yield what a row of the list says, as text; days, moments and numbers as such."""
    for column in _columns(rows):
        try:
            field, attribute, value = lookup_field(column, record, rows.model_admin)
        except ObjectDoesNotExist:
            yield ""
            continue
        if value is None or isinstance(value, bool):
            yield {None: "", True: now_("yes"), False: now_("no")}[value]
        elif field is not None and getattr(field, "flatchoices", None):
            yield str(display_for_field(value, field, ""))
        elif isinstance(value, SafeString):
            yield _text(value)
        elif isinstance(value, int | float | datetime):
            yield value
        else:
            shown = display_for_value(value, getattr(attribute, "empty_value_display", ""))
            yield _text(shown) if isinstance(shown, SafeString) else str(shown)


def _text(shown: str) -> str:
    """Return what HTML of ours says."""
    return " ".join(html.unescape(strip_tags(shown)).split())


def _page(
    site: AdminSite, request: HttpRequest, narrowed: NarrowedList, form: forms.Form, said: dict[str, Any]
) -> HttpResponse:
    context = {**site.each_context(request), "opts": narrowed.register.opts, "form": form, "objects": [], **said}
    return TemplateResponse(request, "admin/act.html", context)
