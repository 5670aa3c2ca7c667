"""Correcting a single report at the desk: a button shows it and what is wanted, and asks for the content."""

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
from privacy.rights import letters
from privacy.rights.admin.postponing import PAGE, Answer
from privacy.rights.deskforms import ContentForm
from privacy.rights.models import Request, Right


def disputed_reports(case: Request) -> QuerySet[Right]:
    """Return the undecided corrections of single reports, in their order."""
    return case.rights.undecided().filter(kind=Right.Kind.CORRECTION, record_id__isnull=False)


class ReportDesk(ReadOnlyAdmin):
    """The button for the first report that is not decided."""

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
