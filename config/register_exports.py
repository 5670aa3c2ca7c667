"""The console's page of registers: each leaves as XLSX or PDF, for a period, with a reason (law S-05).

A register with what people wrote leaves encrypted: it lies on a handler's computer then (law S-21).
"""

import base64
import secrets
from datetime import date, datetime

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.ledger.exports import register_export
from privacy.lib.dates.form_fields import PeriodForm
from privacy.lib.documents import encrypted_zip
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http.downloads import attachment
from privacy.lib.registries import registers

PASSPHRASE_BYTES = 17


class ExportForm(PeriodForm):
    """Which period of a register leaves the portal, in which form, and why."""

    form = forms.ChoiceField(label=_("Format"), choices=[("xlsx", "XLSX"), ("pdf", "PDF")], widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason for the export"), max_length=300)


def register_list(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List what this person may take out."""
    actor = actor_of(request)
    context = {
        **site.each_context(request),
        "title": _("Registers as files"),
        "registers": [register for register in registers.all_registers() if actor.may(register.permission)],
    }
    return TemplateResponse(request, "admin/registers.html", context)


def register_page(site: AdminSite, request: HttpRequest, code: str, *, on: date, at: datetime) -> HttpResponse:
    """Ask for period, form and reason, then send the file."""
    try:
        register = registers.get(code)
    except registers.UnknownRegister:
        raise Http404 from None
    if not actor_of(request).may(register.permission):
        raise PermissionDenied
    form = ExportForm(request.POST or None, initial={"first": on.replace(month=1, day=1), "last": on, "form": "xlsx"})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            content = register_export.export_register(register, actor=actor_of(request), at=at, **given)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            name = f"{register.code}-{given['last']}.{given['form']}"
            if register.purpose:
                return _sealed(site, request, register, name, content)
            return attachment(content, media_type=registers.MEDIA_TYPES[given["form"]], name=name)
    context = {**site.each_context(request), "title": register.title, "register": register, "form": form}
    return TemplateResponse(request, "admin/register.html", context)


def _sealed(
    site: AdminSite, request: HttpRequest, register: registers.Register, name: str, content: bytes
) -> HttpResponse:
    """Show the file of a register in an encrypted ZIP with its passphrase, which is kept nowhere."""
    passphrase = encrypted_zip.encode_passphrase(secrets.token_bytes(PASSPHRASE_BYTES))
    context = {
        **site.each_context(request),
        "title": register.title,
        "name": f"{name}.zip",
        "file": base64.b64encode(encrypted_zip.pack({name: content}, passphrase=passphrase)).decode(),
        "secret": passphrase,
    }
    return TemplateResponse(request, "admin/register_sealed.html", context)
