"""Writing down at the desk: notes, the right content of a single report, and words that never arrived."""

from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.rights import actions as rights
from privacy.rights import letters, reminders
from privacy.rights.admin.postponing import PAGE, Answer
from privacy.rights.deskforms import ContentForm, NoteForm, WordsForm
from privacy.rights.models import Request, Right


def disputed_reports(case: Request) -> QuerySet[Right]:
    """Return the undecided corrections of single reports, in their order."""
    return case.rights.undecided().filter(kind=Right.Kind.CORRECTION, record_id__isnull=False)


def has_no_words(case: Request) -> bool:
    """Whether what the requester wrote is not there, and can still be asked for."""
    return bool(reminders.without_words(Request.objects.open().filter(pk=case.pk)))


class ReportDesk(ReadOnlyAdmin):
    """The buttons for a note, for the first report that is not decided, and for words that never arrived."""

    @button(description=_("Write a note"), permission="rights.open_particulars", locations=PAGE)
    def write_note(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Write a note"),
            verb=_("Write it down"),
            consequences=[
                _("Whoever may read what the requester wrote reads it too; the requester does not."),
                _("It is sealed, can't be changed, and is destroyed with the words of the case."),
            ],
            form_class=NoteForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.write_note, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        run_verb(self, request, verb, _("The note is written down. “Read what was written” shows it."))
        return None

    @button(description=_("Write down again what was said"), permission="rights.receive_request", locations=PAGE)
    def write_words(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        corrections = list(case.rights.filter(kind=Right.Kind.CORRECTION))
        for right in corrections:
            right.request = case
        answers = ask(
            self,
            request,
            queryset,
            title=_("Write down again what was said"),
            verb=_("Write it down"),
            consequences=[_("What was typed never arrived. Ask the requester, and write it down here; it is sealed.")],
            form_class=type("TheseWords", (WordsForm,), {"corrections": corrections}),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        said = WordsForm.said(answers)
        verb = partial(rights.write_words, case, actor=actor_of(request), at=clock.now(), **said)
        run_verb(self, request, verb, _("It is written down."))
        return None

    @button(description=_("Write down a report's content"), permission="rights.carry_out_request", locations=PAGE)
    def write_content(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        right = disputed_reports(case).first()
        if right is None:
            return None
        right.request = case
        read: list[tuple[str, str]] = []
        if not run_verb(
            self,
            request,
            lambda: read.append(rights.read_record(right, actor=actor_of(request), at=clock.now())),
            _("The report was opened; the opening is on record."),
            level=messages.INFO,
        ):
            return None
        [(now, wanted)] = read
        answers = ask(
            self,
            request,
            queryset,
            title=letters.right_name(right, on=case.received_on),
            verb=_("Write it down"),
            consequences=[now_("The requester wants: %(wanted)s") % {"wanted": wanted}],
            form_class=ContentForm,
            initial={"content": now},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.write_content, right, actor=actor_of(request), at=clock.now(), **answers)
        run_verb(self, request, verb, _("The content is written down. Granting fixes it."))
        return None
