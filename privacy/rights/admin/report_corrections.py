"""Writing down at the desk: notes, the right content of a single report, and words that never arrived."""

from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import consistency_checks, letters
from privacy.rights.admin.forms import NoteForm, ReportContentForm, ResubmissionForm
from privacy.rights.admin.postponements import Answer
from privacy.rights.models import AUTOMATED, Request, Right


def disputed_reports(case: Request) -> QuerySet[Right]:
    """Return the undecided corrections of single reports, in their order."""
    return case.rights.undecided().filter(kind=Right.Kind.CORRECTION, record_id__isnull=False)


def lacks_particulars(case: Request) -> bool:
    """Whether what the requester wrote is not there, and can still be asked for."""
    return bool(consistency_checks.cases_without_particulars(Request.objects.open().filter(pk=case.pk)))


class ReportCorrectionActions(ReadOnlyAdmin):
    """The buttons for a note, for the first report that is not decided, and for words that never arrived."""

    @button(description=_("Add a note"), permission="rights.open_particulars", locations=CHANGE_FORM_ONLY)
    def write_note(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Add a note"),
            verb=_("Record it"),
            consequences=[
                _("Anyone who may read what the requester wrote can read this note. The requester can't."),
                _("It is encrypted, can't be changed, and is destroyed with the text of the case."),
            ],
            form_class=NoteForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.write_note, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("The note has been saved. “Read the request” shows it."))
        return None

    @button(
        description=_("Record the request's text again"),
        permission="rights.receive_request",
        locations=CHANGE_FORM_ONLY,
    )
    def write_words(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        corrections = list(case.rights.filter(kind__in=(Right.Kind.CORRECTION, *AUTOMATED)))
        for right in corrections:
            right.request = case
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Record the request's text again"),
            verb=_("Record it"),
            consequences=[
                _("The text that was typed never arrived. Ask the requester again and record it here. It is encrypted.")
            ],
            form_class=type("TheseWords", (ResubmissionForm,), {"corrections": corrections}),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        said = ResubmissionForm.said(answers)
        verb = partial(rights.resubmit_particulars, case, actor=actor_of(request), at=clock.now(), **said)
        run_action(self, request, verb, _("It is recorded."))
        return None

    @button(
        description=_("Record a report's content"),
        permission="rights.carry_out_request",
        locations=CHANGE_FORM_ONLY,
    )
    def write_content(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        right = disputed_reports(case).first()
        if right is None:
            return None
        right.request = case
        read: list[tuple[str, str]] = []
        if not run_action(
            self,
            request,
            lambda: read.append(rights.read_report(right, actor=actor_of(request), at=clock.now())),
            _("The report was opened, and this was recorded."),
            level=messages.INFO,
        ):
            return None
        [(now, wanted)] = read
        answers = confirm_action(
            self,
            request,
            queryset,
            title=letters.right_name(right, on=case.received_on),
            verb=_("Record it"),
            consequences=[now_("The requester wants: %(wanted)s") % {"wanted": wanted}],
            form_class=ReportContentForm,
            edits=lambda _case: {"content": now},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.write_corrected_report, right, actor=actor_of(request), at=clock.now(), **answers)
        run_action(
            self, request, verb, _("The content has been recorded. It becomes final when the request is granted.")
        )
        return None
