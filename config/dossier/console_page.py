"""The console's page that makes a dossier: which days, of what, why; it leaves as one file."""

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from config.dossier import writing
from config.dossier.parts import Scope
from privacy.accounts.actors import actor_of
from privacy.ledger.exports import log_bundles
from privacy.lib.dates.form_fields import PeriodForm
from privacy.lib.display.reader_language import reader_language
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http.downloads import attachment

MAY = "safeguards.view_annualreport"
# Seconds for which a page may wait for the proofs of its papers.
PATIENCE = 5.0


class DossierForm(PeriodForm):
    """Which period, what of it, in which language, and why."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("ko", "한국어"), ("en", "English")], widget=forms.RadioSelect
    )
    case = forms.CharField(label=_("Case"), max_length=20, required=False)
    criterion = forms.CharField(
        label=_("Criterion of ISMS-P"), max_length=8, required=False,
        help_text=_("Only what shows it: 3.2.1, or an area such as 2.5. Leave it empty for everything."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason for the export"), max_length=300)

    def __init__(self, *args: Any, with_trail: bool, **kwargs: Any) -> None:
        """``with_trail``: whether who asks may export the audit trail, of which a proof is a piece."""
        super().__init__(*args, **kwargs)
        self.fields["case"].help_text = (
            _("Its history is included, with a proof of each entry.")
            if with_trail
            else _("Its history is included, without proofs of its entries: only auditors export the audit trail.")
        )


def dossier_page(site: AdminSite, request: HttpRequest, *, on: date, at: datetime) -> HttpResponse:
    """Ask for period, contents and reason, then send the dossier as a ZIP file."""
    actor = actor_of(request)
    if not actor.may(MAY):
        raise PermissionDenied
    initial = {"first": on.replace(month=1, day=1), "last": on, "language": reader_language()}
    with_trail = actor.may("ledger.export_trail")
    form = DossierForm(request.POST or None, initial=initial, with_trail=with_trail)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        scope = Scope(
            given["first"], given["last"], given["language"], given["reason"], actor, at,
            most_entries=log_bundles.MAX_DOWNLOADED, patience=PATIENCE,
        )  # fmt: skip
        try:
            content = _packed(scope, case=given["case"], criterion=given["criterion"])
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            name = f"dossier-{scope.first}-{scope.last}.zip"
            return attachment(content, media_type="application/zip", name=name)
    context = {
        **site.each_context(request), "title": _("Dossier for an inspector"), "form": form,
        "with_trail": with_trail,
    }  # fmt: skip
    return TemplateResponse(request, "admin/dossier.html", context)


def _packed(scope: Scope, *, case: str, criterion: str) -> bytes:
    """Return a dossier as one file; of one that was refused nothing stays."""
    with tempfile.TemporaryDirectory(prefix="dossier-") as home:
        folder = Path(home) / "dossier"
        folder.mkdir()
        writing.write(folder, scope, case=case, criterion=criterion)
        archive = Path(home) / "dossier.zip"
        log_bundles.pack(folder, archive, name="dossier")
        return archive.read_bytes()
