"""Batches of letters for a mailing house: made on the page of a notice, handed over and reported on here."""

import base64
import secrets
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.campaigns import actions as campaigns
from privacy.campaigns.actions.letter_batches import RECORD
from privacy.campaigns.admin.forms import ReasonForm
from privacy.campaigns.lateness import is_over
from privacy.campaigns.letter_reports import COLUMNS
from privacy.campaigns.models import LetterBatch
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.lib.documents import encrypted_zip

PASSPHRASE_BYTES = 17


class ReportForm(forms.Form):
    """What the mailing house reports on the letters of a batch."""

    file = forms.FileField(
        label=_("File of the mailing house"), help_text=_("CSV or XLSX with the columns letter, state and date")
    )


@admin.register(LetterBatch)
class LetterBatchAdmin(ReadOnlyAdmin):
    explanation = _(
        "Letters that a mailing house prints and posts. It gets one encrypted file, and reports which letters were "
        "posted and which came back."
    )
    empty_hint = _("Make one on the page of an individual notice.")
    list_display = ("reference", "campaign", "state_shown", "count", "posted_shown", "returned_shown", "made_at")
    list_select_related = ("campaign",)
    account_fields = ("made_by",)
    fields = (
        ("reference", "state_shown"), "campaign", ("made_at", "maker"), ("handed_at", "reported_at", "cancelled_at"),
        ("count", "posted_shown", "returned_shown", "open_shown"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "maker", "posted_shown", "returned_shown", "open_shown")
    actions = ("take", "report", "cancel")

    @admin.display(description=_("state"))
    def state_shown(self, batch: LetterBatch) -> SafeString:
        if batch.cancelled_at is not None:
            return badge(_("taken back"), "no")
        if batch.handed_at is None:
            if is_over(batch.campaign, clock.now()):
                return badge(_("never handed over"), "no")
            return badge(_("not handed over yet"), "wait")
        found = batch.progress
        if found.open:
            return badge(_("handed over"), "active")
        if found.posted or found.returned:
            return badge(pgettext_lazy("letters", "reported on"), "good")
        return badge(pgettext_lazy("letters", "no report needed"), "done")

    @admin.display(description=_("made by"))
    def maker(self, batch: LetterBatch) -> str:
        return self.account_name(batch.made_by)

    @admin.display(description=_("posted"))
    def posted_shown(self, batch: LetterBatch) -> int:
        return batch.progress.posted

    @admin.display(description=_("returned"))
    def returned_shown(self, batch: LetterBatch) -> int:
        return batch.progress.returned

    @admin.display(description=_("not reported yet"))
    def open_shown(self, batch: LetterBatch) -> int:
        return batch.progress.open

    def buttons_for(self, record: LetterBatch) -> tuple[str, ...]:
        if record.cancelled_at is not None:
            return ()
        over = is_over(record.campaign, clock.now())
        return (*(() if over else ("take",)), "cancel" if record.handed_at is None else "report")

    @button(description=_("Hand over"), permission=RECORD, locations=CHANGE_FORM_ONLY, step_up=True)
    def take(self, request: HttpRequest, queryset: QuerySet[LetterBatch]) -> HttpResponse | None:
        batch = queryset.get()
        answers = confirm_action(
            self, request, queryset, title=_("Hand over"), verb=_("Make the file"),
            consequences=[
                now_("The file has %(count)d letters, and their addresses in the order of the pages.")
                % {"count": batch.count},
                _("This opens personal data. Each opening is recorded."),
                _("After that, the batch can't be taken back: the mailing house's report decides."),
                _("The file is encrypted. Its passphrase is shown once: send it separately from the file."),
            ],
            form_class=ReasonForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        made: list[dict[str, bytes]] = []
        verb = lambda: made.append(  # noqa: E731
            campaigns.take_batch(batch, reason=answers["reason"], actor=actor_of(request), at=clock.now())
        )
        if not run_action(self, request, verb, _("The file has been made, and this was recorded.")):
            return None
        passphrase = encrypted_zip.encode_passphrase(secrets.token_bytes(PASSPHRASE_BYTES))
        context = {
            **self.admin_site.each_context(request),
            "title": batch.reference,
            "opts": self.opts,
            "batch": batch,
            "name": f"{batch.reference}.zip",
            "file": base64.b64encode(encrypted_zip.pack(made[0], passphrase=passphrase)).decode(),
            "secret": passphrase,
        }
        return TemplateResponse(request, "admin/campaigns/letterbatch/sealed.html", context)

    @button(description=_("Import the report"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def report(self, request: HttpRequest, queryset: QuerySet[LetterBatch]) -> HttpResponse | None:
        has_day = queryset.get().campaign.told_before is not None
        answers = confirm_action(
            self, request, queryset, title=_("Import the report"), verb=_("Import"),
            consequences=[
                now_("One row for each letter, with the columns %(columns)s. The state is posted or returned.")
                % {"columns": ", ".join(COLUMNS)},
                _("People whose letter was posted have been notified. People whose letter came back have not."),
                *([_("A letter posted on the planned day or later notifies nobody.")] if has_day else []),
                _("If one row is wrong, nothing is recorded. The same file again changes nothing."),
            ],
            form_class=ReportForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        file = answers["file"]
        verb = partial(
            campaigns.report_letters, queryset.get(), name=file.name, content=file.read(), actor=actor_of(request),
            at=clock.now(),
        )  # fmt: skip
        run_action(
            self, request, verb,
            lambda told: now_("Posted: %(posted)d, returned: %(returned)d, known before: %(known)d.")
            % {"posted": told.posted, "returned": told.returned, "known": told.known},
        )  # fmt: skip
        return None

    @button(description=_("Take back"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def cancel(self, request: HttpRequest, queryset: QuerySet[LetterBatch]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Take back"), verb=_("Take back"), dangerous=True,
            consequences=[
                _("The people in it can be in another batch."),
            ],
            form_class=ReasonForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(campaigns.cancel_batch, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Taken back."), level=messages.WARNING)
        return None
